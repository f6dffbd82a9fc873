/* SPDX-License-Identifier: Apache-2.0
 *
 * See l2cap.h. Section numbers are those of Core 5.3, Vol 3 Part A.
 */
#include "sim/ble/l2cap.h"

#include <string.h>

enum {
    SIGNAL_REJECT = 0x01,
    SIGNAL_CONNECTION_ANSWER = 0x03,
    SIGNAL_DISCONNECTION_ANSWER = 0x07,
    SIGNAL_PARAMETERS = 0x12,
    SIGNAL_PARAMETERS_ANSWER = 0x13,
    SIGNAL_LE_CONNECTION_ANSWER = 0x15,
    SIGNAL_ENHANCED_ANSWER = 0x18,
    SIGNAL_RECONFIGURE_ANSWER = 0x1A,
    SIGNAL_HEADER = 4,
};
enum { NOT_UNDERSTOOD = 0, MTU_EXCEEDED = 1 };
enum { PAIRING_FAILED = 0x05, PAIRING_REQUEST = 0x01, PAIRING_NOT_SUPPORTED = 0x05 };

/* ---- frames out of fragments ---- */

static size_t length_of(const struct l2cap *l)
{
    return (size_t)l->frame[0] | (size_t)l->frame[1] << 8;
}

bool l2cap_feed(struct l2cap *l, bool first, struct span fragment, struct l2cap_frame *ret)
{
    if (first) {
        l->n = 0;
        l->open = true;
    }
    if (!l->open)
        return false;
    if (fragment.n > sizeof l->frame - l->n) {
        l->open = false;
        return false;
    }
    if (fragment.n > 0)
        memcpy(l->frame + l->n, fragment.p, fragment.n);
    l->n += fragment.n;
    if (l->n < L2CAP_HEADER || l->n - L2CAP_HEADER < length_of(l))
        return false;
    l->open = false;
    if (l->n - L2CAP_HEADER > length_of(l))
        return false;
    *ret = (struct l2cap_frame){.channel = (uint16_t)(l->frame[2] | l->frame[3] << 8),
                                .payload = span_of(l->frame + L2CAP_HEADER, length_of(l))};
    return true;
}

void l2cap_put_header(struct buf *out, uint16_t channel, size_t n)
{
    buf_u16le(out, (uint16_t)n);
    buf_u16le(out, channel);
}

/* ---- the other channels ---- */

static bool is_answer(uint8_t code)
{
    return code == SIGNAL_REJECT || code == SIGNAL_CONNECTION_ANSWER ||
           code == SIGNAL_DISCONNECTION_ANSWER || code == SIGNAL_PARAMETERS_ANSWER ||
           code == SIGNAL_LE_CONNECTION_ANSWER || code == SIGNAL_ENHANCED_ANSWER ||
           code == SIGNAL_RECONFIGURE_ANSWER;
}

void l2cap_answer_signal(struct span command, struct buf *out)
{
    struct span rest = command;
    uint8_t code, id;
    uint16_t n;

    if (!rd_u8(&rest, &code) || !rd_u8(&rest, &id) || !rd_u16le(&rest, &n) || id == 0 ||
        is_answer(code) || n != rest.n)
        return;
    bool too_long = command.n > L2CAP_SIGNAL_MTU;
    buf_u8(out, SIGNAL_REJECT);
    buf_u8(out, id);
    buf_u16le(out, too_long ? 4 : 2);
    buf_u16le(out, too_long ? MTU_EXCEEDED : NOT_UNDERSTOOD);
    if (too_long)
        buf_u16le(out, L2CAP_SIGNAL_MTU);
}

void l2cap_answer_security(struct span command, struct buf *out)
{
    if (command.n == 0 || command.p[0] != PAIRING_REQUEST)
        return;
    buf_u8(out, PAIRING_FAILED);
    buf_u8(out, PAIRING_NOT_SUPPORTED);
}

bool l2cap_ask_supervision(uint32_t supervision_us, struct buf *out)
{
    enum { INTERVAL_MIN = 24, INTERVAL_MAX = 40, UNIT_US = 10000 }; /* 30 to 50 ms */
    uint32_t timeout = supervision_us / UNIT_US;

    if (timeout < 10 || timeout > 3200)
        return false;
    buf_u8(out, SIGNAL_PARAMETERS);
    buf_u8(out, 1); /* the only command that we ever send */
    buf_u16le(out, 8);
    buf_u16le(out, INTERVAL_MIN);
    buf_u16le(out, timeout <= 10 ? INTERVAL_MIN : INTERVAL_MAX);
    buf_u16le(out, 0); /* every connection event */
    buf_u16le(out, (uint16_t)timeout);
    return true;
}
