/* SPDX-License-Identifier: Apache-2.0
 *
 * The console beside the collection of captures: the same command on the same product prints the
 * same lines, label by label and header by header. (Values differ; literal bytes are in the other
 * tests.)
 */
#include <stdio.h>

#include "proto/pylon_console/pylon_console.h"
#include "sim/device/test_console_support.h"

struct pair {
    const char *product, *command, *capture;
    unsigned modules;
    bool debug;
    bool discharging;
};

static const struct pair pairs[] = {
    {"pylontech.us2000b-plus", "pwr", "donv-us2kbpl_pwr", 2, false, false},
    {"pylontech.us2000b-plus", "bat", "donv-us2kbpl_bat", 1, false, false},
    {"pylontech.us2000b-plus", "info", "donv-us2kbpl_info", 1, false, false},
    {"pylontech.us2000b-plus", "soh", "donv-us2kbpl_soh", 1, false, false},
    {"pylontech.us2000b-plus", "stat", "donv-us2kbpl_stat", 1, false, false},
    {"pylontech.us2000b-plus", "time", "donv-us2kbpl_time", 1, false, false},
    {"pylontech.us2000c", "pwr", "hrab-us2000c-mix5_pwr", 5, true, false},
    {"pylontech.us2000c", "pwr 1", "hrab-us2000c-mix5_pwr-1-charge", 1, true, false},
    {"pylontech.us2000c", "bat 1", "hrab-us2000c-mix5_bat-1", 1, true, false},
    {"pylontech.us2000c", "stat", "hrab-us2000c-mix5_stat", 1, true, false},
    {"pylontech.us2000c", "pwrsys", "hrab-us2000c-mix5_pwrsys", 5, true, true},
    {"pylontech.us2000c", "getpwr", "hrab-us2000c-mix5_getpwr", 1, true, false},
    {"pylontech.us2000c", "help", "hrab-us2000c-mix5_help", 1, true, false},
    {"pylontech.us2000c", "time", "hrab-us2000c-mix5_time", 1, true, false},
    {"pylontech.us2000c", "info", "blou-us2000c_info", 1, false, false},
    {"pylontech.us2000c", "data event", "blou-us2000c_data-event", 1, false, false},
    {"pylontech.us2000c", "data history", "blou-us2000c_data-history", 1, false, false},
    {"pylontech.us3000c", "pwr", "mman-us3000c_pwr", 1, false, false},
    {"pylontech.us3000c", "bat 1", "mman-us3000c_bat-1", 1, false, false},
    {"pylontech.us3000c", "stat 1", "mman-us3000c_stat-1", 1, false, false},
    {"pylontech.us3000d", "pwr", "mman-us3000d_pwr", 6, false, false},
    {"pylontech.us3000d", "bat 1", "mman-us3000d_bat-1", 1, false, false},
    {"pylontech.us3000d", "bat 2", "mman-us3000d_bat-2", 2, false, false},
    {"pylontech.us3000d", "info", "mman-us3000d_info", 1, false, false},
    {"pylontech.us3000d", "info 1", "mman-us3000d_info-1-error", 1, false, false},
    {"pylontech.us3000d", "stat", "mman-us3000d_stat", 1, false, false},
    {"pylontech.us3000d", "stat 1", "mman-us3000d_stat-1-error", 1, false, false},
    {"pylontech.us3000d", "help", "mman-us3000d_help", 1, false, false},
    {"pylontech.us5000", "pwr", "plc-us5000mix_pwr", 4, false, false},
    {"pylontech.us5000", "pwr 1", "plc-us5000mix_pwr-1", 1, false, false},
    {"pylontech.us5000", "bat 1", "plc-us5000mix_bat-1", 1, false, false},
    {"pylontech.us5000", "info 1", "plc-us5000mix_info-1", 1, false, false},
    {"pylontech.us5000", "stat 1", "plc-us5000mix_stat-1", 1, false, false},
    {"pylontech.us5000", "soh 1", "plc-us5000mix_soh-1", 1, false, false},
    {"pylontech.us5000", "log", "plc-us5000mix_log", 1, false, false},
    {"pytes.e-box-48100v", "pwr", "plc-pytes48100v_pwr", 1, false, false},
    {"pytes.e-box-48100v", "pwr 1", "plc-pytes48100v_pwr-1", 1, false, false},
    {"pytes.e-box-48100v", "bat", "plc-pytes48100v_bat", 1, false, false},
    {"pytes.e-box-48100v", "info 1", "plc-pytes48100v_info-1", 1, false, false},
    {"pytes.e-box-48100v", "soh", "plc-pytes48100v_soh", 1, false, false},
    {"pytes.e-box-48100v", "stat", "plc-pytes48100v_stat", 1, false, false},
    {"pytes.e-box-48100v", "stat 1", "plc-pytes48100v_stat-1", 1, false, false},
    {"pytes.e-box-48100v", "ver", "plc-pytes48100v_ver", 1, false, false},
    {"pytes.e-box-48100v", "time", "plc-pytes48100v_time", 1, false, false},
    {"pytes.e-box-48100v", "help", "plc-pytes48100v_help", 1, false, false},
};

