/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds commands and their answers in a recorded session; see recording.h. The recording keeps its
 * own copy of every answer in wire form.
 */
#include "sim/device/recording.h"

#include <stdlib.h>
#include <string.h>

#include "proto/pylon_console/pylon_console.h"
#include "sim/can_image.h"

enum { COMMAND_MAX = 64 };

struct recorded_answer {
    char command[COMMAND_MAX];
    uint8_t *bytes;
    size_t n;
};

struct recording {
    struct recorded_answer *answers;
    size_t n, cap;
    size_t *given; /* per answer of a command's first appearance: how many were given */
};

enum err recording_new(struct recording **ret)
{
    *ret = calloc(1, sizeof **ret);
    return *ret == NULL ? ERR_MEMORY : ERR_OK;
}

void recording_delete(struct recording *recording)
{
    if (recording == NULL)
        return;
    for (size_t i = 0; i < recording->n; i++)
        free(recording->answers[i].bytes);
    free(recording->answers);
    free(recording->given);
    free(recording);
}

/* ---- keeping answers ---- */

static enum err grow(struct recording *r)
{
    if (r->n < r->cap)
        return ERR_OK;
    size_t cap = r->cap == 0 ? 16 : r->cap * 2;
    struct recorded_answer *answers = realloc(r->answers, cap * sizeof *answers);
    if (answers == NULL)
        return ERR_MEMORY;
    r->answers = answers;
    size_t *given = realloc(r->given, cap * sizeof *given);
    if (given == NULL)
        return ERR_MEMORY;
    r->given = given;
    r->cap = cap;
    return ERR_OK;
}

static enum err keep(struct recording *r, struct span command, struct span bytes)
{
    enum err e = grow(r);
    if (e != ERR_OK)
        return e;
    uint8_t *copy = malloc(bytes.n);
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, bytes.p, bytes.n);
    struct recorded_answer *a = &r->answers[r->n];
    *a = (struct recorded_answer){.bytes = copy, .n = bytes.n};
    span_to_str(command, a->command, sizeof a->command);
    r->given[r->n] = 0;
    r->n++;
    return ERR_OK;
}

/* ---- the shape of lines ---- */

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

/* "pylon>", "pylon_debug>", ">pylo_dbu>": letters and '_' up to a '>'. 0: no prompt at the start.
 */
static size_t prompt_length(struct span line)
{
    size_t i = line.n > 0 && line.p[0] == '>' ? 1 : 0;
    size_t from = i;
    while (i < line.n && (line.p[i] == '_' || (line.p[i] >= 'a' && line.p[i] <= 'z') ||
                          (line.p[i] >= 'A' && line.p[i] <= 'Z')))
        i++;
    return i > from && i < line.n && line.p[i] == '>' ? i + 1 : 0;
}

/* The known read commands; a line of data never looks like one of them with an optional number. */
static bool is_command(struct span text)
{
    static const char *const words[] = {"pwr",    "bat",      "info",    "stat",   "soh",
                                        "pwrsys", "getpwr",   "time",    "log",    "help",
                                        "data",   "datalist", "login",   "logout", "ver",
                                        "unit",   "sysinfo",  "bmuinfo", "ci",     "socd"};
    struct span rest = span_trim(text), word;
    if (rest.n == 0 || rest.n >= COMMAND_MAX || !span_token(&rest, &word))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_eq_str(word, words[i]))
            return true;
    }
    return false;
}

/* Whether the first line in `text` is the '@' that opens an answer. */
static bool opens_answer(struct span text)
{
    struct span line;
    return span_line(&text, &line) && span_eq_str(span_trim(line), "@");
}

/* The command that this line starts: behind a prompt any text; without a prompt, at the start of
 * the recording, a known word or what an answer follows. */
static bool starts_command(struct span line, struct span behind, bool first, struct span *ret)
{
    size_t prompt = prompt_length(line);
    struct span text = span_trim(span_sub(line, prompt, line.n));

    if (text.n == 0 || text.n >= COMMAND_MAX)
        return false;
    if (prompt == 0 && !(first && (is_command(text) || opens_answer(behind))))
        return false;
    *ret = text;
    return true;
}

/* Commands whose answers use the key/value separator (specification 2.2). */
static bool key_value_style(struct span command)
{
    static const char *const words[] = {"info",    "time",  "log",   "help",
                                        "sysinfo", "login", "logout"};
    struct span rest = command, word = command;
    span_token(&rest, &word);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_eq_str(word, words[i]))
            return true;
    }
    return false;
}

/* ---- from text back to the wire ---- */

/* How often a line end was written for one on the wire: 2 where every CR became LF. */
static size_t line_ends_each(struct span text)
{
    size_t single = 0, twice = 0, run = 0;
    for (size_t i = 0; i <= text.n; i++) {
        if (i < text.n && text.p[i] == '\n') {
            run++;
        } else if (i == text.n || text.p[i] != '\r') {
            single += run == 1 ? 1 : 0;
            twice += run >= 2 ? 1 : 0;
            run = 0;
        }
    }
    return single == 0 && twice > 0 ? 2 : 1;
}

