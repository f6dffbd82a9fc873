/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-bus` on a paper bus: polling alone, listening to another master, and what a bus
 * can do to its telegrams. Failure numbers are those of jk-failures.md.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/jk_bus_source.h"
#include "bridge/source/test_jk_rig.h"
#include "proto/jk_frame/test_jk_support.h"

/* ---- the bus ---- */

static struct {
    bool form_310, without_ack;
    int answers_as; /* != 0: the unit that answers in place of the one that was asked */
} paper;

static uint8_t type_at(uint8_t rr)
{
    return rr == 0x20 ? 2 : rr == 0x1E ? 1 : 3;
}

static void put_request(uint8_t unit, uint8_t rr, struct buf *b)
{
    buf_u8(b, unit);
    buf_put(b, SPAN_LIT("\x10\x16"));
    buf_u8(b, rr);
    buf_put(b, SPAN_LIT("\x00\x01\x02\x00\x00"));
    rig_seal(b);
}

static void put_ack(uint8_t unit, uint8_t rr, struct buf *b)
{
    uint8_t memory[8];
    struct buf ack = buf_of(memory, sizeof memory);

    buf_u8(&ack, unit);
    buf_put(&ack, SPAN_LIT("\x10\x16"));
    buf_u8(&ack, rr);
    buf_put(&ack, SPAN_LIT("\x00\x01"));
    rig_seal(&ack);
    buf_put(b, buf_span(&ack));
}

static void put_answer(const struct paper_pack *p, uint8_t unit, uint8_t rr, struct buf *b)
{
    uint8_t frame[300];

    paper_frame(p, type_at(rr), frame);
    if (type_at(rr) == 1) {
        frame[299] = (uint8_t)(frame[299] - frame[270] + unit);
        frame[270] = unit;
    }
    buf_put(b, span_of(frame, sizeof frame));
    if (paper.without_ack)
        return;
    if (paper.form_310)
        buf_u8(b, 0);
    put_ack(unit, rr, b);
    if (paper.form_310)
        buf_u8(b, 0);
}

/* Only the three triggers, to units 1 to 15. */
static void device(struct jk_rig *rig, struct span telegram)
{
    uint8_t memory[RIG_PIECE], want[11];
    struct buf out = buf_of(memory, sizeof memory), request = buf_of(want, sizeof want);

    CU_ASSERT_EQUAL_FATAL(telegram.n, 11);
    uint8_t unit = telegram.p[0], rr = telegram.p[3];
    CU_ASSERT_TRUE_FATAL(unit >= 1 && unit <= 15);
    CU_ASSERT_TRUE_FATAL(rr == 0x20 || rr == 0x1E || rr == 0x1C);
    put_request(unit, rr, &request);
    CU_ASSERT_TRUE_FATAL(span_eq(telegram, buf_span(&request)));
    if (!rig->packs[unit].there)
        return;
    if (paper.answers_as != 0)
        unit = (uint8_t)paper.answers_as;
    put_answer(&rig->packs[unit], unit, rr, &out);
    rig_answer(rig, buf_span(&out));
}

static struct jk_rig *new_rig(struct jk_bus_source *s, uint16_t units)
{
    struct jk_rig *rig = rig_new();
    struct jk_bus_config config;

    memset(&paper, 0, sizeof paper);
    jk_bus_config_init(&config, "bus");
    if (units != 0) {
        config.units.mask = units;
        config.units.listed = true;
    }
    jk_bus_source_init(s, &config, &rig->log);
    rig->source = jk_bus_as_source(s);
    rig->device = device;
    for (unsigned i = 0; i < RIG_UNITS; i++) {
        rig->packs[i] = paper_pack();
        rig->packs[i].there = (units >> i & 1) != 0;
    }
    return rig;
}

/* What somebody else's master says and gets, `after_us` from now. */
static void foreign(struct jk_rig *rig, uint8_t unit, uint8_t rr, uint64_t after_us)
{
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);

    put_request(unit, rr, &out);
    rig_put(rig, buf_span(&out), after_us);
    if (!rig->packs[unit].there)
        return;
    out = buf_of(memory, sizeof memory);
    put_answer(&rig->packs[unit], unit, rr, &out);
    rig_put(rig, buf_span(&out), after_us + RIG_MS(37));
}

/* One cycle of a JK master (4.4 s): slaves 1 and 2, looks for the others, its own broadcast. */
static void master_cycle(struct jk_rig *rig)
{
    uint8_t memory[RIG_PIECE];
    uint64_t at_us = RIG_MS(10);

    for (uint8_t unit = 1; unit <= 2; unit++) {
        foreign(rig, unit, 0x20, at_us);
        foreign(rig, unit, 0x1E, at_us + RIG_MS(130));
        at_us += RIG_MS(260);
    }
    for (uint8_t unit = 3; unit <= 15; unit++, at_us += RIG_MS(220))
        foreign(rig, unit, 0x20, at_us);
    for (uint8_t rr = 0x20; rr >= 0x1E; rr = (uint8_t)(rr - 2), at_us += RIG_MS(200)) {
        struct buf out = buf_of(memory, sizeof memory);
        put_answer(&rig->packs[0], 0, rr, &out);
        rig_put(rig, buf_span(&out), at_us);
    }
    rig_run(rig, RIG_MS(4400));
}

/* ---- polling ---- */

static void test_first_reading(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_MS(1900));
    CU_ASSERT_EQUAL(rig->n_sent, 0); /* first it listens */
    rig_run(rig, RIG_MS(1100));
    CU_ASSERT_FATAL(rig->updates[0] > 0);
    const struct battery *b = &rig->got[0];
    CU_ASSERT(b->pack_mv == 52800 && b->current_ma == 12345 && b->soc_pm == 750);
    CU_ASSERT(b->remaining_mah == 210000 && b->full_mah == 280000 && b->cycles == 42);
    CU_ASSERT(b->ccl_ma == 100000 && b->dcl_ma == 120000);
    CU_ASSERT(b->cvl_mv == 55200 && b->dvl_mv == 43200);
    CU_ASSERT(b->temp_min_dc == 200 && b->temp_max_dc == 210);
    rig_run(rig, RIG_S(10));
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "40112233445566");
    CU_ASSERT(rig->updates[0] >= 10 && rig->updates[0] <= 13);
    CU_ASSERT(rig->least_gap_us >= RIG_MS(100)); /* 57 */
    /* the specification's telegrams */
    CU_ASSERT(rig_count(rig, "011016200001020000d6f1", 0) >= 10);
    CU_ASSERT(rig_count(rig, "0110161e0001020000d22f", 0) >= 1);
    CU_ASSERT(rig_count(rig, "0110161c0001020000d3cd", 0) >= 1);
    rig_delete(rig);
}

/* 55: 308 and 310 bytes, echo in front, acknowledge missing; 56: nothing is padded. */
static void test_forms(void)
{
    for (unsigned form = 0; form < 8; form++) {
        struct jk_bus_source s;
        struct jk_rig *rig = new_rig(&s, 0x0006);
        paper.form_310 = (form & 1) != 0;
        paper.without_ack = (form & 2) != 0;
        rig->echo = (form & 4) != 0;
        rig->packs[2].soc_pc = 76;
        rig->packs[2].remaining_mah = 212800;
        rig_open(rig);
        rig_run(rig, RIG_S(8));
        CU_ASSERT(rig->updates[0] >= 4 && rig->updates[1] >= 4);
        CU_ASSERT(rig->got[0].soc_pm == 750 && rig->got[1].soc_pm == 760);
        CU_ASSERT_EQUAL(s.troubles[JK_BUS_T_DAMAGED], 0);
        CU_ASSERT_TRUE(s.polling);
        rig_delete(rig);
    }
}

static void cut(struct jk_rig *rig, struct buf *answer)
{
    static const size_t lengths[] = {287, 288, 299, 150};

    if (rig->spoiled < sizeof lengths / sizeof lengths[0])
        answer->n = lengths[rig->spoiled++];
}

static void test_cut(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_MS(5500));
    uint64_t before = rig->got[0].updated_us;
    unsigned updates = rig->updates[0];
    rig->spoil = cut;
    while (rig->spoiled < 4)
        rig_run(rig, RIG_MS(10));
    CU_ASSERT_EQUAL(rig->updates[0], updates);
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(3)));
    CU_ASSERT(s.troubles[JK_BUS_T_DAMAGED] >= 4);
    CU_ASSERT(rig->least_gap_us >= RIG_MS(100)); /* 57: also after errors */
    rig_delete(rig);
}

/* 54: a trigger for 1 is answered by 2: the acknowledge decides. */
static void test_wrong_unit(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0006);

    rig->packs[2].soc_pc = 30;
    rig->packs[2].remaining_mah = 84000;
    rig_open(rig);
    rig_run(rig, RIG_MS(8500));
    uint64_t before = rig->got[0].updated_us;
    paper.answers_as = 2;
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 750);
    CU_ASSERT_EQUAL(rig->got[1].soc_pm, 300);
    CU_ASSERT(s.troubles[JK_BUS_T_STRANGER] >= 2);
    CU_ASSERT_TRUE(rig_logged(rig, "answered a question to unit 1"));
    rig_delete(rig);
}

/* 53, 64: a missing unit costs little, and is found again. */
static void test_missing_unit(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x000E);

    rig->packs[1].there = false;
    rig_open(rig);
    rig_run(rig, RIG_S(20));
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    CU_ASSERT(rig->updates[1] >= 15 && rig->updates[2] >= 15);
    CU_ASSERT_EQUAL(rig->source.ops->present(&s), 3); /* listed: it should be there */
    rig->packs[1].there = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(7)));
    rig->packs[3].there = false;
    rig_run(rig, RIG_S(20));
    unsigned from = rig->n_sent;
    unsigned updates = rig->updates[2];
    rig_run(rig, RIG_S(60));
    CU_ASSERT_EQUAL(rig->updates[2], updates);
    CU_ASSERT(rig_count(rig, "03", from) >= 5 && rig_count(rig, "03", from) <= 8);
    rig->packs[3].there = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 2, RIG_S(12)));
    rig_delete(rig);
}

/* Nothing is configured: all are found. */
static void test_scan(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0);

    for (unsigned i = 1; i < RIG_UNITS; i++)
        rig->packs[i].there = true;
    CU_ASSERT_EQUAL(rig->source.capacity, 16);
    rig_open(rig);
    rig_run(rig, RIG_S(30));
    for (unsigned i = 1; i < RIG_UNITS; i++) {
        CU_ASSERT(rig->updates[i] >= 4);
        CU_ASSERT(rig->now_us - rig->got[i].updated_us < RIG_S(5));
    }
    CU_ASSERT_EQUAL(rig->source.ops->present(&s), 15);
    rig_delete(rig);
}

/* An answer behind the time of its question is not published. */
static void test_late(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_MS(4500));
    while (rig->n_pieces > 0)
        rig_run(rig, RIG_MS(1));
    uint64_t before = rig->got[0].updated_us;
    rig->late_us = RIG_MS(300);
    rig->mute = false;
    rig_run(rig, RIG_MS(200));
    while (rig->late_us != 0)
        rig_run(rig, RIG_MS(1));
    rig->packs[1].there = false;
    rig_run(rig, RIG_MS(1000));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT_TRUE(s.polling);
    rig_delete(rig);
}

/* 52: two packs with one address show up by their serial numbers. */
static void test_two_packs(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "40112233445566");
    rig->packs[1].serial = "40999999999999";
    rig_run(rig, RIG_S(62));
    CU_ASSERT_TRUE(rig_logged(rig, "trouble=other-pack"));
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "40999999999999");
    rig_delete(rig);
}

/* ---- listening ---- */

/* 50, 51: with a master on the bus not one byte is sent; the master is battery 0. */
static void test_master(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0007);

    rig->packs[0].soc_pc = 60;
    rig->packs[0].remaining_mah = 168000;
    rig->packs[0].pack_mv = 52810;
    rig_open(rig);
    for (unsigned i = 0; i < 8; i++)
        master_cycle(rig);
    CU_ASSERT_EQUAL(rig->n_sent, 0);
    CU_ASSERT(rig->updates[0] >= 6 && rig->updates[1] >= 6 && rig->updates[2] >= 6);
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 600);
    CU_ASSERT_EQUAL(rig->got[1].soc_pm, 750);
    CU_ASSERT_TRUE(rig_logged(rig, "another master is heard"));
    CU_ASSERT_TRUE(rig->source.ops->ready(&s));
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->n_sent, 0);
    rig_run(rig, RIG_S(4)); /* the master is gone: nobody else asks */
    CU_ASSERT(rig->n_sent > 0);
    CU_ASSERT_EQUAL(rig_count(rig, "00", 0), 0);
    CU_ASSERT_TRUE(rig_until_update(rig, 1, RIG_S(3)));
    unsigned sent = rig->n_sent;
    master_cycle(rig); /* and comes back: silence within its first telegram */
    CU_ASSERT(rig->n_sent <= sent + 1);
    rig_delete(rig);
}

/* The master's frame without its acknowledge still is not the last polled unit's. */
static void test_unsigned_broadcast(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0007);
    uint8_t memory[RIG_PIECE];
    struct buf out = buf_of(memory, sizeof memory);

    rig->packs[0].soc_pc = 60;
    rig->packs[0].remaining_mah = 168000;
    rig_open(rig);
    master_cycle(rig);
    master_cycle(rig);
    rig->packs[0].soc_pc = 61;
    rig->packs[0].remaining_mah = 170800;
    paper.without_ack = true;
    put_answer(&rig->packs[0], 0, 0x20, &out);
    rig_put(rig, buf_span(&out), RIG_MS(300));
    rig_run(rig, RIG_S(1));
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 610);
    CU_ASSERT_EQUAL(rig->got[2].soc_pm, 750);
    rig_delete(rig);
}

static void test_listen_only(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0006);

    s.config.listen_only = true;
    rig_open(rig);
    rig_run(rig, RIG_S(60));
    CU_ASSERT_EQUAL(rig->n_sent, 0);
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    foreign(rig, 1, 0x1E, RIG_MS(10));
    foreign(rig, 1, 0x20, RIG_MS(200));
    rig_run(rig, RIG_S(20));
    CU_ASSERT_EQUAL(rig->updates[0], 1);
    CU_ASSERT_EQUAL(rig->n_sent, 0);
    rig_delete(rig);
}

/* A frame out of nowhere, with nobody asking: not published, not attributed. */
static void test_nobody(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0007);
    uint8_t frame[300];

    rig->packs[1].there = rig->packs[2].there = false;
    rig_open(rig);
    paper_frame(&rig->packs[1], 2, frame);
    rig_put(rig, span_of(frame, sizeof frame), RIG_MS(500));
    rig_run(rig, RIG_MS(1500));
    CU_ASSERT_EQUAL(s.troubles[JK_BUS_T_NOBODY], 1);
    CU_ASSERT_EQUAL(rig->updates[0] + rig->updates[1] + rig->updates[2], 0);
    rig_delete(rig);
}

/* 60, 63 */
static void test_garbage(void)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->packs[1].there = false;
    rig_open(rig);
    for (unsigned i = 0; i < 400; i++) {
        rig_put(rig, SPAN_LIT("\x20\xAA\x82\x00\x20\xF5\xFC\x26\xEA\x74\xA0\x55\xAA"), 0);
        rig_run(rig, RIG_MS(50));
    }
    CU_ASSERT_TRUE(rig_logged(rig, "bytes for 10 s, but no telegram"));
    CU_ASSERT(rig->n_sent < 60);
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    rig->packs[1].there = true;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(4)));
    rig_delete(rig);
}

/* ---- any bytes ---- */

/* The settings came whole, then this for the question for cells. */
static unsigned one_answer(struct span first, struct span second, struct battery *ret)
{
    struct jk_bus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    while (rig->n_sent < 2)
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

/* A whole frame whose acknowledge is cut still has the one open question. */
static void on_cut(struct span cut_bytes, void *ctx)
{
    struct battery b;

    (void)ctx;
    CU_ASSERT_EQUAL(one_answer(cut_bytes, span_of(NULL, 0), &b), cut_bytes.n >= 300 ? 1u : 0u);
}

/* A flip in the frame costs it, one in the acknowledge does not; never is another value shown. */
static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct battery b;

    (void)bit;
    (void)ctx;
    unsigned n = one_answer(flipped, span_of(NULL, 0), &b);
    CU_ASSERT_EQUAL(n, byte >= 300 ? 1u : 0u);
    if (n == 1)
        CU_ASSERT(b.pack_mv == 52800 && b.soc_pm == 750);
}

static void test_any_damage(void)
{
    struct paper_pack p = paper_pack();
    uint8_t memory[RIG_PIECE];

    for (unsigned form = 0; form < 2; form++) {
        struct buf out = buf_of(memory, sizeof memory);
        memset(&paper, 0, sizeof paper);
        paper.form_310 = form == 1;
        put_answer(&p, 1, 0x20, &out);
        testing_every_split(buf_span(&out), on_split, NULL);
        testing_every_truncation(buf_span(&out), on_cut, NULL);
        testing_every_bit_flip(buf_span(&out), on_flip, NULL);
    }
}

/* ---- recordings ---- */

static void play(const struct jk_vector *v, void *ctx)
{
    struct battery b;
    unsigned *n = ctx;

    if (v->bytes.n < 300 || v->bytes.p[4] != 2)
        return;
    unsigned updates = one_answer(v->bytes, span_of(NULL, 0), &b);
    *n += updates;
    if (updates == 1)
        CU_ASSERT(b.pack_mv > 20000 && b.pack_mv < 70000);
}

static void test_recordings(void)
{
    unsigned n = 0;

    if (!jk_vectors_each("pb_rs485.json", play, &n))
        return;
    CU_ASSERT_EQUAL(n, 1); /* unit 1; the other recording is of unit 3 */
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the first reading", test_first_reading},
        {"forms of answers", test_forms},
        {"answers that are cut", test_cut},
        {"another unit answers", test_wrong_unit},
        {"a missing unit", test_missing_unit},
        {"looking for units", test_scan},
        {"a late answer", test_late},
        {"two packs with one address", test_two_packs},
        {"a master on the bus", test_master},
        {"a broadcast that nobody signed", test_unsigned_broadcast},
        {"only listening", test_listen_only},
        {"a frame out of nowhere", test_nobody},
        {"garbage", test_garbage},
        {"every split, truncation and bit flip", test_any_damage},
        {"recordings", test_recordings},
        {0},
    };
    return testing_main(argc, argv, "jk_bus_source", cases);
}
