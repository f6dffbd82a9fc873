/* SPDX-License-Identifier: Apache-2.0
 *
 * The console source: connects the session with the stack and keeps the poll's deadlines.
 */
#include "bridge/source/pylontech_console.h"

#include <stdarg.h>
#include <stdlib.h>

#include "bridge/source/pylontech_console_priv.h"
#include "bridge/source/trouble.h"

static const uint64_t system_life_us = 60 * US_PER_S;
/* After an interruption shorter than this the modules are taken to be the same until `info` says
 * otherwise; it is also when the bank gives them up. */
static const uint64_t same_stack_us = 60 * US_PER_S;
/* Answer delay and scheduling, to plan with. */
static const uint64_t overhead_us = 100 * US_PER_MS;

const char *pylontech_trouble_name(enum pylontech_trouble trouble)
{
    switch (trouble) {
    case TROUBLE_TIMEOUT: return "timeout";
    case TROUBLE_MISMATCH: return "mismatch";
    case TROUBLE_OVERFLOW: return "overflow";
    case TROUBLE_REFUSED: return "refused";
    case TROUBLE_INCOMPLETE: return "incomplete";
    case TROUBLE_LAYOUT: return "layout";
    case TROUBLE_TABLE: return "table";
    case TROUBLE_IMPLAUSIBLE: return "implausible";
    case TROUBLE_JUMP: return "jump";
    case TROUBLE_DETAIL: return "detail";
    case TROUBLE_COUNT: break;
    }
    return "?";
}

void pylontech_trouble(struct pylontech_console *c, enum pylontech_trouble trouble, uint64_t now_us,
                       const char *format, ...)
{
    va_list args;

    c->troubles[trouble]++;
    va_start(args, format);
    source_trouble(c->log, &c->limits[trouble], c->config.link.name,
                   pylontech_trouble_name(trouble), TROUBLE_NO_UNIT, now_us, format, args);
    va_end(args);
}

const struct pylon_system *pylontech_system(const struct pylontech_console *c, uint64_t now_us)
{
    bool young = c->system_us != 0 && now_us - c->system_us <= system_life_us;

    return young ? &c->system : NULL;
}

/* Readers know the cells of this battery, and those that were read before an interruption do not
 * belong to the row that ends it. `bat` is asked next; a picture without cells would take their key
 * out of one message. */
static bool waits_for_cells(const struct pylontech_console *c, const struct pylontech_module *m,
                            uint64_t now_us)
{
    struct pylontech_module trial = *m;
    bool unanswered = m->asked.bat_us > m->at.bat_us;

    if (!m->published || !battery_knows(&m->out, FIELD_CELLS) || c->n_present != 1 ||
        c->off[SAY_BAT_N] || unanswered)
        return false;
    pylontech_module_picture(&trial, &c->config.limits, pylontech_system(c, now_us), now_us);
    return !battery_knows(&trial.out, FIELD_CELLS);
}

void pylontech_publish(struct pylontech_console *c, unsigned index, bool with_table,
                       uint64_t now_us)
{
    struct pylontech_module *m = &c->modules[index];
    const struct pylon_system *sys = pylontech_system(c, now_us);

    if (!m->identified || m->at.row_us == 0 || !(m->published || with_table))
        return;
    if (waits_for_cells(c, m, now_us)) {
        m->cells_differ = true; /* asks at once */
        pylontech_module_alarm(m, &c->config.limits, sys, &m->row, now_us);
    } else {
        pylontech_module_picture(m, &c->config.limits, sys, now_us);
    }
    c->changed |= 1u << index;
}

/* ---- the schedule ---- */

static bool fits(const struct pylontech_console *c, struct console_command command, uint64_t now_us)
{
    uint64_t took_us =
        pylontech_link_wire_us(&c->link, console_command_size(command.verb)) + overhead_us;

    return now_us + took_us <= c->next_poll_us || c->starved >= 3;
}

static void say_poll(struct pylontech_console *c, uint64_t now_us)
{
    if (!pylontech_link_say(&c->link, (struct console_command){.verb = SAY_PWR}, now_us))
        return; /* on_ready comes back to it */
    c->poll_now = false;
    if (now_us >= c->next_poll_us) {
        uint64_t missed = (now_us - c->next_poll_us) / c->config.poll_us;
        c->next_poll_us += (missed + 1) * c->config.poll_us;
        c->starved += c->slow_said == 0 ? 1 : 0;
        c->slow_said = 0;
        c->retries = 0;
    }
}

/* Between two polls: a slower command, when one is due and fits. */
static void say_slow(struct pylontech_console *c, uint64_t now_us)
{
    struct console_command command;
    enum pylontech_pick pick = pylontech_pick(c, now_us, &command);

    if (pick == PICK_NOTHING || (pick == PICK_ROUTINE && c->slow_said > 0))
        return;
    if (!fits(c, command, now_us))
        return;
    if (pylontech_link_say(&c->link, command, now_us)) {
        c->slow_said += pick == PICK_RECHECK ? 0 : 1;
        c->starved = 0;
        pylontech_picked(c, command, now_us);
    }
}

static void act(struct pylontech_console *c, uint64_t now_us)
{
    if (c->link.state != LINK_READY)
        return;
    if (!c->poll_now && now_us < c->next_poll_us)
        say_slow(c, now_us);
    bool poll = c->poll_now || now_us >= c->next_poll_us;
    if (poll && c->link.state == LINK_READY)
        say_poll(c, now_us);
}

