/* SPDX-License-Identifier: Apache-2.0
 *
 * The session: the reader on a stream that is cut anywhere and dirty, the split of an answer, the
 * frame around the answers.
 */
#include <string.h>

#include "proto/pylon_console/pylon_console.h"
#include "proto/pylon_console/test_fixtures.h"
#include "testing/testing.h"

enum { ROOM = 4096 };

static struct pylon_reader *fresh(bool expect_text)
{
    static uint8_t memory[ROOM];
    static struct pylon_reader reader;

    pylon_reader_init(&reader, memory, sizeof memory);
    if (expect_text)
        pylon_reader_expect_text(&reader);
    return &reader;
}

/* Feeds all of `in`; the answers of pagers are not part of the stream. */
static enum pylon_read feed(struct pylon_reader *r, struct span in, size_t *ret_used)
{
    enum pylon_read got = PYLON_READ_MORE;
    size_t used;

    *ret_used = 0;
    while (*ret_used < in.n && got != PYLON_READ_DONE) {
        got = pylon_reader_feed(r, span_sub(in, *ret_used, in.n), &used);
        *ret_used += used;
    }
    return got;
}

static struct pylon_answer answer_of(struct span wire, const char *command, enum err want)
{
    struct pylon_reader *r = fresh(command[0] != '\0');
    struct pylon_answer a = {.status = PYLON_NO_COMPLETION};
    size_t used;

    CU_ASSERT_EQUAL(feed(r, wire, &used), PYLON_READ_DONE);
    struct decoded d = pylon_reader_answer(r, span_str(command), &a);
    if (d.code != want)
        TESTING_FAIL("%s, not %s", err_text(d.code), err_text(want));
    return a;
}

static struct span wire_of(const char *fixture)
{
    return fixture_find(fixture)->wire;
}

/* ---- the reader ---- */

