/* SPDX-License-Identifier: Apache-2.0
 *
 * The set of frames that a battery sends over CAN again and again, put together to one picture.
 *
 * Frames come alone, in any order, and any of them may be lost, so the picture knows of each frame
 * how old it is. A set is whole when none of the frames that it needs is older than a period and a
 * half, and the oldest of them is about a period younger than that of the whole set before; only
 * then are values younger than before.
 * Needed are the frames with the limits, the state of charge, voltage and current, the alarms and
 * the enables. What the others tell becomes unknown again when they stay away.
 *
 * Source: docs/protocols/pylon-can.md; pure, no clock, no log.
 */
#ifndef BRIDGE_SOURCE_PYLON_CAN_SET_H
#define BRIDGE_SOURCE_PYLON_CAN_SET_H

#include "base/clock.h"
#include "proto/pylon_can/pylon_can.h"

struct pylon_can_slot {
    uint16_t id;
    bool needed;
    uint32_t fields; /* what it may tell */
    uint32_t tells;  /* what the newest of them told */
    uint8_t modules; /* that it counted; 0: it does not count them */
    uint64_t at_us;  /* of the newest good one; 0: none so far */
    uint64_t gap_us; /* between the newest two; 0: unknown */
};

struct pylon_can_set {
    const struct pylon_can_dialect *dialect;
    uint64_t period_us;
    size_t n;
    struct pylon_can_slot slots[PYLON_CAN_MAX_IDS];
    struct bank picture;
    uint64_t whole_us;   /* when the newest whole set ended; 0: none so far */
    uint64_t updated_us; /* the oldest frame of that set */
};

enum pylon_can_taken {
    PYLON_CAN_FOREIGN, /* not of this dialect */
    PYLON_CAN_REFUSED, /* of this dialect and not usable: nothing is changed */
    PYLON_CAN_TAKEN,
};

/* `without` are ids that this battery is known not to send (n of them). One that comes all the same
 * is needed from then on: a cut that it made must not end by its staying away. */
void pylon_can_set_init(struct pylon_can_set *set, const struct pylon_can_dialect *dialect,
                        uint64_t period_us, const uint16_t *without, size_t n);

/* One frame that came now. *ret_verdict: what the decoder said (also of a frame that was taken). */
enum pylon_can_taken pylon_can_set_take(struct pylon_can_set *set, const struct can_msg *msg,
                                        uint64_t now_us, struct decoded *ret_verdict);

/* A whole set came, and the next one is not overdue. */
bool pylon_can_set_whole(const struct pylon_can_set *set, uint64_t now_us);
/* When the next whole set is overdue; NEVER_US before the first. */
uint64_t pylon_can_set_overdue(const struct pylon_can_set *set);
/* The needed frames that are too old for a whole set, as "351 35C"; "" for none. */
void pylon_can_set_missing(const struct pylon_can_set *set, uint64_t now_us, char *out, size_t cap);

/* The picture as one battery; what is too old is unknown in it. Its age is that of the newest whole
 * set. */
void pylon_can_set_battery(const struct pylon_can_set *set, uint64_t now_us, struct battery *ret);

#endif
