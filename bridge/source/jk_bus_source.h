/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-bus`: the RS485 bus between JK-PB packs. Alone on it, it asks the packs 1 to 15
 * for their cells, settings and information by the trigger telegrams of the pack bus; that is all
 * it ever sends. A bus that somebody else asks (a pack with DIP address 0, a monitor, another
 * bridge) it only listens to, and takes its readings from that cycle: two masters destroy each
 * other's answers.
 *
 *   opened --> LISTEN --silence of other masters (2 s; 6 s once one was heard)--> POLL
 *                ^---------------------- another master is heard ------------------'
 *
 * Whose a frame is says its acknowledge; without one, the settings record itself or the one request
 * that is open (jk_bus.h); what nobody signed is a master's own broadcast when there is a master,
 * and nothing else. A frame that comes when its question is no longer open is not published while
 * polling: nothing tells how old it is.
 *
 * Source: docs/protocols/jk.md; jk-failures.md F.
 */
#ifndef BRIDGE_SOURCE_JK_BUS_SOURCE_H
#define BRIDGE_SOURCE_JK_BUS_SOURCE_H

#include "base/log.h"
#include "bridge/source/jk_battery_picture.h"
#include "bridge/source/jk_pause.h"
#include "bridge/source/jk_units.h"
#include "bridge/source/source.h"
#include "proto/jk_bus/jk_bus.h"

struct jk_bus_config {
    char name[32]; /* of the battery, for the log */
    struct jk_caps caps;
    struct jk_units_config units; /* 0 too: it can be heard, never asked */
    bool listen_only;
};

void jk_bus_config_init(struct jk_bus_config *config, const char *name);

/* What can go wrong; each kind is logged at most once a minute. */
enum jk_bus_trouble {
    JK_BUS_T_SILENT,      /* no answer at all */
    JK_BUS_T_DAMAGED,     /* bytes, but no good frame: cut, garbled, collided */
    JK_BUS_T_STRANGER,    /* another unit answered than the one that was asked */
    JK_BUS_T_NOBODY,      /* a good frame of which nobody knows whose it is */
    JK_BUS_T_LATE,        /* a frame whose question is no longer open */
    JK_BUS_T_IMPLAUSIBLE, /* it cannot be true */
    JK_BUS_T_DOUBTED,     /* a second reading is needed */
    JK_BUS_T_WAITING,     /* something is missing for a picture */
    JK_BUS_T_OTHER_PACK,  /* another serial number at this unit */
    JK_BUS_TROUBLES
};

struct jk_bus_pack {
    struct jk_pack pack;
    uint64_t heard_us; /* last good frame; 0: none */
    uint64_t asked_us; /* by ourselves */
    bool repeated;     /* a second reading was asked for in this poll */
};

struct jk_bus_source {
    struct jk_bus_config config;
    const struct log *log;
    struct jk_bus bus;
    struct jk_bus_cycle cycle;
    struct jk_units units;
    struct jk_bus_pack packs[JK_UNITS];

    bool open;
    bool polling;
    bool foreign;       /* another master was heard since the last time of polling */
    uint64_t now_us;    /* of the last call */
    uint64_t listen_us; /* until then without polling */
    bool asking;
    uint8_t unit; /* of the question: */
    enum jk_ask ask;
    unsigned tries;
    bool again;           /* ask the same once more */
    uint64_t deadline_us; /* of the answer */
    struct jk_pause pause;
    bool heard;          /* bytes since the question */
    uint64_t useless_us; /* since when bytes come and no telegram; 0: they do not */
    bool hinted;
    uint32_t dice; /* so that two bridges do not start at the same moment for ever */

    struct source_output output;
    uint64_t troubles[JK_BUS_TROUBLES];
    struct log_limit limits[JK_BUS_TROUBLES];
};

/* `log` outlives it. */
void jk_bus_source_init(struct jk_bus_source *s, const struct jk_bus_config *config,
                        const struct log *log);
struct source jk_bus_as_source(struct jk_bus_source *s);
/* The same with memory of its own; `config` is a struct jk_bus_config. ERR_MEMORY. */
enum err jk_bus_source_make(const void *config, const struct log *log, struct source *ret);

/* ---- between jk_bus_source.c and jk_bus_reading.c ---- */

void jk_bus_trouble(struct jk_bus_source *s, enum jk_bus_trouble kind, uint8_t unit,
                    uint64_t now_us, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A good frame of this unit. True: a second reading is wanted. */
bool jk_bus_take_record(struct jk_bus_source *s, uint8_t unit, enum jk_type type, struct span frame,
                        uint64_t now_us);

#endif
