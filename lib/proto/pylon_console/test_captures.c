/* SPDX-License-Identifier: Apache-2.0
 *
 * The captures: every file is read through the reader, split, decoded, encoded again and compared.
 * Captures on the wire must come back byte for byte, the others line by line; the exceptions are in
 * the list with their reasons.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "proto/pylon_console/pylon_battery.h"
#include "proto/pylon_console/test_captures_list.h"
#include "testing/testing.h"

enum { BIG = 65536 };

/* What the whole set adds up to; the numbers are those of the specification for these files. */
struct totals {
    unsigned files, pwr_tables, pwr_rows, absent_rows, bat_tables, cell_rows, kv_lines, log_entries;
    unsigned exact, edited, as_text, refused;
};

struct work {
    const struct capture *c;
    struct totals *sum;
    struct pylon_answer answer;
    struct buf again; /* the body encoded again */
    enum pylon_sep sep;
};

static struct span file_of(const char *name)
{
    char path[512];
    struct buf b = buf_of(path, sizeof path);

    buf_printf(&b, "%s/captures/pylontech-console/%s.txt", testing_shared(), name);
    buf_u8(&b, '\0');
    struct span file = testing_read_file(path);
    size_t line = span_find_byte(file, 0, '\n'); /* the "#!" line is not part of the capture */
    return span_sub(file, line + 1, file.n);
}

/* ---- decode and encode one body ---- */

static struct decoded do_pwr(struct work *w)
{
    struct pylon_pwr table;
    struct decoded d = pylon_pwr_decode(w->answer.body, &table);

    if (d.code != ERR_OK)
        return d;
    w->sum->pwr_tables++;
    for (size_t i = 0; i < table.n; i++) {
        const char *why = "";
        if (!pylon_row_plausible(&table.rows[i], table.layout == PYLON_PY ? 16 : 15, &why))
            TESTING_FAIL("%s row %zu: %s", w->c->name, i + 1, why);
        w->sum->pwr_rows++;
        w->sum->absent_rows += table.rows[i].absent ? 1 : 0;
    }
    CU_ASSERT_EQUAL(pylon_pwr_encode(&table, &w->again), ERR_OK);
    return d;
}

static struct decoded do_bat(struct work *w)
{
    struct pylon_bat table;
    struct decoded d = pylon_bat_decode(w->answer.body, &table);

    if (d.code != ERR_OK)
        return d;
    w->sum->bat_tables++;
    w->sum->cell_rows += (unsigned)table.n;
    CU_ASSERT_EQUAL(pylon_bat_encode(&table, &w->again), ERR_OK);
    return d;
}

static struct decoded view(enum pylon_form_kind kind, const struct pylon_form *form)
{
    struct pylon_module module;
    struct pylon_info info;
    struct pylon_stat stat;
    struct pylon_system system;

    switch (kind) {
    case PYLON_FORM_PWR: return pylon_module_from(form, &module);
    case PYLON_FORM_INFO: return pylon_info_from(form, &info);
    case PYLON_FORM_STAT: return pylon_stat_from(form, &stat);
    case PYLON_FORM_PWRSYS: return pylon_system_from(form, &system);
    }
    return (struct decoded){.code = ERR_UNSUPPORTED};
}

static struct decoded do_form(struct work *w, enum pylon_form_kind kind)
{
    struct pylon_form form;
    struct decoded d = pylon_form_decode(kind, w->answer.body, &form);

    if (d.code != ERR_OK)
        return d;
    for (size_t i = 0; i < form.n; i++) {
        enum pylon_kv_kind k = form.items[i].kind;
        if (k != PYLON_KV_PLAIN && k != PYLON_KV_RULE && k != PYLON_KV_BLANK)
            w->sum->kv_lines++;
    }
    w->sep = kind == PYLON_FORM_INFO ? PYLON_SEP_K : PYLON_SEP_T;
    CU_ASSERT_EQUAL(pylon_form_encode(kind, &form, &w->again), ERR_OK);
    return view(kind, &form);
}