struct rebuilder {
    struct buf out;
    struct span sep;
    bool completed; /* completion or error line seen */
    bool any;       /* a line of the body is out */
};

static bool is_end_text(struct span line)
{
    return span_starts(line, "Command completed") || span_starts(line, "Unknown command") ||
           span_starts(line, "Invalid command") || span_starts(line, "Target device") ||
           span_starts(line, "Command failed");
}

static void put_line(struct rebuilder *b, struct span line)
{
    bool tail = span_starts(line, "Command completed") || span_eq_str(span_trim(line), "$$");

    b->completed = b->completed || is_end_text(line);
    if (tail)
        buf_str(&b->out, "\r\n\r");
    else if (b->any)
        buf_put(&b->out, b->sep);
    buf_put(&b->out, tail ? span_trim(line) : line);
    b->any = true;
}

/* `text` is what stands behind the command's line, up to the next prompt with a command. */
static void rebuild_lines(struct rebuilder *b, struct span text, size_t ends_each)
{
    size_t at = 0;
    while (at < text.n) {
        size_t end = at;
        while (end < text.n && !is_line_end(text.p[end]))
            end++;
        struct span line = span_sub(text, at, end - at);
        bool blank = span_trim(line).n == 0;
        bool skip = span_eq_str(span_trim(line), "@") || prompt_length(line) == line.n ||
                    span_starts(line, "#");
        if (!(blank && !b->any) && !(skip && line.n > 0))
            put_line(b, line);
        at = end;
        for (size_t i = 0; i < ends_each && at < text.n && is_line_end(text.p[at]); i++) {
            /* CR LF is one line end */
            at += at + 1 < text.n && text.p[at] == '\r' && text.p[at + 1] == '\n' ? 2 : 1;
        }
    }
}

static bool is_raw(struct span text)
{
    return span_find(text, 0, SPAN_LIT("\r\r\n")) < text.n ||
           span_find(text, 0, SPAN_LIT("\r\n\r")) < text.n;
}

/* Without trailing empty lines. */
static struct span without_tail(struct span text)
{
    while (text.n > 0 && is_line_end(text.p[text.n - 1]))
        text.n--;
    return text;
}

static enum err keep_text(struct recording *r, struct span command, struct span text,
                          const char *prompt)
{
    size_t cap = text.n * 4 + 128;
    uint8_t *memory = malloc(cap);
    if (memory == NULL)
        return ERR_MEMORY;
    struct rebuilder b = {.out = buf_of(memory, cap),
                          .sep =
                              key_value_style(command) ? SPAN_LIT("\r\n\r") : SPAN_LIT("\r\r\n")};
    buf_str(&b.out, "@");
    buf_put(&b.out, b.sep);
    rebuild_lines(&b, without_tail(text), line_ends_each(text));
    if (!b.completed)
        buf_str(&b.out, "\r\n\rCommand completed successfully");
    if (!span_ends(buf_span(&b.out), "$$"))
        buf_str(&b.out, "\r\n\r$$");
    buf_str(&b.out, "\r\n\r");
    buf_str(&b.out, prompt);
    enum err e = keep(r, command, buf_span(&b.out));
    free(memory);
    return e;
}

static enum err keep_segment(struct recording *r, struct span command, struct span text,
                             const char *prompt)
{
    if (!is_raw(text))
        return keep_text(r, command, text, prompt);
    /* Behind the echo's LF CR; the bytes of the capture are the bytes of the wire. */
    while (text.n > 0 && is_line_end(text.p[0]))
        text = span_sub(text, 1, text.n);
    return text.n == 0 ? ERR_OK : keep(r, command, text);
}

/* ---- finding the answers ---- */

/* "donv-us2kbpl_pwr-1.txt" and "power.txt" name `pwr 1` and nothing. */
static bool command_of_name(const char *name, char *out, size_t cap)
{
    struct span s = span_str(name);
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/' || s.p[i] == '_')
            from = i + 1;
    }
    struct span stem = span_sub(s, from, span_find_byte(s, from, '.') - from);
    span_to_str(stem, out, cap);
    for (char *p = out; *p != '\0'; p++) {
        if (*p == '-')
            *p = ' ';
    }
    return is_command(span_str(out));
}

/* A payload without command line is recognised by its first line. */
static bool command_of_payload(struct span text, char *out, size_t cap)
{
    static const struct {
        const char *start, *command;
    } known[] = {{"Power Volt", "pwr"},
                 {"Battery  Volt", "bat"},
                 {"Device address      :", "info"},
                 {"Device address  ", "stat"},
                 {" Power System", "pwrsys"}};
    while (text.n > 0 && is_line_end(text.p[0]))
        text = span_sub(text, 1, text.n);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (span_starts(text, known[i].start)) {
            span_to_str(span_str(known[i].command), out, cap);
            return true;
        }
    }
    return false;
}

/* Cuts the next line off; *ret_next is where the line after it starts (its line ends included in
 * the text that follows). */
