/* SPDX-License-Identifier: Apache-2.0
 *
 * One battery as its console shows it: numbers in the console's units, the words of its states, the
 * event masks. Source: specification section 3.3 (values), 4 (words), 6.1 (masks).
 *
 * Words: a warning is `High` or `Low` [captured]. The word of the protection level is in no
 * capture; `Over` and `Under` come from client code [C], and so do the bits other than 0x2 and
 * 0x2000.
 */
#include <string.h>

#include "sim/device/console_private.h"

enum {
    REST_MA = 50,        /* below this the old and C models print 0 and Idle (section 3.3) */
    CELL_HIGH_MV = 3560, /* captured: 3562 mV High, 3551 mV Normal, in packs that were Normal */
    CELL_LOW_MV = 3050,  /* the warning level of the RS485 parameters (3.050 V) */
    SOC_LOW_PC = 20,     /* captured: 18 % Low, 35 % Normal */
    SOC_FULL_PC = 100,
    DC_TO_MC = 100, /* 0.1 C to 0.001 C */
    DEGREE_MC = 1000,
};

enum level { NORMAL, LOW, HIGH, UNDER, OVER };

static const char *const level_words[] = {"Normal", "Low", "High", "Under", "Over"};

static void put_word(char *out, const char *word)
{
    span_to_str(span_str(word), out, PYLON_WORD);
}

static bool any(uint32_t set, uint32_t conditions)
{
    return (set & conditions) != 0;
}

/* Protection before warning, high before low: the word of the worse condition. */
static enum level level_of(const struct battery *b, uint32_t high, uint32_t low)
{
    if (any(b->protections, high))
        return OVER;
    if (any(b->protections, low))
        return UNDER;
    if (any(b->warnings, high))
        return HIGH;
    return any(b->warnings, low) ? LOW : NORMAL;
}

#define CURRENT_CONDITIONS                                                      \
    (COND_BIT(COND_CHARGE_OVERCURRENT) | COND_BIT(COND_DISCHARGE_OVERCURRENT) | \
     COND_BIT(COND_SHORT_CIRCUIT))
#define HOT_CONDITIONS \
    (COND_BIT(COND_CHARGE_OVERTEMPERATURE) | COND_BIT(COND_DISCHARGE_OVERTEMPERATURE))
#define COLD_CONDITIONS \
    (COND_BIT(COND_CHARGE_UNDERTEMPERATURE) | COND_BIT(COND_DISCHARGE_UNDERTEMPERATURE))

static const char *current_word(int32_t shown_ma)
{
    if (shown_ma == 0)
        return "Idle";
    return shown_ma > 0 ? "Charge" : "Dischg";
}

static bool broken(const struct battery *b)
{
    return any(b->protections | b->warnings, COND_BIT(COND_INTERNAL_FAULT));
}

static void set_words(const struct battery *b, struct console_face *f)
{
    put_word(f->base, broken(b) ? "SysError" : current_word(f->curr_ma));
    put_word(f->cell_base, current_word(f->curr_ma)); /* captured beside a pack in SysError */
    put_word(f->volt, level_words[level_of(b, COND_BIT(COND_PACK_OVERVOLTAGE),
                                           COND_BIT(COND_PACK_UNDERVOLTAGE))]);
    put_word(f->curr, level_words[level_of(b, CURRENT_CONDITIONS, 0)]);
    put_word(f->temp, level_words[NORMAL]); /* the BMS has no limit for its board */
    put_word(f->cells, level_words[level_of(b, COND_BIT(COND_CELL_OVERVOLTAGE),
                                            COND_BIT(COND_CELL_UNDERVOLTAGE))]);
    put_word(f->celltemp, level_words[level_of(b, HOT_CONDITIONS, COLD_CONDITIONS)]);
    put_word(f->mos, level_words[level_of(b, COND_BIT(COND_MOS_OVERTEMPERATURE), 0)]);
    put_word(f->system, b->protections != 0 || broken(b) ? "Alarm" : "Normal"); /* [C] */
}

/* ---- event masks ---- */

struct event {
    uint32_t bit;
    bool power;      /* Power Events; else Bat Events */
    bool protection; /* set by a protection; else by a warning */
    uint32_t conditions;
    const char *name;
};

