/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `pylontech-console`: the modules of one stack behind the text console of its master.
 *
 * `pwr` is asked on absolute deadlines (1 s); between two polls there is room for one slower
 * command, and for the `info` of modules that are not identified yet. A module is published once it
 * has a good row and is identified, always together with a `pwr` table; after that also when a
 * slower command brings an alarm. A table counts whole or not at all. A row that cannot be true, or
 * is too far from the one before, needs a second reading, which is asked at once; what such a row
 * warns of counts already.
 *
 * Identity is the barcode, position is the address. A module whose row is absent is simply not
 * updated: it leaves the bank by its age. The console's clock is never looked at.
 *
 * Source: docs/protocols/pylontech-console.md section 15, pylontech-console-failures.md.
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_CONSOLE_H
#define BRIDGE_SOURCE_PYLONTECH_CONSOLE_H

#include "bridge/source/pylontech_link.h"
#include "bridge/source/pylontech_module.h"

struct pylontech_console_config {
    struct pylontech_link_config link;
    struct pylontech_limits limits;
    uint64_t poll_us;
};

/* What can go wrong with what the console says; each kind is logged at most once a minute. */
enum pylontech_trouble {
    TROUBLE_TIMEOUT,
    TROUBLE_MISMATCH,
    TROUBLE_OVERFLOW,
    TROUBLE_REFUSED,    /* `pwr` itself */
    TROUBLE_INCOMPLETE, /* no completion line, rows missing */
    TROUBLE_LAYOUT,     /* no header, or one that is not known */
    TROUBLE_TABLE,      /* a field or row that is damaged */
    TROUBLE_IMPLAUSIBLE,
    TROUBLE_JUMP,
    TROUBLE_DETAIL, /* the answer to a slower command */
    TROUBLE_COUNT
};
const char *pylontech_trouble_name(enum pylontech_trouble trouble);

struct pylontech_console {
    struct pylontech_console_config config;
    const struct log *log;
    struct pylontech_link link;
    struct pylontech_module modules[PYLON_MAX_MODULES];
    uint32_t changed; /* bit i: modules[i].out has not been taken */
    uint32_t gone;    /* bit i: modules[i] has left, and nobody was told */
    unsigned n_present;
    bool has_layout;
    enum pylon_pwr_layout layout;

    uint64_t next_poll_us;
    uint64_t first_table_us; /* of this session; 0: none yet */
    bool poll_now;           /* out of turn: second reading, first table */
    unsigned retries;        /* of a damaged table in this turn */
    unsigned slow_said;      /* slower commands since the last poll */
    unsigned starved;        /* polls without room for one */

    struct pylon_pwr doubted; /* a table with rows that need a second reading */
    unsigned doubts;          /* how many such tables in a row */

    bool debug_mode;
    struct pylon_system system;
    uint64_t system_us, system_asked_us;
    bool off[SAY_COUNT]; /* refused: not asked again in this session */
    bool worked[SAY_COUNT];
    uint8_t refusals[SAY_COUNT];
    struct pylon_form form; /* scratch of the answer that is being read */
    uint64_t troubles[TROUBLE_COUNT];
    struct log_limit limits[TROUBLE_COUNT];
};

void pylontech_console_init(struct pylontech_console *c,
                            const struct pylontech_console_config *config, const struct log *log);
struct source pylontech_console_as_source(struct pylontech_console *c);
/* The same in memory of its own. `config` is a struct pylontech_console_config. ERR_MEMORY. */
enum err pylontech_console_make(const void *config, const struct log *log, struct source *ret);

#endif
