/* SPDX-License-Identifier: Apache-2.0
 *
 * The system's clock, the manual clock, and deadlines at the end of time.
 */
#include "base/clock.h"

#include "testing/testing.h"

static void test_system(void)
{
    const struct clock *clock = clock_system();
    uint64_t before = clock_now_us(clock);

    CU_ASSERT_TRUE(before > 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t now = clock_now_us(clock);
        CU_ASSERT_TRUE(now >= before);
        before = now;
    }
    CU_ASSERT_TRUE(clock_wall_us(clock) > 1600000000 * US_PER_S); /* September 2020 */
}

static void test_manual(void)
{
    struct manual_clock m;

    manual_clock_init(&m, 100, 5000);
    CU_ASSERT_EQUAL(clock_now_us(&m.clock), 100);
    CU_ASSERT_EQUAL(clock_wall_us(&m.clock), 5000);
    manual_clock_advance(&m, 7);
    CU_ASSERT_EQUAL(clock_now_us(&m.clock), 107);
    CU_ASSERT_EQUAL(clock_wall_us(&m.clock), 5007);
    m.wall = 3; /* the wall clock may jump alone */
    CU_ASSERT_EQUAL(clock_wall_us(&m.clock), 3);
    CU_ASSERT_EQUAL(clock_now_us(&m.clock), 107);
}

static void test_deadlines(void)
{
    CU_ASSERT_EQUAL(deadline_min(3, NEVER_US), 3);
    CU_ASSERT_EQUAL(deadline_min(4, 3), 3);
    CU_ASSERT_EQUAL(deadline_add(5, 6), 11);
    CU_ASSERT_EQUAL(deadline_add(5, NEVER_US), NEVER_US);
    CU_ASSERT_EQUAL(deadline_add(NEVER_US, 1), NEVER_US);
    CU_ASSERT_EQUAL(deadline_add(NEVER_US - 1, 1), NEVER_US);
    CU_ASSERT_EQUAL(deadline_add(0, 0), 0);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the system's clock never goes back", test_system},
        {"the manual clock moves when told", test_manual},
        {"deadlines do not wrap", test_deadlines},
        {0},
    };
    return testing_main(argc, argv, "clock", cases);
}
