/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads one frame of a dialect into a bank. A value that is out of range, or that the sender marked
 * as not provided, makes its field unknown and leaves the others of the frame alone.
 */
#include "proto/pylon_can/pylon_can_table.h"

/* What one frame said, collected before anything is changed that several rows share. */
struct reading {
    struct bank *bank;
    struct decoded verdict; /* of the first row that was wrong */
    uint32_t good, bad;     /* FIELD bits */
    bool flag_seen[PCAN_FLAGS], flag_set[PCAN_FLAGS];
    uint32_t raised[2], cleared[2], kept[2]; /* by PCAN_PROTECTION, PCAN_WARNING */
};

static void blame(struct reading *r, enum err code, const struct pcan_row *row)
{
    if (r->verdict.code == ERR_OK) {
        r->verdict = (struct decoded){.code = code, .offset = row->byte};
    }
}

/* A finer SOC must agree with the coarse one within 1 %; senders that do not have one leave 0 or
 * ones there (captures of BYD, Discover, Pylon 2.0.6). */
static void read_finer(struct reading *r, const struct pcan_row *row, int64_t raw, int64_t value)
{
    int64_t coarse = r->bank->sum.soc_pm;

    if (raw == 0 || raw == ((int64_t)1 << row->bits) - 1) {
        return;
    }
    if (value < row->min || value > row->max) {
        blame(r, ERR_RANGE, row);
    } else if ((r->good & FIELD_SOC_PM) == 0 || value < coarse - 10 || value > coarse + 10) {
        blame(r, ERR_IMPLAUSIBLE, row);
    } else {
        r->bank->sum.soc_pm = (int32_t)value;
    }
}

static void read_number(struct reading *r, const struct pcan_row *row, int64_t raw)
{
    uint32_t field = pcan_number_field(row->is.number);
    int64_t value = (raw - row->offset) * row->div;

    value = (row->flags & PCAN_FLOOR) != 0 ? value / row->mul : div_round(value, row->mul);
    if ((row->flags & PCAN_REFINES) != 0) {
        read_finer(r, row, raw, value);
    } else if ((row->flags & PCAN_MARKED) != 0 && raw == row->missing) {
        r->bad |= field;
    } else if (value < row->min || value > row->max) {
        r->bad |= field;
        blame(r, ERR_RANGE, row);
    } else {
        r->good |= field;
        pcan_number_put(r->bank, row->is.number, value);
    }
}

static void read_flag(struct reading *r, const struct pcan_row *row, int64_t raw)
{
    r->flag_seen[row->is.flag] = true;
    r->flag_set[row->is.flag] = r->flag_set[row->is.flag] || raw != 0;
    r->good |= pcan_flag_field(row->is.flag);
}

static size_t half_index(enum pcan_half half)
{
    return half == PCAN_PROTECTION ? 0 : 1;
}

static void read_bit(struct reading *r, const struct pcan_row *row, int64_t raw)
{
    size_t half = half_index(row->is.half);

    if (raw != 0) {
        r->raised[half] |= row->means;
    } else {
        r->cleared[half] |= row->means;
    }
    r->good |= half == 0 ? FIELD_PROTECTIONS : FIELD_WARNINGS;
}

static void read_pair(const struct pylon_can_dialect *d, struct reading *r,
                      const struct pcan_row *row, int64_t raw)
{
    size_t half = half_index(row->is.half);
    uint32_t field = half == 0 ? FIELD_PROTECTIONS : FIELD_WARNINGS;

    if (raw == 1) {
        r->raised[half] |= row->means;
        r->good |= field;
    } else if (raw == 2 || (raw == 0 && d->pair_ok == 0)) {
        r->cleared[half] |= row->means;
        r->good |= field;
    } else if (raw == 0 && !d->pair_is_event) {
        r->cleared[half] |= row->means; /* not supported, and no alarm (Victron) */
    } else {
        r->kept[half] |= row->means;
    }
}

static void read_text(struct reading *r, const struct pcan_row *row, const struct can_msg *msg)
{
    char *room = pcan_text_room(r->bank, row->is.text);
    size_t n = 0;

    while (n < msg->dlc && msg->data[n] != 0) {
        room[row->skip + n] = (char)pcan_printable(msg->data[n]);
        n++;
    }
    while ((row->flags & PCAN_TRIM) != 0 && n > 0 && room[row->skip + n - 1] == ' ') {
        n--;
    }
    if (n < 8 || (row->flags & PCAN_TRIM) != 0) {
        room[row->skip + n] = '\0'; /* a full first part runs on into the second */
    }
    r->good |= pcan_text_field(row->is.text);
}

