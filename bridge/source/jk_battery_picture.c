/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_battery_picture.h.
 */
#include "bridge/source/jk_battery_picture.h"

#include <string.h>

const uint64_t jk_pack_limits_life_us = 120 * US_PER_S;

/* After this a reading is no measure for the next one any more. */
static const uint64_t compare_us = 30 * US_PER_S;
/* Firmware shows SOC and cycles as 0 for 16 to 20 s after its start. */
static const uint64_t boot_us = 20 * US_PER_S;

enum { JUMP_MV = 2000, JUMP_PM = 200, APART_CELL_MV = 10, EMPTY_PM = 50 };

#define C(condition) COND_BIT(COND_##condition)
#define STOPS_BOTH \
    (C(MOS_OVERTEMPERATURE) | C(SHORT_CIRCUIT) | C(INTERNAL_FAULT) | C(IMBALANCE) | C(UNKNOWN_WORD))
#define STOPS_CHARGE                                                     \
    (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE) | C(CHARGE_OVERCURRENT) | \
     C(CHARGE_OVERTEMPERATURE) | C(CHARGE_UNDERTEMPERATURE) | STOPS_BOTH)
#define STOPS_DISCHARGE                                                       \
    (C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE) | C(DISCHARGE_OVERCURRENT) | \
     C(DISCHARGE_OVERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE) | STOPS_BOTH)

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

void jk_pack_reset(struct jk_pack *p)
{
    const struct battery said = p->said;
    bool has_said = p->has_said;
    bool changed = p->changed;

    *p = (struct jk_pack){.said = said, .has_said = has_said, .changed = changed};
}

/* ---- limits ---- */

int32_t jk_pack_highest(uint32_t cells, uint32_t ovp_mv, uint32_t ovp_release_mv)
{
    uint32_t cell_mv = ovp_mv;

    if (cells == 0 || cells > BATTERY_MAX_CELLS || ovp_mv == 0 || ovp_mv > 5000)
        return 0;
    if (ovp_release_mv > ovp_mv / 2 && ovp_release_mv < ovp_mv)
        cell_mv = ovp_release_mv;
    return (int32_t)(cells * cell_mv);
}

static void cap_currents(const struct jk_caps *caps, struct battery *b)
{
    if (caps->charge_ma > 0)
        b->ccl_ma = least(b->ccl_ma, caps->charge_ma);
    if (caps->discharge_ma > 0)
        b->dcl_ma = least(b->dcl_ma, caps->discharge_ma);
}

static void cap_voltages(const struct jk_pack *p, const struct jk_caps *caps, struct battery *b)
{
    if (caps->charge_mv > 0 && battery_knows(b, FIELD_CVL)) {
        b->cvl_mv = least(b->cvl_mv, caps->charge_mv);
    } else if (caps->charge_mv > 0 && p->highest_mv > 0) {
        b->cvl_mv = least(p->highest_mv, caps->charge_mv);
        b->known |= FIELD_CVL;
    }
    if (caps->discharge_mv > 0) {
        b->dvl_mv =
            battery_knows(b, FIELD_DVL) ? most(b->dvl_mv, caps->discharge_mv) : caps->discharge_mv;
        b->known |= FIELD_DVL;
    }
}

/* Some inverters charge on at CCL 0 while the voltage allows it: take that away as well, but never
 * ask them to discharge the battery. */
static void hold_voltage(struct battery *b)
{
    const uint32_t over = C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE);
    int32_t now_mv = b->pack_mv / 100 * 100;

    if ((b->protections & over) == 0 || !battery_knows(b, FIELD_CVL | FIELD_PACK_MV))
        return;
    if (battery_knows(b, FIELD_DVL))
        now_mv = most(now_mv, b->dvl_mv);
    b->cvl_mv = least(b->cvl_mv, now_mv);
}