/* An event record: a form without an indent, and a table of cells. */
static struct decoded do_data(struct work *w)
{
    struct span body = w->answer.body;
    size_t table = span_find(body, 0, SPAN_LIT("Battery  Volt"));
    struct work cells = *w;
    struct pylon_form form;
    struct decoded d = pylon_form_decode(PYLON_FORM_INFO, span_sub(body, 0, table), &form);

    if (d.code != ERR_OK)
        return d;
    w->sum->kv_lines += (unsigned)form.n - 2;
    CU_ASSERT_EQUAL(pylon_form_encode(PYLON_FORM_INFO, &form, &w->again), ERR_OK);
    buf_str(&w->again, "\r\n\r");
    cells.again = w->again;
    cells.answer.body = span_sub(body, table, body.n);
    d = do_bat(&cells);
    w->again = cells.again;
    return d;
}

static struct decoded do_soh(struct work *w)
{
    struct pylon_soh soh;
    struct decoded d = pylon_soh_decode(w->answer.body, &soh);

    if (d.code == ERR_OK)
        CU_ASSERT_EQUAL(pylon_soh_encode(&soh, &w->again), ERR_OK);
    return d;
}

static struct decoded do_getpwr(struct work *w)
{
    struct pylon_getpwr g;
    struct decoded d = pylon_getpwr_decode(w->answer.body, &g);

    if (d.code == ERR_OK)
        CU_ASSERT_EQUAL(pylon_getpwr_encode(&g, &w->again), ERR_OK);
    return d;
}

static struct decoded do_time(struct work *w)
{
    struct pylon_time t;
    char chip[16];
    struct decoded d = pylon_time_decode(w->answer.body, chip, &t);

    w->sep = PYLON_SEP_K;
    if (d.code != ERR_OK)
        return d;
    CU_ASSERT_EQUAL(pylon_time_encode(chip, &t, &w->again), ERR_OK);
    if (span_ends(w->answer.body, "Test result:pass")) /* RTC prints a second line */
        buf_str(&w->again, "\r\n\rTest result:pass");
    return d;
}

static struct decoded do_log(struct work *w)
{
    struct span rest = w->answer.body;
    struct span ahead;
    struct pylon_log_entry entry, next;
    struct decoded d = pylon_log_next(&rest, &entry);

    w->sep = PYLON_SEP_K;
    for (size_t nth = 0; d.code == ERR_OK; nth++) {
        ahead = rest;
        d = pylon_log_next(&ahead, &next);
        bool last = d.code == ERR_NOT_FOUND;
        CU_ASSERT_EQUAL(pylon_log_encode(&entry, nth, last, &w->again), ERR_OK);
        if (nth % PYLON_LOG_PER_PAGE == 2) {
            buf_put(&w->again, pylon_pager_prompt);
            buf_put(&w->again, pylon_pager_resume);
        }
        w->sum->log_entries++;
        entry = next;
        rest = ahead;
    }
    return d.code == ERR_NOT_FOUND ? (struct decoded){.code = ERR_OK} : d;
}

static struct decoded do_body(struct work *w)
{
    switch (w->c->kind) {
    case PWR: return do_pwr(w);
    case BAT: return do_bat(w);
    case DATA: return do_data(w);
    case MODULE: return do_form(w, PYLON_FORM_PWR);
    case INFO: return do_form(w, PYLON_FORM_INFO);
    case STAT: return do_form(w, PYLON_FORM_STAT);
    case PWRSYS: return do_form(w, PYLON_FORM_PWRSYS);
    case SOH: return do_soh(w);
    case GETPWR: return do_getpwr(w);
    case TIME: return do_time(w);
    case LOG: return do_log(w);
    case REFUSED: w->sum->refused++; return (struct decoded){.code = ERR_OK};
    case FRAME: w->sep = PYLON_SEP_K; return (struct decoded){.code = ERR_OK};
    }
    return (struct decoded){.code = ERR_UNSUPPORTED};
}

