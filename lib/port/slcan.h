/* SPDX-License-Identifier: Apache-2.0
 *
 * The serial-line CAN protocol (Lawicel CAN232 manual; can-utils slcanpty; Linux 6.1
 * drivers/net/can/slcan for the state and error lines). Pure: bytes in, items out.
 *
 * Items end with CR; BEL is an item by itself. Anything that is no item is dropped up to the next
 * CR or BEL and counted by the caller as SLCAN_GARBAGE, once a line.
 */
#ifndef PORT_SLCAN_H
#define PORT_SLCAN_H

#include "base/can_frame.h"
#include "base/span.h"
#include "port/can.h"

#define SLCAN_LINE_MAX 31U /* T + 8 id + 1 length + 16 data + 4 time stamp = 30 */

struct slcan_parser {
    char line[SLCAN_LINE_MAX];
    size_t n;
    bool too_long; /* dropping up to the end of the line */
};

enum slcan_kind {
    SLCAN_FRAME,   /* msg */
    SLCAN_STATE,   /* state, and msg: the error frame that a driver would report with it */
    SLCAN_ERRORS,  /* msg: an error frame */
    SLCAN_OK,      /* CR alone, z, Z: a command or frame was taken */
    SLCAN_REFUSED, /* BEL */
    SLCAN_INFO,    /* an answer to V, v, N or F */
    SLCAN_GARBAGE,
};

struct slcan_item {
    enum slcan_kind kind;
    struct can_msg msg;
    enum can_state state;
};

/* Takes one byte; true when it completed an item. A parser starts zeroed. */
bool slcan_push(struct slcan_parser *p, uint8_t byte, struct slcan_item *ret);

/* Appends "t35180214...\r"; false when the buffer is full or the frame is an error frame. */
bool slcan_format(const struct can_msg *msg, struct buf *out);
/* Appends "C\rS6\rO\r"; false when the bit rate has no S command. */
bool slcan_format_open(uint32_t bitrate, struct buf *out);

#endif
