/* SPDX-License-Identifier: Apache-2.0
 *
 * The fingerprint of a trace, where two traces part, and the files of a plot. The expected SHA-256
 * come from sha256sum on the text shown beside them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/trace/plot.h"
#include "harness/trace/plot_private.h"
#include "harness/trace/trace.h"
#include "testing/testing.h"

static void add_can(struct events *list, int64_t t_us, const char *frame)
{
    struct event e = {.kind = EVENT_CAN, .t_us = t_us};
    CU_ASSERT_FATAL(can_msg_parse(span_str(frame), &e.can));
    events_add(list, &e);
}

static void add_text(struct events *list, enum event_kind kind, int64_t t_us, const char *text)
{
    struct event e = {.kind = kind, .t_us = t_us, .text = text};
    events_add(list, &e);
}

static void add_wire(struct events *list, int64_t t_us, const char *bytes)
{
    struct event e = {.kind = EVENT_WIRE,
                      .t_us = t_us,
                      .to_client = true,
                      .data = (const uint8_t *)bytes,
                      .size = strlen(bytes)};
    events_add(list, &e);
}

static char *read_all(const char *path)
{
    struct span s = testing_read_file(path);
    char *text = calloc(1, s.n + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    span_to_str(s, text, s.n + 1);
    return text;
}

static bool file_is(const char *path, const char *want)
{
    char *text = read_all(path);
    bool same = strcmp(text, want) == 0;
    if (!same)
        fprintf(stderr, "# got:\n%s", text);
    free(text);
    return same;
}

/* ---- the fingerprint ---- */

