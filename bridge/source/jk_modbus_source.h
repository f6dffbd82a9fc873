/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-modbus`: JK-PB packs on RS485, read by Modbus function 03, units 1 to 15. It sends
 * nothing else: no function 10, so not even the trigger that wakes a cold bus (that is jk-bus).
 *
 *   the sensors T4, T5 (12F8), the cells and their mask (1200), the other measured values,
 *   alarms and switches (128A):                                             each poll
 *   limits (1004, 1050):                                                    every 10 s or more
 *   model, firmware (1400), serial number (1450; firmware may refuse it):   every 60 s
 *
 * A reading is the three telegrams of one poll or nothing. The alarms come last, so that they leave
 * with the telegram that brings them. An answer tells neither its address nor when it was asked
 * for, only its length; so every question of the table has lengths of its own, which run round from
 * one time to the next, and a late answer fits no question that is open. At least `gap` of silence
 * is kept before each telegram, also after errors: below 50 ms all units answer.
 *
 * Source: docs/protocols/jk.md; jk-failures.md F.
 */
#ifndef BRIDGE_SOURCE_JK_MODBUS_SOURCE_H
#define BRIDGE_SOURCE_JK_MODBUS_SOURCE_H

#include "base/log.h"
#include "bridge/source/jk_battery_picture.h"
#include "bridge/source/jk_pause.h"
#include "bridge/source/jk_units.h"
#include "bridge/source/source.h"
#include "proto/jk_modbus/jk_modbus.h"
#include "proto/jk_modbus/jk_registers.h"

struct jk_modbus_config {
    char name[32]; /* of the battery, for the log */
    struct jk_caps caps;
    struct jk_units_config units;
    uint32_t baud;
    uint64_t gap_us;
};

void jk_modbus_config_init(struct jk_modbus_config *config, const char *name);

/* What can go wrong; each kind is logged at most once a minute. */
enum jk_modbus_trouble {
    JK_MODBUS_SILENT,      /* no answer at all */
    JK_MODBUS_DAMAGED,     /* bytes, but no answer: cut, wrong CRC, of another unit or question */
    JK_MODBUS_REFUSED,     /* an exception */
    JK_MODBUS_UNASKED,     /* bytes outside of any question */
    JK_MODBUS_IMPLAUSIBLE, /* it cannot be true */
    JK_MODBUS_DOUBTED,     /* a second reading is needed */
    JK_MODBUS_WAITING,     /* something is missing for a picture */
    JK_MODBUS_OTHER_PACK,  /* another serial number at this unit */
    JK_MODBUS_TROUBLES
};

enum { JK_MODBUS_STEPS = 3 };

struct jk_modbus_pack {
    struct jk_pack pack;
    uint8_t turns[JK_ASKS][JK_MODBUS_STEPS]; /* makes equal questions differ */
    bool repeated;                           /* a second reading was asked for in this poll */
    uint8_t refused[JK_ASKS];                /* bit i: step i is refused and not asked again */
};

struct jk_modbus_source {
    struct jk_modbus_config config;
    const struct log *log;
    struct jk_units units;
    struct jk_modbus_pack packs[JK_UNITS];
    struct jk_modbus_reader reader;

    bool open;
    uint64_t now_us; /* of the last call */
    bool asking;     /* an answer to `request` is awaited */
    struct jk_modbus_request request;
    uint8_t unit; /* of the question: */
    enum jk_ask ask;
    unsigned step;
    unsigned tries; /* of this step */
    struct jk_registers block;
    uint64_t deadline_us; /* of the answer */
    struct jk_pause pause;
    bool heard;          /* bytes since the request */
    uint64_t useless_us; /* since when bytes come and no telegram; 0: they do not */
    bool hinted;

    struct source_output output;
    uint64_t troubles[JK_MODBUS_TROUBLES];
    uint64_t asked, answered; /* telegrams */
    struct log_limit limits[JK_MODBUS_TROUBLES];
};

/* `log` outlives it. */
void jk_modbus_source_init(struct jk_modbus_source *s, const struct jk_modbus_config *config,
                           const struct log *log);
struct source jk_modbus_as_source(struct jk_modbus_source *s);
/* The same with memory of its own; `config` is a struct jk_modbus_config. ERR_MEMORY. */
enum err jk_modbus_source_make(const void *config, const struct log *log, struct source *ret);

/* ---- between jk_modbus_source.c and jk_modbus_reading.c ---- */

void jk_modbus_trouble(struct jk_modbus_source *s, enum jk_modbus_trouble kind, uint64_t now_us,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* `s->block` of `s->unit` holds all that `s->ask` asked for. */
void jk_modbus_take_block(struct jk_modbus_source *s, uint64_t now_us);

#endif
