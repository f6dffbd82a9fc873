/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes from an adapter: no frame out of range, what is a frame formats and reads back the
 * same, and a split anywhere changes nothing.
 */
#include <stdlib.h>

#include "port/slcan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void round_trip(const struct can_msg *msg)
{
    char text[40];
    struct buf b = buf_of(text, sizeof text);
    struct slcan_parser p = {0};
    struct slcan_item item = {0};
    bool done = false;

    must(msg->dlc <= 8 && msg->id <= (msg->extended ? 0x1FFFFFFFU : 0x7FFU));
    must(slcan_format(msg, &b));
    for (size_t i = 0; i < b.n; i++) {
        must(!done);
        done = slcan_push(&p, b.p[i], &item);
    }
    must(done && item.kind == SLCAN_FRAME && can_msg_eq(msg, &item.msg));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slcan_parser p = {0};
    struct slcan_item item;

    for (size_t i = 0; i < size; i++) {
        must(p.n <= sizeof p.line);
        if (!slcan_push(&p, data[i], &item))
            continue;
        must(item.kind <= SLCAN_GARBAGE);
        if (item.kind == SLCAN_FRAME)
            round_trip(&item.msg);
        if (item.kind == SLCAN_STATE || item.kind == SLCAN_ERRORS)
            must(item.msg.error && item.msg.dlc == 8);
    }
    return 0;
}