static void test_prompts(void)
{
    static const struct {
        const char *text;
        bool prompt;
    } cases[] = {
        {"\n\rpylon>", true},
        {"\n\rpylon_debug>", true},
        {"\r\nPYTES>", true},
        {"\nPYTES_debug>", true},
        {"pylon>", true},
        {"\n\rSomeNewName>", true},
        {"\n\r>pylon_debug>", true},      /* captured */
        {"\n\rpylo_dbu>", true},          /* captured */
        {"\n\r\xFE\xFF\x01pylon>", true}, /* noise while idle */
        {"$$pylon>", true},               /* line end lost */
        {"\n\r>", false},
        {"\n\r pylon>", false},
        {"\n\r12>", false},
        {"\n\r_pylon>", false},
        {"\n\rpylon_debug_x>", false},
        {"\n\rBarcode             : <REDACTED>", false},
        {"\n\rlogin <password>", false},
        {"\n\r Info    : pylon>", false},
        {"\n\r /[hwsleep][<on/off>", false},
        {"\n\ra name that is far too long and has words>", false},
        {"\n\rnamesarenotlongerthantwentyfourletters>", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t used;
        enum pylon_read got = feed(fresh(false), span_str(cases[i].text), &used);
        if ((got == PYLON_READ_DONE) != cases[i].prompt)
            TESTING_FAIL("case %zu", i);
    }
}

static void test_stops_at_the_prompt(void)
{
    struct pylon_reader *r = fresh(true);
    struct span in = SPAN_LIT("bat 1\n\r@\r\r\nCommand failed\r\n\r$$\r\n\rpylon>bat 2\n\r@");
    struct pylon_answer a;
    size_t used;

    CU_ASSERT_EQUAL(pylon_reader_feed(r, in, &used), PYLON_READ_DONE);
    CU_ASSERT_TRUE(span_eq_str(span_sub(in, used, in.n), "bat 2\n\r@"));
    CU_ASSERT_EQUAL(pylon_reader_answer(r, SPAN_LIT("bat 1"), &a).code, ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_FAILED);
    CU_ASSERT_TRUE(span_eq_str(a.body, "Command failed"));
}

/* S31: with CR LF as Enter an empty line follows each command; its prompt is nobody's answer. */
static void test_stray_prompts(void)
{
    struct pylon_reader *r = fresh(false);
    struct pylon_answer a;
    size_t used;

    CU_ASSERT_EQUAL(feed(r, SPAN_LIT("\n\rpylon>"), &used), PYLON_READ_DONE);
    CU_ASSERT_EQUAL(pylon_reader_answer(r, SPAN_LIT("pwr"), &a).code, ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_EMPTY);
    CU_ASSERT_FALSE(a.echo_ok);
    CU_ASSERT_EQUAL(pylon_reader_answer(r, SPAN_LIT(""), &a).code, ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_EMPTY);
    CU_ASSERT_TRUE(a.echo_ok);

    a = answer_of(
        SPAN_LIT("\n\rpylon>\n\r\xFF\xFEpylon>stat 2\n\r@\r\r\nTarget device is not present"
                 "\r\n\r$$\r\n\rpylon>"),
        "stat 2", ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_NOT_PRESENT);
}

static void test_pager(void)
{
    struct pylon_reader *r = fresh(true);
    struct span in = wire_of("log_");
    struct pylon_answer a;
    struct span rest, line;
    size_t used, lines = 0;

    CU_ASSERT_EQUAL(pylon_reader_feed(r, in, &used), PYLON_READ_PAGER);
    CU_ASSERT_TRUE(span_ends(span_sub(in, 0, used), "to be continued,other key to exit"));
    /* S33: the same pager line asks only once */
    in = span_sub(in, used, in.n);
    CU_ASSERT_EQUAL(pylon_reader_feed(r, in, &used), PYLON_READ_DONE);
    CU_ASSERT_EQUAL(used, in.n);
    CU_ASSERT_EQUAL(pylon_reader_answer(r, SPAN_LIT("log"), &a).code, ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_OK);
    for (rest = a.body; pylon_body_line(&rest, &line); lines++) {
        CU_ASSERT_TRUE(span_starts(line, " "));
        CU_ASSERT_FALSE(span_ends(line, " "));
    }
    CU_ASSERT_EQUAL(lines, 4 * 5);
}

static void test_pager_of_another_wording(void)
{
    struct pylon_reader *r = fresh(true);
    struct span in = SPAN_LIT("help\n\rPress [Enter] to go on\r");
    size_t used;

    CU_ASSERT_EQUAL(pylon_reader_feed(r, in, &used), PYLON_READ_PAGER);
    CU_ASSERT_EQUAL(used, in.n);
    CU_ASSERT_EQUAL(pylon_reader_feed(r, SPAN_LIT("\r\r"), &used), PYLON_READ_MORE);
}

static void test_overflow(void)
{
    uint8_t memory[256];
    struct pylon_reader r;
    struct pylon_answer a;
    size_t used;

    pylon_reader_init(&r, memory, sizeof memory);
    pylon_reader_expect_text(&r);
    CU_ASSERT_EQUAL(feed(&r, wire_of("p1"), &used), PYLON_READ_DONE);
    CU_ASSERT_EQUAL(used, wire_of("p1").n);
    CU_ASSERT_TRUE(r.overflow);
    CU_ASSERT_EQUAL(pylon_reader_answer(&r, SPAN_LIT("pwr"), &a).code, ERR_SPACE);
    CU_ASSERT_EQUAL(pylon_answer_split(span_of(r.text, r.n), SPAN_LIT("pwr"), &a).code,
                    ERR_INCOMPLETE);
    /* the next answer is read as if nothing had been */
    pylon_reader_reset(&r);
    CU_ASSERT_EQUAL(feed(&r, wire_of("failed"), &used), PYLON_READ_DONE);
    CU_ASSERT_EQUAL(pylon_reader_answer(&r, SPAN_LIT("bat 9"), &a).code, ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_FAILED);
}

/* Whatever the size of the buffer and of garbage without end, the prompt behind it is found. */
static void test_overflow_everywhere(void)
{
    uint8_t memory[400], garbage[1000];
    size_t used;

    memset(garbage, 'x', sizeof garbage);
    for (size_t cap = 256; cap < sizeof memory; cap += 13) {
        for (size_t n = 200; n < sizeof garbage; n += 37) {
            struct pylon_reader r;
            pylon_reader_init(&r, memory, cap);
            CU_ASSERT_EQUAL(feed(&r, span_of(garbage, n), &used), PYLON_READ_MORE);
            CU_ASSERT_EQUAL(feed(&r, SPAN_LIT("\n\rpylon_debug>"), &used), PYLON_READ_DONE);
            CU_ASSERT_EQUAL(r.overflow, n + 14 > cap);
        }
    }
}

/* ---- the split ---- */

static void test_statuses(void)
{
    CU_ASSERT_EQUAL(answer_of(wire_of("unknown"), "totalcoul", ERR_OK).status, PYLON_UNKNOWN);
    CU_ASSERT_EQUAL(answer_of(wire_of("invalid"), "stat 1", ERR_OK).status, PYLON_INVALID);
    CU_ASSERT_EQUAL(answer_of(wire_of("not_present"), "stat 2", ERR_OK).status, PYLON_NOT_PRESENT);
    CU_ASSERT_EQUAL(answer_of(wire_of("failed"), "bat 9", ERR_OK).status, PYLON_FAILED);
    CU_ASSERT_EQUAL(answer_of(wire_of("p1"), "pwr", ERR_OK).status, PYLON_OK);
    CU_ASSERT_EQUAL(answer_of(wire_of("help"), "help", ERR_OK).status, PYLON_OK);
    CU_ASSERT_EQUAL(
        answer_of(
            SPAN_LIT("bmuinfo 3\n\r@\r\n\rCommand completed unccessfully\r\n\r$$\r\n\rpylon>"),
            "bmuinfo 3", ERR_OK)
            .status,
        PYLON_FAILED);
    CU_ASSERT_EQUAL(
        answer_of(SPAN_LIT("pwr\n\r@\r\r\nPower Volt\r\n\rpylon>"), "pwr", ERR_OK).status,
        PYLON_NO_COMPLETION);
}

/* S37: an error is an error in any letter case; the body is its text. */
static void test_letter_case(void)
{
    struct pylon_answer a =
        answer_of(SPAN_LIT("xyz\n\r@\r\r\nUNKNOWN COMMAND 'xyz' - Try 'Help'\r\n\r$$\r\n\rpylon>"),
                  "xyz", ERR_OK);

    CU_ASSERT_EQUAL(a.status, PYLON_UNKNOWN);
    CU_ASSERT_TRUE(span_eq_str(a.body, "UNKNOWN COMMAND 'xyz' - Try 'Help'"));
    a = answer_of(
        SPAN_LIT("login x\n\r@\r\n\rQuit current mode\r\n\rInvalid command or fail to excute."
                 "\r\n\rUsage:\r\n\rLogin Admin mode\r\n\r$$\r\n\rpylon_debug>"),
        "login x", ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_INVALID);
    CU_ASSERT_TRUE(a.debug_mode);
}

/* S26, S27: the mode belongs to the battery and may change at any time. */
static void test_modes(void)
{
    struct pylon_answer a = answer_of(wire_of("login"), "login debug", ERR_OK);

    CU_ASSERT_EQUAL(a.status, PYLON_OK);
    CU_ASSERT_TRUE(a.debug_mode);
    CU_ASSERT_TRUE(span_eq_str(a.prompt, "pylon_debug>"));
    CU_ASSERT_EQUAL(a.body.n, 0);
    a = answer_of(wire_of("logout"), "logout", ERR_OK);
    CU_ASSERT_FALSE(a.debug_mode);
    CU_ASSERT_TRUE(span_eq_str(a.prompt, "pylon>"));
    a = answer_of(wire_of("b1n"), "bat 1", ERR_OK);
    CU_ASSERT_TRUE(span_eq_str(a.prompt, "PYTES>"));
}

/* S24: an exclamation mark, an empty line behind '@', no '@', no "$$", other line ends. */
static void test_frames(void)
{
    static const char *const frames[] = {
        "stat\n\r@\r\r\nX 1\r\n\rCommand completed successfully!\r\n\r$$\r\n\rpylon>",
        "stat\n\r@\r\r\n\r\r\nX 1\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>",
        "stat\n\rX 1\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>",
        "stat\n@\nX 1\nCommand completed successfully\npylon>",
        "stat\n@\nX 1\nCommand completed successfully\n$\npylon>",
        "stat\r@\rX 1\rCommand completed successfully\r$$pylon>",
        " stat \n@\nX 1\nCommand completed successfully \n$$\npylon>",
        "stat\nstat\n@\nX 1\nCommand completed successfully\n$$\npylon>",
    };

    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct pylon_answer a = answer_of(span_str(frames[i]), "stat", ERR_OK);
        if (a.status != PYLON_OK || !span_eq_str(a.body, "X 1"))
            TESTING_FAIL("frame %zu", i);
    }
}