/* A session that begins: another stack may be behind the console, with other features. */
static void begin(struct pylontech_console *c, uint64_t now_us)
{
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        struct pylontech_module *m = &c->modules[i];
        if (m->at.row_us == 0 || now_us - m->at.row_us > same_stack_us)
            pylontech_module_reset(m);
        m->verify = m->present;
        m->tries = 0;
        if (m->asked.bat_us > m->at.bat_us) /* in the last session: nobody answers that now */
            m->asked.bat_us = m->at.bat_us;
    }
    for (unsigned v = 0; v < SAY_COUNT; v++) {
        c->off[v] = false;
        c->worked[v] = false;
        c->refusals[v] = 0;
    }
    c->doubts = 0;
    c->has_layout = false;
    c->first_table_us = 0;
    c->debug_mode = false;
    c->system_us = 0;
    c->poll_now = true;
    c->next_poll_us = now_us + c->config.poll_us;
}

static void on_ready(void *ctx, bool fresh, uint64_t now_us)
{
    struct pylontech_console *c = ctx;

    if (fresh)
        begin(c, now_us);
    act(c, now_us);
}

static void on_failure(struct pylontech_console *c, struct console_command command,
                       enum link_result result, uint64_t now_us)
{
    char room[CONSOLE_COMMAND_TEXT];
    struct span text = console_command_text(command, room);
    int n = (int)text.n;
    const char *p = (const char *)text.p;

    switch (result) {
    case LINK_ANSWER: break;
    case LINK_TIMEOUT:
        pylontech_trouble(c, TROUBLE_TIMEOUT, now_us, "no complete answer to '%.*s'", n, p);
        break;
    case LINK_MISMATCH:
        pylontech_trouble(
            c, TROUBLE_MISMATCH, now_us,
            "an answer to something else than '%.*s'; another program on this console?", n, p);
        break;
    case LINK_OVERFLOW:
        pylontech_trouble(c, TROUBLE_OVERFLOW, now_us, "the answer to '%.*s' does not end", n, p);
        break;
    }
    if (command.verb != SAY_PWR)
        pylontech_no_details(c, command);
    else if (c->retries++ == 0)
        c->poll_now = true;
}

static void on_result(void *ctx, struct console_command command, enum link_result result,
                      const struct pylon_answer *answer, uint64_t now_us)
{
    struct pylontech_console *c = ctx;

    if (result != LINK_ANSWER) {
        on_failure(c, command, result, now_us);
        return; /* the link synchronises; on_ready follows */
    }
    c->debug_mode = answer->debug_mode;
    if (command.verb == SAY_PWR)
        pylontech_table(c, answer, now_us);
    else
        pylontech_details(c, command, answer, now_us);
    act(c, now_us);
}

/* ---- the source's interface ---- */

void pylontech_console_init(struct pylontech_console *c,
                            const struct pylontech_console_config *config, const struct log *log)
{
    *c = (struct pylontech_console){.config = *config, .log = log, .next_poll_us = NEVER_US};
    pylontech_link_init(
        &c->link, &config->link,
        &(struct pylontech_link_events){.on_ready = on_ready, .on_result = on_result, .ctx = c},
        log);
}

static void opened(void *self, uint64_t now_us)
{
    struct pylontech_console *c = self;

    pylontech_link_opened(&c->link, now_us);
}

static void closed(void *self, uint64_t now_us)
{
    struct pylontech_console *c = self;

    (void)now_us;
    pylontech_link_closed(&c->link);
}

static void bytes(void *self, struct span in, uint64_t now_us)
{
    struct pylontech_console *c = self;

    pylontech_link_bytes(&c->link, in, now_us);
}

static void deadline(void *self, uint64_t now_us)
{
    struct pylontech_console *c = self;

    pylontech_link_deadline(&c->link, now_us);
    act(c, now_us);
}

static uint64_t next_deadline(const void *self)
{
    const struct pylontech_console *c = self;
    uint64_t at = pylontech_link_next_deadline(&c->link);

    return c->link.state == LINK_READY ? deadline_min(at, c->next_poll_us) : at;
}

static bool take_output(void *self, struct source_output *ret)
{
    struct pylontech_console *c = self;

    return pylontech_link_take_output(&c->link, ret);
}

static bool take_battery(void *self, unsigned *ret_index, struct battery *ret)
{
    struct pylontech_console *c = self;

    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if ((c->changed >> i & 1u) != 0) {
            c->changed &= ~(1u << i);
            *ret_index = i;
            *ret = c->modules[i].out;
            return true;
        }
    }
    return false;
}

static bool take_gone(void *self, unsigned *ret_index)
{
    struct pylontech_console *c = self;

    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if ((c->gone >> i & 1u) != 0) {
            c->gone &= ~(1u << i);
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static unsigned present(const void *self)
{
    const struct pylontech_console *c = self;

    return c->n_present;
}

static uint32_t first_speed(const void *self)
{
    const struct pylontech_console *c = self;

    return pylontech_link_first_speed(&c->link);
}

static bool ready(const void *self)
{
    const struct pylontech_console *c = self;

    return c->link.state == LINK_READY;
}

static const struct source_ops ops = {
    .opened = opened,
    .closed = closed,
    .bytes = bytes,
    .deadline = deadline,
    .next_deadline = next_deadline,
    .take_output = take_output,
    .take_battery = take_battery,
    .take_gone = take_gone,
    .present = present,
    .ready = ready,
    .first_speed = first_speed,
};

struct source pylontech_console_as_source(struct pylontech_console *c)
{
    return (struct source){
        .ops = &ops, .self = c, .wire = SOURCE_TTY, .capacity = PYLON_MAX_MODULES};
}

enum err pylontech_console_make(const void *config, const struct log *log, struct source *ret)
{
    struct pylontech_console *c = malloc(sizeof *c);

    if (c == NULL)
        return ERR_MEMORY;
    pylontech_console_init(c, config, log);
    *ret = pylontech_console_as_source(c);
    ret->destroy = free;
    return ERR_OK;
}
