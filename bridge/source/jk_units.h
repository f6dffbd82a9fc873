/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom to ask for what next on a line with several JK packs: cells of every pack that answers on
 * absolute deadlines, its settings and information more rarely, and a look for the others in
 * between. The longest overdue goes first, so that a full line slows all down alike and starves
 * nobody.
 *
 * A unit that was silent for three polls is absent: while another one answers it is looked for more
 * and more rarely (1 s to 10 s), because each look costs a time-out. Units that never answered are
 * looked for every 30 s, or 5 s when the user listed them.
 *
 * Source: docs/protocols/jk.md; jk-failures.md 53, 64. Pure.
 */
#ifndef BRIDGE_SOURCE_JK_UNITS_H
#define BRIDGE_SOURCE_JK_UNITS_H

#include "base/clock.h"
#include "base/conf.h"

enum { JK_UNITS = 16 };

/* What a unit can be asked for. */
enum jk_ask { JK_ASK_CELLS, JK_ASK_SETTINGS, JK_ASK_INFO, JK_ASKS };

struct jk_units_config {
    uint16_t mask; /* bit i: unit i may be there */
    bool listed;   /* the user said so: they should be there */
    uint64_t poll_us;
};

struct jk_unit {
    bool present, seen;
    uint8_t misses;           /* polls in a row without an answer */
    uint8_t info_tries;       /* without an answer */
    uint64_t due_us[JK_ASKS]; /* absent: the settings' is when to look */
    uint64_t wait_us;         /* absent: how long between two looks */
    uint64_t heard_us;        /* last answer */
};

struct jk_units {
    struct jk_units_config config;
    struct jk_unit unit[JK_UNITS];
    bool looked; /* the last question was a look */
};

/* Everything is to be asked now; call it when the port is opened, too. */
void jk_units_start(struct jk_units *u, const struct jk_units_config *config, uint64_t now_us);

/* The longest overdue; false: nothing is due before *ret_next_us. */
bool jk_units_next(const struct jk_units *u, uint64_t now_us, uint8_t *ret_unit,
                   enum jk_ask *ret_ask, uint64_t *ret_next_us);
/* It is being asked. */
void jk_units_asked(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us);
/* It answered. True: it was absent before. */
bool jk_units_answered(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us);
/* It did not, or nothing that could be read. True: it is absent from now on. */
bool jk_units_missed(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us);
/* Ask for this now: a second reading, another pack at this place. */
void jk_units_again(struct jk_units *u, uint8_t unit, enum jk_ask ask, uint64_t now_us);

unsigned jk_units_present(const struct jk_units *u);
/* How many batteries there may be, and the place of a unit among them. */
unsigned jk_units_capacity(const struct jk_units_config *config);
unsigned jk_units_index(const struct jk_units_config *config, uint8_t unit);

/* "1 2 5", "1 .. 4", "1 .. 3 7": the value of the key `units`. False after reporting an error. */
bool jk_units_take(struct conf_cursor *c, uint8_t first, struct jk_units_config *config);

#endif
