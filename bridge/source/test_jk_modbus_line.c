/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-modbus` on a bad line: damage, echo, late and foreign answers, exceptions, silent
 * units. Failure numbers are those of jk-failures.md.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/jk_modbus_source.h"
#include "bridge/source/test_jk_rig.h"

static struct {
    uint16_t refuse; /* address that is answered with an exception */
    uint8_t code;
    int answers_as;   /* != 0: the unit in the answer */
    uint64_t cold_us; /* silent so long: the next question is not heard */
    uint64_t last_us;
} paper;

static void block_at(const struct paper_pack *p, unsigned address, uint8_t block[0x120])
{
    switch (address & 0xFF00) {
    case 0x1000: paper_settings(p, block); break;
    case 0x1200: paper_status(p, block); break;
    default: paper_info(p, block); break;
    }
}

static void put_answer(const struct paper_pack *p, uint8_t unit, unsigned address, unsigned words,
                       struct buf *b)
{
    uint8_t block[0x120];

    block_at(p, address, block);
    buf_u8(b, unit);
    buf_u8(b, 3);
    buf_u8(b, (uint8_t)(2 * words));
    buf_put(b, span_of(block + (address & 0xFF), 2 * (size_t)words));
    rig_seal(b);
}

static bool is_cold(const struct jk_rig *rig)
{
    bool cold = paper.cold_us != 0 && rig->now_us - paper.last_us > paper.cold_us;

    paper.last_us = rig->now_us;
    return cold;
}

static void device(struct jk_rig *rig, struct span telegram)
{
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);
    uint8_t unit = telegram.p[0];
    unsigned address = (unsigned)telegram.p[2] << 8 | telegram.p[3];
    unsigned words = (unsigned)telegram.p[4] << 8 | telegram.p[5];

    CU_ASSERT_TRUE_FATAL(telegram.n == 8 && telegram.p[1] == 3 && unit >= 1 && unit <= 15);
    if (is_cold(rig) || !rig->packs[unit].there)
        return;
    if (address == paper.refuse) {
        buf_u8(&out, unit);
        buf_u8(&out, 0x83);
        buf_u8(&out, paper.code);
        rig_seal(&out);
    } else {
        uint8_t as = paper.answers_as != 0 ? (uint8_t)paper.answers_as : unit;
        put_answer(&rig->packs[as], as, address, words, &out);
    }
    rig_answer(rig, buf_span(&out));
}

static struct jk_rig *new_rig(struct jk_modbus_source *s, uint16_t units)
{
    struct jk_rig *rig = rig_new();
    struct jk_modbus_config config;

    memset(&paper, 0, sizeof paper);
    jk_modbus_config_init(&config, "rack");
    config.units.mask = units;
    config.units.listed = true;
    jk_modbus_source_init(s, &config, &rig->log);
    rig->source = jk_modbus_as_source(s);
    rig->device = device;
    for (unsigned i = 1; i < RIG_UNITS; i++) {
        rig->packs[i] = paper_pack();
        rig->packs[i].there = (units >> i & 1) != 0;
    }
    return rig;
}

/* ---- damage ---- */

static void flip(struct jk_rig *rig, struct buf *answer)
{
    if (rig->spoiled > 0) {
        rig->spoiled--;
        answer->p[answer->n / 2] ^= 0x10;
    }
}

/* One damaged answer is asked for again in the same poll; two cost the poll, not more. */
static void test_bit_errors(void)
{
    for (unsigned n = 1; n <= 2; n++) {
        struct jk_modbus_source s;
        struct jk_rig *rig = new_rig(&s, 0x0002);
        rig_open(rig);
        rig_run(rig, RIG_MS(5500));
        rig->spoil = flip;
        rig->spoiled = n;
        rig->packs[1].soc_pc = 74;
        CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_MS(n == 1 ? 1500 : 2500)));
        CU_ASSERT_EQUAL(rig->got[0].soc_pm, 740);
        CU_ASSERT_EQUAL(s.troubles[JK_MODBUS_DAMAGED], n);
        CU_ASSERT_EQUAL(s.reader.bad_crc, n);
        CU_ASSERT(rig->least_gap_us >= RIG_MS(100));
        rig_delete(rig);
    }
}

/* 61: answers to somebody else, of another length, of another unit. */
static void test_foreign(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);
    uint8_t memory[RIG_PIECE];

    rig->packs[2].soc_pc = 10;
    rig_open(rig);
    rig_run(rig, RIG_MS(5500));
    uint64_t before = rig->got[0].updated_us;
    rig->packs[1].there = false;
    rig->packs[2].remaining_mah = 28000;
    for (unsigned words = 2; words <= 40; words++) {
        for (uint8_t unit = 1; unit <= 2; unit++) {
            struct buf out = buf_of(memory, sizeof memory);
            if (unit == 1 && words >= 28)
                continue; /* these lengths are its own questions' */
            put_answer(&rig->packs[2], unit, 0x1200, words, &out);
            rig_put(rig, buf_span(&out), RIG_MS(50 * words + 10 * unit));
        }
    }
    rig_run(rig, RIG_S(3));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT(s.troubles[JK_MODBUS_UNASKED] + s.troubles[JK_MODBUS_DAMAGED] > 3);
    paper.answers_as = 2; /* 54 */
    rig->packs[1].there = true;
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    rig_delete(rig);
}

/* An answer that comes when the question is asked again, or one poll later, has another length. */
static void test_late(void)
{
    for (uint64_t late_ms = 310; late_ms < 3000; late_ms += 70) {
        struct jk_modbus_source s;
        struct jk_rig *rig = new_rig(&s, 0x0002);
        rig_open(rig);
        rig_run(rig, RIG_MS(5500));
        uint64_t before = rig->got[0].updated_us;
        rig->late_us = RIG_MS(late_ms);
        while (rig->late_us != 0)
            rig_run(rig, RIG_MS(1));
        rig->packs[1].there = false; /* from here on only the old answer comes */
        rig_run(rig, RIG_S(4));
        CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
        rig_delete(rig);
    }
}

static void test_echo(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0006);

    rig->echo = true;
    rig_open(rig);
    rig_run(rig, RIG_S(10));
    CU_ASSERT(rig->updates[0] >= 8 && rig->updates[1] >= 8);
    CU_ASSERT_EQUAL(s.troubles[JK_MODBUS_DAMAGED], 0);
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "40112233445566");
    rig_delete(rig);
}

/* 60: nothing but garbage; told once, and it is asked on at the same pace. */
static void test_garbage(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->packs[1].there = false;
    rig_open(rig);
    for (unsigned i = 0; i < 400; i++) {
        rig_put(rig, SPAN_LIT("\x20\xAA\x82\x00\x20\x01\x03\x4C\xEA\x74\xA0"), 0);
        rig_run(rig, RIG_MS(50));
    }
    CU_ASSERT_TRUE(rig_logged(rig, "bytes for 10 s, but no telegram"));
    CU_ASSERT(rig->n_sent < 60);
    rig->packs[1].there = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(5)));
    rig_delete(rig);
}

/* ---- units ---- */

static void test_units(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0022); /* 1 and 5 */

    rig->packs[5].soc_pc = 40;
    rig->packs[5].remaining_mah = 112000;
    CU_ASSERT_EQUAL(rig->source.capacity, 2);
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 750);
    CU_ASSERT_EQUAL(rig->got[1].soc_pm, 400);
    rig->packs[1].there = false; /* 53 */
    rig_run(rig, RIG_S(10));
    CU_ASSERT(rig->now_us - rig->got[0].updated_us > RIG_S(9));
    CU_ASSERT(rig->now_us - rig->got[1].updated_us < RIG_S(2));
    CU_ASSERT_TRUE(rig_logged(rig, "unit=1 does not answer"));
    unsigned from = rig->n_sent;
    rig_run(rig, RIG_S(60));
    CU_ASSERT(rig_count(rig, "01", from) <= 8);
    rig->packs[1].there = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(12)));
    rig_delete(rig);
}

/* Fifteen packs: everybody gets a turn, nobody becomes old. */
static void test_full_line(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0xFFFE);

    rig_open(rig);
    rig_run(rig, RIG_S(60));
    for (unsigned i = 0; i < 15; i++) {
        CU_ASSERT(rig->updates[i] >= 6);
        CU_ASSERT(rig->now_us - rig->got[i].updated_us < RIG_S(9));
        CU_ASSERT_TRUE(battery_knows(&rig->got[i], FIELD_SERIAL));
    }
    rig_delete(rig);
}

/* 58: firmware that does not hear the first question after a silence. */
static void test_cold_bus(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    paper.cold_us = RIG_MS(700);
    rig_open(rig);
    rig_run(rig, RIG_S(20));
    CU_ASSERT(rig->updates[0] >= 15);
    CU_ASSERT_TRUE(s.units.unit[1].present);
    rig_delete(rig);
}

static void test_exceptions(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    paper.refuse = 0x1450; /* the serial number is not in the vendor's list */
    paper.code = 2;
    rig_open(rig);
    rig_run(rig, RIG_S(130));
    CU_ASSERT(rig->updates[0] > 100);
    CU_ASSERT_STRING_EQUAL(rig->got[0].model, "JK_PB2A16S20P");
    CU_ASSERT_FALSE(battery_knows(&rig->got[0], FIELD_SERIAL));
    CU_ASSERT_EQUAL(rig_count(rig, "01031450", 0), 1);
    CU_ASSERT(rig_count(rig, "01031400", 0) >= 2);
    rig_delete(rig);

    rig = new_rig(&s, 0x0002); /* T4, T5 */
    paper.refuse = 0x12F8;
    paper.code = 2;
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    CU_ASSERT(rig->updates[0] >= 3);
    CU_ASSERT_EQUAL(rig->got[0].temp_known, 0x07);
    rig_delete(rig);

    rig = new_rig(&s, 0x0002); /* the measured values themselves */
    rig_open(rig);
    rig_run(rig, RIG_MS(5500));
    uint64_t before = rig->got[0].updated_us;
    paper.refuse = 0x128A;
    paper.code = 4;
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT_TRUE(rig_logged(rig, "exception 4 to registers 128A"));
    paper.refuse = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(12)));
    rig_delete(rig);
}

/* The limits were not read for two minutes: they are not known any more. */
static void test_old_limits(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_MS(5500));
    paper.refuse = 0x1004;
    paper.code = 4;
    rig_run(rig, RIG_S(100));
    CU_ASSERT(rig->now_us - rig->got[0].updated_us < RIG_S(2));
    rig_run(rig, RIG_S(40));
    CU_ASSERT(rig->now_us - rig->got[0].updated_us > RIG_S(10));
    rig_delete(rig);
}

/* A pack that was away for long may be another one: its limits are read first. */
static void test_exchanged(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_MS(5500));
    rig->packs[1].there = false;
    rig_run(rig, RIG_S(90));
    rig->packs[1] = paper_pack();
    rig->packs[1].charge_max_ma = 10000;
    rig->packs[1].serial = "40000000000001";
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(12)));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 10000);
    rig_run(rig, RIG_S(3));
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "40000000000001");
    rig_delete(rig);
}

/* ---- any bytes ---- */

/* The settings and the cells came whole, then this for the question for the measured values. */
static unsigned one_answer(struct span first, struct span second, struct battery *ret)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    while (rig->n_sent < 5) /* 1004, 1050, 12F8, 1200, 128A */
        rig_run(rig, RIG_MS(1));
    rig->n_pieces = 0;
    rig->mute = true;
    if (first.n > 0)
        rig_put(rig, first, RIG_MS(10));
    if (second.n > 0)
        rig_put(rig, second, RIG_MS(11));
    rig_run(rig, RIG_MS(250));
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
    struct paper_pack p = paper_pack();
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);

    put_answer(&p, 1, 0x128A, 28, &out);
    testing_every_split(buf_span(&out), on_split, NULL);
    testing_every_truncation(buf_span(&out), on_cut, NULL);
    testing_every_bit_flip(buf_span(&out), on_flip, NULL);
}

/* 59: half an answer from before the port was opened anew is nothing. */
static void test_reopen(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_MS(5500));
    rig_close(rig);
    CU_ASSERT_EQUAL(rig->source.ops->next_deadline(&s), NEVER_US);
    CU_ASSERT_FALSE(rig->source.ops->ready(&s));
    rig_put(rig, SPAN_LIT("\x01\x03\x38\x00"), 0);
    rig_run(rig, RIG_S(1));
    rig->packs[1].charge_max_ma = 30000;
    unsigned before = rig->updates[0];
    rig_open(rig);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->updates[0], before + 1);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 30000); /* the limits were read before the cells */
    rig_delete(rig);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"bit errors", test_bit_errors},
        {"foreign answers", test_foreign},
        {"late answers", test_late},
        {"echo", test_echo},
        {"garbage", test_garbage},
        {"units come and go", test_units},
        {"a full line", test_full_line},
        {"a cold bus", test_cold_bus},
        {"exceptions", test_exceptions},
        {"limits that become old", test_old_limits},
        {"an exchanged pack", test_exchanged},
        {"every split, truncation and bit flip", test_any_damage},
        {"the port is opened anew", test_reopen},
        {0},
    };
    return testing_main(argc, argv, "jk_modbus_line", cases);
}
