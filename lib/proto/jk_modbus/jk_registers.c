/* SPDX-License-Identifier: Apache-2.0
 *
 * Register blocks.
 */
#include "proto/jk_modbus/jk_registers.h"

#include <string.h>

/* The last documented registers are 0x1118, 0x130C and 0x1506. */
static const struct {
    uint16_t base, size;
} blocks[] = {
    {JK_REG_SETTINGS, 0x11A},
    {JK_REG_STATUS, 0x10E},
    {JK_REG_INFO, 0x108},
};

uint16_t jk_registers_size(uint16_t base)
{
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (blocks[i].base == base)
            return blocks[i].size;
    }
    return 0;
}

void jk_registers_clear(struct jk_registers *r, uint16_t base)
{
    *r = (struct jk_registers){.base = base};
}

static bool is_present(const struct jk_registers *r, size_t at)
{
    return (r->present[at / 8] >> at % 8 & 1) != 0;
}

static void set_present(struct jk_registers *r, size_t at)
{
    r->present[at / 8] |= (uint8_t)(1u << at % 8);
}

static bool has(const struct jk_registers *r, size_t from, size_t n)
{
    for (size_t at = from; at < from + n; at++) {
        if (!is_present(r, at))
            return false;
    }
    return true;
}

static void all_present(struct jk_registers *r, uint16_t base)
{
    size_t size = jk_registers_size(base);

    r->base = base;
    memset(r->bytes + size, 0, sizeof r->bytes - size);
    memset(r->present, 0, sizeof r->present);
    for (size_t at = 0; at < size; at++)
        set_present(r, at);
}

enum err jk_registers_of_cells(const struct jk_cells *cells, struct jk_registers *ret)
{
    if (cells->layout != JK02_32S)
        return ERR_UNSUPPORTED;
    jk_cells_to_body(cells, JK_BIG, ret->bytes);
    all_present(ret, JK_REG_STATUS);
    return ERR_OK;
}

enum err jk_registers_of_settings(const struct jk_settings *settings, struct jk_registers *ret)
{
    if (settings->layout != JK02_32S)
        return ERR_UNSUPPORTED;
    jk_settings_to_body(settings, JK_BIG, ret->bytes);
    all_present(ret, JK_REG_SETTINGS);
    return ERR_OK;
}

void jk_registers_of_info(const struct jk_info *info, struct jk_registers *ret)
{
    jk_info_to_body(info, JK_BIG, ret->bytes);
    all_present(ret, JK_REG_INFO);
}

/* Where `n` bytes at this address stand in the block. */
static bool locate(const struct jk_registers *r, uint16_t address, size_t n, size_t *ret_at)
{
    size_t size = jk_registers_size(r->base);

    if (address < r->base || address % 2 != 0 || n % 2 != 0)
        return false;
    *ret_at = (size_t)address - r->base;
    return *ret_at < size && n <= size - *ret_at;
}

enum err jk_registers_get(const struct jk_registers *r, uint16_t address, uint16_t words,
                          uint8_t *ret)
{
    size_t n = 2 * (size_t)words;
    size_t at;

    if (!locate(r, address, n, &at))
        return ERR_RANGE;
    if (!has(r, at, n))
        return ERR_NOT_FOUND;
    memcpy(ret, r->bytes + at, n);
    return ERR_OK;
}

enum err jk_registers_put(struct jk_registers *r, uint16_t address, struct span data)
{
    size_t at;

    if (!locate(r, address, data.n, &at))
        return ERR_RANGE;
    for (size_t i = 0; i < data.n; i++) {
        r->bytes[at + i] = data.p[i];
        set_present(r, at + i);
    }
    return ERR_OK;
}

/* ---- records ---- */

static struct decoded complete(const struct jk_registers *r, uint16_t base)
{
    size_t size = jk_registers_size(base);

    if (r->base != base)
        return (struct decoded){.code = ERR_MISMATCH, .offset = 0};
    for (size_t at = 0; at < size; at++) {
        if (!is_present(r, at))
            return (struct decoded){.code = ERR_INCOMPLETE, .offset = (uint32_t)at};
    }
    return (struct decoded){.code = ERR_OK, .offset = 0};
}

struct decoded jk_registers_cells(const struct jk_registers *r, struct jk_cells *ret)
{
    struct decoded d = complete(r, JK_REG_STATUS);

    if (d.code == ERR_OK)
        jk_cells_from_body(r->bytes, JK02_32S, JK_BIG, ret);
    return d;
}

struct decoded jk_registers_settings(const struct jk_registers *r, struct jk_settings *ret)
{
    struct decoded d = complete(r, JK_REG_SETTINGS);

    if (d.code == ERR_OK)
        jk_settings_from_body(r->bytes, JK02_32S, JK_BIG, ret);
    return d;
}

struct decoded jk_registers_info(const struct jk_registers *r, struct jk_info *ret)
{
    struct decoded d = complete(r, JK_REG_INFO);

    if (d.code == ERR_OK)
        jk_info_from_body(r->bytes, JK_BIG, ret);
    return d;
}

/* ---- battery ---- */

