/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes a bank into the frames of a dialect. Everything a dialect does differently is a row of its
 * table.
 */
#include <string.h>

#include "proto/pylon_can/pylon_can_table.h"

/* The raw values a number may take on the wire; a marker at either end is not one of them. */
static int64_t raw_lowest(const struct pcan_row *row)
{
    int64_t lowest = row->is_signed ? -((int64_t)1 << (row->bits - 1u)) : 0;
    bool taken = (row->flags & PCAN_MARKED) != 0 && row->missing == lowest && row->is_signed;

    return taken ? lowest + 1 : lowest;
}

static int64_t raw_highest(const struct pcan_row *row)
{
    int64_t highest = ((int64_t)1 << (row->is_signed ? row->bits - 1u : row->bits)) - 1;

    return (row->flags & PCAN_MARKED) != 0 && row->missing == highest ? highest - 1 : highest;
}

static uint32_t set_of(const struct battery *b, enum pcan_half half)
{
    uint32_t protections = b->protections & battery_told(b, FIELD_PROTECTIONS);
    uint32_t warnings = b->warnings & battery_told(b, FIELD_WARNINGS);

    switch (half) {
    case PCAN_PROTECTION: return protections;
    case PCAN_WARNING: return warnings;
    case PCAN_EITHER: return protections | warnings;
    }
    return 0;
}

/* Whether the row may say that its conditions are not there. */
static bool is_told(const struct battery *b, const struct pcan_row *row)
{
    bool once_raised = (b->told & row->raised_by) != 0;

    switch (row->is.half) {
    case PCAN_PROTECTION: return once_raised || battery_knows(b, FIELD_PROTECTIONS);
    case PCAN_WARNING: return once_raised || battery_knows(b, FIELD_WARNINGS);
    case PCAN_EITHER: return once_raised || (b->known & (FIELD_PROTECTIONS | FIELD_WARNINGS)) != 0;
    }
    return false;
}

/* Limits are rounded to the safe side (CVL, CCL, DCL down, DVL up): half away from zero would tell
 * 53.25 V as 53.3 V, and real stacks whose modules say 53.25 V send 53.2 V. */
static int64_t divide(int64_t value, const struct pcan_row *row)
{
    if ((row->flags & PCAN_FLOOR) != 0)
        return value / row->div;
    if ((row->flags & PCAN_CEIL) != 0)
        return value / row->div + (value % row->div > 0);
    return div_round(value, row->div);
}

/* False when the frame cannot be sent without this number. */
static bool write_number(const struct pylon_can_dialect *d, const struct pcan_row *row,
                         const struct bank *bank, uint8_t *data)
{
    int64_t value = 0;
    int64_t raw = row->missing;

    if (pcan_number_get(bank, row->is.number, &value)) {
        if ((row->flags & PCAN_CLAMP) != 0) {
            value = clamp_i64(value, row->min, row->max);
        }
        if ((row->flags & PCAN_POSITIVE) != 0 && value < 0) {
            value = 0;
        }
        value *= row->mul;
        raw = divide(value, row);
        raw = clamp_i64(raw + row->offset, raw_lowest(row), raw_highest(row));
    } else if ((row->flags & PCAN_MUST) != 0) {
        return false;
    }
    if ((row->flags & PCAN_NONZERO) != 0 && raw == 0) {
        return false;
    }
    pcan_raw_store(row, d->big_endian, data, (uint32_t)(raw & 0xFFFFFFFF));
    return true;
}

static void write_pair(const struct pylon_can_dialect *d, const struct pcan_row *row,
                       const struct bank *bank, uint8_t *data)
{
    bool raised = (set_of(&bank->sum, row->is.half) & row->raised_by) != 0;

    /* what is unknown stays 00b: "not supported", which is not "all is well" */
    if (is_told(&bank->sum, row)) {
        pcan_raw_store(row, d->big_endian, data, raised ? 1u : d->pair_ok);
    }
}

static void write_text(const struct pcan_row *row, const char *text, uint8_t *data, size_t dlc)
{
    size_t length = strnlen(text, BATTERY_TEXT);

    for (size_t i = 0; i < dlc; i++) {
        size_t from = row->skip + i;
        data[i] = from < length ? pcan_printable((uint8_t)text[from]) : row->pad;
    }
}

