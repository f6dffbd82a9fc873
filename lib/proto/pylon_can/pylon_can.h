/* SPDX-License-Identifier: Apache-2.0
 *
 * The CAN frames that low-voltage batteries send to inverters (Pylontech V1.2, V1.3 and the family
 * that grew from them): a dialect is a table, the codec walks it. Little endian except where the
 * dialect says otherwise. Units on the wire: CVL/DVL 0.1 V, CCL/DCL 0.1 A, voltage 0.01 V, current
 * 0.1 A (+ charging), temperature 0.1 C, SOC/SOH 1 %. Encoders saturate, never wrap, and round half
 * away from zero (SOC: down).
 *
 * Source: Pylontech CAN-Bus-protocol low-voltage V1.2 (2018-04-08); captures of US5000 stacks for
 * V1.3. Pure: bytes in, struct out; no I/O, clock, allocation.
 */
#ifndef PROTO_PYLON_CAN_H
#define PROTO_PYLON_CAN_H

#include "base/can_frame.h"
#include "battery/bank.h"

enum { PYLON_CAN_MAX_FRAMES = 20 };

struct pylon_can_dialect; /* a read-only table */

/* "pylon-1.2", "pylon-1.3", ...; NULL when unknown. */
const struct pylon_can_dialect *pylon_can_find(const char *name);
/* The NULL-terminated list of dialect names, for messages. */
const char *const *pylon_can_names(void);
const char *pylon_can_name(const struct pylon_can_dialect *dialect);
/* True when the dialect is complete enough to be sent by a bridge (false: prepared as data only).
 */
bool pylon_can_complete(const struct pylon_can_dialect *dialect);
/* The maker name its 0x35E carries by default ("PYLON"); a configuration may choose another.
 * Careful: inverters change how they charge by this name (docs/protocols/pylon-can.md). */
const char *pylon_can_default_maker(const struct pylon_can_dialect *dialect);
uint32_t pylon_can_period_ms(const struct pylon_can_dialect *dialect);
uint32_t pylon_can_keepalive_id(const struct pylon_can_dialect *dialect); /* 0x305 */

/* One frame of a dialect, as a reader of whole sets needs to know it. */
enum { PYLON_CAN_MAX_IDS = 24 };
struct pylon_can_frame {
    uint16_t id;
    uint8_t dlc;     /* as sent; 0: known, but never sent by us */
    uint32_t fields; /* enum battery_field: what it may tell of bank.sum. FIELD_CELL_IDS stands for
                        bank.cell_min and cell_max. */
};
/* The frames in the order of sending, from i = 0; false behind the last. */
bool pylon_can_frame_at(const struct pylon_can_dialect *dialect, size_t i,
                        struct pylon_can_frame *ret);

/* Encodes the whole set in the dialect's order. maker NULL takes the default; a longer one is cut
 * to 8 characters, what is not printable becomes '?'. ret_msgs must hold PYLON_CAN_MAX_FRAMES.
 *
 * What the bank does not know: without CVL, CCL, DCL, SOC, voltage, current and (where the dialect
 * has no mark for "invalid") a cell temperature there is nothing to send: ERR_INCOMPLETE, nothing
 * written; also when CVL would be 0 on the wire, which is an order to discharge. Other frames are
 * left out when what they are about is unknown, as 35C without the enables; optional fields take
 * the dialect's "not provided". The alarms' frames are always sent, because inverters refuse a set
 * without them: in 35A an unknown condition is 00b, "not supported"; the bits of 359 say only what
 * is raised, and have no word for "fine" that would have to be kept back.
 *
 * SOC is clamped to 0..100 % and rounded down, so that only a full battery shows 100 %. Limits are
 * never negative. bank->life is not looked at: whether to send at all is the caller's business. */
enum err pylon_can_encode(const struct pylon_can_dialect *dialect, const struct bank *bank,
                          const char *maker, struct can_msg *ret_msgs, size_t *ret_count);

/* Takes one frame into the bank.
 * Nothing is changed: ERR_NOT_FOUND, an id the dialect does not have, or an extended, remote or
 * error frame; ERR_SHORT, ERR_LAYOUT, a length it does not accept (offset: the length).
 * The rest of the frame is taken: ERR_RANGE, a value outside the sanity range (its field keeps its
 * old value and becomes unknown); ERR_IMPLAUSIBLE, a hi-res SOC that contradicts the SOC (ignored).
 * offset is the first byte of the first such field. A field the frame does not carry or marks as
 * not provided becomes unknown without an error. Constants ("PN") and unused bits are ignored. */
struct decoded pylon_can_decode(const struct pylon_can_dialect *dialect, const struct can_msg *msg,
                                struct bank *bank);

#endif
