/* SPDX-License-Identifier: Apache-2.0
 *
 * The timer heap on made-up time.
 */
#include "base/loop_timers.h"

#include <string.h>

#include "testing/testing.h"

struct probe {
    struct loop_timers timers;
    char fired[64]; /* one letter each */
    size_t n;
};

struct item {
    struct probe *probe;
    struct loop_timer *timer;
    char letter;
    struct loop_timer *victim; /* deleted on firing */
    uint64_t again_us;         /* armed again on firing, when not 0 */
};

static void fire(void *ctx)
{
    struct item *item = ctx;

    item->probe->fired[item->probe->n++ % (sizeof item->probe->fired - 1)] = item->letter;
    if (item->victim != NULL) {
        loop_timers_remove(item->victim);
        item->victim = NULL;
    }
    if (item->again_us != 0)
        loop_timers_arm(item->timer, item->again_us, 0);
}

static void add(struct probe *probe, struct item *item, char letter)
{
    *item = (struct item){.probe = probe, .letter = letter};
    CU_ASSERT_EQUAL_FATAL(loop_timers_add(&probe->timers, fire, item, &item->timer), ERR_OK);
}

static void expect(struct probe *probe, uint64_t now_us, const char *letters)
{
    loop_timers_fire(&probe->timers, now_us);
    probe->fired[probe->n] = '\0';
    CU_ASSERT_STRING_EQUAL(probe->fired, letters);
    probe->n = 0;
}

static void test_order(void)
{
    struct probe p = {0};
    struct item a, b, c, d;

    add(&p, &a, 'a');
    add(&p, &b, 'b');
    add(&p, &c, 'c');
    add(&p, &d, 'd');
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), NEVER_US);
    loop_timers_arm(d.timer, 100, 0);
    loop_timers_arm(c.timer, 200, 0); /* armed before b, made after it */
    loop_timers_arm(b.timer, 200, 0);
    loop_timers_arm(a.timer, 300, 0);
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), 100);
    expect(&p, 99, "");
    expect(&p, 250, "dbc");
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), 300);
    expect(&p, 300, "a");
    expect(&p, NEVER_US - 1, "");
    loop_timers_free(&p.timers);
}

static void test_rearming_moves_and_stops(void)
{
    struct probe p = {0};
    struct item a, b;

    add(&p, &a, 'a');
    add(&p, &b, 'b');
    loop_timers_arm(a.timer, 100, 0);
    loop_timers_arm(b.timer, 200, 0);
    loop_timers_arm(a.timer, 300, 0);
    expect(&p, 200, "b");
    loop_timers_arm(a.timer, NEVER_US, 0);
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), NEVER_US);
    expect(&p, 1000, "");
    loop_timers_free(&p.timers);
}

static void test_period_keeps_phase(void)
{
    struct probe p = {0};
    struct item a;

    add(&p, &a, 'a');
    loop_timers_arm(a.timer, 1003, 100);
    expect(&p, 1002, "");
    expect(&p, 1003, "a");
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), 1103);
    expect(&p, 1190, "a"); /* late, still on the grid */
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), 1203);
    expect(&p, 1603, "a"); /* four deadlines missed: one call */
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), 1703);
    expect(&p, 1603, "");
    loop_timers_arm(a.timer, NEVER_US - 5, 10); /* the grid ends where time does */
    expect(&p, NEVER_US - 5, "a");
    CU_ASSERT_EQUAL(loop_timers_next(&p.timers), NEVER_US);
    loop_timers_free(&p.timers);
}

static void test_delete_while_firing(void)
{
    struct probe p = {0};
    struct item a, b, c;

    add(&p, &a, 'a');
    add(&p, &b, 'b');
    add(&p, &c, 'c');
    loop_timers_arm(a.timer, 10, 0);
    loop_timers_arm(b.timer, 20, 0);
    loop_timers_arm(c.timer, 30, 5);
    a.victim = b.timer; /* due, must not fire */
    c.victim = c.timer; /* itself, periodic */
    expect(&p, 100, "ac");
    CU_ASSERT_EQUAL(p.timers.n_timers, 1);
    CU_ASSERT_EQUAL(p.timers.n, 0);
    loop_timers_free(&p.timers);
}

/* A chain of deadlines in the past runs in the order of time, between the others. */
static void test_rearmed_in_the_past(void)
{
    struct probe p = {0};
    struct item a, b, c;

    add(&p, &a, 'a');
    add(&p, &b, 'b');
    add(&p, &c, 'c');
    loop_timers_arm(a.timer, 10, 0);
    loop_timers_arm(b.timer, 15, 0);
    loop_timers_arm(c.timer, 40, 0);
    a.again_us = 20;
    expect(&p, 30, "aba");
    loop_timers_free(&p.timers);
}

/* "Again, now" gets behind others of the same instant and does not hold the loop for ever. */
static void test_again_now_is_fair(void)
{
    struct probe p = {0};
    struct item a, b;

    add(&p, &a, 'a');
    add(&p, &b, 'b');
    a.again_us = 50;
    loop_timers_arm(a.timer, 50, 0);
    loop_timers_arm(b.timer, 50, 0);
    expect(&p, 50, "ab");
    loop_timers_arm(b.timer, 50, 0);
    expect(&p, 50, "ba");
    loop_timers_free(&p.timers);
}

/* Many timers, armed, moved and deleted by a fixed pseudo-random plan: each firing must be the
 * earliest of those armed at that moment. */
static void test_many(void)
{
    enum { N = 200, STEPS = 5000 };
    struct probe p = {0};
    struct item items[N];
    uint64_t deadline[N];
    uint32_t seed = 12345;

    for (size_t i = 0; i < N; i++) {
        add(&p, &items[i], '.');
        deadline[i] = NEVER_US;
    }
    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525U + 1013904223U;
        size_t i = (seed >> 8) % N;
        deadline[i] = (seed & 7U) == 0 ? NEVER_US : (seed >> 16) % 1000U;
        loop_timers_arm(items[i].timer, deadline[i], 0);
        uint64_t earliest = NEVER_US;
        for (size_t k = 0; k < N; k++)
            earliest = deadline_min(earliest, deadline[k]);
        if (loop_timers_next(&p.timers) != earliest) {
            TESTING_FAIL("step %d: wrong earliest deadline", step);
            break;
        }
    }
    loop_timers_fire(&p.timers, NEVER_US - 1);
    CU_ASSERT_EQUAL(p.timers.n, 0);
    loop_timers_free(&p.timers);
    CU_ASSERT_PTR_NULL(p.timers.heap);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"deadline order, ties in creation order", test_order},
        {"arming again moves, NEVER_US stops", test_rearming_moves_and_stops},
        {"a period keeps its phase and never fires a deadline twice", test_period_keeps_phase},
        {"timers may be deleted while timers fire", test_delete_while_firing},
        {"a chain armed in the past keeps the order of time", test_rearmed_in_the_past},
        {"again-now starves nobody", test_again_now_is_fair},
        {"the heap finds the earliest of many", test_many},
        {0},
    };
    return testing_main(argc, argv, "loop_timers", cases);
}