/* Names of the protections from `Protect ENA`; bits from section 6.1. */
static const struct event events[] = {
    {0x1, false, true, COND_BIT(COND_CELL_OVERVOLTAGE), "BOV"},
    {0x2, false, false, COND_BIT(COND_CELL_OVERVOLTAGE), "BHV"},
    {0x8, false, false, COND_BIT(COND_CELL_UNDERVOLTAGE), "BLV"},
    {0x10, false, true, COND_BIT(COND_CELL_UNDERVOLTAGE), "BUV"},
    {0x100, false, true, HOT_CONDITIONS, "BOT"},
    {0x200, false, false, HOT_CONDITIONS, "BHT"},
    {0x800, false, false, COLD_CONDITIONS, "BLT"},
    {0x1000, false, true, COLD_CONDITIONS, "BUT"},
    {0x1, true, true, COND_BIT(COND_PACK_OVERVOLTAGE), "POV"},
    {0x2, true, false, COND_BIT(COND_PACK_OVERVOLTAGE), "PHV"},
    {0x8, true, false, COND_BIT(COND_PACK_UNDERVOLTAGE), "PLV"},
    {0x10, true, true, COND_BIT(COND_PACK_UNDERVOLTAGE), "PUV"},
    {0x100, true, true, COND_BIT(COND_MOS_OVERTEMPERATURE), "POT"},
    {0x200, true, false, COND_BIT(COND_MOS_OVERTEMPERATURE), "PHT"},
    {0x2000, true, false, 0, "COULFULL"}, /* by SOC */
    {0x10000, true, true, COND_BIT(COND_SHORT_CIRCUIT), "SC"},
    {0x80000, true, true, COND_BIT(COND_DISCHARGE_OVERCURRENT), "DOC"},
    {0x100000, true, true, COND_BIT(COND_CHARGE_OVERCURRENT), "COC"},
};

enum { POWER_FULL = 0x2000, FAULT_CELL_MONITOR = 0x8 };

static void set_events(const struct battery *b, struct console_face *f)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        const struct event *e = &events[i];
        uint32_t set = e->protection ? b->protections : b->warnings & ~b->protections;
        if (!any(set, e->conditions))
            continue;
        if (e->power)
            f->power_events |= e->bit;
        else
            f->bat_events |= e->bit;
    }
    if (f->soc_pc >= SOC_FULL_PC)
        f->power_events |= POWER_FULL;
    if (broken(b))
        f->system_fault = FAULT_CELL_MONITOR; /* the one seen together with SysError */
}

void console_mask_names(uint32_t mask, bool power, struct buf *out)
{
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (events[i].power != power || (mask & events[i].bit) == 0)
            continue;
        if (out->n > 0)
            buf_str(out, " ");
        buf_str(out, events[i].name);
    }
}

/* ---- numbers ---- */

/* Temperatures of one role; false when the battery has no such sensor. */
static bool sensor(const struct battery *b, enum battery_role role, int32_t *ret_dc)
{
    for (size_t i = 0; i < b->temp_count && i < BATTERY_MAX_TEMPS; i++) {
        if (b->temp_role[i] == role && (b->temp_known >> i & 1u) != 0) {
            *ret_dc = b->temp_dc[i];
            return true;
        }
    }
    return false;
}

static int32_t milli_degrees(const struct product *product, int32_t dc)
{
    int64_t mc = (int64_t)dc * DC_TO_MC;
    return (int32_t)(product->whole_degrees ? div_round(mc, DEGREE_MC) * DEGREE_MC : mc);
}

/* The cell sensors stand behind equal groups of cells: 5, 5, 5 on three sensors, 4, 4, 4, 3 on
 * four. */
static void set_cells(const struct product *product, const struct battery *b,
                      struct console_face *f)
{
    int32_t cell_dc[BATTERY_MAX_TEMPS];
    size_t sensors = 0;

    for (size_t i = 0; i < b->temp_count && i < BATTERY_MAX_TEMPS; i++) {
        if (b->temp_role[i] == ROLE_CELL && (b->temp_known >> i & 1u) != 0)
            cell_dc[sensors++] = b->temp_dc[i];
    }
    f->n_cells = b->cell_count < PYLON_MAX_CELLS ? b->cell_count : PYLON_MAX_CELLS;
    size_t group = sensors > 0 ? (f->n_cells + sensors - 1) / sensors : 1;
    for (size_t i = 0; i < f->n_cells; i++) {
        f->cell_mv[i] = b->cell_mv[i];
        f->cell_mc[i] = sensors > 0 ? milli_degrees(product, cell_dc[i / group]) : 0;
        if (f->cell_mc[i] < f->cell_mc[f->tlow_id])
            f->tlow_id = (uint8_t)i;
        if (f->cell_mc[i] > f->cell_mc[f->thigh_id])
            f->thigh_id = (uint8_t)i;
    }
    f->tlow_mc = f->n_cells > 0 ? f->cell_mc[f->tlow_id] : 0;
    f->thigh_mc = f->n_cells > 0 ? f->cell_mc[f->thigh_id] : 0;
}