/* The next line that says something: no empty lines, no '@', prompts, pager, provenance or notes.
 */
static bool next_line(struct span *rest, struct span *ret)
{
    while (pylon_body_line(rest, ret)) {
        struct span line = span_trim(*ret);
        size_t angle = span_find_byte(line, 1, '>'); /* one capture has ">pylon_debug>" */
        bool prompt = angle < line.n && angle < 14;
        if (line.n > 0 && line.p[0] != '#' && !span_eq_str(line, "@") && !prompt)
            return true;
    }
    return false;
}

static bool has_digit(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    }
    return false;
}

/* What must agree: the label of a labelled line, the whole of a line without numbers. */
static struct span key_of(struct span line)
{
    size_t colon = span_find(line, 0, SPAN_LIT(": "));
    if (colon == line.n && span_ends(line, ":"))
        colon = line.n - 1;
    if (colon < line.n)
        return span_trim(span_sub(line, 0, colon));
    return has_digit(line) ? SPAN_LIT("(numbers)") : span_trim(line);
}

/* The capture behind the line with the command, without its completion line and what follows. */
static struct span answer_of(struct span text, const char *command)
{
    char echo[40];
    struct buf b = buf_of(echo, sizeof echo);
    size_t end = span_find(text, 0, SPAN_LIT("Command completed"));
    size_t at;

    text = span_sub(text, 0, end);
    buf_str(&b, command);
    buf_str(&b, "\n");
    at = span_find(text, 0, buf_span(&b));
    return at < text.n ? span_sub(text, at + b.n, text.n) : text;
}

static void compare(const struct pair *p, struct span said, struct span capture)
{
    struct span a, b;
    unsigned line = 0;
    bool more_a, more_b;

    do {
        more_a = next_line(&said, &a);
        more_b = next_line(&capture, &b);
        line++;
        if (more_a != more_b) {
            TESTING_FAIL("%s: line %u: only %s has '%.*s'", p->capture, line,
                         more_a ? "the simulation" : "the capture", (int)(more_a ? a.n : b.n),
                         (const char *)(more_a ? a.p : b.p));
            return;
        }
        if (more_a && !span_eq(key_of(a), key_of(b))) {
            TESTING_FAIL("%s: line %u: '%.*s', captured '%.*s'", p->capture, line, (int)a.n,
                         (const char *)a.p, (int)b.n, (const char *)b.p);
            return;
        }
    } while (more_a);
}

static void test_captures(void)
{
    const char *shared = testing_shared();
    struct sim_config config;

    if (shared == NULL) {
        testing_skip("the captures are not here (BMSRIG_SHARED)");
        return;
    }
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct pair *p = &pairs[i];
        struct bench b;
        char path[512], typed[40];
        snprintf(path, sizeof path, "%s/captures/pylontech-console/%s.txt", shared, p->capture);
        snprintf(typed, sizeof typed, "%s\r", p->command);
        sim_config_init(&config);
        console_knobs(&config)->debug = p->debug;
        console_knobs(&config)->pager = false;
        bench_open_with(&b, &config);
        for (unsigned n = 1; n <= p->modules; n++)
            bench_module(&b, n, p->product, 3300, p->discharging ? -4000 : 4000, 250, 500);
        struct span capture = testing_read_file(path);
        CU_ASSERT_PTR_NOT_NULL_FATAL(capture.p);
        bench_type(&b, typed);
        struct span answer = span_sub(buf_span(&b.said), strlen(typed) + 1, b.said.n);
        compare(p, answer_of(answer, p->command), answer_of(capture, p->command));
        bench_close(&b);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"line by line as captured", test_captures}, {0}};
    return testing_main(argc, argv, "console beside the captures", cases);
}