/* S28, S44: what stands before the echo is nobody's; noise is not part of a command. */
static void test_garbage_before_the_echo(void)
{
    struct pylon_answer a =
        answer_of(SPAN_LIT("\x80\xFF\x01 50 4 x\r\n\xFF\xFEpwr\n\r@\r\r\nY\r\n\rCommand completed "
                           "successfully\r\n\r$$\r\n\rpylon>"),
                  "pwr", ERR_OK);

    CU_ASSERT_EQUAL(a.status, PYLON_OK);
    CU_ASSERT_TRUE(span_eq_str(a.body, "Y"));
    /* the console itself got the garbage: its echo is not our command */
    answer_of(SPAN_LIT("~2001pwr\n\r@\r\r\nUnknown command '~2001pwr' - try 'help'\r\n\r$$\r\n\r"
                       "pylon>"),
              "pwr", ERR_MISMATCH);
}

/* S42: the answer to an earlier question, whole or only its end. */
static void test_late_answers(void)
{
    answer_of(wire_of("b3"), "bat 2", ERR_MISMATCH);
    answer_of(SPAN_LIT("3380   Normal\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>"),
              "pwr", ERR_MISMATCH);
    answer_of(SPAN_LIT("@\r\r\nX\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>"), "pwr",
              ERR_MISMATCH);
    /* its prompt was lost and ours follows: the last echo counts */
    struct pylon_answer a =
        answer_of(SPAN_LIT("bat 1\n\r@\r\r\nold\r\n\rbat 2\n\r@\r\r\nnew\r\n\rCommand completed "
                           "successfully\r\n\r$$\r\n\rpylon>"),
                  "bat 2", ERR_OK);
    CU_ASSERT_TRUE(span_eq_str(a.body, "new"));
}