/* Two digits each; false for a place that is unknown or has no two-digit name. */
static bool write_id(const struct pcan_row *row, const struct bank *bank, uint8_t *data)
{
    struct bank_place at = pcan_place_get(bank, row->is.place);

    if (at.battery == 0 || at.place == 0 || at.battery > 99 || at.place > 99) {
        return false;
    }
    data[0] = (uint8_t)('0' + at.battery / 10);
    data[1] = (uint8_t)('0' + at.battery % 10);
    data[2] = (uint8_t)('0' + at.place / 10);
    data[3] = (uint8_t)('0' + at.place % 10);
    return true;
}

static bool write_row(const struct pylon_can_dialect *d, const struct pcan_row *row,
                      const struct bank *bank, const char *maker, struct can_msg *msg)
{
    struct bank_place at;
    uint32_t ones = row->bits < 32 ? (1u << row->bits) - 1u : 0;

    switch (row->kind) {
    case PCAN_NUMBER: return write_number(d, row, bank, msg->data);
    case PCAN_FLAG:
        pcan_raw_store(row, d->big_endian, msg->data, pcan_flag_get(bank, row->is.flag) ? ones : 0);
        return true;
    case PCAN_BIT:
        if ((set_of(&bank->sum, row->is.half) & row->raised_by) != 0) {
            pcan_raw_store(row, d->big_endian, msg->data, 1);
        }
        return true;
    case PCAN_PAIR: write_pair(d, row, bank, msg->data); return true;
    case PCAN_TEXT:
        if (row->is.text == PCAN_MAKER) {
            write_text(row, maker, msg->data, msg->dlc);
            return true;
        }
        if (!battery_knows(&bank->sum, pcan_text_field(row->is.text))) {
            return false;
        }
        write_text(row, pcan_text_get(bank, row->is.text), msg->data, msg->dlc);
        return true;
    case PCAN_ID: return write_id(row, bank, msg->data);
    case PCAN_PLACE_BATTERY:
    case PCAN_PLACE_CELL:
        at = pcan_place_get(bank, row->is.place);
        if ((row->flags & PCAN_MUST) != 0 && at.place == 0) {
            return false;
        }
        pcan_raw_store(row, d->big_endian, msg->data,
                       row->kind == PCAN_PLACE_CELL ? at.place : at.battery);
        return true;
    case PCAN_CONST: pcan_raw_store(row, d->big_endian, msg->data, row->is.constant); return true;
    }
    return true;
}

static bool write_frame(const struct pylon_can_dialect *d, const struct pcan_frame *frame,
                        const struct bank *bank, const char *maker, struct can_msg *ret)
{
    struct can_msg msg = {.id = frame->id, .dlc = frame->dlc};

    if (frame->any_of != 0 && (bank->sum.known & frame->any_of) == 0) {
        return false;
    }
    for (size_t i = 0; i < frame->n; i++) {
        const struct pcan_row *row = &frame->rows[i];
        bool fits = row->byte + pcan_row_bytes(row) <= frame->dlc || row->kind == PCAN_TEXT;
        bool ours = (row->flags & PCAN_READ_ONLY) == 0;

        if (fits && ours && !write_row(d, row, bank, maker, &msg)) {
            return false;
        }
    }
    *ret = msg;
    return true;
}

enum err pylon_can_encode(const struct pylon_can_dialect *dialect, const struct bank *bank,
                          const char *maker, struct can_msg *ret_msgs, size_t *ret_count)
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES] = {0};
    size_t n = 0;

    for (size_t i = 0; i < dialect->n; i++) {
        const struct pcan_frame *frame = &dialect->frames[i];

        if (frame->kind == PCAN_READ) {
            continue;
        }
        if (write_frame(dialect, frame, bank, maker != NULL ? maker : dialect->maker, &msgs[n])) {
            n++;
        } else if (frame->kind == PCAN_CORE) {
            return ERR_INCOMPLETE;
        }
    }
    memcpy(ret_msgs, msgs, n * sizeof msgs[0]);
    *ret_count = n;
    return ERR_OK;
}