/* ---- compare ---- */

static struct pylon_text_style style_of(const struct work *w, char prompt[32])
{
    struct pylon_text_style style = {.prompt = prompt};

    span_to_str(w->answer.prompt, prompt, 32);
    style.exclamation = span_find(w->answer.body, 0, SPAN_LIT("excute!")) < w->answer.body.n;
    return style;
}

/* The whole answer as a simulator would send it, echo included. */
static void rebuild(struct work *w, bool exclamation, struct buf *out)
{
    char prompt[32], usage[128];
    struct pylon_text_style style = style_of(w, prompt);
    size_t at = span_find(w->answer.body, 0, SPAN_LIT("Usage:"));
    size_t word = span_find_byte(span_str(w->c->command), 0, ' ');

    style.exclamation |= exclamation;
    span_to_str(span_trim(span_sub(w->answer.body, at + 6, sizeof usage)), usage, sizeof usage);
    buf_str(out, w->c->command);
    buf_str(out, "\n\r");
    if (w->c->kind == REFUSED) {
        pylon_text_error(&style, w->answer.status, span_sub(span_str(w->c->command), 0, word),
                         usage[0] == '\0' ? NULL : usage, out);
        return;
    }
    pylon_text_begin(&style, w->sep, out);
    buf_put(out, buf_span(&w->again));
    pylon_text_end(&style, out);
}

/* The next line that is not the frame's own '@'. */
static bool next_line(struct span *rest, struct span *ret)
{
    while (pylon_body_line(rest, ret)) {
        if (!span_eq_str(*ret, "@"))
            return true;
    }
    return false;
}

/* Line by line, without empty lines, trailing blanks and '@', which excerpts lack. */
static bool same_lines(struct span got, struct span want)
{
    struct span a, b;

    for (;;) {
        bool more_a = next_line(&got, &a);
        bool more_b = next_line(&want, &b);
        if (!more_a || !more_b)
            return more_a == more_b;
        if (!span_eq(a, b)) {
            printf("# got  |%.*s|\n# want |%.*s|\n", (int)a.n, (const char *)a.p, (int)b.n,
                   (const char *)b.p);
            return false;
        }
    }
}

/* The capture from the command's echo on; empty when there is none. */
static struct span from_echo(struct span raw, const char *command)
{
    struct span echo = span_str(command);

    for (size_t at = 0; at < raw.n; at++) {
        at = span_find(raw, at, echo);
        struct span after = span_sub(raw, at + echo.n, 1);
        if (span_eq_str(after, "\n") || span_eq_str(after, "\r"))
            return span_sub(raw, at, raw.n);
    }
    return span_sub(raw, raw.n, 0);
}

static void compare(struct work *w, struct span raw)
{
    static uint8_t memory[BIG];
    struct buf out = buf_of(memory, sizeof memory);
    struct span want = from_echo(raw, w->c->command);
    bool exclamation = span_find(raw, 0, SPAN_LIT("successfully!")) < raw.n;

    rebuild(w, exclamation, &out);
    struct span got = buf_span(&out);
    CU_ASSERT_FALSE(out.overflow);
    if (w->c->wire == EXACT) {
        if (!TESTING_BYTES_EQ(got, want))
            TESTING_FAIL("%s does not come back", w->c->name);
        w->sum->exact++;
    } else if (w->c->wire == EDITED) {
        size_t cut = span_find(want, 0, SPAN_LIT("$$"));
        if (cut == want.n) /* an excerpt: the last line end is the test's */
            while (cut > 0 && (want.p[cut - 1] == '\r' || want.p[cut - 1] == '\n'))
                cut--;
        TESTING_BYTES_EQ(span_sub(got, 0, cut), span_sub(want, 0, cut));
        w->sum->edited++;
    } else if (!same_lines(got, want)) {
        TESTING_FAIL("%s does not come back", w->c->name);
    } else {
        w->sum->as_text++;
    }
}