static void test_fingerprint(void)
{
    const struct scenario none = {0};
    struct events list;
    char hash[TRACE_SHA256_MAX] = "", other[TRACE_SHA256_MAX] = "";
    events_init(&list);
    add_wire(&list, 1500, "pylon>");
    add_can(&list, 2000000, "351#140272017201C201");
    CU_ASSERT_EQUAL(trace_write("a.jsonl", &none, &list, hash), ERR_OK);
    CU_ASSERT(file_is("a.jsonl", "{\"t\":0.001500,\"to_bridge\":\"70796C6F6E3E\"}\n"
                                 "{\"t\":2.000000,\"can\":\"351#140272017201C201\"}\n"));
    CU_ASSERT_STRING_EQUAL(hash,
                           "4a54494cfa8209b3e00375d9b83ff242d4faeb48861c7f63812f0b7e7ef64562");
    /* the rig's own lines do not count */
    add_text(&list, EVENT_NOTE, 2100000, "the machine was busy");
    struct event truth = {.kind = EVENT_TRUTH, .t_us = 2200000, .micro = 97000000};
    events_add(&list, &truth);
    CU_ASSERT_EQUAL(trace_write("b.jsonl", &none, &list, other), ERR_OK);
    CU_ASSERT_STRING_EQUAL(other, hash);
    /* a frame does, and a microsecond does */
    add_can(&list, 3000000, "351#140272017201C201");
    CU_ASSERT_EQUAL(trace_write("c.jsonl", &none, &list, other), ERR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(other, hash);
    list.at[0].t_us++;
    list.n--;
    CU_ASSERT_EQUAL(trace_write("c.jsonl", &none, &list, other), ERR_OK);
    CU_ASSERT_STRING_NOT_EQUAL(other, hash);
    list.n++;
    events_free(&list);
}

static void test_bytes_not_kept(void)
{
    const struct scenario none = {0};
    struct events list;
    struct event e = {.kind = EVENT_WIRE,
                      .t_us = 5000000,
                      .to_client = true,
                      .size = 812,
                      .micro = INT64_C(0x0123456789abcdef)};
    char text[200];
    events_init(&list);
    events_add(&list, &e);
    CU_ASSERT_EQUAL(trace_write("brief.jsonl", &none, &list, NULL), ERR_OK);
    CU_ASSERT(file_is("brief.jsonl",
                      "{\"t\":5.000000,\"to_bridge_size\":812,\"fnv1a\":\"0123456789abcdef\"}\n"));
    trace_describe(&none, &list.at[0], text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "TTY < (812 bytes)");
    events_free(&list);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_FATAL(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void expect_difference(const char *a, const char *b, const char *want)
{
    put("d1.jsonl", a);
    put("d2.jsonl", b);
    char *text = trace_difference("d1.jsonl", "d2.jsonl");
    CU_ASSERT_STRING_EQUAL(text, want);
    free(text);
}

static void test_difference(void)
{
    expect_difference("{\"t\":1,\"can\":\"351#00\"}\n", "{\"t\":1,\"can\":\"351#00\"}\n",
                      "the lines that count are the same");
    expect_difference("{\"t\":1,\"can\":\"351#00\"}\n{\"t\":2,\"note\":\"x\"}\n",
                      "{\"t\":1,\"truth\":\"soc\"}\n{\"t\":1,\"can\":\"351#00\"}\n",
                      "the lines that count are the same");
    expect_difference("{\"t\":1,\"note\":\"x\"}\n{\"t\":1,\"can\":\"351#00\"}\n",
                      "{\"t\":1,\"can\":\"351#01\"}\n",
                      "first  line 2: {\"t\":1,\"can\":\"351#00\"}\n"
                      "second line 1: {\"t\":1,\"can\":\"351#01\"}\n");
    expect_difference("{\"t\":1,\"can\":\"351#00\"}\n", "",
                      "first  line 1: {\"t\":1,\"can\":\"351#00\"}\nsecond ends here\n");
}

/* A long line is shown from a little before the place where it differs, with its time. */
static void test_difference_in_a_long_line(void)
{
    char a[1200], b[1200];
    snprintf(a, sizeof a, "{\"t\":7,\"payload\":\"%0900d left\"}\n", 0);
    snprintf(b, sizeof b, "{\"t\":7,\"payload\":\"%0900d right\"}\n", 0);
    put("d1.jsonl", a);
    put("d2.jsonl", b);
    char *text = trace_difference("d1.jsonl", "d2.jsonl");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "first  line 1: {\"t\":7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "left"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "right"));
    CU_ASSERT(strlen(text) < 800);
    free(text);
}

/* ---- plots ---- */

static void test_nice_steps(void)
{
    CU_ASSERT_EQUAL(plot_nice_step(1), 1);
    CU_ASSERT_EQUAL(plot_nice_step(3), 5);
    CU_ASSERT_EQUAL(plot_nice_step(6), 10);
    CU_ASSERT_EQUAL(plot_nice_step(101), 200);
    CU_ASSERT_EQUAL(plot_nice_step(17280), 20000);
}

static struct plot *small_plot(void)
{
    struct plot *p = plot_new("T-1  a < b", "dut: pass", 0, 400000);
    unsigned panel = plot_panel(p, "State of charge", "%");
    unsigned truth = plot_series(p, panel, PLOT_TRUTH, "true soc", 0);
    unsigned told = plot_series(p, panel, PLOT_CAN, "can soc", 200000);
    plot_add(p, truth, -1000000, 97000000);
    plot_add(p, truth, 250000, 98500000);
    plot_add(p, told, 100000, 97000000);
    plot_mark(p, 350000, "FAIL  something", true);
    plot_mark(p, 150000, "bms 1 set soc 98.5 %", false);
    return p;
}

/* Held until the next, empty before the first and when it is too old; a row for each mark. */
static void test_csv(void)
{
    struct plot *p = small_plot();
    CU_ASSERT_EQUAL(plot_write_csv(p, "p.csv"), ERR_OK);
    CU_ASSERT(file_is("p.csv", "time (s),true soc (%),can soc (%)\n"
                               "0,97,\n"
                               "0.1,97,97\n"
                               "0.15,97,97\n"
                               "0.2,97,97\n"
                               "0.3,98.5,97\n"
                               "0.35,98.5,\n"
                               "0.4,98.5,\n"));
    plot_delete(p);
}

static unsigned count_of(const char *text, const char *what)
{
    unsigned n = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void test_svg(void)
{
    struct plot *p = small_plot();
    CU_ASSERT_EQUAL(plot_write_svg(p, "p.svg"), ERR_OK);
    char *text = read_all("p.svg");
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "T-1  a &lt; b</text>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ">State of charge (%)</text>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ">can soc</text>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ">bms 1 set soc 98.5 %</text>"));
    CU_ASSERT_EQUAL(count_of(text, "class=\"mark\""), 1);
    CU_ASSERT_EQUAL(count_of(text, "class=\"bad\""), 1);
    CU_ASSERT_EQUAL(count_of(text, "<text"), count_of(text, "</text>"));
    CU_ASSERT_EQUAL(count_of(text, "<svg"), count_of(text, "</svg>"));
    free(text);
    plot_delete(p);
}

/* A hundred thousand points are a line of some thousand, and no extreme is lost. */
static void test_svg_is_small(void)
{
    const int64_t day = INT64_C(86400000000);
    struct plot *p = plot_new("day", "", 0, day);
    unsigned told = plot_series(p, plot_panel(p, "Limit", "A"), PLOT_CAN, "can ccl", 3500000);
    for (int64_t s = 0; s < 86400; s++)
        plot_add(p, told, s * 1000000, s == 50000 ? 0 : 37000000);
    CU_ASSERT_EQUAL(plot_write_svg(p, "day.svg"), ERR_OK);
    char *text = read_all("day.svg");
    CU_ASSERT(strlen(text) < 20000);
    CU_ASSERT_EQUAL(count_of(text, "V2327"), 1); /* the second of 0 A: down to the bottom ... */
    CU_ASSERT(count_of(text, "V873") >= 1);      /* ... and up again */
    free(text);
    plot_delete(p);
}

static void test_empty(void)
{
    struct plot *p = plot_new("nothing", "", 0, 0);
    plot_panel(p, "Limit", "A");
    CU_ASSERT_EQUAL(plot_write_csv(p, "e.csv"), ERR_OK);
    CU_ASSERT_EQUAL(plot_write_svg(p, "e.svg"), ERR_OK);
    CU_ASSERT_EQUAL(plot_write_svg(p, "no-such-folder/e.svg"), ERR_IO);
    plot_delete(p);
    plot_delete(NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the fingerprint covers what passed", test_fingerprint},
        {"bytes that were not kept", test_bytes_not_kept},
        {"where two traces part", test_difference},
        {"where two long lines part", test_difference_in_a_long_line},
        {"nice steps", test_nice_steps},
        {"CSV", test_csv},
        {"SVG", test_svg},
        {"SVG of a day", test_svg_is_small},
        {"plots of nothing", test_empty},
        {0},
    };
    char folder[] = "/tmp/bmsrig-trace-XXXXXX", command[64];
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return 1;
    int code = testing_main(argc, argv, "trace", cases);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") != 0 || system(command) != 0 ? 1 : code;
}
