/* SPDX-License-Identifier: Apache-2.0
 *
 * The lexer, the cursor and the error messages. Expected token lists and messages are written by
 * hand from the description in conf.h and the scenario format.
 */
#include "base/conf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testing/testing.h"

static struct conf_file *parse(const char *text)
{
    struct conf_file *file = NULL;
    CU_ASSERT_EQUAL_FATAL(conf_parse("t.scn", span_str(text), &file), ERR_OK);
    return file;
}

/* What conf_print_errors writes must be exactly `want`. */
static void expect_errors(struct conf_file *file, const char *want)
{
    char *got = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&got, &n);

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    conf_print_errors(file, out);
    fclose(out);
    if (strcmp(got, want) != 0)
        TESTING_FAIL("errors are\n%swant\n%s", got, want);
    else
        CU_ASSERT_TRUE(true);
    free(got);
}

/* ---- tokens ---- */

/* Writes the first line's tokens as kind letter, ':' and text, apart from each other by a blank, or
 * by '|' when they are glued. */
static void expect_tokens(const char *text, const char *want)
{
    static const char letters[] = "wnsp";
    struct conf_file *file = parse(text);
    char got[512];
    struct buf out = buf_of(got, sizeof got - 1);

    for (size_t i = 0; file->n_lines > 0 && i < file->lines[0].n; i++) {
        const struct conf_token *t = &file->lines[0].tokens[i];
        if (i > 0)
            buf_u8(&out, t->glued ? '|' : ' ');
        buf_u8(&out, (uint8_t)letters[t->kind]);
        buf_u8(&out, ':');
        buf_put(&out, t->text);
    }
    got[out.n] = '\0';
    if (strcmp(got, want) != 0)
        TESTING_FAIL("tokens of '%s' are '%s', want '%s'", text, got, want);
    else
        CU_ASSERT_TRUE(true);
    CU_ASSERT_EQUAL(file->n_errors, 0);
    conf_delete(file);
}

static void test_words(void)
{
    expect_tokens("port /dev/ttyUSB0", "w:port w:/dev/ttyUSB0");
    expect_tokens("source pylontech-console", "w:source w:pylontech-console");
    expect_tokens("dialect pylon-1.2", "w:dialect w:pylon-1.2");
    expect_tokens("broker mqtts://cerbo.local:8883", "w:broker w:mqtts://cerbo.local:8883");
    expect_tokens("victron N/bms/battery form nested", "w:victron w:N/bms/battery w:form w:nested");
    expect_tokens("topic N/+/battery", "w:topic w:N/+/battery");
    expect_tokens("ca ~/certs/ca.pem", "w:ca w:~/certs/ca.pem");
    expect_tokens("tty {tty} user@host tcp:4000", "w:tty w:{tty} w:user@host w:tcp:4000");
    expect_tokens("model pylontech.us3000c # 15 cells", "w:model w:pylontech.us3000c");
    expect_tokens("ca /etc/bms-bridge/ca.pem", "w:ca w:/etc/bms-bridge/ca.pem");
}

static void test_where_words_end(void)
{
    expect_tokens("a..b", "w:a|p:..|w:b");
    expect_tokens("x->y x -> y", "w:x|p:->|w:y w:x p:-> w:y");
    expect_tokens("a- b. c+ d:", "w:a|p:- w:b|p:. w:c|p:+ w:d|p::");
    expect_tokens("key: value", "w:key|p:: w:value");
    expect_tokens("a:-1", "w:a|p::|n:-1");
    expect_tokens("can.ccl ~ json.x", "w:can.ccl p:~ w:json.x");
    expect_tokens("a,b;c", "w:a|p:,|w:b|p:;|w:c");
    expect_tokens("word#comment", "w:word");
}

static void test_numbers(void)
{
    expect_tokens("97.0 % +37.0 A -5 0x351 0", "n:97.0 p:% n:+37.0 w:A n:-5 n:0x351 n:0");
    expect_tokens("200ms 1.5h", "n:200|w:ms n:1.5|w:h");
    expect_tokens("@3s..12s", "p:@|n:3|w:s|p:..|n:12|w:s");
    expect_tokens("3..12 3.", "n:3|p:..|n:12 n:3|p:.");
    expect_tokens("0x 0xg 0x1g", "n:0|w:x n:0|w:xg n:0x1|w:g");
    expect_tokens("- + .5 5-3", "p:- p:+ p:.|n:5 n:5|n:-3");
    expect_tokens("tol 25 %: 0x351", "w:tol n:25 p:%|p:: n:0x351");
}

