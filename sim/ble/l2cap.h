/* SPDX-License-Identifier: Apache-2.0
 *
 * L2CAP on an LE link, as far as a peripheral needs it: frames out of ACL fragments, and what the
 * fixed channels besides ATT are answered. No I/O. Source: Bluetooth Core 5.3, Vol 3 Part A.
 */
#ifndef SIM_BLE_L2CAP_H
#define SIM_BLE_L2CAP_H

#include "base/span.h"
#include "sim/ble/peripheral.h"

enum { L2CAP_ATT = 0x0004, L2CAP_SIGNALLING = 0x0005, L2CAP_SECURITY = 0x0006 };
enum {
    L2CAP_HEADER = 4,
    L2CAP_PAYLOAD_MAX = BLE_MTU_MAX,
    L2CAP_FRAME_MAX = L2CAP_HEADER + L2CAP_PAYLOAD_MAX,
    L2CAP_SIGNAL_MTU = 23,
};

/* ---- frames out of fragments ---- */

struct l2cap {
    uint8_t frame[L2CAP_FRAME_MAX];
    size_t n;
    bool open; /* a frame has begun and is not complete */
};

/* A frame that was completed; `payload` is inside struct l2cap until the next fragment. */
struct l2cap_frame {
    uint16_t channel;
    struct span payload;
};

/* One ACL fragment; `first` as its packet boundary flag says. True: a frame is complete. Dropped: a
 * frame that another one begins in the midst of, one that gets more bytes than its header says, one
 * longer than any channel of ours takes, and a continuation of nothing. */
bool l2cap_feed(struct l2cap *l2cap, bool first, struct span fragment, struct l2cap_frame *ret);

/* ---- frames to send ---- */

/* The header; the payload of `n` bytes follows. */
void l2cap_put_header(struct buf *out, uint16_t channel, size_t n);

/* ---- the other channels ---- */

/* The answer to a command on the signalling channel; nothing in `out`: it gets none. Everything we
 * could be asked for is rejected: we are no central and have no dynamic channels. */
void l2cap_answer_signal(struct span command, struct buf *out);
/* The same on the security manager's channel: pairing is not supported. */
void l2cap_answer_security(struct span command, struct buf *out);
/* The request for a supervision time-out, as a signalling command. False: none that the
 * specification allows (100 ms to 32 s, and longer than two connection events). */
bool l2cap_ask_supervision(uint32_t supervision_us, struct buf *out);

#endif
