/* SPDX-License-Identifier: Apache-2.0
 *
 * One JK pack as its records have described it so far, and the picture of it that the bank gets:
 * shared by the sources jk-modbus, jk-uart, jk-bus and jk-ble, which differ in how records arrive.
 *
 *   measured values  from the newest reading; it counts whole or not at all
 *   limits           from the settings record; unknown, and nothing published, before it was read
 *   the user's caps  only ever lower a limit. A charge voltage that the BMS does not ask for
 *                    (requested voltage 0, 4E57) is the configured one, at most where the cells'
 *                    over-voltage protection lets go
 *   protections      stop their direction, a MOSFET that is off stops its own
 *
 * A reading that is far from the one before (2 V, 20 %), whose pack voltage was sampled under
 * another load than the cells, or that looks like a BMS that is still starting (SOC 0, cycles 0)
 * needs a second one. What it makes safer counts at once: a limit that falls, an alarm, a MOSFET
 * that is off.
 *
 * Source: docs/protocols/jk.md. Pure: no I/O, no clock, no logging.
 */
#ifndef BRIDGE_SOURCE_JK_BATTERY_PICTURE_H
#define BRIDGE_SOURCE_JK_BATTERY_PICTURE_H

#include "base/clock.h"
#include "base/conf.h"
#include "proto/jk_frame/jk_battery.h"

/* ---- what the user may configure ---- */

struct jk_caps {
    int32_t charge_ma, discharge_ma; /* most, of one pack; 0: not set */
    int32_t charge_mv;               /* most, and the value when the BMS asks for none */
    int32_t discharge_mv;            /* least */
};

/* The keys of a [battery] for them, in this order; a source puts them into its own table. */
enum jk_cap { JK_CAP_CHARGE, JK_CAP_DISCHARGE, JK_CAP_CHARGE_MV, JK_CAP_DISCHARGE_MV, JK_CAPS };
#define JK_CAP_KEYS "charge-limit", "discharge-limit", "charge-voltage", "discharge-voltage"

/* False after reporting an error. */
bool jk_cap_take(struct conf_cursor *c, enum jk_cap cap, struct jk_caps *caps);
/* What is wrong between them, reported at `line`. */
void jk_caps_check(struct conf_file *file, uint32_t line, const struct jk_caps *caps);

/* ---- one pack ---- */

enum jk_verdict {
    JK_TAKEN,   /* published */
    JK_WAITING, /* good, but something that a picture needs is not known yet */
    JK_DOUBTED, /* ask again at once; *ret_why says what for */
    JK_REFUSED, /* it cannot be true: as if it had not come */
};

struct jk_pack {
    struct battery base; /* what the records said, before caps and protections */
    struct battery said; /* what was published last; valid with has_said */
    bool has_said, changed;
    uint64_t cells_us;    /* last reading that was taken or waits; 0: none */
    uint64_t settings_us; /* last settings record; 0: none, limits unknown */
    int32_t highest_mv;   /* no configured charge voltage counts above this; 0: not known */
    struct battery doubted;
    uint64_t doubted_us; /* 0: none */
    uint64_t booting_us; /* since when SOC and cycles read 0; 0: they do not */
};

/* Without any record; what was published stays published. Also when the port was closed or the
 * unit was silent for long: another pack may answer now. */
void jk_pack_reset(struct jk_pack *p);

/* The limits are kept for this long without being read again, then they are unknown. */
extern const uint64_t jk_pack_limits_life_us;

/* A settings record. ERR_IMPLAUSIBLE: as if it had not come. A limit that it lowers is published
 * at once, with the age of the last reading. */
enum err jk_pack_settings(struct jk_pack *p, const struct jk_caps *caps,
                          const struct jk_settings *s, uint64_t now_us);
/* False: another serial number than before, the pack was reset first. */
bool jk_pack_info(struct jk_pack *p, const struct jk_info *info);
/* For other carriers: `known` began as a copy of p->base and got the identity. */
bool jk_pack_identity(struct jk_pack *p, const struct battery *known);
/* A whole cell record. */
enum jk_verdict jk_pack_cells(struct jk_pack *p, const struct jk_caps *caps,
                              const struct jk_cells *c, uint64_t now_us, const char **ret_why);

/* For other carriers of the same content: `reading` began as a copy of p->base and got all the
 * measured values of one reading. */
enum jk_verdict jk_pack_offer(struct jk_pack *p, const struct jk_caps *caps,
                              const struct battery *reading, uint64_t now_us, const char **ret_why);
/* The same for limits: `limits` began as a copy of p->base. */
void jk_pack_limits(struct jk_pack *p, const struct jk_caps *caps, const struct battery *limits,
                    int32_t highest_mv, uint64_t now_us);
/* Where the over-voltage protection lets go, for `cells` cells; 0: cannot be told. */
int32_t jk_pack_highest(uint32_t cells, uint32_t ovp_mv, uint32_t ovp_release_mv);

/* The picture, when it changed since it was taken last. */
bool jk_pack_take(struct jk_pack *p, struct battery *ret);

#endif
