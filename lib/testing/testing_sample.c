/* SPDX-License-Identifier: Apache-2.0
 *
 * A test program with one test of each fate; test_testing.c runs it and reads its report.
 */
#include <unistd.h>

#include "testing/testing.h"

static void passes(void)
{
    CU_ASSERT_EQUAL(1, 1);
    TESTING_BYTES_EQ(SPAN_LIT("same"), SPAN_LIT("same"));
}

static void fails(void)
{
    CU_ASSERT_EQUAL(1, 2);
    TESTING_FAIL("<%s> & \"%s\"", "a", "b");
    TESTING_BYTES_EQ(SPAN_LIT("abcdefgh"), SPAN_LIT("abcdXfgh"));
    TESTING_BYTES_EQ(SPAN_LIT("ab"), SPAN_LIT("abc"));
    CU_ASSERT_TRUE_FATAL(0 > 1);
    TESTING_FAIL("not reached");
}

static void skips(void)
{
    testing_skip("no %s here", "CAN");
}

static void fails_and_skips(void)
{
    CU_ASSERT_TRUE(false);
    testing_skip("too late");
}

static void hangs(void)
{
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"passes", passes},
        {"fails", fails},
        {"skips", skips},
        {"fails & skips", fails_and_skips},
        {"hangs", hangs},
        {"is never reached", passes},
        {0},
    };
    return testing_main(argc, argv, "sample", cases);
}
