/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-uart` against a paper BMS: what it asks, what it publishes, and what it does when
 * the line or the BMS misbehaves. Failure numbers are those of jk-failures.md.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/jk_uart_source.h"
#include "bridge/source/test_jk_rig.h"
#include "proto/jk_frame/test_jk_support.h"

/* ---- the BMS ---- */

/* What the paper BMS says beyond struct paper_pack; it writes tokens as the vendor's table lists
 * them, old firmware without those behind B7. */
struct paper_uart {
    bool old;        /* no C0: current as 10000 - raw */
    bool asleep;     /* silent until command 01 */
    bool only_06;    /* does not know command 03 with token 00 */
    uint8_t sneak;   /* an unknown token before the end; 0: none */
    uint8_t without; /* a token that is left out; 0: none */
    uint16_t alarms, current_raw;
    uint8_t status;
    uint16_t mos_raw, t1_raw, t2_raw;
};

static struct paper_uart paper;

static void number(struct buf *b, uint8_t token, unsigned width, uint32_t value)
{
    if (token == paper.without)
        return;
    buf_u8(b, token);
    for (unsigned i = 0; i < width; i++)
        buf_u8(b, (uint8_t)(value >> (8 * (width - 1 - i))));
}

static void put_tokens(const struct paper_pack *p, struct buf *b)
{
    if (paper.without != 0x79) {
        buf_u8(b, 0x79);
        buf_u8(b, (uint8_t)(3 * p->cells));
        for (unsigned i = 0; i < p->cells; i++) {
            buf_u8(b, (uint8_t)(i + 1));
            buf_u16be(b, p->cell_mv[i]);
        }
    }
    number(b, 0x80, 2, paper.mos_raw);
    number(b, 0x81, 2, paper.t1_raw);
    number(b, 0x82, 2, paper.t2_raw);
    number(b, 0x83, 2, p->pack_mv / 10);
    number(b, 0x84, 2, paper.current_raw);
    number(b, 0x85, 1, p->soc_pc);
    number(b, 0x86, 1, 2);
    number(b, 0x87, 2, p->cycles);
    number(b, 0x89, 4, 11760);
    number(b, 0x8A, 2, p->cells);
    number(b, 0x8B, 2, paper.alarms);
    number(b, 0x8C, 2, paper.status);
    number(b, 0x8E, 2, 5840);
    number(b, 0x90, 2, p->ovp_mv);
    number(b, 0x91, 2, p->ovp_release_mv);
    number(b, 0x93, 2, p->uvp_mv);
    number(b, 0x94, 2, p->uvp_release_mv);
    number(b, 0x97, 2, p->discharge_max_ma / 1000);
    number(b, 0x99, 2, p->charge_max_ma / 1000);
    number(b, 0xAA, 4, p->full_mah / 1000);
    number(b, 0xAB, 1, p->charge_switch);
    number(b, 0xAC, 1, p->discharge_switch);
    buf_u8(b, 0xB2); /* the password: never in a log */
    buf_put(b, SPAN_LIT("secret\0\0\0\0"));
    buf_u8(b, 0xB7);
    if (paper.old) { /* 47: a false header */
        buf_put(b, SPAN_LIT("NW_1_0_0_200428"));
        return;
    }
    buf_put(b, SPAN_LIT("11.XW_S11.26___"));
    if (paper.sneak != 0)
        buf_u8(b, paper.sneak);
    buf_u8(b, 0xBA);
    buf_put(b, SPAN_LIT("Input UserdaJK_B2A24S20P"));
    buf_u8(b, 0xC0);
    buf_u8(b, 1);
}

static void put_frame(const struct paper_pack *p, uint8_t command, struct buf *b)
{
    unsigned sum = 0;

    buf_put(b, SPAN_LIT("\x4E\x57\0\0\0\0\0\0"));
    buf_u8(b, command);
    buf_u8(b, 0);
    buf_u8(b, 1);
    if (command == 1)
        buf_u8(b, 0);
    else
        put_tokens(p, b);
    buf_put(b, SPAN_LIT("\0\0\0\x05\x68\0\0"));
    b->p[2] = (uint8_t)(b->n >> 8);
    b->p[3] = (uint8_t)b->n;
    for (size_t i = 0; i < b->n; i++)
        sum += b->p[i];
    buf_u16be(b, (uint16_t)sum);
}

/* Three telegrams and no other. */
static void device(struct jk_rig *rig, struct span telegram)
{
    static const struct span listed[] = {
        SPAN_INIT("\x4E\x57\x00\x13\0\0\0\0\x06\x03\x00\x00\0\0\0\0\x68\0\0\x01\x29"),
        SPAN_INIT("\x4E\x57\x00\x13\0\0\0\0\x03\x03\x00\x00\0\0\0\0\x68\0\0\x01\x26"),
        SPAN_INIT("\x4E\x57\x00\x13\0\0\0\0\x01\x03\x00\x00\0\0\0\0\x68\0\0\x01\x24"),
    };
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);
    bool known = false;

    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++)
        known = known || span_eq(telegram, listed[i]);
    CU_ASSERT_TRUE_FATAL(known);
    uint8_t command = telegram.p[8];
    if (command == 1)
        paper.asleep = false;
    if (!rig->packs[1].there || paper.asleep || (command == 3 && paper.only_06))
        return;
    put_frame(&rig->packs[1], command, &out);
    rig_answer(rig, buf_span(&out));
}

static struct jk_rig *new_rig(struct jk_uart_poller *s)
{
    struct jk_rig *rig = rig_new();
    struct jk_uart_config config;

    paper = (struct paper_uart){
        .current_raw = 0x8000 | 1234, .status = 3, .mos_raw = 25, .t1_raw = 20, .t2_raw = 21};
    jk_uart_config_init(&config, "b2a");
    config.caps.charge_mv = 55200;
    jk_uart_source_init(s, &config, &rig->log);
    rig->source = jk_uart_as_source(s);
    rig->device = device;
    rig->delay_us = RIG_MS(1);
    rig->packs[1] = paper_pack();
    return rig;
}

/* ---- values ---- */

static void test_first_reading(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig_open(rig);
    rig_run(rig, RIG_MS(50));
    CU_ASSERT_EQUAL_FATAL(rig->updates[0], 1);
    const struct battery *b = &rig->got[0];
    CU_ASSERT_EQUAL(b->pack_mv, 52800);
    CU_ASSERT_EQUAL(b->current_ma, 12340);
    CU_ASSERT_EQUAL(b->soc_pm, 750);
    CU_ASSERT_EQUAL(b->full_mah, 280000);
    CU_ASSERT_FALSE(battery_knows(b, FIELD_REMAINING_MAH));
    CU_ASSERT_FALSE(battery_knows(b, FIELD_SERIAL));
    CU_ASSERT_EQUAL(b->cell_mv[15], 3300);
    CU_ASSERT_EQUAL(b->ccl_ma, 100000);
    CU_ASSERT_EQUAL(b->dcl_ma, 120000);
    CU_ASSERT_EQUAL(b->cvl_mv, 55200);
    CU_ASSERT_EQUAL(b->dvl_mv, 43200);
    CU_ASSERT(b->temp_min_dc == 200 && b->temp_max_dc == 210);
    CU_ASSERT_STRING_EQUAL(b->firmware, "11.XW_S11.26___");
    rig_run(rig, RIG_S(10));
    CU_ASSERT(rig->updates[0] == 11 || rig->updates[0] == 10);
    CU_ASSERT_EQUAL(rig_count(rig, "4e57001300000000060300", 0), rig->n_sent);
    CU_ASSERT_FALSE(rig_logged(rig, "secret"));
    rig_delete(rig);
}

/* 38, 39: the coding of the current hangs on C0. */
static void test_current(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    paper.current_raw = 0x08D0; /* discharging 22.56 A */
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(1)));
    CU_ASSERT_EQUAL(rig->got[0].current_ma, -22560);
    paper.current_raw = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].current_ma, 0);
    paper.old = true;
    paper.current_raw = 0x2710;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].current_ma, 0);
    paper.current_raw = 11000; /* discharging 10 A */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].current_ma, -10000);
    paper.old = false; /* an unknown token may hide C0: nothing is guessed */
    paper.sneak = 0xE7;
    unsigned before = rig->updates[0];
    rig_run(rig, RIG_S(3));
    CU_ASSERT_EQUAL(rig->updates[0], before);
    CU_ASSERT_TRUE(rig_logged(rig, "token E7 is not known"));
    rig_delete(rig);
}

/* 35, 37 */
static void test_temperatures(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    paper.t1_raw = 101; /* -1 C */
    paper.t2_raw = 140; /* -40 C */
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(1)));
    CU_ASSERT(rig->got[0].temp_max_dc == -10 && rig->got[0].temp_min_dc == -400);
    paper.t1_raw = 99;
    paper.t2_raw = 100;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT(rig->got[0].temp_min_dc == 990 && rig->got[0].temp_max_dc == 1000);
    paper.t1_raw = paper.t2_raw = 25;
    paper.mos_raw = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].temp_known, 3);
    rig_delete(rig);
}

static void test_protections(void)
{
    static const struct {
        unsigned bit;
        uint32_t warnings, protections;
        bool charge, discharge;
    } cases[] = {
        {0, COND_BIT(COND_UNKNOWN_WORD), 0, true, true},
        {2, 0, COND_BIT(COND_PACK_OVERVOLTAGE), false, true},
        {3, 0, COND_BIT(COND_PACK_UNDERVOLTAGE), true, false},
        {5, 0, COND_BIT(COND_CHARGE_OVERCURRENT), false, true},
        {7, 0, COND_BIT(COND_IMBALANCE), false, false},
        {10, 0, COND_BIT(COND_CELL_OVERVOLTAGE), false, true},
        {11, 0, COND_BIT(COND_CELL_UNDERVOLTAGE), true, false},
        {12, 0, COND_BIT(COND_INTERNAL_FAULT), false, false},
        {15, COND_BIT(COND_UNKNOWN_WORD), 0, true, true},
    };
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig_open(rig);
    rig_run(rig, RIG_MS(500));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        paper.alarms = (uint16_t)(1u << cases[i].bit);
        CU_ASSERT_TRUE_FATAL(rig_until_update(rig, 0, RIG_S(2)));
        const struct battery *b = &rig->got[0];
        CU_ASSERT_EQUAL(b->warnings, cases[i].warnings);
        CU_ASSERT_EQUAL(b->protections, cases[i].protections);
        CU_ASSERT_EQUAL(b->ccl_ma, cases[i].charge ? 100000 : 0);
        CU_ASSERT_EQUAL(b->dcl_ma, cases[i].discharge ? 120000 : 0);
    }
    paper.alarms = 0;
    paper.status = 2;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT(rig->got[0].ccl_ma == 0 && rig->got[0].dcl_ma == 120000);
    paper.status = 3;
    rig->packs[1].discharge_switch = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT(rig->got[0].ccl_ma == 100000 && rig->got[0].dcl_ma == 0);
    rig_delete(rig);
}

/* The configured voltage is capped where the protections let go. */
static void test_charge_voltage(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    s.config.caps.charge_mv = 60000;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(1)));
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 57600); /* 16 x 3.60 V; the pack's is 58.40 V */
    paper.without = 0x90;
    unsigned before = rig->updates[0];
    rig_run(rig, RIG_S(3)); /* no protection is told: no voltage either */
    CU_ASSERT_EQUAL(rig->updates[0], before);
    paper.without = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    rig_delete(rig);
}

/* Each token without which it is no reading, and those without which there is no limit. */
static void test_incomplete(void)
{
    static const uint8_t tokens[] = {0x79, 0x83, 0x84, 0x85, 0x8B, 0x8C, 0x97, 0x99};

    for (size_t i = 0; i < sizeof tokens; i++) {
        struct jk_uart_poller s;
        struct jk_rig *rig = new_rig(&s);
        rig_open(rig);
        rig_run(rig, RIG_MS(2500));
        uint64_t before = rig->got[0].updated_us;
        paper.without = tokens[i];
        rig_run(rig, RIG_S(5));
        CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
        rig_delete(rig);
    }
}

/* 40 */
static void test_booting(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig->packs[1].soc_pc = 0;
    rig->packs[1].cycles = 0;
    rig_open(rig);
    rig_run(rig, RIG_S(16));
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    rig->packs[1] = paper_pack();
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 750);
    rig_delete(rig);
}

/* ---- the line ---- */

static void flip_in_cells(struct jk_rig *rig, struct buf *answer)
{
    if (rig->spoiled > 0) {
        rig->spoiled--;
        answer->p[14] ^= 0x04;
    }
}

/* 44: one damaged answer costs the time of another question. */
static void test_bit_error(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig_open(rig);
    rig_run(rig, RIG_MS(2500));
    rig->spoil = flip_in_cells;
    rig->spoiled = 1;
    rig->packs[1].soc_pc = 74;
    uint64_t from_us = rig->now_us;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 740);
    CU_ASSERT(rig->now_us - from_us < RIG_MS(1400));
    CU_ASSERT_EQUAL(s.troubles[JK_UART_DAMAGED], 1);
    CU_ASSERT(s.reader.bad_sum >= 1);
    rig_delete(rig);
}

/* 46: two pieces a second apart are no frame, stray bytes in front are no harm. */
static void test_torn(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig_open(rig);
    rig_run(rig, RIG_MS(2500));
    uint64_t before = rig->got[0].updated_us;
    rig->split_at = 200;
    rig->mute = true;
    rig_run(rig, RIG_MS(400));
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);
    put_frame(&rig->packs[1], 6, &out);
    rig_put(rig, span_of(memory, 150), RIG_MS(150));
    rig_put(rig, span_of(memory + 150, out.n - 150), RIG_MS(1150));
    rig_run(rig, RIG_MS(2500));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    rig->mute = false;
    rig->split_at = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(6)));
    rig_put(rig, SPAN_LIT("\xDF\xFF"), RIG_MS(900));
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    rig_delete(rig);
}

/* An answer that is late is not taken for a newer one: it repeats the command it answers. */
static void test_late(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig_open(rig);
    rig_run(rig, RIG_MS(2500));
    rig->late_us = RIG_MS(1500); /* into the time of the second question */
    paper.only_06 = true;
    uint64_t before = rig->got[0].updated_us;
    rig_run(rig, RIG_S(4));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT_EQUAL(s.troubles[JK_UART_UNASKED], 1);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(4)));
    rig_delete(rig);
}

static void test_echo(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig->echo = true;
    rig->delay_us = RIG_MS(5);
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    CU_ASSERT(rig->updates[0] >= 5);
    CU_ASSERT_EQUAL(s.troubles[JK_UART_DAMAGED] + s.troubles[JK_UART_SILENT], 0);
    rig_delete(rig);
}

/* A sleeping BMS hears only command 01. */
static void test_asleep(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    paper.asleep = true;
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(4)));
    CU_ASSERT_EQUAL(rig_count(rig, "4e57001300000000010300", 0), 1);
    CU_ASSERT_EQUAL(rig->source.ops->present(&s), 1);
    rig_delete(rig);
}

/* 48, 49: a floating line; it is told once, and asked for ever at the same slow pace. */
static void test_floating(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig->packs[1].there = false;
    rig_open(rig);
    for (unsigned i = 0; i < 300; i++) {
        rig_put(rig, i % 2 == 0 ? SPAN_LIT("\xFF\xFF\xFF") : SPAN_LIT("\0\0\x4E"), 0);
        rig_run(rig, RIG_MS(90));
    }
    CU_ASSERT_TRUE(rig_logged(rig, "bytes for 10 s, but no frame"));
    CU_ASSERT(rig->n_sent >= 8 && rig->n_sent <= 30);
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    CU_ASSERT_FALSE(rig->source.ops->ready(&s));
    rig->packs[1].there = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(7)));
    rig_delete(rig);
}

/* 59: a new port begins anew; what came before is forgotten. */
static void test_reopen(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig_open(rig);
    rig_run(rig, RIG_S(2));
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);
    put_frame(&rig->packs[1], 6, &out);
    rig->mute = true;
    rig_run(rig, RIG_S(1));
    rig_put(rig, span_of(memory, 100), 0);
    rig_run(rig, RIG_MS(1));
    rig_close(rig);
    CU_ASSERT_EQUAL(rig->source.ops->next_deadline(&s), NEVER_US);
    CU_ASSERT_EQUAL(rig->source.ops->present(&s), 0);
    unsigned before = rig->updates[0];
    rig_open(rig);
    rig_put(rig, span_of(memory + 100, out.n - 100), RIG_MS(1));
    rig_run(rig, RIG_MS(90));
    CU_ASSERT_EQUAL(rig->updates[0], before);
    rig->mute = false;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(6)));
    rig_delete(rig);
}

/* ---- any bytes ---- */

/* One question and this answer, nothing behind it. Returns how often something was published. */
static unsigned one_answer(struct span first, struct span second, struct battery *ret)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);

    rig->mute = true;
    rig_open(rig);
    if (first.n > 0)
        rig_put(rig, first, RIG_MS(1));
    if (second.n > 0)
        rig_put(rig, second, RIG_MS(2));
    rig_run(rig, RIG_MS(900));
    unsigned updates = rig->updates[0];
    *ret = rig->got[0];
    rig_delete(rig);
    return updates;
}

static void on_split(struct span first, struct span second, void *ctx)
{
    struct battery b;

    (void)ctx;
    CU_ASSERT_EQUAL(one_answer(first, second, &b), 1);
    CU_ASSERT(b.pack_mv == 52800 && b.ccl_ma == 100000);
}

static void on_cut(struct span cut, void *ctx)
{
    struct battery b;

    (void)ctx;
    CU_ASSERT_EQUAL(one_answer(cut, span_of(NULL, 0), &b), 0);
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct battery b;

    (void)byte;
    (void)bit;
    (void)ctx;
    CU_ASSERT_EQUAL(one_answer(flipped, span_of(NULL, 0), &b), 0);
}

static void test_any_damage(void)
{
    struct jk_uart_poller s;
    struct jk_rig *rig = new_rig(&s);
    uint8_t memory[RIG_PIECE];

    for (unsigned old = 0; old < 2; old++) {
        struct buf out = buf_of(memory, sizeof memory);
        paper.old = old == 1;
        put_frame(&rig->packs[1], 6, &out);
        testing_every_split(buf_span(&out), on_split, NULL);
        testing_every_truncation(buf_span(&out), on_cut, NULL);
        testing_every_bit_flip(buf_span(&out), on_flip, NULL);
    }
    rig_delete(rig);
}

/* ---- recordings ---- */

static void play(const struct jk_vector *v, void *ctx)
{
    struct battery b;
    unsigned *n = ctx;
    uint8_t bytes[RIG_PIECE];

    if (v->bytes.n < 60 || v->bytes.n > sizeof bytes)
        return;
    memcpy(bytes, v->bytes.p, v->bytes.n);
    unsigned updates = one_answer(span_of(bytes, v->bytes.n), span_of(NULL, 0), &b);
    bool other = bytes[8] != 6; /* the answer to another question */
    bool stated_bad = strcmp(v->name, "official_example_20s") == 0; /* its sum is wrong */
    if (updates != (other || stated_bad ? 0u : 1u))
        TESTING_FAIL("%s: published %u times", v->name, updates);
    *n += updates;
}

static void refuse(const struct jk_vector *v, void *ctx)
{
    struct battery b;

    (void)ctx;
    if (one_answer(v->bytes, span_of(NULL, 0), &b) != 0)
        TESTING_FAIL("%s: published", v->name);
}

static void test_recordings(void)
{
    unsigned n = 0;

    if (!jk_vectors_each("uart_4e57.json", play, &n))
        return;
    CU_ASSERT(n >= 4);
    jk_vectors_each("uart_bad.json", refuse, NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the first reading", test_first_reading},
        {"current, new and old coding", test_current},
        {"temperatures", test_temperatures},
        {"alarms and switches", test_protections},
        {"the configured charge voltage", test_charge_voltage},
        {"incomplete answers", test_incomplete},
        {"a BMS that starts", test_booting},
        {"bit error", test_bit_error},
        {"an answer in two pieces", test_torn},
        {"a late answer", test_late},
        {"echo", test_echo},
        {"a sleeping BMS", test_asleep},
        {"a floating line", test_floating},
        {"the port is opened anew", test_reopen},
        {"every split, truncation and bit flip", test_any_damage},
        {"recordings", test_recordings},
        {0},
    };
    return testing_main(argc, argv, "jk_uart_source", cases);
}
