/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of a battery's values: their names, units, plausible ranges and one line of help each.
 * Everything that reads or prints a path goes through this table, so a name exists in one place.
 */
#include <string.h>

#include "sim/stimulus.h"

#define MICRO 1000000LL

/* A value of the model with its unit and the range that `set` takes. */
#define VALUE(dim_, low, high, help_)                                      \
    .value = BMS_QUANTITY, .dim = (dim_), .truth = true, .settable = true, \
    .min_micro = (low)*MICRO, .max_micro = (high)*MICRO, .help = (help_)
/* The same, only to be read. */
#define READING(dim_, help_) .value = BMS_QUANTITY, .dim = (dim_), .truth = true, .help = (help_)
#define FLAG(help_) \
    .value = BMS_FLAG, .truth = true, .settable = true, .max_micro = MICRO, .help = (help_)
#define WORDS(help_) .value = BMS_TEXT, .settable = true, .help = (help_)
#define WARNING(n, word, help_)                                                    \
    [BMS_PATH_WARNING + (n)] = {.name = "warning." word, FLAG("warning: " help_)}, \
                        [BMS_PATH_PROTECTION + (n)] = {.name = "protection." word, \
                                                       FLAG("protection: " help_)}

static const struct bms_path_info paths[BMS_PATH_COUNT] = {
    [BMS_PATH_SOC] = {.name = "soc",
                      VALUE(DIM_RATIO, 0, 200,
                            "state of charge; set moves the charge of all cells")},
    [BMS_PATH_SOH] = {.name = "soh", VALUE(DIM_RATIO, 0, 200, "state of health")},
    [BMS_PATH_CURRENT] = {.name = "current",
                          VALUE(DIM_CURRENT, -2000, 2000, "pack current, + charges")},
    [BMS_PATH_VOLTAGE] = {.name = "voltage",
                          VALUE(DIM_VOLTAGE, 0, 1000,
                                "pack voltage; follows the cells unless set itself")},
    [BMS_PATH_TEMP] = {.name = "temp",
                       VALUE(DIM_TEMPERATURE, -100, 250,
                             "pack temperature, mean of the cell sensors; set heats every cell")},
    [BMS_PATH_AMBIENT] = {.name = "ambient",
                          VALUE(DIM_TEMPERATURE, -100, 250, "air around the pack")},
    [BMS_PATH_CYCLES] = {.name = "cycles",
                         .value = BMS_COUNT,
                         .truth = true,
                         .settable = true,
                         .max_micro = 1000000 * MICRO,
                         .help = "full cycles so far"},
    [BMS_PATH_CAPACITY] = {.name = "capacity",
                           VALUE(DIM_CAPACITY, 1, 10000, "full charge capacity")},
    [BMS_PATH_REMAINING] = {.name = "remaining", READING(DIM_CAPACITY, "charge left")},
    [BMS_PATH_POWER] = {.name = "power", READING(DIM_POWER, "voltage times current")},
    [BMS_PATH_CELL_VOLTAGE] = {.name = "cell.voltage",
                               VALUE(DIM_VOLTAGE, 0, 65, "what the BMS measures at cell N"),
                               .per_cell = true},
    [BMS_PATH_CELL_TEMP] = {.name = "cell.temp",
                            VALUE(DIM_TEMPERATURE, -100, 250, "what the sensor at cell N reads"),
                            .per_cell = true},
    [BMS_PATH_CELL_BALANCING] = {.name = "cell.balancing",
                                 FLAG("the balancer of cell N is on"),
                                 .per_cell = true},
    [BMS_PATH_CELL_MIN] = {.name = "cell.min", READING(DIM_VOLTAGE, "lowest cell")},
    [BMS_PATH_CELL_MAX] = {.name = "cell.max", READING(DIM_VOLTAGE, "highest cell")},
    [BMS_PATH_TEMP_MIN] = {.name = "temp.min", READING(DIM_TEMPERATURE, "coldest cell sensor")},
    [BMS_PATH_TEMP_MAX] = {.name = "temp.max", READING(DIM_TEMPERATURE, "hottest cell sensor")},
    [BMS_PATH_MOS_TEMP] = {.name = "mos.temp",
                           VALUE(DIM_TEMPERATURE, -100, 250, "power stage (MOSFET) sensor")},
    [BMS_PATH_BOARD_TEMP] = {.name = "board.temp",
                             VALUE(DIM_TEMPERATURE, -100, 250, "sensor on the BMS board")},
    [BMS_PATH_CVL] = {.name = "cvl", VALUE(DIM_VOLTAGE, 0, 1000, "charge voltage limit")},
    [BMS_PATH_DVL] = {.name = "dvl", VALUE(DIM_VOLTAGE, 0, 1000, "discharge voltage limit")},
    [BMS_PATH_CCL] = {.name = "ccl", VALUE(DIM_CURRENT, 0, 2000, "charge current limit")},
    [BMS_PATH_DCL] = {.name = "dcl", VALUE(DIM_CURRENT, 0, 2000, "discharge current limit")},
    [BMS_PATH_CHARGE_ENABLE] = {.name = "charge.enable", FLAG("the BMS allows charging")},
    [BMS_PATH_DISCHARGE_ENABLE] = {.name = "discharge.enable", FLAG("the BMS allows discharging")},
    [BMS_PATH_FORCE_CHARGE] = {.name = "force.charge", FLAG("the BMS asks to be charged now")},
    [BMS_PATH_FULL_CHARGE] = {.name = "full.charge",
                              FLAG("the BMS asks for a full charge (calibration)")},
    WARNING(0, "cell_overvoltage", "a cell is high"),
    WARNING(1, "cell_undervoltage", "a cell is low"),
    WARNING(2, "pack_overvoltage", "the pack is high"),
    WARNING(3, "pack_undervoltage", "the pack is low"),
    WARNING(4, "charge_overcurrent", "charge current is high"),
    WARNING(5, "discharge_overcurrent", "discharge current is high"),
    WARNING(6, "charge_overtemperature", "too warm to charge"),
    WARNING(7, "charge_undertemperature", "too cold to charge"),
    WARNING(8, "discharge_overtemperature", "too warm to discharge"),
    WARNING(9, "discharge_undertemperature", "too cold to discharge"),
    WARNING(10, "mos_overtemperature", "the power stage is hot"),
    WARNING(11, "imbalance", "the cells are far apart"),
    WARNING(12, "short_circuit", "short circuit"),
    WARNING(13, "internal_fault", "a fault of the BMS itself"),
    [BMS_PATH_STATE_BASE] = {.name = "state.base",
                             WORDS("word under Base.St: Charge, Dischg, Idle, SysError, ...")},
    [BMS_PATH_STATE_VOLTAGE] = {.name = "state.voltage", WORDS("word under Volt.St")},
    [BMS_PATH_STATE_CURRENT] = {.name = "state.current", WORDS("word under Curr.St")},
    [BMS_PATH_STATE_TEMPERATURE] = {.name = "state.temperature", WORDS("word under Temp.St")},
    [BMS_PATH_STATE_CELLS] = {.name = "state.cells", WORDS("word under B.V.St")},
    [BMS_PATH_STATE_CELLTEMP] = {.name = "state.celltemp", WORDS("word under B.T.St")},
    [BMS_PATH_STATE_MOS] = {.name = "state.mos", WORDS("word under M.T.St")},
    [BMS_PATH_STATE_SYSTEM] = {.name = "state.system", WORDS("word under SysAlarm.St")},
    [BMS_PATH_EVENTS_BATTERY] = {.name = "events.battery", WORDS("Bat Events, a mask: 0x2")},
    [BMS_PATH_EVENTS_POWER] = {.name = "events.power", WORDS("Power Events, a mask: 0x2000")},
    [BMS_PATH_FAULT_SYSTEM] = {.name = "fault.system", WORDS("System Fault, a mask: 0x8")},
    [BMS_PATH_SERIAL] = {.name = "serial", WORDS("barcode of the module")},
    [BMS_PATH_FIRMWARE] = {.name = "firmware", WORDS("main firmware version")},
    [BMS_PATH_CLOCK] = {.name = "clock",
                        WORDS("date and time of the module, in quotes: \"2000-00-00 00:00:00\"")},
    [BMS_PATH_LAYOUT] = {.name = "layout", WORDS("table the master prints: P1 P2 P3 P4 PY")},
};

