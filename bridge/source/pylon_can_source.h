/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `pylon-can`: listens to a battery (or to the master of a stack) that speaks one of the
 * low-voltage CAN dialects, and makes one battery of what it says.
 *
 * It only listens, unless the configuration asks for the inverter's keep-alive: some batteries
 * speak only to who sends it. What it publishes:
 *
 *   - nothing before the first whole set (pylon_can_set.h);
 *   - while sets keep coming whole, every frame at once: the limits of this second may stand beside
 *     the voltage of the second before, never beside an older one;
 *   - when a set is overdue, only what makes the battery safer (a lower limit, another alarm), with
 *     the age of the last whole set. So the bank sees it grow old.
 *
 * Which dialect it is may be left to the source: it listens for a while (learn_us) and decides by
 * pylon_can_detect.h. A stack is one battery here: CAN does not tell its modules apart, it only
 * counts them.
 *
 * Source: docs/protocols/pylon-can.md.
 */
#ifndef BRIDGE_SOURCE_PYLON_CAN_SOURCE_H
#define BRIDGE_SOURCE_PYLON_CAN_SOURCE_H

#include "base/log.h"
#include "bridge/source/pylon_can_detect.h"
#include "bridge/source/pylon_can_set.h"
#include "bridge/source/source.h"

enum { PYLON_CAN_WITHOUT_MAX = 8 };

struct pylon_can_source_config {
    char name[32];                           /* of the battery, for the log */
    const struct pylon_can_dialect *dialect; /* NULL: find out */
    uint64_t period_us;                      /* of a set; 0: the dialect's */
    uint64_t keepalive_us;                   /* 0: only listen */
    uint16_t without[PYLON_CAN_WITHOUT_MAX]; /* ids that this battery does not send */
    size_t n_without;
};

struct pylon_can_stats {
    unsigned taken, foreign, refused; /* frames */
    unsigned wholes;                  /* sets */
    unsigned overdue;                 /* times that a set was missed */
};

struct pylon_can_source {
    struct pylon_can_source_config config;
    const struct log *log;
    bool open;
    const struct pylon_can_dialect *known; /* NULL: to be found out */
    const struct pylon_can_dialect *shown; /* what the log has said */
    uint64_t learn_us; /* when to decide on the dialect; NEVER_US: it is known or nothing came */
    uint64_t keepalive_us; /* when the next keep-alive is due */
    bool keepalive_due;
    uint64_t since_us; /* without a whole set since; for the log */
    struct pylon_can_heard heard;
    struct pylon_can_set set; /* dialect NULL: not known yet */
    bool late;                /* the set is overdue, and the log knows */
    bool has_said, changed;
    struct battery said;
    unsigned modules; /* that the log knows of */
    struct pylon_can_stats stats;
    struct log_limit limit_refused, limit_late, limit_unknown;
};

/* The period that a battery of this dialect keeps; dialect NULL: of most. */
uint64_t pylon_can_source_period(const struct pylon_can_source_config *config,
                                 const struct pylon_can_dialect *dialect);

/* `log` outlives it. */
void pylon_can_source_init(struct pylon_can_source *s, const struct pylon_can_source_config *config,
                           const struct log *log);
struct source pylon_can_as_source(struct pylon_can_source *s);
/* The same with memory of its own; `config` is a struct pylon_can_source_config. ERR_MEMORY. */
enum err pylon_can_source_make(const void *config, const struct log *log, struct source *ret);

#endif
