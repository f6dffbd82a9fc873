/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_jk_rig.h.
 */
#include "bridge/source/test_jk_rig.h"

#include <stdlib.h>
#include <string.h>

/* ---- packs ---- */

struct paper_pack paper_pack(void)
{
    struct paper_pack p = {
        .there = true,
        .cells = 16,
        .mask = 0xFFFF,
        .pack_mv = 52800,
        .current_ma = 12345,
        .mos_dc = 250,
        .t1_dc = 200,
        .t2_dc = 210,
        .t4_dc = 205,
        .t5_dc = 206,
        .soc_pc = 75,
        .soh_pc = 99,
        .charge_on = 1,
        .discharge_on = 1,
        .remaining_mah = 210000,
        .full_mah = 280000,
        .cycles = 42,
        .uvp_mv = 2600,
        .uvp_release_mv = 2700,
        .ovp_mv = 3650,
        .ovp_release_mv = 3600,
        .charge_mv = 3450,
        .charge_max_ma = 100000,
        .discharge_max_ma = 120000,
        .cell_count = 16,
        .charge_switch = 1,
        .discharge_switch = 1,
        .serial = "40112233445566",
    };

    for (unsigned i = 0; i < 16; i++)
        p.cell_mv[i] = 3300;
    return p;
}

static void put(uint8_t *block, size_t at, unsigned width, uint32_t value)
{
    for (unsigned i = 0; i < width; i++)
        block[at + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}

/* Offsets: vendor's register list V1.1, block 1200. */
void paper_status(const struct paper_pack *p, uint8_t block[0x120])
{
    memset(block, 0, 0x120);
    for (unsigned i = 0; i < 32; i++)
        put(block, 2 * i, 2, p->cell_mv[i]);
    put(block, 0x40, 4, p->mask);
    put(block, 0x8A, 2, (uint16_t)p->mos_dc);
    put(block, 0x8C, 4, p->wires);
    put(block, 0x90, 4, p->pack_mv);
    put(block, 0x98, 4, (uint32_t)p->current_ma);
    put(block, 0x9C, 2, (uint16_t)p->t1_dc);
    put(block, 0x9E, 2, (uint16_t)p->t2_dc);
    put(block, 0xA0, 4, p->errors);
    put(block, 0xA7, 1, p->soc_pc);
    put(block, 0xA8, 4, p->remaining_mah);
    put(block, 0xAC, 4, p->full_mah);
    put(block, 0xB0, 4, p->cycles);
    put(block, 0xB8, 1, p->soh_pc);
    put(block, 0xC0, 1, p->charge_on);
    put(block, 0xC1, 1, p->discharge_on);
    put(block, 0xD0, 1, 0xFF);
    put(block, 0xF8, 2, (uint16_t)p->mos_dc);
    put(block, 0xFA, 2, (uint16_t)p->t4_dc);
    put(block, 0xFC, 2, (uint16_t)p->t5_dc);
}

/* Block 1000. */
void paper_settings(const struct paper_pack *p, uint8_t block[0x120])
{
    memset(block, 0, 0x120);
    put(block, 0x04, 4, p->uvp_mv);
    put(block, 0x08, 4, p->uvp_release_mv);
    put(block, 0x0C, 4, p->ovp_mv);
    put(block, 0x10, 4, p->ovp_release_mv);
    put(block, 0x20, 4, p->charge_mv);
    put(block, 0x2C, 4, p->charge_max_ma);
    put(block, 0x38, 4, p->discharge_max_ma);
    put(block, 0x6C, 4, p->cell_count);
    put(block, 0x70, 4, p->charge_switch);
    put(block, 0x74, 4, p->discharge_switch);
    put(block, 0x7C, 4, p->full_mah);
}

/* Block 1400. */
void paper_info(const struct paper_pack *p, uint8_t block[0x120])
{
    memset(block, 0, 0x120);
    memcpy(block, "JK_PB2A16S20P", 13);
    memcpy(block + 0x10, "19A", 3);
    memcpy(block + 0x18, "19.27", 5);
    memcpy(block + 0x50, p->serial, strlen(p->serial));
}

/* Numbers of the blocks above that a frame has the other way round: offset and width. */
static void turn(uint8_t *body, const uint16_t *fields, size_t n)
{
    for (size_t i = 0; i < n; i += 2) {
        uint8_t *f = body + fields[i];
        for (size_t a = 0, b = fields[i + 1] - 1u; a < b; a++, b--) {
            uint8_t keep = f[a];
            f[a] = f[b];
            f[b] = keep;
        }
    }
}

void paper_frame(const struct paper_pack *p, uint8_t type, uint8_t frame[300])
{
    static const uint16_t status[] = {
        0x40, 4, 0x8A, 2, 0x8C, 4, 0x90, 4, 0x98, 4, 0x9C, 2, 0x9E, 2,
        0xA0, 4, 0xA8, 4, 0xAC, 4, 0xB0, 4, 0xF8, 2, 0xFA, 2, 0xFC, 2,
    };
    static const uint16_t settings[] = {0x04, 4, 0x08, 4, 0x0C, 4, 0x10, 4, 0x20, 4, 0x2C, 4,
                                        0x38, 4, 0x6C, 4, 0x70, 4, 0x74, 4, 0x7C, 4};
    uint8_t block[0x120];
    unsigned sum = 0;

    memset(frame, 0, 300);
    memcpy(frame, "\x55\xAA\xEB\x90", 4);
    frame[4] = type;
    if (type == 2) {
        paper_status(p, block);
        for (uint16_t i = 0; i < 64; i += 2)
            turn(block, (const uint16_t[]){i, 2}, 2);
        turn(block, status, sizeof status / sizeof status[0]);
        /* a byte-wide pair shares a word in registers and stands in order in the frame */
    } else if (type == 1) {
        paper_settings(p, block);
        turn(block, settings, sizeof settings / sizeof settings[0]);
    } else {
        paper_info(p, block);
    }
    memcpy(frame + 6, block, 0x120);
    for (size_t i = 0; i < 299; i++)
        sum += frame[i];
    frame[299] = (uint8_t)sum;
}

/* ---- Modbus ---- */

uint16_t rig_crc(const uint8_t *p, size_t n)
{
    unsigned crc = 0xFFFF;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
    }
    return (uint16_t)crc;
}

