/* SPDX-License-Identifier: Apache-2.0
 *
 * See terminal.h.
 */
#include "sim/app/terminal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sim/can_image.h"

void terminal_init(struct terminal *t, struct loop *loop, FILE *out, bool log_wire)
{
    *t = (struct terminal){
        .loop = loop, .out = out, .start_us = loop_now(loop), .log_wire = log_wire};
}

void terminal_free(struct terminal *t)
{
    loop_io_delete(t->input);
    t->input = NULL;
}

/* ---- what happens ---- */

static void put_time(const struct terminal *t, uint64_t t_us)
{
    uint64_t since = t_us > t->start_us ? t_us - t->start_us : 0;
    fprintf(t->out, "%6llu.%03llu  ", since / US_PER_S, since % US_PER_S / 1000);
}

static void put_byte(FILE *out, uint8_t c)
{
    if (c == '\r')
        fputs("\\r", out);
    else if (c == '\n')
        fputs("\\n", out);
    else if (c == '\\' || c == '"')
        fprintf(out, "\\%c", c);
    else if (c >= ' ' && c < 0x7F)
        fputc(c, out);
    else
        fprintf(out, "\\x%02X", c);
}

/* Where a line of the log ends: behind a line feed and, in the separator CR LF CR, its last CR. */
static size_t end_of_line(struct span bytes, size_t at)
{
    size_t end = span_find_byte(bytes, at, '\n');
    if (end == bytes.n)
        return end;
    end++;
    bool lone = end < bytes.n && bytes.p[end] == '\r' &&
                (end + 1 == bytes.n || (bytes.p[end + 1] != '\r' && bytes.p[end + 1] != '\n'));
    return lone ? end + 1 : end;
}

/* A frame as candump writes it; false when it is none. */
static bool put_frame(const struct terminal *t, enum sim_direction dir, struct span bytes,
                      uint64_t t_us)
{
    char text[40];
    struct buf out = buf_of(text, sizeof text - 1);
    struct can_msg msg;

    if (!can_image_get(bytes, &msg))
        return false;
    can_msg_format(&msg, &out);
    text[out.n] = '\0';
    put_time(t, t_us);
    fprintf(t->out, "%s %s\n", dir == SIM_FROM_CLIENT ? "client " : "battery", text);
    fflush(t->out);
    return true;
}

static void on_wire(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us)
{
    struct terminal *t = ctx;
    size_t at = 0;

    (void)late_us;
    if (!t->log_wire)
        return;
    if (t->frames && put_frame(t, dir, bytes, t_us))
        return;
    while (at < bytes.n) {
        size_t end = end_of_line(bytes, at);
        put_time(t, t_us);
        fputs(dir == SIM_FROM_CLIENT ? "client  \"" : "battery \"", t->out);
        for (; at < end; at++)
            put_byte(t->out, bytes.p[at]);
        fputs("\"\n", t->out);
    }
    fflush(t->out);
}

static void on_delivered(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply)
{
    struct terminal *t = ctx;
    unsigned slot = tag % TERMINAL_TAGS;
    uint64_t after = t_us > t->told[slot].t_us ? t_us - t->told[slot].t_us : 0;

    (void)late_us;
    (void)reply;
    put_time(t, t_us);
    fprintf(t->out, "told    %s (%llu.%03llu s later)\n", t->told[slot].text, after / US_PER_S,
            after % US_PER_S / 1000);
    fflush(t->out);
}

static void on_note(void *ctx, const char *kind, const char *text)
{
    struct terminal *t = ctx;

    put_time(t, loop_now(t->loop));
    fprintf(t->out, "%-7s ", kind);
    for (const char *p = text; *p != '\0'; p++)
        put_byte(t->out, (uint8_t)*p);
    fputs("\n", t->out);
    fflush(t->out);
}

struct sim_handler terminal_handler(struct terminal *t)
{
    return (struct sim_handler){
        .on_wire = on_wire, .on_delivered = on_delivered, .on_note = on_note, .ctx = t};
}

/* ---- lines ---- */

static const char own_help[] =
    "Of its own bms-sim knows\n"
    "  show             the batteries    show N   everything about battery N\n"
    "  help             this text        quit     ends the simulation\n"
    "and every stimulus of the scenario language that is done to a battery:\n\n";

static void apply(struct terminal *t, const struct stimulus *s)
{
    unsigned tag = t->last_tag + 1;
    struct buf text = buf_of(t->told[tag % TERMINAL_TAGS].text, sizeof t->told[0].text - 1);
    const char *why = NULL;

    stimulus_format(s, &text);
    t->told[tag % TERMINAL_TAGS].text[text.n] = '\0';
    t->told[tag % TERMINAL_TAGS].t_us = loop_now(t->loop);
    t->last_tag = tag;
    put_time(t, loop_now(t->loop));
    fprintf(t->out, "do      %s\n", t->told[tag % TERMINAL_TAGS].text);
    if (sim_apply(t->sim, s, tag, &why) != ERR_OK)
        fprintf(t->out, "            refused: %s\n", why);
}

static void take_stimulus(struct terminal *t, struct span line)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    if (conf_parse("stdin", line, &file) != ERR_OK)
        return;
    if (file->n_lines > 0 && file->n_errors == 0) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
        if (stimulus_take(&c, true, &s) && conf_expect_end(&c))
            apply(t, &s);
    }
    conf_print_errors(file, t->out);
    conf_delete(file);
}

bool terminal_line(struct terminal *t, struct span line)
{
    struct span rest = span_trim(line), word, number;
    int64_t n = 0;

    if (!span_token(&rest, &word))
        return true;
    if (span_eq_str(word, "quit") || span_eq_str(word, "exit"))
        return false;
    if (span_eq_str(word, "help")) {
        fputs(own_help, t->out);
        fputs(stimulus_help(), t->out);
    } else if (span_eq_str(word, "show")) {
        if (span_token(&rest, &number) && !parse_i64(number, 1, SIM_MAX_BATTERIES, &n))
            fputs("show takes the number of a battery\n", t->out);
        else
            terminal_show(t, (unsigned)n);
    } else {
        take_stimulus(t, line);
    }
    fflush(t->out);
    return true;
}

/* ---- the standard input ---- */

/* False after `quit`. */
static bool take_byte(struct terminal *t, char c)
{
    if (c != '\n') {
        if (t->line_n < sizeof t->line)
            t->line[t->line_n++] = c;
        else
            t->too_long = true;
        return true;
    }
    struct span line = span_of(t->line, t->line_n);
    t->line_n = 0;
    if (t->too_long) {
        t->too_long = false;
        fputs("the line is too long\n", t->out);
        return true;
    }
    return terminal_line(t, line);
}

/* What read() has now. False when there will be nothing more. */
static bool read_some(struct terminal *t)
{
    char bytes[512];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    for (ssize_t i = 0; i < n; i++) {
        if (!take_byte(t, bytes[i])) {
            t->quit = true;
            loop_stop(t->loop);
            return false;
        }
    }
    return n > 0;
}

static void on_input(void *ctx, unsigned events)
{
    struct terminal *t = ctx;
    (void)events;
    if (read_some(t))
        return;
    terminal_free(t);
}

enum err terminal_read(struct terminal *t, struct sim *sim)
{
    t->sim = sim;
    enum err e = loop_io_new(t->loop, STDIN_FILENO, LOOP_READ, on_input, t, &t->input);
    if (e == ERR_OK)
        return e;
    t->input = NULL; /* a file or /dev/null, which no loop can wait for: read it at once */
    while (read_some(t))
        continue;
    return ERR_OK;
}
