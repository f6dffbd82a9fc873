/* SPDX-License-Identifier: Apache-2.0
 *
 * Which CAN dialect a battery speaks, from the frames that were heard of it. By the ids that only
 * one family has, then the bytes that tell its members apart, last the maker's name in 35E.
 *
 * Source: docs/protocols/pylon-can.md and the captures named there; pure.
 */
#ifndef BRIDGE_SOURCE_PYLON_CAN_DETECT_H
#define BRIDGE_SOURCE_PYLON_CAN_DETECT_H

#include "base/clock.h"
#include "proto/pylon_can/pylon_can.h"

enum { PYLON_CAN_HEARD_MAX = 48 };

/* The newest frame of each id, the oldest of them first. */
struct pylon_can_heard {
    size_t n;
    struct {
        struct can_msg msg;
        uint64_t at_us;
    } frames[PYLON_CAN_HEARD_MAX];
};

/* Remembers the frame; 29-bit, remote and error frames are not the batteries' (every dialect has
 * 11-bit ids), nor are the inverter's 305 to 307. With the table full a new id is forgotten. */
void pylon_can_heard_put(struct pylon_can_heard *heard, const struct can_msg *msg, uint64_t now_us);
/* Forgets what is older than `age_us`. */
void pylon_can_heard_age(struct pylon_can_heard *heard, uint64_t now_us, uint64_t age_us);
/* "351 355 356"; cut with "..." when there are more than fit. */
void pylon_can_heard_text(const struct pylon_can_heard *heard, char *out, size_t cap);

/* NULL when it is none that can be read; *ret_why says what is missing or in the way. */
const struct pylon_can_dialect *pylon_can_detect(const struct pylon_can_heard *heard,
                                                 const char **ret_why);

#endif
