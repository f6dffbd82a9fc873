/* SPDX-License-Identifier: Apache-2.0
 *
 * The locale that the rig makes is one to the C library.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/run/locale.h"
#include "testing/testing.h"

static void test_comma(void)
{
    char folder[] = "/tmp/bmsrig-locale-XXXXXX";
    char text[32];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL(locale_make(folder), ERR_OK);
    CU_ASSERT_EQUAL(locale_make(folder), ERR_OK); /* again: a DUT that is started twice */
    unsetenv("LC_ALL");
    setenv("LOCPATH", folder, 1);
    setenv("LC_NUMERIC", LOCALE_NAME, 1);
    if (setlocale(LC_ALL, "") == NULL || setlocale(LC_NUMERIC, NULL)[0] != 'c') {
        testing_skip("this C library does not read glibc's locales from LOCPATH");
    } else {
        snprintf(text, sizeof text, "%.3f", 53.25);
        CU_ASSERT_STRING_EQUAL(text, "53,250");
        CU_ASSERT_STRING_EQUAL(localeconv()->thousands_sep, ".");
    }
    setlocale(LC_ALL, "C");
    locale_remove(folder);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    CU_ASSERT_EQUAL(locale_make("/nowhere/at/all"), ERR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"a decimal comma", test_comma}, {0}};
    return testing_main(argc, argv, "locale", cases);
}