static void test_strings_and_signs(void)
{
    expect_tokens("scenario X-1 \"SOC ramp # to full\"", "w:scenario w:X-1 s:SOC ramp # to full");
    expect_tokens("\"a \\\"b\\\" \\\\ \\n\"", "s:a \\\"b\\\" \\\\ \\n");
    expect_tokens("\"\" \"\xC2\xB0\"", "s: s:\xC2\xB0");
    expect_tokens("<= >= != = < > ! ==", "p:<= p:>= p:!= p:= p:< p:> p:! p:=|p:=");
    expect_tokens("[bms 1]", "p:[|w:bms n:1|p:]");
    expect_tokens("", "");
    expect_tokens("# only a comment \xFF", "");
}

static void test_lines(void)
{
    struct conf_file *file = parse("\xEF\xBB\xBF"
                                   "a 1\r\n\n  # nothing\n\tb  2\nlast");

    CU_ASSERT_EQUAL_FATAL(file->n_lines, 3);
    CU_ASSERT_EQUAL(file->lines[0].number, 1);
    CU_ASSERT_TRUE(span_eq_str(file->lines[0].text, "a 1"));
    CU_ASSERT_EQUAL(file->lines[0].tokens[0].column, 1);
    CU_ASSERT_EQUAL(file->lines[1].number, 4);
    CU_ASSERT_EQUAL(file->lines[1].tokens[0].column, 2);
    CU_ASSERT_EQUAL(file->lines[1].tokens[1].column, 5);
    CU_ASSERT_EQUAL(file->lines[1].tokens[2].kind, CONF_END);
    CU_ASSERT_EQUAL(file->lines[1].tokens[2].column, 6);
    CU_ASSERT_EQUAL(file->lines[2].number, 5);
    CU_ASSERT_EQUAL(file->n_errors, 0);
    conf_delete(file);
    conf_delete(NULL);
}

static void test_lexical_errors(void)
{
    struct conf_file *file = parse("name \"never closed\n"
                                   "temp 25 \xC2\xB0 C\n"
                                   "path \"a\\qb\"\n"
                                   "bell \x07\x07 end\n");

    CU_ASSERT_EQUAL(file->lines[0].n, 2); /* the open string is a token all the same */
    CU_ASSERT_EQUAL(file->lines[1].n, 3);
    expect_errors(file,
                  "t.scn:1:6: error: string without its closing quote\n"
                  "    name \"never closed\n"
                  "         ^\n"
                  "t.scn:2:9: error: only strings and comments may hold characters outside ASCII\n"
                  "    temp 25 \xC2\xB0 C\n"
                  "            ^\n"
                  "t.scn:3:8: error: unknown escape (known: \\\" \\\\ \\n \\t)\n"
                  "    path \"a\\qb\"\n"
                  "           ^\n"
                  "t.scn:4:6: error: control character\n"
                  "    bell ?? end\n"
                  "         ^\n");
    conf_delete(file);
}

/* ---- messages ---- */

static void test_caret_under_tabs_and_utf8(void)
{
    struct conf_file *file = parse("\tname\t\"\xC3\xBC\" x\n");
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);

    conf_take(&c);
    conf_take(&c);
    CU_ASSERT_FALSE(conf_expect_end(&c));
    expect_errors(file, "t.scn:1:12: error: unexpected 'x'\n"
                        "    \tname\t\"\xC3\xBC\" x\n"
                        "    \t    \t    ^\n");
    conf_delete(file);
}

static void test_errors_are_sorted_and_limited(void)
{
    struct conf_file *file = parse("a\nb\n");

    conf_error_at(file, 2, 1, "second");
    conf_error_at(file, 1, 1, "first");
    conf_error_at(file, 0, 0, "no key '%s'", "broker");
    conf_error_at(file, 2, 0, "the line");
    expect_errors(file, "t.scn: error: no key 'broker'\n"
                        "t.scn:1:1: error: first\n    a\n    ^\n"
                        "t.scn:2: error: the line\n"
                        "t.scn:2:1: error: second\n    b\n    ^\n");
    for (int i = 0; i < 30; i++)
        conf_error_at(file, 2, 1, "again");
    CU_ASSERT_EQUAL(file->n_errors, CONF_MAX_ERRORS);
    CU_ASSERT_EQUAL(file->n_more, 14);
    CU_ASSERT_STRING_EQUAL(file->errors[3].message, "second"); /* equal places keep their order */
    file->n_errors = 1;
    expect_errors(file, "t.scn: error: no key 'broker'\n"
                        "t.scn: 14 more errors\n");
    conf_delete(file);
}