/* What a reading means together with the caps. */
static struct battery picture(const struct jk_pack *p, const struct jk_caps *caps,
                              const struct battery *reading, uint64_t now_us)
{
    const uint32_t under = C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE);
    struct battery b = *reading;

    cap_currents(caps, &b);
    cap_voltages(p, caps, &b);
    hold_voltage(&b);
    bool told = battery_knows(&b, FIELD_ENABLES);
    if ((told && !b.charge_enable) || (b.protections & STOPS_CHARGE) != 0)
        b.ccl_ma = 0;
    if ((told && !b.discharge_enable) || (b.protections & STOPS_DISCHARGE) != 0)
        b.dcl_ma = 0;
    b.charge_enable = b.ccl_ma > 0;
    b.discharge_enable = b.dcl_ma > 0;
    b.force_charge = (b.protections & under) != 0;
    b.full_charge_request = false;
    b.known |= FIELD_REQUESTS;
    b.updated_us = now_us;
    return b;
}

/* ---- what is told ---- */

static bool lower(int32_t *said, int32_t now)
{
    bool falls = now < *said;

    if (falls)
        *said = now;
    return falls;
}

/* The last picture with what makes it safer; its age stays. */
static void publish_safer(struct jk_pack *p, const struct battery *now)
{
    struct battery *said = &p->said;
    const struct battery before = *said;

    if (!p->has_said)
        return;
    if (battery_knows(now, FIELD_CCL) && lower(&said->ccl_ma, now->ccl_ma))
        p->changed = true;
    if (battery_knows(now, FIELD_DCL) && lower(&said->dcl_ma, now->dcl_ma))
        p->changed = true;
    if (battery_knows(now, FIELD_CVL) && lower(&said->cvl_mv, now->cvl_mv))
        p->changed = true;
    said->charge_enable = said->ccl_ma > 0;
    said->discharge_enable = said->dcl_ma > 0;
    said->warnings |= now->warnings;
    said->protections |= now->protections;
    said->force_charge = said->force_charge || now->force_charge;
    p->changed =
        p->changed || said->warnings != before.warnings || said->protections != before.protections;
}

static bool is_close(const struct battery *a, const struct battery *b)
{
    return distance(a->pack_mv, b->pack_mv) <= JUMP_MV && distance(a->soc_pm, b->soc_pm) <= JUMP_PM;
}

/* SOC and cycles are 0 in a BMS that has just started, and in a new one that is empty. */
static bool is_booting(struct jk_pack *p, const struct battery *b, uint64_t now_us)
{
    bool new_and_empty = p->has_said && p->said.cycles == 0 && p->said.soc_pm <= EMPTY_PM;

    if (b->soc_pm != 0 || b->cycles != 0 || new_and_empty) {
        p->booting_us = 0;
        return false;
    }
    if (p->booting_us == 0)
        p->booting_us = now_us;
    return now_us - p->booting_us < boot_us;
}

/* Under a changing load the cells and the pack voltage were sampled at two moments. */
static bool is_apart(const struct battery *b)
{
    int64_t sum = 0;

    if (!battery_knows(b, FIELD_CELLS))
        return false;
    for (size_t i = 0; i < b->cell_count; i++)
        sum += b->cell_mv[i];
    return distance(sum, b->pack_mv) > APART_CELL_MV * (int64_t)b->cell_count;
}

static bool is_jump(struct jk_pack *p, const struct battery *b, uint64_t now_us)
{
    bool old = !p->has_said || now_us - p->said.updated_us > compare_us;
    bool confirmed =
        p->doubted_us != 0 && now_us - p->doubted_us <= compare_us && is_close(&p->doubted, b);

    if (old || confirmed || is_close(&p->said, b)) {
        p->doubted_us = 0;
        return false;
    }
    p->doubted = *b;
    p->doubted_us = now_us;
    return true;
}

static const char *doubt(struct jk_pack *p, const struct battery *b, uint64_t now_us)
{
    if (is_booting(p, b, now_us))
        return "SOC and cycles are 0: the BMS is starting";
    if (is_apart(b))
        return "the cells and the pack voltage were not sampled together";
    return is_jump(p, b, now_us) ? "voltage or SOC jumped" : NULL;
}

