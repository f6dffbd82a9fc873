/* SPDX-License-Identifier: Apache-2.0
 *
 * Every fixture cut in two at every byte, cut off at every byte, and with every bit flipped. What
 * the stream's chunks are does not matter; what is cut off is never taken for whole; a flipped bit
 * either makes the answer bad or changes the one field it hit.
 */
#include <stdio.h>

#include "proto/pylon_console/test_result.h"
#include "testing/testing.h"

struct damage {
    const struct fixture *fx;
    struct result good;
    struct result bad;
    unsigned accepted;
};

static void read_good(struct damage *d, const struct fixture *fx)
{
    d->fx = fx;
    result_begin(&d->good);
    CU_ASSERT_FALSE(result_feed(&d->good, fx->wire));
    if (!result_end(&d->good, fx))
        TESTING_FAIL("%s: %s at %u", fx->name, err_text(d->good.verdict.code),
                     d->good.verdict.offset);
}

static void on_split(struct span first, struct span second, void *ctx)
{
    struct damage *d = ctx;

    result_begin(&d->bad);
    result_feed(&d->bad, first);
    result_feed(&d->bad, second);
    if (!result_end(&d->bad, d->fx) || result_differences(d->fx, &d->good, &d->bad) > 0 ||
        d->bad.pagers != d->good.pagers)
        TESTING_FAIL("%s: cut at %zu gives another answer", d->fx->name, first.n);
}

static void test_splits(void)
{
    static struct damage d;

    for (size_t i = 0; i < fixtures_n; i++) {
        read_good(&d, &fixtures[i]);
        testing_every_split(fixtures[i].wire, on_split, &d);
    }
}

static void test_single_bytes(void)
{
    static struct damage d;

    for (size_t i = 0; i < fixtures_n; i++) {
        read_good(&d, &fixtures[i]);
        result_begin(&d.bad);
        for (size_t k = 0; k < fixtures[i].wire.n; k++)
            CU_ASSERT_EQUAL(result_feed(&d.bad, span_sub(fixtures[i].wire, k, 1)),
                            k + 1 < fixtures[i].wire.n);
        CU_ASSERT_TRUE(result_end(&d.bad, &fixtures[i]));
        CU_ASSERT_EQUAL(result_differences(&fixtures[i], &d.good, &d.bad), 0);
    }
}

static void on_cut(struct span cut, void *ctx)
{
    struct damage *d = ctx;

    result_begin(&d->bad);
    if (!result_feed(&d->bad, cut))
        TESTING_FAIL("%s: cut at %zu taken for whole", d->fx->name, cut.n);
}

static void test_truncations(void)
{
    static struct damage d;

    for (size_t i = 0; i < fixtures_n; i++) {
        read_good(&d, &fixtures[i]);
        testing_every_truncation(fixtures[i].wire, on_cut, &d);
    }
}

/* The battery resets in mid-answer and prompts on the next Enter: only an answer that was complete
 * before may still count, and then all of it. */
static void on_reset(struct span cut, void *ctx)
{
    struct damage *d = ctx;

    result_begin(&d->bad);
    if (!result_feed(&d->bad, cut))
        return;
    result_feed(&d->bad, SPAN_LIT("\n\rpylon>"));
    if (!result_end(&d->bad, d->fx))
        return;
    bool plain_ok = d->fx->kind == FX_PLAIN && d->bad.answer.status != PYLON_OK;
    if (!plain_ok && result_differences(d->fx, &d->good, &d->bad) > 0)
        TESTING_FAIL("%s: half an answer (%zu bytes) and a prompt taken for good", d->fx->name,
                     cut.n);
    d->accepted++;
}

static void test_resets(void)
{
    static struct damage d;

    for (size_t i = 0; i < fixtures_n; i++) {
        read_good(&d, &fixtures[i]);
        d.accepted = 0;
        testing_every_truncation(fixtures[i].wire, on_reset, &d);
        if (fixtures[i].kind != FX_PLAIN) /* from the end of the completion line on */
            CU_ASSERT_TRUE(d.accepted > 0 && d.accepted < 30);
    }
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct damage *d = ctx;

    result_begin(&d->bad);
    result_feed(&d->bad, flipped);
    if (!result_end(&d->bad, d->fx))
        return;
    d->accepted++;
    unsigned n = result_differences(d->fx, &d->good, &d->bad);
    if (n > 1)
        TESTING_FAIL("%s: bit %u of byte %zu changes %u fields", d->fx->name, bit, byte, n);
}