/* ---- one capture ---- */

static bool has_line(struct span text, const char *prefix)
{
    struct span line;
    while (span_line(&text, &line)) {
        if (span_starts(line, prefix))
            return true;
    }
    return false;
}

/* Excerpts lack their echo or their end: the frame is completed, the text is left alone. */
static struct span complete(const struct capture *c, struct span raw, struct buf *out)
{
    struct span rest = raw;
    struct span line;
    struct span from = raw;

    while (span_line(&rest, &line) && span_starts(line, "#")) /* the capturer's comments */
        from = rest;
    if (from_echo(from, c->command).n == 0)
        buf_printf(out, "%s\n", c->command);
    buf_put(out, from);
    if (c->kind != REFUSED && !has_line(from, "Command completed"))
        buf_str(out, "\nCommand completed successfully\n");
    if (!has_line(from, "$$"))
        buf_str(out, "\n$$\n");
    if (!span_ends(span_trim(from), ">"))
        buf_str(out, "\npylon>");
    return buf_span(out);
}

/* Feeds the stream byte by byte, answers the pager, stops at the first real prompt. */
static enum pylon_read read_answer(struct pylon_reader *r, struct span in)
{
    enum pylon_read got = PYLON_READ_MORE;
    size_t used;

    for (size_t i = 0; i < in.n && got != PYLON_READ_DONE; i++)
        got = pylon_reader_feed(r, span_sub(in, i, 1), &used);
    return got;
}

static void one_capture(const struct capture *c, struct totals *sum)
{
    static uint8_t memory[BIG], whole[BIG], body[BIG];
    struct buf completed = buf_of(whole, sizeof whole);
    struct pylon_reader reader;
    struct work w = {.c = c, .sum = sum, .again = buf_of(body, sizeof body), .sep = PYLON_SEP_T};
    struct span raw = file_of(c->name);

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw.p);
    sum->files++;
    if (strcmp(c->name, "tomas-us2kbpl_session-with-losses") == 0)
        return;
    pylon_reader_init(&reader, memory, sizeof memory);
    pylon_reader_expect_text(&reader);
    if (c->want == ERR_SHORT) {
        CU_ASSERT_EQUAL(read_answer(&reader, raw), PYLON_READ_MORE);
        return;
    }
    struct span in = complete(c, raw, &completed);
    if (read_answer(&reader, in) != PYLON_READ_DONE)
        TESTING_FAIL("%s: no prompt", c->name);
    struct decoded d = pylon_reader_answer(&reader, span_str(c->command), &w.answer);
    if (d.code != ERR_OK) {
        TESTING_FAIL("%s: %s", c->name, err_text(d.code));
        return;
    }
    CU_ASSERT_TRUE(w.answer.echo_ok);
    bool refused = w.answer.status != PYLON_OK && w.answer.status != PYLON_NO_COMPLETION;
    if (refused != (c->kind == REFUSED) || w.answer.status == PYLON_NO_COMPLETION)
        TESTING_FAIL("%s: status %d", c->name, (int)w.answer.status);
    d = do_body(&w);
    if (d.code != c->want)
        TESTING_FAIL("%s: %s at %u, not %s", c->name, err_text(d.code), d.offset,
                     err_text(c->want));
    else if (d.code != ERR_OK)
        printf("# refused: %s: %s at byte %u: %s\n", c->name, err_text(d.code), d.offset, c->why);
    else if (c->wire != NOT_OURS)
        compare(&w, c->wire == AS_TEXT ? in : raw);
}