static void set_numbers(const struct stack_module *m, struct console_face *f)
{
    const struct battery *b = &m->battery;
    int32_t dc = 0;

    f->volt_mv = b->pack_mv;
    f->curr_ma = b->current_ma > -REST_MA && b->current_ma < REST_MA ? 0 : b->current_ma;
    set_cells(m->product, b, f);
    if (sensor(b, ROLE_BOARD, &dc) || sensor(b, ROLE_AMBIENT, &dc))
        f->tempr_mc = milli_degrees(m->product, dc);
    else
        f->tempr_mc = f->thigh_mc;
    f->has_mos = m->product->mos_sensor && sensor(b, ROLE_MOS, &dc);
    f->mos_mc = f->has_mos ? milli_degrees(m->product, dc) : 0;
    f->vlow_mv = b->cell_min_mv;
    f->vhigh_mv = b->cell_max_mv;
    f->vlow_id = (uint8_t)(b->cell_min_id > 0 ? b->cell_min_id - 1 : 0);
    f->vhigh_id = (uint8_t)(b->cell_max_id > 0 ? b->cell_max_id - 1 : 0);
    f->soc_pc = (int32_t)div_round(b->soc_pm, 10);
    f->soh_pc = (int32_t)div_round(b->soh_pm, 10);
    f->remaining_mah = b->remaining_mah;
}

/* ---- what a person has overridden ---- */

static void override_word(const struct overlay *overlay, uint16_t path, char *word)
{
    const char *text = overlay_get(overlay, path);
    if (text != NULL)
        put_word(word, text);
}

static void override_mask(const struct overlay *overlay, uint16_t path, uint32_t *mask)
{
    const char *text = overlay_get(overlay, path);
    uint64_t value;
    if (text != NULL && span_starts(span_str(text), "0x") &&
        parse_hex(span_str(text + 2), UINT32_MAX, &value))
        *mask = (uint32_t)value;
}

static void apply_overlay(const struct overlay *overlay, struct console_face *f)
{
    override_word(overlay, BMS_PATH_STATE_BASE, f->base);
    override_word(overlay, BMS_PATH_STATE_VOLTAGE, f->volt);
    override_word(overlay, BMS_PATH_STATE_CURRENT, f->curr);
    override_word(overlay, BMS_PATH_STATE_TEMPERATURE, f->temp);
    override_word(overlay, BMS_PATH_STATE_CELLS, f->cells);
    override_word(overlay, BMS_PATH_STATE_CELLTEMP, f->celltemp);
    override_word(overlay, BMS_PATH_STATE_MOS, f->mos);
    override_word(overlay, BMS_PATH_STATE_SYSTEM, f->system);
    override_mask(overlay, BMS_PATH_EVENTS_BATTERY, &f->bat_events);
    override_mask(overlay, BMS_PATH_EVENTS_POWER, &f->power_events);
    override_mask(overlay, BMS_PATH_FAULT_SYSTEM, &f->system_fault);
}

static void set_identity(const struct stack_module *m, struct console_face *f)
{
    const char *serial = overlay_get(&m->overlay, BMS_PATH_SERIAL);
    const char *firmware = overlay_get(&m->overlay, BMS_PATH_FIRMWARE);

    span_to_str(span_str(serial != NULL ? serial : m->battery.serial), f->serial, sizeof f->serial);
    span_to_str(span_str(firmware != NULL ? firmware : m->battery.firmware), f->firmware,
                sizeof f->firmware);
}

void console_face_of(const struct stack_module *module, struct console_face *ret)
{
    *ret = (struct console_face){0};
    set_numbers(module, ret);
    set_words(&module->battery, ret);
    set_events(&module->battery, ret);
    ret->cell_over = any(module->battery.protections, COND_BIT(COND_CELL_OVERVOLTAGE));
    ret->cell_under = any(module->battery.protections, COND_BIT(COND_CELL_UNDERVOLTAGE));
    ret->coulomb = ret->soc_pc >= SOC_FULL_PC ? "Full"
                   : ret->soc_pc < SOC_LOW_PC ? "Low"
                                              : "Normal";
    set_identity(module, ret);
    apply_overlay(&module->overlay, ret);
}

const char *console_cell_word(const struct console_face *face, size_t cell)
{
    if (face->cell_over && face->cell_mv[cell] == face->vhigh_mv)
        return level_words[OVER];
    if (face->cell_under && face->cell_mv[cell] == face->vlow_mv)
        return level_words[UNDER];
    if (face->cell_mv[cell] >= CELL_HIGH_MV)
        return level_words[HIGH];
    return level_words[face->cell_mv[cell] <= CELL_LOW_MV ? LOW : NORMAL];
}
