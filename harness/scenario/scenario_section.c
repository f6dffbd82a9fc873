/* SPDX-License-Identifier: Apache-2.0
 *
 * The sections that describe the world: [bms n] and [port] (read by the simulator's own key
 * tables), [bus name], [limits], [dut] and [broker].
 */
#include <string.h>

#include "harness/scenario/scenario_private.h"

static const char *const section_words[] = {"bms", "port",   "bus",      "limits",
                                            "dut", "broker", "timeline", NULL};
/* in the order of the words */
static const enum section section_of[] = {SECTION_BMS,     SECTION_PORT, SECTION_BUS,
                                          SECTION_LIMITS,  SECTION_DUT,  SECTION_BROKER,
                                          SECTION_TIMELINE};

static bool take_bus(struct parser *p, struct conf_cursor *c)
{
    struct scenario *s = p->s;
    const struct conf_token *token = conf_peek(c);
    char name[sizeof s->bus[0].name];
    size_t i = 0;

    if (!conf_take_text(c, "a bus name", name, sizeof name))
        return false;
    while (i < s->n_buses && strcmp(s->bus[i].name, name) != 0)
        i++;
    if (i == sizeof s->bus / sizeof s->bus[0]) {
        conf_fail_at(c, token, "too many buses: at most %zu", i);
        return false;
    }
    if (i == s->n_buses) {
        memcpy(s->bus[i].name, name, sizeof name);
        s->n_buses++;
    }
    p->section_n = (unsigned)i;
    return true;
}

/* The same head a second time in one file; the line of the first in *ret_first. */
static bool is_duplicate_section(const struct conf_file *file, size_t index, uint32_t *ret_first)
{
    const struct conf_line *line = &file->lines[index];

    for (size_t i = 0; i < index; i++) {
        const struct conf_line *other = &file->lines[i];
        bool same = conf_is_section(other) && other->n == line->n;
        for (size_t t = 0; same && t < line->n; t++)
            same = other->tokens[t].kind == line->tokens[t].kind &&
                   span_eq(other->tokens[t].text, line->tokens[t].text);
        if (same) {
            *ret_first = other->number;
            return true;
        }
    }
    return false;
}

static bool take_head(struct parser *p, struct conf_cursor *c, enum section *ret)
{
    const struct conf_token *name = conf_peek(c);
    size_t index;
    int64_t n = 0;

    if (!conf_take_known(c, "section", section_words, &index))
        return false;
    if (section_of[index] == SECTION_BMS) {
        if (!conf_take_int(c, "a bms number", 1, SIM_MAX_BATTERIES, &n))
            return false;
        p->section_n = (unsigned)n;
        p->s->sim.battery[n - 1].used = true;
    }
    if (section_of[index] == SECTION_BUS && !take_bus(p, c))
        return false;
    if (!conf_expect(c, "]") || !conf_expect_end(c))
        return false;
    if (section_of[index] == SECTION_TIMELINE && p->included) {
        conf_fail_at(c, name, "an included file has no timeline");
        return false;
    }
    *ret = section_of[index];
    return true;
}

void open_section(struct parser *p, const struct conf_line *line, size_t index)
{
    struct conf_cursor c = conf_cursor_of(p->file, line);
    uint32_t first;

    bool late = p->seen_timeline;
    p->section = SECTION_BAD;
    p->section_start = index + 1;
    if (is_duplicate_section(p->file, index, &first)) {
        conf_fail(&c, "duplicate section (first at line %u)", (unsigned)first);
        return;
    }
    if (late) {
        conf_fail(&c, "a section after [timeline], which is the last one");
        return;
    }
    enum section section;
    if (!take_head(p, &c, &section))
        return;
    p->section = section;
    p->seen_timeline = section == SECTION_TIMELINE;
}

static bool limits_key(struct parser *p, struct conf_cursor *c)
{
    static const char *const words[] = {"ccl", "dcl", "cvl", "dvl", NULL};
    static const enum dim dims[] = {DIM_CURRENT, DIM_CURRENT, DIM_VOLTAGE, DIM_VOLTAGE};
    struct quantity *const values[] = {&p->s->limits.ccl, &p->s->limits.dcl, &p->s->limits.cvl,
                                       &p->s->limits.dvl};
    size_t index;

    if (!conf_take_known(c, "limit", words, &index))
        return false;
    const struct conf_token *token = conf_peek(c);
    if (!take_value(c, dims[index], true, values[index]))
        return false;
    if (values[index]->micro < 0) {
        conf_fail_at(c, token, "a limit cannot be negative");
        return false;
    }
    p->s->limits.set = true;
    return true;
}

static bool bus_key(struct parser *p, struct conf_cursor *c)
{
    static const char *const words[] = {"dialect", NULL};
    struct scenario_bus *bus = &p->s->bus[p->section_n];
    size_t index;

    return conf_take_known(c, "bus key", words, &index) &&
           conf_take_text(c, "a dialect", bus->dialect, sizeof bus->dialect);
}

static bool dut_key(struct parser *p, struct conf_cursor *c)
{
    enum { START, UPTIME, LOCALE };
    static const char *const words[] = {"start", "uptime", "locale", NULL};
    static const char *const how[] = {"auto", "manual", NULL};
    static const char *const locales[] = {"point", "comma", NULL};
    size_t key, index;

    if (!conf_take_known(c, "dut key", words, &key))
        return false;
    switch (key) {
    case START:
        if (!conf_take_known(c, "way to start", how, &index))
            return false;
        p->s->dut_manual = index == 1;
        return true;
    case UPTIME: return take_time(c, &p->s->uptime_us);
    case LOCALE:
        if (!conf_take_known(c, "decimal sign", locales, &index))
            return false;
        p->s->dut_comma = index == 1;
        return true;
    }
    return false;
}

static bool broker_key(struct parser *p, struct conf_cursor *c)
{
    static const char *const words[] = {"logins", NULL};
    static const char *const how[] = {"accepted", "refused", NULL};
    size_t index;

    if (!conf_take_known(c, "broker key", words, &index) ||
        !conf_take_known(c, "answer to a login", how, &index))
        return false;
    p->s->broker_refuses = index == 1;
    return true;
}

bool parse_section_line(struct parser *p, struct conf_cursor *c)
{
    bool ok = false;

    if (is_duplicate_key(p, c->line))
        return false;
    switch (p->section) {
    case SECTION_BMS: ok = sim_config_bms_key(&p->s->sim, p->section_n, c); break;
    case SECTION_PORT: ok = sim_config_port_key(&p->s->sim, c); break;
    case SECTION_BUS: ok = bus_key(p, c); break;
    case SECTION_LIMITS: ok = limits_key(p, c); break;
    case SECTION_DUT: ok = dut_key(p, c); break;
    case SECTION_BROKER: ok = broker_key(p, c); break;
    case SECTION_HEADER:
    case SECTION_TIMELINE:
    case SECTION_BAD: return false;
    }
    return ok && conf_expect_end(c);
}