/* With an empty command nothing is asked of the echo: whatever is in the pipe is drained. */
static void test_drain(void)
{
    struct pylon_answer a = answer_of(wire_of("failed"), "", ERR_OK);

    CU_ASSERT_EQUAL(a.status, PYLON_FAILED);
    CU_ASSERT_FALSE(a.echo_ok);
    a = answer_of(SPAN_LIT("\n\r\x80\x81pylon>"), "", ERR_OK);
    CU_ASSERT_EQUAL(a.status, PYLON_EMPTY);
}

static void test_no_prompt(void)
{
    struct pylon_answer a;
    struct span text = SPAN_LIT("pwr\n\r@\r\r\nCommand completed successfully\r\n\r$$\r\n\r");
    struct decoded d = pylon_answer_split(text, SPAN_LIT("pwr"), &a);

    CU_ASSERT_EQUAL(d.code, ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(d.offset, text.n);
    CU_ASSERT_EQUAL(pylon_answer_split(SPAN_LIT(""), SPAN_LIT("pwr"), &a).code, ERR_INCOMPLETE);
}

/* ---- the frame on the wire ---- */

static struct buf out_of(void)
{
    static uint8_t memory[512];
    return buf_of(memory, sizeof memory);
}

static void test_begin_and_end(void)
{
    struct pylon_text_style style = {
        .prompt = "PYTES>", .exclamation = true, .blank_after_at = true};
    struct buf out = out_of();

    CU_ASSERT_EQUAL(pylon_text_begin(NULL, PYLON_SEP_T, &out), ERR_OK);
    buf_str(&out, "x");
    CU_ASSERT_EQUAL(pylon_text_end(NULL, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out),
                     SPAN_LIT("@\r\r\nx\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>"));
    buf_clear(&out);
    pylon_text_begin(&style, PYLON_SEP_T, &out);
    buf_str(&out, "x");
    pylon_text_end(&style, &out);
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT("@\r\r\n\r\r\nx\r\n\rCommand completed "
                                              "successfully!\r\n\r$$\r\n\rPYTES>"));
    style.no_at = true;
    buf_clear(&out);
    pylon_text_begin(&style, PYLON_SEP_K, &out);
    CU_ASSERT_EQUAL(out.n, 0);
    /* login, logout: an answer without lines */
    buf_clear(&out);
    buf_str(&out, "logout\n\r");
    pylon_text_begin(NULL, PYLON_SEP_K, &out);
    pylon_text_end(NULL, &out);
    TESTING_BYTES_EQ(buf_span(&out), wire_of("logout"));
}