static void test_flips(void)
{
    static struct damage d;

    for (size_t i = 0; i < fixtures_n; i++) {
        read_good(&d, &fixtures[i]);
        if (fixtures[i].kind == FX_PLAIN)
            continue;
        d.accepted = 0;
        testing_every_bit_flip(fixtures[i].wire, on_flip, &d);
        printf("# %s: %u of %zu flips accepted as another value\n", fixtures[i].name, d.accepted,
               fixtures[i].wire.n * 8);
    }
}

/* A flipped bit never turns an error reply into a success or the other way round. */
static void on_plain_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    struct damage *d = ctx;
    enum pylon_status good = d->good.answer.status;

    result_begin(&d->bad);
    result_feed(&d->bad, flipped);
    if (!result_end(&d->bad, d->fx))
        return;
    enum pylon_status bad = d->bad.answer.status;
    if (bad != good && bad != PYLON_NO_COMPLETION)
        TESTING_FAIL("%s: bit %u of byte %zu turns status %d into %d", d->fx->name, bit, byte,
                     (int)good, (int)bad);
}

static void test_plain_flips(void)
{
    static struct damage d;

    for (size_t i = 0; i < fixtures_n; i++) {
        if (fixtures[i].kind != FX_PLAIN)
            continue;
        read_good(&d, &fixtures[i]);
        testing_every_bit_flip(fixtures[i].wire, on_plain_flip, &d);
    }
}

/* One byte lost, everywhere: receivers lose bytes more often than bits. */
static void test_lost_bytes(void)
{
    static struct damage d;
    static uint8_t memory[4096];

    for (size_t i = 0; i < fixtures_n; i++) {
        const struct fixture *fx = &fixtures[i];
        read_good(&d, fx);
        for (size_t at = 0; at < fx->wire.n && fx->kind != FX_PLAIN; at++) {
            struct buf lossy = buf_of(memory, sizeof memory);
            buf_put(&lossy, span_sub(fx->wire, 0, at));
            buf_put(&lossy, span_sub(fx->wire, at + 1, fx->wire.n));
            result_begin(&d.bad);
            result_feed(&d.bad, buf_span(&lossy));
            if (result_end(&d.bad, fx) && result_differences(fx, &d.good, &d.bad) > 1)
                TESTING_FAIL("%s: the loss of byte %zu changes more than a field", fx->name, at);
        }
    }
}

/* In the tables the columns are fixed, so no number changes its value by a lost byte. */
static void test_lost_bytes_in_numbers(void)
{
    static const char *const tables[] = {"p1", "p2", "p3", "p4", "py"};
    static struct damage d;
    static uint8_t memory[4096];

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct fixture *fx = fixture_find(tables[i]);
        read_good(&d, fx);
        for (size_t at = 0; at < fx->wire.n; at++) {
            struct buf lossy = buf_of(memory, sizeof memory);
            buf_put(&lossy, span_sub(fx->wire, 0, at));
            buf_put(&lossy, span_sub(fx->wire, at + 1, fx->wire.n));
            result_begin(&d.bad);
            result_feed(&d.bad, buf_span(&lossy));
            if (!result_end(&d.bad, fx) || d.bad.pwr.n != d.good.pwr.n)
                continue;
            for (size_t k = 0; k < d.good.pwr.n; k++) {
                const struct pylon_pwr_row *a = &d.good.pwr.rows[k];
                const struct pylon_pwr_row *b = &d.bad.pwr.rows[k];
                CU_ASSERT_EQUAL(a->volt_mv, b->volt_mv);
                CU_ASSERT_EQUAL(a->curr_ma, b->curr_ma);
                CU_ASSERT_EQUAL(a->coulomb_pc, b->coulomb_pc);
                CU_ASSERT_EQUAL(a->tlow_mc, b->tlow_mc);
                CU_ASSERT_EQUAL(a->thigh_mc, b->thigh_mc);
                CU_ASSERT_EQUAL(a->vlow_mv, b->vlow_mv);
                CU_ASSERT_EQUAL(a->vhigh_mv, b->vhigh_mv);
                CU_ASSERT_EQUAL(a->mos_mc, b->mos_mc);
            }
        }
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"S45: every split gives the same answer", test_splits},
        {"S45: one byte at a time gives the same answer", test_single_bytes},
        {"S41: no truncation is taken for whole", test_truncations},
        {"S36: half an answer and a prompt is no answer", test_resets},
        {"every bit flip is refused or stays in its field", test_flips},
        {"no bit flip changes what a command achieved", test_plain_flips},
        {"S38: a lost byte is refused or stays in its field", test_lost_bytes},
        {"S38: a lost byte never changes a number of a table", test_lost_bytes_in_numbers},
        {0},
    };
    return testing_main(argc, argv, "pylon_damage", cases);
}