void rig_seal(struct buf *b)
{
    uint16_t crc = rig_crc(b->p, b->n);

    buf_u16le(b, crc);
}

/* ---- the line ---- */

static void write_log(void *ctx, enum log_level level, const char *line)
{
    struct jk_rig *rig = ctx;
    size_t n = strlen(rig->said);
    struct buf text = {(uint8_t *)rig->said, n, sizeof rig->said - 2, false};

    (void)level;
    if (!buf_str(&text, line))
        return;
    rig->said[text.n] = '\n';
    rig->said[text.n + 1] = '\0';
}

bool rig_logged(const struct jk_rig *rig, const char *text)
{
    return strstr(rig->said, text) != NULL;
}

struct jk_rig *rig_new(void)
{
    struct jk_rig *rig = calloc(1, sizeof *rig);

    if (rig == NULL)
        abort();
    rig->now_us = RIG_S(1000);
    manual_clock_init(&rig->clock, rig->now_us, 0);
    rig->log =
        (struct log){.level = LOG_INFO, .clock = &rig->clock.clock, .write = write_log, .ctx = rig};
    rig->delay_us = RIG_MS(10);
    rig->least_gap_us = NEVER_US;
    return rig;
}

void rig_delete(struct jk_rig *rig)
{
    free(rig);
}

void rig_put(struct jk_rig *rig, struct span bytes, uint64_t after_us)
{
    struct rig_piece *piece = &rig->pieces[rig->n_pieces];

    if (rig->n_pieces == RIG_PIECES || bytes.n > RIG_PIECE || bytes.n == 0)
        abort();
    piece->at_us = rig->now_us + after_us;
    piece->n = bytes.n;
    memcpy(piece->bytes, bytes.p, bytes.n);
    rig->n_pieces++;
}

void rig_answer(struct jk_rig *rig, struct span bytes)
{
    uint8_t memory[RIG_PIECE];
    struct buf b = buf_of(memory, sizeof memory);
    uint64_t after_us = rig->delay_us + rig->late_us;

    rig->late_us = 0;
    buf_put(&b, bytes);
    if (rig->spoil != NULL)
        rig->spoil(rig, &b);
    struct span rest = buf_span(&b);
    if (rig->split_at != 0 && rig->split_at < rest.n) {
        rig_put(rig, span_sub(rest, 0, rig->split_at), after_us);
        rig_put(rig, span_sub(rest, rig->split_at, rest.n), after_us + RIG_MS(1));
        return;
    }
    while (rest.n > 0) {
        size_t n = rig->chunk == 0 || rig->chunk > rest.n ? rest.n : rig->chunk;
        rig_put(rig, span_sub(rest, 0, n), after_us);
        rest = span_sub(rest, n, rest.n);
        after_us += 100;
    }
}