/* What a cell has, in the order of the ids from BMS_PATH_CELL_VOLTAGE on. */
static const char *const cell_values[] = {"voltage", "temp", "balancing", NULL};

size_t bms_path_count(void)
{
    return BMS_PATH_COUNT;
}

const struct bms_path_info *bms_path_info(uint16_t id)
{
    return id < BMS_PATH_COUNT ? &paths[id] : NULL;
}

static bool find_name(struct span name, uint16_t *ret)
{
    for (uint16_t i = 0; i < (uint16_t)BMS_PATH_COUNT; i++) {
        if (!paths[i].per_cell && span_eq_str(name, paths[i].name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool find_cell_value(struct span name, uint16_t *ret)
{
    for (uint16_t i = 0; cell_values[i] != NULL; i++) {
        if (span_eq_str(name, cell_values[i])) {
            *ret = (uint16_t)(BMS_PATH_CELL_VOLTAGE + i);
            return true;
        }
    }
    return false;
}

/* "cell5.voltage" */
static bool parse_cell(struct span dotted, struct bms_path *ret)
{
    size_t dot = span_find_byte(dotted, 0, '.');
    struct bms_path path = {0};
    int64_t cell;

    if (!span_starts(dotted, "cell") || dot == dotted.n ||
        !parse_i64(span_sub(dotted, 4, dot - 4), 1, BMS_MAX_CELLS, &cell) || dotted.p[4] < '0' ||
        dotted.p[4] > '9' || !find_cell_value(span_sub(dotted, dot + 1, dotted.n), &path.id))
        return false;
    path.cell = (uint8_t)cell;
    *ret = path;
    return true;
}

bool bms_path_parse(struct span dotted, struct bms_path *ret)
{
    uint16_t id;

    if (parse_cell(dotted, ret))
        return true;
    if (!find_name(dotted, &id))
        return false;
    *ret = (struct bms_path){.id = id};
    return true;
}

bool bms_path_format(const struct bms_path *path, struct buf *out)
{
    const struct bms_path_info *info = bms_path_info(path->id);

    if (info == NULL)
        return false;
    if (!info->per_cell)
        return buf_str(out, info->name);
    return buf_printf(out, "cell %u %s", (unsigned)path->cell,
                      cell_values[path->id - BMS_PATH_CELL_VOLTAGE]);
}

/* The rest of `cell 5 voltage`, behind the word cell. */
static bool take_cell(struct conf_cursor *c, struct bms_path *ret)
{
    int64_t cell;
    size_t which;

    if (!conf_take_int(c, "the number of a cell", 1, BMS_MAX_CELLS, &cell) ||
        !conf_take_known(c, "value of a cell", cell_values, &which))
        return false;
    ret->id = (uint16_t)(BMS_PATH_CELL_VOLTAGE + which);
    ret->cell = (uint8_t)cell;
    return true;
}

/* Too many names for one message: the nearest one, then the families. */
static void report_unknown(struct conf_cursor *c, const struct conf_token *token)
{
    const char *names[BMS_PATH_COUNT + 1];
    size_t n = 0;

    for (size_t i = 0; i < BMS_PATH_COUNT; i++) {
        if (!paths[i].per_cell)
            names[n++] = paths[i].name;
    }
    names[n] = NULL;
    const char *nearest = conf_nearest(token->text, names);
    conf_fail_at(c, token,
                 "unknown value '%.*s'%s%s%s (known: soc, soh, current, voltage, temp, "
                 "cell N voltage, cell N temp, mos.temp, ccl, dcl, cvl, warning.*, protection.*, "
                 "state.*, ...)",
                 (int)(token->text.n < 40 ? token->text.n : 40), (const char *)token->text.p,
                 nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
                 nearest != NULL ? "'?" : "");
}

bool bms_path_take(struct conf_cursor *c, struct bms_path *ret)
{
    struct bms_path path = {0};
    const struct conf_token *token = conf_peek(c);
    struct span word;

    if (!conf_take_word(c, "a value of the battery (soc, current, cell 5 voltage, ...)", &word))
        return false;
    if (span_eq_str(word, "cell")) {
        if (!take_cell(c, &path))
            return false;
    } else if (span_eq_str(word, "balancing")) { /* balancing 5 = cell 5 balancing */
        int64_t cell;
        if (!conf_take_int(c, "the number of a cell", 1, BMS_MAX_CELLS, &cell))
            return false;
        path.id = BMS_PATH_CELL_BALANCING;
        path.cell = (uint8_t)cell;
    } else if (!bms_path_parse(word, &path)) {
        report_unknown(c, token);
        return false;
    }
    *ret = path;
    return true;
}
