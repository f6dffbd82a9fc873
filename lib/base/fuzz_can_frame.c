/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a CAN frame and as a candump line: what is accepted must print and read back equal.
 */
#include <stdlib.h>
#include <string.h>

#include "base/can_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(struct span text)
{
    struct can_log_line line;
    struct can_log_line again;
    char bytes[128];
    struct buf out = buf_of(bytes, sizeof bytes);

    if (can_log_parse(text, &line) != ERR_OK)
        return;
    if (!can_log_format(&line, &out) || can_log_parse(buf_span(&out), &again) != ERR_OK)
        abort();
    if (again.wall_us != line.wall_us || strcmp(again.interface, line.interface) != 0 ||
        !can_msg_eq(&again.msg, &line.msg))
        abort();
}

static void check_msg(struct span text)
{
    struct can_msg msg;
    struct can_msg again;
    char bytes[32];
    struct buf out = buf_of(bytes, sizeof bytes);

    if (!can_msg_parse(text, &msg))
        return;
    if (!can_msg_format(&msg, &out) || !can_msg_parse(buf_span(&out), &again) ||
        !can_msg_eq(&msg, &again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_line(span_of(data, size));
    check_msg(span_of(data, size));
    return 0;
}