static void test_all(void)
{
    struct totals t = {0};

    if (testing_shared() == NULL) {
        testing_skip("no captures here");
        return;
    }
    for (size_t i = 0; i < captures_n; i++)
        one_capture(&captures[i], &t);
    printf("# %u files: %u pwr tables with %u rows (%u absent), %u bat tables with %u cell rows, "
           "%u label lines, %u log entries, %u error replies\n",
           t.files, t.pwr_tables, t.pwr_rows, t.absent_rows, t.bat_tables, t.cell_rows, t.kv_lines,
           t.log_entries, t.refused);
    printf("# encoded again: %u byte for byte, %u up to the capturer's edit, %u line by line\n",
           t.exact, t.edited, t.as_text);
}

/* Nobody adds a capture without saying what it must give. */
static void test_list_is_complete(void)
{
    char path[512];
    struct buf b = buf_of(path, sizeof path);
    unsigned n = 0;

    if (testing_shared() == NULL) {
        testing_skip("no captures here");
        return;
    }
    buf_printf(&b, "%s/captures/pylontech-console", testing_shared());
    buf_u8(&b, '\0');
    DIR *dir = opendir(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
        n += span_ends(span_str(e->d_name), ".txt") ? 1 : 0;
    closedir(dir);
    CU_ASSERT_EQUAL(n, captures_n);
}

/* A session recorded over a converter that loses characters: prompts, headers and lines are
 * damaged, and nothing damaged may pass as good. */
static void test_session_with_losses(void)
{
    static const struct {
        const char *command;
        enum capture_kind kind;
        enum err want;
    } parts[] = {
        {"pwr", PWR, ERR_OK},    {"pwr 1", MODULE, ERR_OK}, {"pwr 2", MODULE, ERR_OK},
        {"info", INFO, ERR_OK},  {"info 1", INFO, ERR_OK},  {"info 2", INFO, ERR_SYNTAX},
        {"bat", BAT, ERR_OK},    {"bat 1", BAT, ERR_OK},    {"bat 2", BAT, ERR_LAYOUT},
        {"socd", FRAME, ERR_OK}, {"socd 1", FRAME, ERR_OK}, {"socd 2", FRAME, ERR_OK},
        {"stat", STAT, ERR_OK},  {"stat 1", STAT, ERR_OK},  {"stat 2", STAT, ERR_OK},
    };
    static uint8_t memory[BIG], body[BIG], whole[BIG];
    struct buf in = buf_of(whole, sizeof whole);
    struct pylon_reader reader;
    struct totals sum = {0};
    size_t used = 0;

    if (testing_shared() == NULL) {
        testing_skip("no captures here");
        return;
    }
    buf_put(&in, file_of("tomas-us2kbpl_session-with-losses"));
    buf_str(&in, "\npylon_debug>");
    struct span rest = buf_span(&in);
    pylon_reader_init(&reader, memory, sizeof memory);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const struct capture c = {.command = parts[i].command, .kind = parts[i].kind};
        struct work w = {.c = &c, .sum = &sum, .again = buf_of(body, sizeof body)};
        pylon_reader_reset(&reader);
        pylon_reader_expect_text(&reader);
        CU_ASSERT_EQUAL(pylon_reader_feed(&reader, rest, &used), PYLON_READ_DONE);
        rest = span_sub(rest, used, rest.n);
        struct decoded d = pylon_reader_answer(&reader, span_str(c.command), &w.answer);
        if (d.code == ERR_OK)
            d = do_body(&w);
        if (d.code != parts[i].want)
            TESTING_FAIL("%s: %s", c.command, err_text(d.code));
        CU_ASSERT_EQUAL(w.answer.status, PYLON_OK);
    }
    CU_ASSERT_EQUAL(rest.n, 0);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"every capture decodes and comes back", test_all},
        {"the list holds every capture", test_list_is_complete},
        {"S38 S40: a session with lost characters", test_session_with_losses},
        {0},
    };
    return testing_main(argc, argv, "pylon_captures", cases);
}