static void test_bom_and_cr_are_not_shown(void)
{
    struct conf_file *file = parse("\xEF\xBB\xBF"
                                   "poll 1 s\r\n");

    conf_error_at(file, 1, 6, "here");
    expect_errors(file, "t.scn:1:6: error: here\n    poll 1 s\n         ^\n");
    conf_delete(file);
}

/* What no value fits into, and lists of known words that no message fits. */
static void test_messages_at_the_limits(void)
{
    static const char *const many[] = {
        "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-1",
        "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-2",
        "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-3",
        NULL,
    };
    struct conf_file *file = parse("0xFFFFFFFFFFFFFFFF\n0x7FFFFFFFFFFFFFFF\n0.0000001 s\nword\n"
                                   ", ,\n\"long \\n text\"\n");
    struct conf_cursor c[6];
    struct quantity q;
    int64_t n = 0;
    size_t at = 0;
    char text[4];

    for (size_t i = 0; i < 6; i++)
        c[i] = conf_cursor_of(file, &file->lines[i]);
    CU_ASSERT_FALSE(conf_take_int(&c[0], "an id", 0, 9, &n));
    CU_ASSERT_FALSE(conf_take_quantity(&c[1], DIM_NONE, &q));
    CU_ASSERT_FALSE(conf_take_any_quantity(&c[2], &q));
    CU_ASSERT_FALSE(conf_take_known(&c[3], "word", many, &at));
    CU_ASSERT_FALSE(conf_take_any_quantity(&c[4], &q));
    CU_ASSERT_FALSE(conf_take_quantity(&c[4], DIM_NONE, &q));
    CU_ASSERT_FALSE(conf_take_int(&c[4], "an id", 0, 9, &n));
    CU_ASSERT_FALSE(conf_take_text(&c[5], "a name", text, sizeof text));
    static const char *const want[] = {
        "expected an id from 0 to 9, found '0xFFFFFFFFFFFFFFFF'",
        "'0x7FFFFFFFFFFFFFFF' is too large or finer than a millionth",
        "'0.0000001' is too large or finer than a millionth s",
        ("unknown word 'word' (known: abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-1, "
         "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-2, ...)"),
        "expected a number, found ','",
        "expected a number, found ','",
        "expected an id, found ','",
        "a name may be 3 bytes long, not more",
    };
    CU_ASSERT_EQUAL_FATAL(file->n_errors, 8);
    for (size_t i = 0; i < 8; i++)
        CU_ASSERT_STRING_EQUAL(file->errors[i].message, want[i]);
    conf_delete(file);
}

