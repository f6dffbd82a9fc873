/* SPDX-License-Identifier: Apache-2.0
 *
 * One classic CAN frame, and its candump text form ("351#1402C012C012C201", "1FFFFFFF#", "305#R8").
 * The text form is that of can-utils' log files: (epoch.us) interface frame.
 */
#ifndef BASE_CAN_FRAME_H
#define BASE_CAN_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct can_msg {
    uint32_t id; /* 11 or 29 bits, flags not included */
    uint8_t dlc; /* 0..8 */
    bool extended;
    bool remote;
    bool error; /* a controller's error frame: id holds the error class bits of linux/can/error.h */
    uint8_t data[8];
};

bool can_msg_eq(const struct can_msg *a, const struct can_msg *b);
/* Appends "351#0102"; false when the buffer is full. */
bool can_msg_format(const struct can_msg *msg, struct buf *out);
bool can_msg_parse(struct span text, struct can_msg *ret);

/* One line of a candump -L log, without the newline. */
struct can_log_line {
    uint64_t wall_us;
    char interface[16];
    struct can_msg msg;
};
bool can_log_format(const struct can_log_line *line, struct buf *out);
enum err can_log_parse(struct span text, struct can_log_line *ret);

#endif