/* NULL: nothing. */
static const char *missing(const struct jk_pack *p, const struct battery *b, uint64_t now_us)
{
    if (!battery_knows(b, FIELD_SOC_PM))
        return "no SOC: the BMS has not started yet, or its records have none (JK04)";
    if (!battery_knows(b, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_ENABLES | FIELD_PROTECTIONS))
        return "voltage, current, alarms or switches were not sent";
    if (p->settings_us == 0 || now_us - p->settings_us > jk_pack_limits_life_us ||
        !battery_knows(b, FIELD_CCL | FIELD_DCL))
        return "the limits are not known: no settings were read";
    if (!battery_knows(b, FIELD_CVL))
        return "the BMS asks for no charge voltage and 'charge-voltage' is not configured";
    return NULL;
}

static enum jk_verdict said_why(enum jk_verdict verdict, const char *why, const char **ret_why)
{
    if (ret_why != NULL)
        *ret_why = why;
    return verdict;
}

enum jk_verdict jk_pack_offer(struct jk_pack *p, const struct jk_caps *caps,
                              const struct battery *reading, uint64_t now_us, const char **ret_why)
{
    const struct battery now = picture(p, caps, reading, now_us);
    const char *why = missing(p, &now, now_us);

    if (why != NULL) {
        p->cells_us = now_us;
        publish_safer(p, &now);
        return said_why(JK_WAITING, why, ret_why);
    }
    why = doubt(p, &now, now_us);
    if (why != NULL) {
        publish_safer(p, &now);
        return said_why(JK_DOUBTED, why, ret_why);
    }
    p->base = *reading;
    p->cells_us = now_us;
    p->said = now;
    p->has_said = true;
    p->changed = true;
    return JK_TAKEN;
}

enum jk_verdict jk_pack_cells(struct jk_pack *p, const struct jk_caps *caps,
                              const struct jk_cells *c, uint64_t now_us, const char **ret_why)
{
    struct battery reading = p->base;
    const char *why = "";

    if (!jk_cells_plausible(c, &why) || jk_cells_to_battery(c, &reading) != ERR_OK)
        return said_why(JK_REFUSED, why, ret_why);
    return jk_pack_offer(p, caps, &reading, now_us, ret_why);
}

void jk_pack_limits(struct jk_pack *p, const struct jk_caps *caps, const struct battery *limits,
                    int32_t highest_mv, uint64_t now_us)
{
    p->base = *limits;
    p->highest_mv = highest_mv;
    p->settings_us = now_us;
    if (!p->has_said || p->cells_us == 0)
        return;
    const struct battery now = picture(p, caps, &p->base, p->said.updated_us);
    publish_safer(p, &now);
}

enum err jk_pack_settings(struct jk_pack *p, const struct jk_caps *caps,
                          const struct jk_settings *s, uint64_t now_us)
{
    struct battery limits = p->base;
    enum err e = jk_settings_to_battery(s, &limits);

    if (e != ERR_OK)
        return e;
    jk_pack_limits(p, caps, &limits,
                   jk_pack_highest(s->cell_count, s->cell_ovp_mv, s->cell_ovp_release_mv), now_us);
    return ERR_OK;
}

static void copy_identity(const struct battery *from, struct battery *to)
{
    const uint32_t fields = FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE;

    memcpy(to->model, from->model, sizeof to->model);
    memcpy(to->serial, from->serial, sizeof to->serial);
    memcpy(to->firmware, from->firmware, sizeof to->firmware);
    to->known = (to->known & ~fields) | (from->known & fields);
}

bool jk_pack_identity(struct jk_pack *p, const struct battery *known)
{
    bool other = battery_knows(&p->base, FIELD_SERIAL) && battery_knows(known, FIELD_SERIAL) &&
                 strncmp(p->base.serial, known->serial, sizeof known->serial) != 0;

    if (other)
        jk_pack_reset(p);
    copy_identity(known, &p->base);
    return !other;
}

bool jk_pack_info(struct jk_pack *p, const struct jk_info *info)
{
    struct battery known = p->base;

    jk_info_to_battery(info, &known);
    return jk_pack_identity(p, &known);
}

bool jk_pack_take(struct jk_pack *p, struct battery *ret)
{
    if (!p->changed)
        return false;
    p->changed = false;
    *ret = p->said;
    return true;
}