static void test_long_messages_are_cut(void)
{
    struct conf_file *file = parse("a\n");
    char text[400];

    memset(text, 'm', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    conf_error_at(file, 1, 1, "%s", text);
    size_t n = strlen(file->errors[0].message);
    CU_ASSERT_EQUAL(n, sizeof file->errors[0].message - 1);
    CU_ASSERT_STRING_EQUAL(file->errors[0].message + n - 4, "m...");
    conf_delete(file);
}

/* ---- cursor ---- */

/* One statement of the scenario language, read as its parser would. */
static void test_cursor_reads_a_statement(void)
{
    static const char *const verbs[] = {"set", "ramp", "unplug", "plug", NULL};
    struct conf_file *file =
        parse("@10s bms 1 ramp soc 97.0 % -> 100.0 % over 10 s as full \"a\\tb\"\n");
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    struct quantity q = {0};
    struct span word = {0};
    int64_t n = 0;
    size_t verb = 99;
    char text[8];

    CU_ASSERT_TRUE(conf_expect(&c, "@"));
    CU_ASSERT_TRUE(conf_take_quantity(&c, DIM_TIME, &q));
    CU_ASSERT_EQUAL(q.micro, 10000000);
    CU_ASSERT_EQUAL(q.dim, DIM_TIME);
    CU_ASSERT_FALSE(conf_accept(&c, ".."));
    CU_ASSERT_TRUE(conf_accept(&c, "bms"));
    CU_ASSERT_TRUE(conf_take_int(&c, "a bms number", 1, 16, &n));
    CU_ASSERT_EQUAL(n, 1);
    CU_ASSERT_TRUE(conf_take_known(&c, "verb", verbs, &verb));
    CU_ASSERT_EQUAL(verb, 1);
    CU_ASSERT_TRUE(conf_take_word(&c, "a path", &word));
    CU_ASSERT_TRUE(span_eq_str(word, "soc"));
    CU_ASSERT_TRUE(conf_take_any_quantity(&c, &q));
    CU_ASSERT_EQUAL(q.micro, 97000000);
    CU_ASSERT_EQUAL(q.dim, DIM_RATIO);
    CU_ASSERT_TRUE(conf_expect(&c, "->"));
    CU_ASSERT_TRUE(conf_take_quantity(&c, DIM_RATIO, &q));
    CU_ASSERT_TRUE(conf_expect(&c, "over"));
    CU_ASSERT_TRUE(conf_take_quantity(&c, DIM_TIME, &q));
    CU_ASSERT_TRUE(conf_accept(&c, "as"));
    CU_ASSERT_TRUE(conf_take_text(&c, "a name", text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "full");
    CU_ASSERT_FALSE(conf_at_end(&c));
    CU_ASSERT_FALSE(conf_accept(&c, "a\\tb")); /* a string is no word */
    CU_ASSERT_TRUE(conf_take_text(&c, "a name", text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "a\tb");
    CU_ASSERT_TRUE(conf_at_end(&c));
    CU_ASSERT_EQUAL(conf_take(&c)->kind, CONF_END);
    CU_ASSERT_EQUAL(conf_take(&c)->kind, CONF_END);
    CU_ASSERT_TRUE(conf_expect_end(&c));
    CU_ASSERT_EQUAL(file->n_errors, 0);
    conf_delete(file);
}

static void test_sections(void)
{
    struct conf_file *file = parse("[bms 2]\nsoc 5 %\n");
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    int64_t n = 0;

    CU_ASSERT_TRUE(conf_is_section(&file->lines[0]));
    CU_ASSERT_FALSE(conf_is_section(&file->lines[1]));
    CU_ASSERT_TRUE(conf_accept(&c, "bms"));
    CU_ASSERT_TRUE(conf_take_int(&c, "a number", 1, 16, &n));
    CU_ASSERT_TRUE(conf_expect(&c, "]"));
    CU_ASSERT_TRUE(conf_at_end(&c));
    conf_delete(file);
}

static void test_texts_that_start_with_a_number(void)
{
    struct conf_file *file = parse("192.0.2.7:1883 0042 2026-11-25 7.5, 1\n");
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    char text[16];

    CU_ASSERT_TRUE(conf_take_text(&c, "a host", text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "192.0.2.7:1883");
    CU_ASSERT_TRUE(conf_take_text(&c, "a serial", text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "0042");
    CU_ASSERT_TRUE(conf_take_text(&c, "a date", text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "2026-11-25");
    CU_ASSERT_TRUE(conf_take_text(&c, "a version", text, sizeof text));
    CU_ASSERT_STRING_EQUAL(text, "7.5");
    CU_ASSERT_FALSE(conf_take_text(&c, "a text", text, sizeof text));
    CU_ASSERT_TRUE(conf_expect(&c, ","));
    CU_ASSERT_FALSE(conf_take_text(&c, "an id", text, 1));
    expect_errors(file, "t.scn:1:35: error: expected a text, found ','\n"
                        "    192.0.2.7:1883 0042 2026-11-25 7.5, 1\n"
                        "                                      ^\n"
                        "t.scn:1:37: error: an id may be 0 bytes long, not more\n"
                        "    192.0.2.7:1883 0042 2026-11-25 7.5, 1\n"
                        "                                        ^\n");
    conf_delete(file);
}

/* Each line fails in one reader; the messages name what was expected and point at the culprit. */
static void test_cursor_messages(void)
{
    static const char *const verbs[] = {"set", "ramp", "unplug", "plug", NULL};
    struct conf_file *file = parse("  within 200 of delivered\n"
                                   "limit 5 V\n"
                                   "limit many\n"
                                   "cell 17\n"
                                   "cell 1.5\n"
                                   "ramp soc to\n"
                                   "unplugg\n"
                                   "frobnicate\n"
                                   "5\n"
                                   "within 99999999999999999999 s\n"
                                   "id\n");
    struct quantity q = {.micro = 42};
    int64_t n = 42;
    size_t at = 42;
    struct span word = {0};
    struct conf_cursor c[11];

    for (size_t i = 0; i < 11; i++)
        c[i] = conf_cursor_of(file, &file->lines[i]);
    conf_take(&c[0]);
    CU_ASSERT_FALSE(conf_take_quantity(&c[0], DIM_TIME, &q));
    CU_ASSERT_TRUE(span_eq_str(conf_peek(&c[0])->text, "200")); /* before what it could not read */
    conf_take(&c[1]);
    CU_ASSERT_FALSE(conf_take_quantity(&c[1], DIM_CURRENT, &q));
    conf_take(&c[2]);
    CU_ASSERT_FALSE(conf_take_quantity(&c[2], DIM_CURRENT, &q));
    conf_take(&c[3]);
    CU_ASSERT_FALSE(conf_take_int(&c[3], "a cell number", 1, 16, &n));
    conf_take(&c[4]);
    CU_ASSERT_FALSE(conf_take_int(&c[4], "a cell number", 1, 16, &n));
    conf_take(&c[5]);
    conf_take(&c[5]);
    CU_ASSERT_FALSE(conf_expect(&c[5], "->"));
    CU_ASSERT_FALSE(conf_take_known(&c[6], "verb", verbs, &at));
    CU_ASSERT_FALSE(conf_take_known(&c[7], "verb", verbs, &at));
    CU_ASSERT_FALSE(conf_take_known(&c[8], "verb", verbs, &at));
    conf_take(&c[9]);
    CU_ASSERT_FALSE(conf_take_quantity(&c[9], DIM_TIME, &q));
    conf_take(&c[10]);
    CU_ASSERT_FALSE(conf_take_word(&c[10], "a requirement id", &word));
    CU_ASSERT_TRUE(q.micro == 42 && n == 42 && at == 42 && word.p == NULL);
    expect_errors(
        file, "t.scn:1:14: error: expected a time unit (us, ms, s, min, h, d)\n"
              "      within 200 of delivered\n"
              "                 ^\n"
              "t.scn:2:9: error: expected a current unit (mA, A), found 'V', a unit of voltage\n"
              "    limit 5 V\n"
              "            ^\n"
              "t.scn:3:7: error: expected a current (a number with mA, A), found 'many'\n"
              "    limit many\n"
              "          ^\n"
              "t.scn:4:6: error: expected a cell number from 1 to 16, found '17'\n"
              "    cell 17\n"
              "         ^\n"
              "t.scn:5:6: error: expected a cell number, a whole number, found '1.5'\n"
              "    cell 1.5\n"
              "         ^\n"
              "t.scn:6:10: error: expected '->', found 'to'\n"
              "    ramp soc to\n"
              "             ^\n"
              "t.scn:7:1: error: unknown verb 'unplugg', did you mean 'unplug'? (known: set, ramp, "
              "unplug, "
              "plug)\n"
              "    unplugg\n"
              "    ^\n"
              "t.scn:8:1: error: unknown verb 'frobnicate' (known: set, ramp, unplug, plug)\n"
              "    frobnicate\n"
              "    ^\n"
              "t.scn:9:1: error: expected a verb (known: set, ramp, unplug, plug), found '5'\n"
              "    5\n"
              "    ^\n"
              "t.scn:10:8: error: '99999999999999999999' is too large or finer than a millionth s\n"
              "    within 99999999999999999999 s\n"
              "           ^\n"
              "t.scn:11:3: error: expected a requirement id, found end of line\n"
              "    id\n"
              "      ^\n");
    conf_delete(file);
}

static void test_plain_numbers(void)
{
    struct conf_file *file = parse("5 0x351 -1.5 7 s\n");
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    struct quantity q = {0};
    int64_t n = 0;

    CU_ASSERT_TRUE(conf_take_quantity(&c, DIM_NONE, &q));
    CU_ASSERT_EQUAL(q.micro, 5000000);
    CU_ASSERT_EQUAL(q.dim, DIM_NONE);
    CU_ASSERT_TRUE(conf_take_int(&c, "an id", 0, 0x7FF, &n));
    CU_ASSERT_EQUAL(n, 0x351);
    c.at--;
    CU_ASSERT_TRUE(conf_take_any_quantity(&c, &q));
    CU_ASSERT_EQUAL(q.micro, 849000000);
    CU_ASSERT_TRUE(conf_take_any_quantity(&c, &q));
    CU_ASSERT_EQUAL(q.micro, -1500000);
    CU_ASSERT_EQUAL(q.dim, DIM_NONE);
    CU_ASSERT_TRUE(conf_take_any_quantity(&c, &q));
    CU_ASSERT_EQUAL(q.micro, 7000000);
    CU_ASSERT_EQUAL(q.dim, DIM_TIME);
    CU_ASSERT_TRUE(conf_at_end(&c));
    conf_delete(file);
}

static void test_nearest(void)
{
    static const char *const known[] = {"voltage", "current", "temperature", "soc", NULL};

    CU_ASSERT_STRING_EQUAL(conf_nearest(SPAN_LIT("curent"), known), "current");
    CU_ASSERT_STRING_EQUAL(conf_nearest(SPAN_LIT("votlage"), known), "voltage");
    CU_ASSERT_STRING_EQUAL(conf_nearest(SPAN_LIT("temprature"), known), "temperature");
    CU_ASSERT_STRING_EQUAL(conf_nearest(SPAN_LIT("SOC"), known), "soc");
    CU_ASSERT_PTR_NULL(conf_nearest(SPAN_LIT("can"), known));
    CU_ASSERT_PTR_NULL(conf_nearest(SPAN_LIT("power"), known));
    CU_ASSERT_PTR_NULL(conf_nearest(SPAN_LIT(""), known));
}

/* ---- files ---- */

static void test_load(void)
{
    char path[] = "/tmp/test_conf_XXXXXX";
    struct conf_file *file = NULL;
    int fd = mkstemp(path);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (int i = 0; i < 2000; i++)
        CU_ASSERT_EQUAL(write(fd, "poll 1 s\n", 9), 9);
    close(fd);
    CU_ASSERT_EQUAL_FATAL(conf_load(path, &file), ERR_OK);
    CU_ASSERT_EQUAL(file->n_lines, 2000);
    CU_ASSERT_EQUAL(file->lines[1999].number, 2000);
    CU_ASSERT_TRUE(span_eq_str(file->lines[1999].tokens[0].text, "poll"));
    CU_ASSERT_STRING_EQUAL(file->name, path);
    conf_delete(file);
    unlink(path);
    file = NULL;
    CU_ASSERT_EQUAL(conf_load(path, &file), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(conf_load("/", &file), ERR_IO);
    CU_ASSERT_PTR_NULL(file);
}

static void parse_anything(struct span text)
{
    struct conf_file *file = NULL;

    CU_ASSERT_EQUAL_FATAL(conf_parse("t.scn", text, &file), ERR_OK);
    for (size_t i = 0; i < file->n_lines; i++) {
        const struct conf_line *line = &file->lines[i];
        CU_ASSERT_EQUAL(line->tokens[line->n].kind, CONF_END);
    }
    conf_delete(file);
}

static void on_cut(struct span cut, void *ctx)
{
    (void)ctx;
    parse_anything(cut);
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    parse_anything(flipped);
}

static void test_damaged_text(void)
{
    const struct span text = SPAN_LIT("scenario A-1 \"x \\\"y\\\"\"\n[bms 1]\nsoc 97.0 %\n"
                                      "@3s..12s can every 1 s tol 25 %: 0x351 0x355\n");

    testing_every_truncation(text, on_cut, NULL);
    testing_every_bit_flip(text, on_flip, NULL);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"words", test_words},
        {"where words end", test_where_words_end},
        {"numbers", test_numbers},
        {"strings and signs", test_strings_and_signs},
        {"lines, columns, BOM and CR", test_lines},
        {"lexical errors", test_lexical_errors},
        {"the caret stands right under tabs and UTF-8", test_caret_under_tabs_and_utf8},
        {"errors are sorted and limited", test_errors_are_sorted_and_limited},
        {"BOM and CR are not shown", test_bom_and_cr_are_not_shown},
        {"messages at the limits", test_messages_at_the_limits},
        {"long messages are cut", test_long_messages_are_cut},
        {"the cursor reads a statement", test_cursor_reads_a_statement},
        {"section heads", test_sections},
        {"texts that start with a number", test_texts_that_start_with_a_number},
        {"messages of the cursor", test_cursor_messages},
        {"plain numbers", test_plain_numbers},
        {"the nearest known word", test_nearest},
        {"files", test_load},
        {"damaged text", test_damaged_text},
        {0},
    };
    return testing_main(argc, argv, "conf", cases);
}