static struct span line_at(struct span text, size_t at, size_t *ret_next)
{
    size_t end = at;
    while (end < text.n && !is_line_end(text.p[end]))
        end++;
    *ret_next = end;
    while (*ret_next < text.n && is_line_end(text.p[*ret_next]))
        (*ret_next)++;
    return span_sub(text, at, end - at);
}

static struct span without_header(struct span text)
{
    size_t next;
    while (text.n > 0 && text.p[0] == '#') {
        size_t end = span_find_byte(text, 0, '\n');
        next = end < text.n ? end + 1 : text.n;
        text = span_sub(text, next, text.n);
    }
    return text;
}

static void prompt_of(struct span text, char *out, size_t cap)
{
    size_t at = 0, next;
    span_to_str(SPAN_LIT("pylon>"), out, cap);
    while (at < text.n) {
        struct span line = line_at(text, at, &next);
        size_t n = prompt_length(line);
        if (n > 0)
            span_to_str(span_sub(line, 0, n), out, cap);
        at = next > at ? next : at + 1;
    }
}

struct segmenter {
    struct recording *recording;
    struct span text;
    const char *prompt;
    struct span command; /* of the segment in progress; empty: none */
    size_t from;         /* where its answer starts */
    size_t found;
};

static enum err end_segment(struct segmenter *s, size_t end)
{
    if (s->command.n == 0)
        return ERR_OK;
    struct span answer = span_sub(s->text, s->from, end - s->from);
    s->found++;
    return span_trim(answer).n == 0 ? ERR_OK
                                    : keep_segment(s->recording, s->command, answer, s->prompt);
}

static enum err segment(struct segmenter *s)
{
    bool first = true;
    size_t at = 0, next;

    while (at < s->text.n) {
        struct span line = line_at(s->text, at, &next), command;
        if (span_trim(line).n > 0 &&
            starts_command(line, span_sub(s->text, next, s->text.n), first, &command)) {
            enum err e = end_segment(s, at);
            if (e != ERR_OK)
                return e;
            s->command = command;
            s->from = at + line.n;
        }
        first = first && (span_trim(line).n == 0 || line.p[0] == '#');
        at = next > at ? next : at + 1;
    }
    return end_segment(s, s->text.n);
}

/* ---- frames of a CAN bus ---- */

static bool is_candump(struct span text)
{
    struct can_log_line log;
    struct span line;

    return span_line(&text, &line) && can_log_parse(line, &log) == ERR_OK;
}

/* A frame answers to its id. */
static enum err keep_frames(struct recording *r, struct span text)
{
    struct can_log_line log;
    struct span line;
    enum err e = ERR_OK;

    while (e == ERR_OK && span_line(&text, &line)) {
        uint8_t bytes[CAN_IMAGE_MAX];
        char name[12];
        struct buf image = buf_of(bytes, sizeof bytes), command = buf_of(name, sizeof name);

        if (can_log_parse(line, &log) != ERR_OK || log.msg.error ||
            !can_image_put(&log.msg, &image))
            continue;
        buf_printf(&command, "%03X", (unsigned)log.msg.id);
        e = keep(r, buf_span(&command), buf_span(&image));
    }
    return e;
}

enum err recording_add(struct recording *recording, const char *name, struct span text)
{
    if (is_candump(text))
        return keep_frames(recording, text);
    char prompt[32], command[COMMAND_MAX];
    struct span body = without_header(text);
    struct segmenter s = {.recording = recording, .text = body, .prompt = prompt};

    prompt_of(body, prompt, sizeof prompt);
    enum err e = segment(&s);
    if (e != ERR_OK || s.found > 0)
        return e;
    if (command_of_payload(body, command, sizeof command) ||
        command_of_name(name, command, sizeof command))
        return keep_segment(recording, span_str(command), body, prompt);
    return ERR_NOT_FOUND;
}

/* ---- giving answers ---- */

static bool same_command(struct span a, struct span b)
{
    struct span x, y;
    bool more = true;
    while (more) {
        more = span_token(&a, &x);
        if (span_token(&b, &y) != more || (more && !span_eq(x, y)))
            return false;
    }
    return true;
}

/* Index of the first answer to the command; n when there is none. */
static size_t first_answer(const struct recording *r, struct span command)
{
    size_t i = 0;
    while (i < r->n && !same_command(span_str(r->answers[i].command), command))
        i++;
    return i;
}

bool recording_find(const struct recording *recording, struct span command, struct span *ret)
{
    size_t first = first_answer(recording, command);
    if (first == recording->n)
        return false;
    size_t pick = first, seen = 0;
    for (size_t i = first; i < recording->n && seen <= recording->given[first]; i++) {
        if (same_command(span_str(recording->answers[i].command), command)) {
            pick = i;
            seen++;
        }
    }
    *ret = span_of(recording->answers[pick].bytes, recording->answers[pick].n);
    return true;
}

void recording_next(struct recording *recording, struct span command)
{
    size_t first = first_answer(recording, command);
    if (first < recording->n)
        recording->given[first]++;
}

size_t recording_count(const struct recording *recording)
{
    return recording->n;
}

struct span recording_command(const struct recording *recording, size_t i)
{
    return span_str(recording->answers[i].command);
}