static void on_sent(struct jk_rig *rig, const struct source_output *out)
{
    if (rig->heard_us != 0 && rig->now_us - rig->heard_us < rig->least_gap_us)
        rig->least_gap_us = rig->now_us - rig->heard_us;
    if (out->n > sizeof rig->sent[0].bytes || rig->n_sent == RIG_SENT)
        abort();
    rig->sent[rig->n_sent].at_us = rig->now_us;
    rig->sent[rig->n_sent].n = (uint8_t)out->n;
    memcpy(rig->sent[rig->n_sent].bytes, out->bytes, out->n);
    rig->n_sent++;
    if (rig->echo)
        rig_put(rig, span_of(out->bytes, out->n), 800);
    if (!rig->mute && rig->device != NULL)
        rig->device(rig, span_of(out->bytes, out->n));
}

static void settle(struct jk_rig *rig)
{
    struct source_output out;
    struct battery b;
    unsigned index = 0;

    while (rig->source.ops->take_battery(rig->source.self, &index, &b)) {
        CU_ASSERT_FATAL(index < rig->source.capacity);
        CU_ASSERT(b.updated_us <= rig->now_us);
        rig->got[index] = b;
        rig->got_us[index] = rig->now_us;
        rig->updates[index]++;
    }
    while (rig->source.ops->take_output(rig->source.self, &out))
        on_sent(rig, &out);
}

void rig_open(struct jk_rig *rig)
{
    rig->source.ops->opened(rig->source.self, rig->now_us);
    settle(rig);
}

void rig_close(struct jk_rig *rig)
{
    rig->source.ops->closed(rig->source.self, rig->now_us);
    rig->n_pieces = 0;
    settle(rig);
}

static void at(struct jk_rig *rig, uint64_t us)
{
    CU_ASSERT_FATAL(us >= rig->now_us);
    rig->now_us = us;
    rig->clock.now = us;
}

/* The piece that comes first; those that came in first stay first at equal times. */
static unsigned first_piece(const struct jk_rig *rig)
{
    unsigned best = 0;

    for (unsigned i = 1; i < rig->n_pieces; i++) {
        if (rig->pieces[i].at_us < rig->pieces[best].at_us)
            best = i;
    }
    return best;
}

static void deliver(struct jk_rig *rig, unsigned i)
{
    struct rig_piece piece = rig->pieces[i];

    memmove(&rig->pieces[i], &rig->pieces[i + 1], (rig->n_pieces - i - 1) * sizeof rig->pieces[0]);
    rig->n_pieces--;
    rig->heard_us = rig->now_us;
    rig->source.ops->bytes(rig->source.self, span_of(piece.bytes, piece.n), rig->now_us);
}

/* The next thing that happens until then; false: nothing. */
static bool step(struct jk_rig *rig, uint64_t end_us)
{
    uint64_t due_us = rig->source.ops->next_deadline(rig->source.self);
    unsigned i = first_piece(rig);
    uint64_t piece_us = rig->n_pieces > 0 ? rig->pieces[i].at_us : NEVER_US;

    if (deadline_min(due_us, piece_us) > end_us)
        return false;
    if (piece_us <= due_us) {
        at(rig, piece_us);
        deliver(rig, i);
    } else {
        at(rig, due_us > rig->now_us ? due_us : rig->now_us);
        rig->source.ops->deadline(rig->source.self, rig->now_us);
        settle(rig);
        CU_ASSERT_FATAL(rig->source.ops->next_deadline(rig->source.self) > rig->now_us);
        return true;
    }
    settle(rig);
    return true;
}

void rig_run(struct jk_rig *rig, uint64_t for_us)
{
    uint64_t end_us = rig->now_us + for_us;

    while (step(rig, end_us))
        continue;
    at(rig, end_us);
}

bool rig_until_update(struct jk_rig *rig, unsigned index, uint64_t limit_us)
{
    uint64_t end_us = rig->now_us + limit_us;
    unsigned before = rig->updates[index];

    while (rig->updates[index] == before) {
        if (!step(rig, end_us))
            return false;
    }
    return true;
}

unsigned rig_count(const struct jk_rig *rig, const char *hex, unsigned from)
{
    unsigned n = 0;

    for (unsigned i = from; i < rig->n_sent; i++) {
        bool same = true;
        for (size_t k = 0; hex[2 * k] != '\0' && same; k++) {
            uint64_t byte = 0;
            same = parse_hex(span_of(hex + 2 * k, 2), 0xFF, &byte) && k < rig->sent[i].n &&
                   rig->sent[i].bytes[k] == byte;
        }
        n += same ? 1 : 0;
    }
    return n;
}