/* What a field of the battery needs of the status block. */
static const struct {
    uint32_t fields;
    uint16_t from, n;
} needs[] = {
    {FIELD_CELLS | FIELD_CELL_MIN_MAX | FIELD_CELL_IDS, 0x00, 0x44}, /* cells and their mask */
    {FIELD_PACK_MV, 0x90, 4},
    {FIELD_CURRENT_MA, 0x98, 4},
    {FIELD_WARNINGS | FIELD_PROTECTIONS, 0xA0, 4},
    {FIELD_BALANCING, 0xA6, 1},
    {FIELD_SOC_PM | FIELD_REMAINING_MAH | FIELD_FULL_MAH, 0xA6, 10},
    {FIELD_SOH_PM | FIELD_CYCLES, 0xAC, 13}, /* from the full capacity to the SOH */
    {FIELD_ENABLES, 0xC0, 2},
};

/* A sensor that was not read is like one that is not fitted: -200.0 C. */
static bool mark_missing_temps(const struct jk_registers *r, uint8_t *body)
{
    static const uint16_t places[] = {0x8A, 0x9C, 0x9E, 0xF8, 0xFA, 0xFC};
    bool any = false;

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (has(r, places[i], 2)) {
            any = true;
            continue;
        }
        body[places[i]] = 0xF8;
        body[places[i] + 1] = 0x30;
    }
    return any;
}

static enum err status_to_battery(const struct jk_registers *r, struct battery *b)
{
    uint8_t body[JK_BODY];
    struct jk_cells cells;
    uint32_t fields = 0;

    memcpy(body, r->bytes, sizeof body);
    if (mark_missing_temps(r, body))
        fields |= FIELD_TEMPS | FIELD_TEMP_MIN_MAX;
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        if (has(r, needs[i].from, needs[i].n))
            fields |= needs[i].fields;
    }
    jk_cells_from_body(body, JK02_32S, JK_BIG, &cells);
    return jk_cells_some_to_battery(&cells, fields, b);
}

/* From the under-voltage protection to the discharge switch. */
static enum err settings_to_battery(const struct jk_registers *r, struct battery *b)
{
    struct jk_settings settings;

    if (!has(r, 0x04, 0x74))
        return ERR_INCOMPLETE;
    jk_settings_from_body(r->bytes, JK02_32S, JK_BIG, &settings);
    return jk_settings_to_battery(&settings, b);
}

/* The serial number is not in the vendor's list; firmware may refuse it. */
static enum err info_to_battery(const struct jk_registers *r, struct battery *b)
{
    struct jk_info info;
    struct battery got = {0};

    jk_info_from_body(r->bytes, JK_BIG, &info);
    jk_info_to_battery(&info, &got);
    if (has(r, 0x00, sizeof info.model)) {
        memcpy(b->model, got.model, sizeof b->model);
        b->known = (b->known & ~(uint32_t)FIELD_MODEL) | (got.known & FIELD_MODEL);
    }
    if (has(r, 0x18, sizeof info.software)) {
        memcpy(b->firmware, got.firmware, sizeof b->firmware);
        b->known = (b->known & ~(uint32_t)FIELD_FIRMWARE) | (got.known & FIELD_FIRMWARE);
    }
    if (has(r, 0x50, sizeof info.serial)) {
        memcpy(b->serial, got.serial, sizeof b->serial);
        b->known = (b->known & ~(uint32_t)FIELD_SERIAL) | (got.known & FIELD_SERIAL);
    }
    return ERR_OK;
}

enum err jk_registers_to_battery(const struct jk_registers *r, struct battery *b)
{
    switch (r->base) {
    case JK_REG_SETTINGS: return settings_to_battery(r, b);
    case JK_REG_STATUS: return status_to_battery(r, b);
    case JK_REG_INFO: return info_to_battery(r, b);
    }
    return ERR_MISMATCH;
}

/* ---- control ---- */

struct control {
    uint16_t at, words;
    enum jk_control control;
};

static const struct control v1_0[] = {
    {0x00, 1, JK_CONTROL_CALIBRATE_VOLTAGE}, {0x02, 1, JK_CONTROL_SHUT_DOWN},
    {0x04, 1, JK_CONTROL_CALIBRATE_CURRENT}, {0x06, 1, JK_CONTROL_PRESET_LI_ION},
    {0x08, 1, JK_CONTROL_PRESET_LFP},        {0x0A, 1, JK_CONTROL_PRESET_LTO},
    {0x0C, 1, JK_CONTROL_EMERGENCY},         {0x0E, 1, JK_CONTROL_SET_TIME},
};

static const struct control v1_1[] = {
    {0x00, 2, JK_CONTROL_CALIBRATE_VOLTAGE}, {0x04, 1, JK_CONTROL_SHUT_DOWN},
    {0x06, 2, JK_CONTROL_CALIBRATE_CURRENT}, {0x0A, 1, JK_CONTROL_PRESET_LI_ION},
    {0x0C, 1, JK_CONTROL_PRESET_LFP},        {0x0E, 1, JK_CONTROL_PRESET_LTO},
    {0x10, 1, JK_CONTROL_EMERGENCY},         {0x12, 2, JK_CONTROL_SET_TIME},
};

enum err jk_control_find(enum jk_control_map map, uint16_t address, enum jk_control *ret_control,
                         uint16_t *ret_words)
{
    const struct control *table = map == JK_CONTROL_V1_0 ? v1_0 : v1_1;

    for (size_t i = 0; i < sizeof v1_0 / sizeof v1_0[0]; i++) {
        if (address == JK_REG_CONTROL + table[i].at) {
            *ret_control = table[i].control;
            *ret_words = table[i].words;
            return ERR_OK;
        }
    }
    return ERR_NOT_FOUND;
}