static void test_errors_on_the_wire(void)
{
    static const struct {
        const char *fixture, *command, *prompt, *word, *usage;
        enum pylon_status status;
    } cases[] = {
        {"unknown", "totalcoul", "pylon_debug>", "totalcoul", NULL, PYLON_UNKNOWN},
        {"invalid", "stat 1", "PYTES>", "stat", "Statistic data show - stat", PYLON_INVALID},
        {"not_present", "stat 2", NULL, "stat", NULL, PYLON_NOT_PRESENT},
        {"failed", "bat 9", NULL, "bat", NULL, PYLON_FAILED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = out_of();
        struct pylon_text_style style = {.prompt = cases[i].prompt};
        buf_printf(&out, "%s\n\r", cases[i].command);
        CU_ASSERT_EQUAL(pylon_text_error(&style, cases[i].status, span_str(cases[i].word),
                                         cases[i].usage, &out),
                        ERR_OK);
        TESTING_BYTES_EQ(buf_span(&out), wire_of(cases[i].fixture));
    }

    struct buf out = out_of();
    struct pylon_text_style style = {.exclamation = true};
    CU_ASSERT_EQUAL(pylon_text_error(&style, PYLON_INVALID, SPAN_LIT("stat"), NULL, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out),
                     SPAN_LIT("@\r\n\rInvalid command or fail to excute!\r\n\r$$\r\n\rpylon>"));
    buf_clear(&out);
    CU_ASSERT_EQUAL(pylon_text_error(NULL, PYLON_EMPTY, SPAN_LIT(""), NULL, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), SPAN_LIT("pylon>"));
    CU_ASSERT_EQUAL(pylon_text_error(NULL, PYLON_OK, SPAN_LIT(""), NULL, &out), ERR_USAGE);
    CU_ASSERT_EQUAL(pylon_text_error(NULL, PYLON_NO_COMPLETION, SPAN_LIT(""), NULL, &out),
                    ERR_USAGE);
}

static void test_no_room(void)
{
    uint8_t memory[128];

    for (size_t cap = 0; cap < sizeof memory; cap++) {
        struct buf out = buf_of(memory, cap);
        if (pylon_text_begin(NULL, PYLON_SEP_T, &out) != ERR_OK)
            CU_ASSERT_EQUAL(out.n, 0);
        out = buf_of(memory, cap);
        if (pylon_text_end(NULL, &out) != ERR_OK)
            CU_ASSERT_EQUAL(out.n, 0);
        out = buf_of(memory, cap);
        if (pylon_text_error(NULL, PYLON_UNKNOWN, SPAN_LIT("x"), NULL, &out) != ERR_OK)
            CU_ASSERT_EQUAL(out.n, 0);
    }
}

static void test_fixed_texts(void)
{
    /* specification 1.1: the check sum of these characters is FCC3 */
    static const uint8_t wakeup[] = {0x7E, 0x32, 0x30, 0x30, 0x31, 0x34, 0x36, 0x38,
                                     0x32, 0x43, 0x30, 0x30, 0x34, 0x38, 0x35, 0x32,
                                     0x30, 0x46, 0x43, 0x43, 0x33, 0x0D};
    TESTING_BYTES_EQ(pylon_wakeup_frame, span_of(wakeup, sizeof wakeup));
    CU_ASSERT_EQUAL(pylon_pager_resume.n, 1 + 50 + 2);
    CU_ASSERT_EQUAL(span_trim(pylon_pager_resume).n, 0);
    TESTING_BYTES_EQ(pylon_pager_prompt,
                     SPAN_LIT("\n\rPress [Enter] to be continued,other key to exit\r"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"what is a prompt", test_prompts},
        {"the reader stops at the prompt", test_stops_at_the_prompt},
        {"S31: stray prompts", test_stray_prompts},
        {"S32 S33: the pager asks once", test_pager},
        {"S32: a pager of another wording", test_pager_of_another_wording},
        {"overflow and the answer after it", test_overflow},
        {"overflow at every size", test_overflow_everywhere},
        {"what the console says about a command", test_statuses},
        {"S37: errors in any letter case", test_letter_case},
        {"S26 S27: modes and prompts", test_modes},
        {"S24: frames of other firmware", test_frames},
        {"S28 S44: garbage before the echo", test_garbage_before_the_echo},
        {"S42: late answers", test_late_answers},
        {"draining with an empty command", test_drain},
        {"S41: no prompt", test_no_prompt},
        {"begin and end on the wire", test_begin_and_end},
        {"error replies on the wire", test_errors_on_the_wire},
        {"the frame takes everything back when it does not fit", test_no_room},
        {"wake-up frame and pager texts", test_fixed_texts},
        {0},
    };
    return testing_main(argc, argv, "pylon_session", cases);
}
