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

static void put_time(const struct terminal_port *p, uint64_t t_us)
{
    const struct terminal *t = p->terminal;
    uint64_t since = t_us > t->start_us ? t_us - t->start_us : 0;

    fprintf(t->out, "%6llu.%03llu  ", since / US_PER_S, since % US_PER_S / 1000);
    if (t->ports > 1)
        fprintf(t->out, "%u: ", p->number);
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
static bool put_frame(const struct terminal_port *p, enum sim_direction dir, struct span bytes,
                      uint64_t t_us)
{
    const struct terminal *t = p->terminal;
    char text[40];
    struct buf out = buf_of(text, sizeof text - 1);
    struct can_msg msg;

    if (!can_image_get(bytes, &msg))
        return false;
    can_msg_format(&msg, &out);
    text[out.n] = '\0';
    put_time(p, t_us);
    fprintf(t->out, "%s %s\n", dir == SIM_FROM_CLIENT ? "client " : "battery", text);
    fflush(t->out);
    return true;
}

static void on_wire(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us)
{
    const struct terminal_port *p = ctx;
    struct terminal *t = p->terminal;
    size_t at = 0;

    (void)late_us;
    if (!t->log_wire)
        return;
    if (p->frames && put_frame(p, dir, bytes, t_us))
        return;
    while (at < bytes.n) {
        size_t end = end_of_line(bytes, at);
        put_time(p, t_us);
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
    const struct terminal_port *p = ctx;
    struct terminal *t = p->terminal;
    unsigned slot = tag % TERMINAL_TAGS;
    uint64_t after = t_us > t->told[slot].t_us ? t_us - t->told[slot].t_us : 0;

    (void)late_us;
    (void)reply;
    put_time(p, t_us);
    fprintf(t->out, "told    %s (%llu.%03llu s later)\n", t->told[slot].text, after / US_PER_S,
            after % US_PER_S / 1000);
    fflush(t->out);
}

static void on_note(void *ctx, const char *kind, const char *text)
{
    const struct terminal_port *p = ctx;
    struct terminal *t = p->terminal;

    put_time(p, loop_now(t->loop));
    fprintf(t->out, "%-7s ", kind);
    for (; *text != '\0'; text++)
        put_byte(t->out, (uint8_t)*text);
    fputs("\n", t->out);
    fflush(t->out);
}

struct sim_handler terminal_add(struct terminal *t, bool frames, struct terminal_port **ret)
{
    struct terminal_port *p = &t->port[t->ports++];

    *p = (struct terminal_port){.terminal = t, .number = t->ports, .frames = frames};
    *ret = p;
    return (struct sim_handler){
        .on_wire = on_wire, .on_delivered = on_delivered, .on_note = on_note, .ctx = p};
}

/* ---- lines ---- */

static const char own_help[] =
    "Of its own bms-sim knows\n"
    "  show             the batteries    show N   everything about battery N\n"
    "  help             this text        quit     ends the simulation\n"
    "  2: LINE          the line is for the second port (see --and)\n"
    "and every stimulus of the scenario language that is done to a battery:\n\n";

static void apply(const struct terminal_port *p, const struct stimulus *s)
{
    struct terminal *t = p->terminal;
    unsigned tag = t->last_tag + 1;
    struct buf text = buf_of(t->told[tag % TERMINAL_TAGS].text, sizeof t->told[0].text - 1);
    const char *why = NULL;

    stimulus_format(s, &text);
    t->told[tag % TERMINAL_TAGS].text[text.n] = '\0';
    t->told[tag % TERMINAL_TAGS].t_us = loop_now(t->loop);
    t->last_tag = tag;
    put_time(p, loop_now(t->loop));
    fprintf(t->out, "do      %s\n", t->told[tag % TERMINAL_TAGS].text);
    if (sim_apply(p->sim, s, tag, &why) != ERR_OK)
        fprintf(t->out, "            refused: %s\n", why);
}

static void take_stimulus(const struct terminal_port *p, struct span line)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    if (conf_parse("stdin", line, &file) != ERR_OK)
        return;
    if (file->n_lines > 0 && file->n_errors == 0) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
        if (stimulus_take(&c, true, &s) && conf_expect_end(&c))
            apply(p, &s);
    }
    conf_print_errors(file, p->terminal->out);
    conf_delete(file);
}

/* "2: unplug" is for the second port; takes what stands before the line. NULL: there is none. */
static const struct terminal_port *port_of(const struct terminal *t, struct span *line)
{
    size_t colon = span_find_byte(*line, 0, ':');
    int64_t n = 1;

    if (colon < line->n && parse_i64(span_trim(span_sub(*line, 0, colon)), 0, INT32_MAX, &n))
        rd_skip(line, colon + 1);
    return n >= 1 && n <= (int64_t)t->ports ? &t->port[n - 1] : NULL;
}

bool terminal_line(struct terminal *t, struct span line)
{
    const struct terminal_port *p = port_of(t, &line);
    struct span rest = span_trim(line), word, number;
    int64_t n = 0;

    if (p == NULL) {
        fprintf(t->out, "there are ports 1 to %u\n", t->ports);
        fflush(t->out);
        return true;
    }
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
            terminal_show(p, (unsigned)n);
    } else {
        take_stimulus(p, line);
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

enum err terminal_read(struct terminal *t)
{
    enum err e = loop_io_new(t->loop, STDIN_FILENO, LOOP_READ, on_input, t, &t->input);
    if (e == ERR_OK)
        return e;
    t->input = NULL; /* a file or /dev/null, which no loop can wait for: read it at once */
    while (read_some(t))
        continue;
    return ERR_OK;
}