/* "0204" is battery 2, place 4; any other text is a name we cannot place. */
static void read_id(struct reading *r, const struct pcan_row *row, const struct can_msg *msg)
{
    struct bank_place at = {0};
    size_t digits = 0;
    unsigned value[4];

    while (digits < 4 && digits < msg->dlc && msg->data[digits] >= '0' &&
           msg->data[digits] <= '9') {
        value[digits] = (unsigned)(msg->data[digits] - '0');
        digits++;
    }
    if (digits == 4 && (msg->dlc == 4 || msg->data[4] == 0 || msg->data[4] == ' ')) {
        at.battery = (uint8_t)(value[0] * 10 + value[1]);
        at.place = (uint8_t)(value[2] * 10 + value[3]);
    }
    *pcan_place_room(r->bank, row->is.place) = at;
}

static void read_place(struct reading *r, const struct pcan_row *row, int64_t raw)
{
    struct bank_place *at = pcan_place_room(r->bank, row->is.place);

    if (raw > UINT8_MAX) {
        *at = (struct bank_place){0};
        blame(r, ERR_RANGE, row);
    } else if (row->kind == PCAN_PLACE_CELL) {
        at->place = (uint8_t)raw;
    } else {
        at->battery = (uint8_t)raw;
    }
}

static void read_row(const struct pylon_can_dialect *d, struct reading *r,
                     const struct pcan_row *row, const struct can_msg *msg)
{
    bool inside = row->byte + pcan_row_bytes(row) <= msg->dlc;

    if ((row->flags & PCAN_WRITE_ONLY) != 0) {
        return;
    }
    if (!inside && row->kind != PCAN_TEXT && row->kind != PCAN_ID) {
        if (row->kind == PCAN_NUMBER && (row->flags & PCAN_REFINES) == 0) {
            r->bad |= pcan_number_field(row->is.number); /* this sender does not provide it */
        }
        return;
    }
    switch (row->kind) {
    case PCAN_NUMBER: read_number(r, row, pcan_raw_load(row, d->big_endian, msg->data)); break;
    case PCAN_FLAG: read_flag(r, row, pcan_raw_load(row, d->big_endian, msg->data)); break;
    case PCAN_BIT: read_bit(r, row, pcan_raw_load(row, d->big_endian, msg->data)); break;
    case PCAN_PAIR: read_pair(d, r, row, pcan_raw_load(row, d->big_endian, msg->data)); break;
    case PCAN_TEXT: read_text(r, row, msg); break;
    case PCAN_ID: read_id(r, row, msg); break;
    case PCAN_PLACE_BATTERY:
    case PCAN_PLACE_CELL: read_place(r, row, pcan_raw_load(row, d->big_endian, msg->data)); break;
    case PCAN_CONST: break;
    }
}

/* What several rows share is settled once all of them were read. */
static void settle(struct reading *r)
{
    struct battery *b = &r->bank->sum;
    uint32_t *sets[2] = {&b->protections, &b->warnings};

    for (size_t i = 0; i < PCAN_FLAGS; i++) {
        if (r->flag_seen[i]) {
            pcan_flag_put(r->bank, (enum pcan_flag)i, r->flag_set[i]);
        }
    }
    for (size_t half = 0; half < 2; half++) {
        *sets[half] &= ~(r->cleared[half] & ~r->kept[half]);
        *sets[half] |= r->raised[half];
    }
    b->known = (b->known | r->good) & ~r->bad;
}

static const struct pcan_frame *frame_of(const struct pylon_can_dialect *d,
                                         const struct can_msg *msg)
{
    if (msg->extended || msg->remote || msg->error) {
        return NULL;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (d->frames[i].id == msg->id) {
            return &d->frames[i];
        }
    }
    return NULL;
}

struct decoded pylon_can_decode(const struct pylon_can_dialect *dialect, const struct can_msg *msg,
                                struct bank *bank)
{
    const struct pcan_frame *frame = frame_of(dialect, msg);
    struct reading r = {.bank = bank};

    if (frame == NULL) {
        return (struct decoded){.code = ERR_NOT_FOUND};
    }
    if (msg->dlc > 8) {
        return (struct decoded){.code = ERR_LAYOUT, .offset = 8};
    }
    if ((frame->accepts & DLC(msg->dlc)) == 0) {
        bool longer_fits = (frame->accepts >> msg->dlc) != 0;
        bool shorter_fits = (frame->accepts & (DLC(msg->dlc) - 1u)) != 0;
        enum err code = longer_fits && !shorter_fits ? ERR_SHORT : ERR_LAYOUT;

        return (struct decoded){.code = code, .offset = msg->dlc};
    }
    for (size_t i = 0; i < frame->n; i++) {
        read_row(dialect, &r, &frame->rows[i], msg);
    }
    settle(&r);
    return r.verdict;
}
