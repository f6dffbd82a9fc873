/* SPDX-License-Identifier: Apache-2.0
 *
 * A report that somebody has sent: whatever it is, it differs from itself in nothing.
 */
#include "harness/report/compare.h"
#include "testing/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compare_report reports[2] = {{.name = "one"}, {.name = "two"}};
    struct comparison c;
    if (compare_parse(span_of(data, size), &reports[0]) != ERR_OK)
        return 0;
    FUZZ_REQUIRE(compare_parse(span_of(data, size), &reports[1]) == ERR_OK);
    FILE *out = fopen("/dev/null", "wb");
    FUZZ_REQUIRE(out != NULL);
    compare_make(reports, 2, true, &c);
    compare_print(out, &c);
    fclose(out);
    int code = compare_exit_code(&c);
    FUZZ_REQUIRE(code == 0 || code == 3); /* 3: nothing in it was judged */
    compare_free(&c);
    compare_unload(&reports[0]);
    compare_unload(&reports[1]);
    return 0;
}
