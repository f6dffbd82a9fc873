/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of CAN dialects, and the numbers inside the data bytes that both directions share. The
 * dialects themselves are tables in pylon_can_pylon.c, pylon_can_victron.c and pylon_can_growatt.c.
 */
#include "proto/pylon_can/pylon_can.h"

#include <string.h>

#include "proto/pylon_can/pylon_can_table.h"

static const struct pylon_can_dialect *const dialects[] = {
    &pcan_pylon_1_2,      &pcan_pylon_1_3,       &pcan_pylon_2_0_6,    &pcan_deye_1_2,
    &pcan_sol_ark_1_3,    &pcan_luxpower_04,     &pcan_seplos_1_0,     &pcan_hybrid_en_1_0,
    &pcan_victron,        &pcan_victron_byd,     &pcan_victron_pytes,  &pcan_sma,
    &pcan_goodwe_sma_1_2, &pcan_growatt_lv_1_04, &pcan_yambms_pylon12, &pcan_yambms_pylonv2,
    &pcan_yambms_victron,
};

static const char *const names[] = {
    "pylon-1.2",      "pylon-1.3",       "pylon-2.0.6",
    "deye-1.2",       "sol-ark-1.3",     "luxpower-04",
    "seplos-1.0",     "hybrid-en-1.0",   "victron",
    "victron-byd",    "victron-pytes",   "sma",
    "goodwe-sma-1.2", "growatt-lv-1.04", "yambms-pylon12",
    "yambms-pylonv2", "yambms-victron",  NULL,
};

const struct pylon_can_dialect *pylon_can_find(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        if (strcmp(dialects[i]->name, name) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}

const char *const *pylon_can_names(void)
{
    return names;
}

const char *pylon_can_name(const struct pylon_can_dialect *dialect)
{
    return dialect->name;
}

bool pylon_can_complete(const struct pylon_can_dialect *dialect)
{
    return dialect->complete;
}

const char *pylon_can_default_maker(const struct pylon_can_dialect *dialect)
{
    return dialect->maker;
}

uint32_t pylon_can_period_ms(const struct pylon_can_dialect *dialect)
{
    return dialect->period_ms;
}

uint32_t pylon_can_keepalive_id(const struct pylon_can_dialect *dialect)
{
    return dialect->keepalive_id;
}

static bool is_cell_place(enum pcan_place place)
{
    return place == PCAN_AT_CELL_MIN || place == PCAN_AT_CELL_MAX;
}

/* What a row may tell when it is read. */
static uint32_t row_fields(const struct pcan_row *row)
{
    if ((row->flags & PCAN_WRITE_ONLY) != 0) {
        return 0;
    }
    switch (row->kind) {
    case PCAN_NUMBER: return pcan_number_field(row->is.number);
    case PCAN_FLAG: return pcan_flag_field(row->is.flag);
    case PCAN_BIT:
    case PCAN_PAIR: return row->is.half == PCAN_PROTECTION ? FIELD_PROTECTIONS : FIELD_WARNINGS;
    case PCAN_TEXT: return pcan_text_field(row->is.text);
    case PCAN_ID:
    case PCAN_PLACE_CELL: return is_cell_place(row->is.place) ? FIELD_CELL_IDS : 0;
    case PCAN_PLACE_BATTERY:
    case PCAN_CONST: return 0;
    }
    return 0;
}

bool pylon_can_frame_at(const struct pylon_can_dialect *dialect, size_t i,
                        struct pylon_can_frame *ret)
{
    if (i >= dialect->n) {
        return false;
    }
    const struct pcan_frame *frame = &dialect->frames[i];

    *ret = (struct pylon_can_frame){.id = frame->id, .dlc = frame->dlc};
    for (size_t k = 0; k < frame->n; k++) {
        ret->fields |= row_fields(&frame->rows[k]);
    }
    return true;
}

/* ---- raw numbers in the data bytes ---- */

size_t pcan_row_bytes(const struct pcan_row *row)
{
    return row->bits <= 8 ? 1 : row->bits / 8u;
}

/* Index of the i-th byte of a number, least significant first. */
static size_t place_of(const struct pcan_row *row, bool big_endian, size_t i)
{
    return row->byte + (big_endian ? pcan_row_bytes(row) - 1 - i : i);
}

void pcan_raw_store(const struct pcan_row *row, bool big_endian, uint8_t *data, uint32_t raw)
{
    if (row->bits <= 8) {
        uint32_t mask = (1u << row->bits) - 1u;
        data[row->byte] = (uint8_t)(data[row->byte] | ((raw & mask) << row->bit));
        return;
    }
    for (size_t i = 0; i < pcan_row_bytes(row); i++) {
        data[place_of(row, big_endian, i)] = (uint8_t)(raw >> (8 * i));
    }
}

int64_t pcan_raw_load(const struct pcan_row *row, bool big_endian, const uint8_t *data)
{
    uint32_t raw = 0;

    if (row->bits <= 8) {
        return (data[row->byte] >> row->bit) & (uint8_t)((1u << row->bits) - 1u);
    }
    for (size_t i = 0; i < pcan_row_bytes(row); i++) {
        raw |= (uint32_t)data[place_of(row, big_endian, i)] << (8 * i);
    }
    if (row->is_signed && (raw >> (row->bits - 1u)) != 0) {
        return (int64_t)raw - ((int64_t)1 << row->bits);
    }
    return raw;
}

uint8_t pcan_printable(uint8_t c)
{
    return c >= 0x20 && c < 0x7F ? c : (uint8_t)'?';
}
