/* SPDX-License-Identifier: Apache-2.0
 *
 * The JUnit document, byte by byte. (That documents of this shape are valid by both schemas was
 * shown with xmllint.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/report/report.h"
#include "testing/testing.h"

/* A result with a check that passed and two that did not. */
static const char failed[] =
    "{\"scenario\":\"LIM-1\",\"path\":\"limits.scn\",\"dut\":\"my-bridge\",\"verdict\":\"fail\","
    "\"reason\":null,\"tier\":\"pty\",\"wall_us\":21029000,\"lines\":["
    "{\"verdict\":\"pass\",\"line\":7,\"requirement\":\"A\",\"statement\":\"a\",\"actual\":\"b\"},"
    "{\"verdict\":\"inconclusive\",\"line\":8,\"requirement\":\"\",\"statement\":\"ccl > 0 A\","
    "\"actual\":\"the harness was late\"},"
    "{\"verdict\":\"fail\",\"line\":9,\"requirement\":\"LIM-OV-CAN\",\"statement\":"
    "\"within 200 ms can ccl = 0 A\",\"actual\":\"37 A & \\\"more\\\"\","
    "\"evidence\":\"  5.000 s  TTY < @\\u001b\\n  5.483 s  CAN\"}]}";

static const char broken[] =
    "{\"scenario\":\"B-1\",\"path\":\"b.scn\",\"dut\":\"my-bridge\",\"verdict\":\"harness-error\","
    "\"reason\":\"no broker\",\"tier\":\"pty\",\"wall_us\":0,\"lines\":["
    "{\"verdict\":\"fail\",\"line\":3,\"requirement\":\"R\",\"statement\":\"s\",\"actual\":\"x\"}]"
    "}";

static const char skipped[] =
    "{\"scenario\":\"\",\"path\":\"c.scn\",\"dut\":\"my-bridge\",\"verdict\":\"skipped\","
    "\"reason\":\"needs <vcan>\",\"tier\":\"pty\",\"wall_us\":1500,\"lines\":[]}";

static const char passed[] =
    "{\"scenario\":\"D-1\",\"path\":\"d.scn\",\"dut\":\"my-bridge\",\"verdict\":\"pass (slack)\","
    "\"reason\":null,\"tier\":\"pty\",\"wall_us\":1000000,\"lines\":[]}";

static const char want[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<testsuite name=\"bmsrig\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" "
    "time=\"22.030\" timestamp=\"2026-11-25T12:00:00\" hostname=\"localhost\">\n"
    "  <properties>\n"
    "    <property name=\"bmsrig\" value=\"" BMSRIG_VERSION "\"/>\n"
    "    <property name=\"dut\" value=\"my-bridge\"/>\n"
    "  </properties>\n"
    "  <testcase classname=\"bmsrig\" name=\"LIM-1, seed 3\" time=\"21.029\">\n"
    "    <failure message=\"LIM-OV-CAN: 37 A &amp; &quot;more&quot; (and 1 more)\" type=\"fail\">"
    "inconclusive: limits.scn:8\n"
    "expected: ccl &gt; 0 A\n"
    "actual: the harness was late\n"
    "\n"
    "fail: LIM-OV-CAN, limits.scn:9\n"
    "expected: within 200 ms can ccl = 0 A\n"
    "actual: 37 A &amp; &quot;more&quot;\n"
    "  5.000 s  TTY &lt; @?\n"
    "  5.483 s  CAN\n"
    "</failure>\n"
    "  </testcase>\n"
    "  <testcase classname=\"bmsrig\" name=\"B-1\" time=\"0.000\">\n"
    "    <error message=\"no broker\" type=\"harness-error\">fail: R, b.scn:3\n"
    "expected: s\n"
    "actual: x\n"
    "\n"
    "</error>\n"
    "  </testcase>\n"
    "  <testcase classname=\"bmsrig\" name=\"c.scn\" time=\"0.002\">\n"
    "    <skipped message=\"needs &lt;vcan&gt;\"/>\n"
    "  </testcase>\n"
    "  <testcase classname=\"bmsrig\" name=\"D-1\" time=\"1.000\">\n"
    "  </testcase>\n"
    "  <system-out/>\n"
    "  <system-err/>\n"
    "</testsuite>\n";

static struct result *load(const char *file, const char *text)
{
    struct result *r = NULL;
    FILE *f = fopen(file, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
    CU_ASSERT_EQUAL_FATAL(result_load(file, &r), ERR_OK);
    return r;
}

static void test_document(void)
{
    char file[] = "/tmp/bmsrig-junit-XXXXXX";
    int fd = mkstemp(file);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    struct result *results[] = {load(file, failed), load(file, broken), load(file, skipped),
                                load(file, passed)};
    snprintf(results[0]->label, sizeof results[0]->label, "seed 3");
    CU_ASSERT_EQUAL(report_junit(file, results, 4, 1795608000999999), ERR_OK);
    struct span got = testing_read_file(file);
    TESTING_BYTES_EQ(got, span_str(want));
    for (size_t i = 0; i < 4; i++)
        result_delete(results[i]);
    remove(file);
    CU_ASSERT_EQUAL(report_junit("/no-such-folder/junit.xml", results, 0, 0), ERR_IO);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a document", test_document},
        {0},
    };
    return testing_main(argc, argv, "junit", cases);
}
