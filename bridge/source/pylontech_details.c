/* SPDX-License-Identifier: Apache-2.0
 *
 * The slower commands: whose turn it is, and what their answers say. Nothing here makes a measured
 * value younger; that is the stack table's alone.
 */
#include "bridge/source/pylontech_console_priv.h"

#include <string.h>

/* A command that is refused this often is not asked again in this session. */
enum { REFUSALS = 2 };
/* Attempts to identify a module before it is taken without. */
enum { TRIES = 3 };
/* An alarm makes a module's details this many times as urgent. */
enum { ALARM_WEIGHT = 4 };

static const uint64_t system_every_us = 10 * US_PER_S;

/* ---- before a module is published: who it is, and what a message should have from the start ----
 */

/* How long the first message waits for what is not essential. */
static const uint64_t details_us = 3 * US_PER_S;

static unsigned first_present(const struct pylontech_console *c)
{
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if (c->modules[i].present)
            return i;
    }
    return 0;
}

/* The next step to identify a module: `info`, then, for the capacity, `pwr N`. False: no more
 * steps. */
static bool identity_step(const struct pylontech_console *c, unsigned index,
                          struct console_command *ret)
{
    const struct pylontech_module *m = &c->modules[index];
    bool local = index == first_present(c);
    enum console_verb verb = local ? SAY_INFO : SAY_INFO_N;
    uint8_t address = (uint8_t)(index + 1);

    if ((m->at.info_us == 0 || m->verify) && !c->off[verb] && m->tries < TRIES) {
        *ret = (struct console_command){.verb = verb, .address = local ? 0 : address};
        return true;
    }
    if (m->at.info_us == 0 && m->at.pwr_n_us == 0 && !c->off[SAY_PWR_N] && m->tries < 2 * TRIES) {
        *ret = (struct console_command){.verb = SAY_PWR_N, .address = address};
        return true;
    }
    return false;
}

/* What a reader would otherwise see appear later: state of health, and the cells of a single
 * module. Each is asked once. */
static bool details_step(const struct pylontech_console *c, unsigned index, uint64_t now_us,
                         struct console_command *ret)
{
    const struct pylontech_module *m = &c->modules[index];
    bool local = index == first_present(c);
    enum console_verb stat = local ? SAY_STAT : SAY_STAT_N;
    uint8_t address = (uint8_t)(index + 1);

    if (m->identified || now_us - c->first_table_us > details_us)
        return false;
    if (c->n_present == 1 && m->asked.bat_us == 0 && !c->off[SAY_BAT_N]) {
        *ret = (struct console_command){.verb = SAY_BAT_N, .address = address};
        return true;
    }
    if (m->asked.stat_us == 0 && !c->off[stat]) {
        *ret = (struct console_command){.verb = stat, .address = local ? 0 : address};
        return true;
    }
    return false;
}

static void identified(struct pylontech_console *c, unsigned index)
{
    struct pylontech_module *m = &c->modules[index];

    m->verify = false;
    if (m->identified)
        return;
    m->identified = true;
    log_msg(c->log, LOG_INFO, "source", "battery=%s module=%u model=%s barcode=%s",
            c->config.link.name, index + 1,
            m->info.device_name[0] != '\0' ? m->info.device_name : "?",
            m->info.barcode[0] != '\0' ? m->info.barcode : "?");
    /* the table that publishes it: as soon as the last one is known */
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if (c->modules[i].present && !c->modules[i].identified)
            return;
    }
    c->poll_now = true;
}

static bool is_open(const struct pylontech_module *m)
{
    return m->present && (!m->identified || m->verify);
}

static bool pick_identity(struct pylontech_console *c, uint64_t now_us, struct console_command *ret)
{
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if (is_open(&c->modules[i]) && identity_step(c, i, ret))
            return true;
    }
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if (!is_open(&c->modules[i]))
            continue;
        if (details_step(c, i, now_us, ret))
            return true;
        identified(c, i);
    }
    return false;
}

/* ---- the round robin ---- */

struct slow_verb {
    enum console_verb one;   /* for the module that the cable is on */
    enum console_verb other; /* for the rest */
    size_t asked;            /* offset in struct module_times */
    uint64_t every_us;
};

static const struct slow_verb slow_verbs[] = {
    {SAY_BAT_N, SAY_BAT_N, offsetof(struct module_times, bat_us), 2 * US_PER_S},
    {SAY_PWR_N, SAY_PWR_N, offsetof(struct module_times, pwr_n_us), 4 * US_PER_S},
    {SAY_STAT, SAY_STAT_N, offsetof(struct module_times, stat_us), 60 * US_PER_S},
};

static uint64_t *asked_at(struct module_times *times, size_t offset)
{
    return (uint64_t *)(void *)((char *)times + offset);
}

/* An alarm that nothing but an older answer of this command supports, or cells that no longer fit.
 */
static bool must_recheck(const struct pylontech_module *m, enum console_verb verb)
{
    if (verb == SAY_BAT_N)
        return (m->claims_bat != 0 || m->cells_differ) && m->asked.bat_us < m->at.row_us;
    return verb == SAY_PWR_N && m->claims_pwr_n != 0 && m->asked.pwr_n_us < m->at.row_us;
}

/* How overdue it is: thousandths of its period; 0: not yet; never_asked; or, from urgent on, how
 * long it has waited. */
static const uint64_t never_asked = UINT64_MAX / 4;
static const uint64_t urgent = UINT64_MAX / 2;

static uint64_t overdue(struct pylontech_console *c, unsigned index, const struct slow_verb *slow,
                        uint64_t now_us)
{
    struct pylontech_module *m = &c->modules[index];
    uint64_t asked_us = *asked_at(&m->asked, slow->asked);
    uint64_t waited_us = now_us - asked_us;
    bool alarmed = (m->out.warnings | m->out.protections) != 0 && slow->one != SAY_STAT;

    /* the one that waited longest: a recheck comes with every row and would keep the others waiting
     * for as long as the alarm lasts */
    if (must_recheck(m, slow->one) || (alarmed && waited_us >= slow->every_us))
        return urgent + waited_us;
    if (asked_us == 0)
        return never_asked;
    uint64_t score = waited_us * 1000 / slow->every_us * (alarmed ? ALARM_WEIGHT : 1);
    return score < 1000 ? 0 : score;
}

static enum pylontech_pick pick_round_robin(struct pylontech_console *c, uint64_t now_us,
                                            struct console_command *ret)
{
    uint64_t best = 0;

    for (size_t v = 0; v < sizeof slow_verbs / sizeof slow_verbs[0]; v++) {
        for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
            bool local = i == first_present(c);
            enum console_verb verb = local ? slow_verbs[v].one : slow_verbs[v].other;
            uint64_t score = 0;

            if (c->modules[i].present && !c->off[verb])
                score = overdue(c, i, &slow_verbs[v], now_us);
            if (score <= best)
                continue;
            best = score;
            *ret = (struct console_command){.verb = verb};
            if (console_verb_has_address(verb))
                ret->address = (uint8_t)(i + 1);
        }
    }
    if (best >= urgent)
        return PICK_RECHECK;
    return best > 0 ? PICK_ROUTINE : PICK_NOTHING;
}

enum pylontech_pick pylontech_pick(struct pylontech_console *c, uint64_t now_us,
                                   struct console_command *ret)
{
    if (pick_identity(c, now_us, ret))
        return PICK_IDENTITY;
    if (c->poll_now) /* the last module is identified: the table that publishes them comes first */
        return PICK_NOTHING;
    bool due = c->system_asked_us == 0 || now_us - c->system_asked_us >= system_every_us;
    if (c->debug_mode && !c->off[SAY_PWRSYS] && due) {
        *ret = (struct console_command){.verb = SAY_PWRSYS};
        return PICK_ROUTINE;
    }
    return pick_round_robin(c, now_us, ret);
}

static unsigned index_of(const struct pylontech_console *c, struct console_command command)
{
    return command.address != 0 ? command.address - 1u : first_present(c);
}

void pylontech_picked(struct pylontech_console *c, struct console_command command, uint64_t now_us)
{
    struct module_times *asked = &c->modules[index_of(c, command)].asked;

    switch (command.verb) {
    case SAY_BAT_N: asked->bat_us = now_us; break;
    case SAY_PWR_N: asked->pwr_n_us = now_us; break;
    case SAY_STAT:
    case SAY_STAT_N: asked->stat_us = now_us; break;
    case SAY_INFO:
    case SAY_INFO_N: asked->info_us = now_us; break;
    case SAY_PWRSYS: c->system_asked_us = now_us; break;
    case SAY_ENTER:
    case SAY_PWR:
    case SAY_COUNT: break;
    }
}

void pylontech_no_details(struct pylontech_console *c, struct console_command command)
{
    struct pylontech_module *m = &c->modules[index_of(c, command)];
    bool identifies = command.verb == SAY_INFO || command.verb == SAY_INFO_N ||
                      (command.verb == SAY_PWR_N && !m->identified);

    if (identifies && m->tries < UINT8_MAX)
        m->tries++;
}

/* ---- answers ---- */

/* The console does not have this command, or not with this argument. Once it has worked, a refusal
 * only means that the module has left. */
static void refused(struct pylontech_console *c, struct console_command command)
{
    char room[CONSOLE_COMMAND_TEXT];
    struct span text = console_command_text(command, room);

    pylontech_no_details(c, command);
    if (c->worked[command.verb] || ++c->refusals[command.verb] < REFUSALS)
        return;
    c->off[command.verb] = true;
    log_msg(c->log, LOG_INFO, "source", "battery=%s '%.*s' is refused; not used in this session",
            c->config.link.name, (int)text.n, (const char *)text.p);
}

static enum err take_info(struct pylontech_console *c, unsigned index, uint64_t now_us)
{
    struct pylontech_module *m = &c->modules[index];
    struct pylon_info info;
    enum err e = pylon_info_from(&c->form, &info).code;

    if (e != ERR_OK)
        return e;
    bool other =
        m->at.info_us != 0 && info.barcode[0] != '\0' && strcmp(info.barcode, m->info.barcode) != 0;
    if (other) { /* another module at this address: nothing of the old one counts */
        log_msg(c->log, LOG_WARN, "source", "battery=%s module=%u barcode changed from %s to %s",
                c->config.link.name, index + 1, m->info.barcode, info.barcode);
        pylontech_module_reset(m);
        m->present = true;
    }
    if (index == first_present(c) && info.address > 1)
        log_msg(c->log, LOG_WARN, "source",
                "battery=%s the cable is on module %u, not on the master: it knows only itself",
                c->config.link.name, info.address);
    m->info = info;
    m->at.info_us = now_us;
    m->verify = false;
    return ERR_OK;
}

static enum err take_bat(struct pylontech_console *c, struct pylontech_module *m,
                         const struct pylon_answer *answer, uint64_t now_us)
{
    struct pylon_bat bat;
    enum err e = pylon_bat_decode(answer->body, &bat).code;

    if (e != ERR_OK)
        return e;
    if (bat.n == 0 || (m->info.cell_number != 0 && bat.n != m->info.cell_number))
        return ERR_INCOMPLETE;
    m->bat = bat;
    m->at.bat_us = now_us;
    m->contested_bat = pylontech_module_contested(m, &c->config.limits);
    return ERR_OK;
}

static enum err take_pwr_n(struct pylontech_console *c, struct console_command command,
                           uint64_t now_us)
{
    struct pylontech_module *m = &c->modules[command.address - 1];
    struct pylon_module module;
    enum err e = pylon_module_from(&c->form, &module).code;

    if (e != ERR_OK)
        return e;
    if (module.address != 0 && module.address != command.address)
        return ERR_MISMATCH;
    m->pwr_n = module;
    m->at.pwr_n_us = now_us;
    m->contested_pwr_n = pylontech_module_contested(m, &c->config.limits);
    return ERR_OK;
}

static enum err take_stat(struct pylontech_console *c, struct pylontech_module *m, uint64_t now_us)
{
    struct pylon_stat stat;
    enum err e = pylon_stat_from(&c->form, &stat).code;

    if (e != ERR_OK)
        return e;
    m->stat = stat;
    m->at.stat_us = now_us;
    return ERR_OK;
}

static enum err take_system(struct pylontech_console *c, uint64_t now_us)
{
    struct pylon_system system;
    enum err e = pylon_system_from(&c->form, &system).code;

    if (e != ERR_OK)
        return e;
    if (!system.has_module_limits || system.module_cvl_mv <= 0 || system.module_ccl_ma < 0)
        return ERR_INCOMPLETE;
    c->system = system;
    c->system_us = now_us;
    return ERR_OK;
}

static enum err take_form(struct pylontech_console *c, struct console_command command,
                          enum pylon_form_kind kind, const struct pylon_answer *answer,
                          uint64_t now_us)
{
    unsigned index = index_of(c, command);
    enum err e = pylon_form_decode(kind, answer->body, &c->form).code;

    if (e != ERR_OK)
        return e;
    switch (kind) {
    case PYLON_FORM_PWR: return take_pwr_n(c, command, now_us);
    case PYLON_FORM_INFO: return take_info(c, index, now_us);
    case PYLON_FORM_STAT: return take_stat(c, &c->modules[index], now_us);
    case PYLON_FORM_PWRSYS: return take_system(c, now_us);
    }
    return ERR_UNSUPPORTED;
}

static enum err take(struct pylontech_console *c, struct console_command command,
                     const struct pylon_answer *answer, uint64_t now_us)
{
    switch (command.verb) {
    case SAY_BAT_N: return take_bat(c, &c->modules[command.address - 1], answer, now_us);
    case SAY_PWR_N: return take_form(c, command, PYLON_FORM_PWR, answer, now_us);
    case SAY_INFO:
    case SAY_INFO_N: return take_form(c, command, PYLON_FORM_INFO, answer, now_us);
    case SAY_STAT:
    case SAY_STAT_N: return take_form(c, command, PYLON_FORM_STAT, answer, now_us);
    case SAY_PWRSYS: return take_form(c, command, PYLON_FORM_PWRSYS, answer, now_us);
    case SAY_ENTER:
    case SAY_PWR:
    case SAY_COUNT: break;
    }
    return ERR_UNSUPPORTED;
}

void pylontech_details(struct pylontech_console *c, struct console_command command,
                       const struct pylon_answer *answer, uint64_t now_us)
{
    char room[CONSOLE_COMMAND_TEXT];
    struct span text = console_command_text(command, room);

    switch (answer->status) {
    case PYLON_OK: break;
    case PYLON_UNKNOWN:
    case PYLON_INVALID: refused(c, command); return;
    case PYLON_NOT_PRESENT:
    case PYLON_FAILED:
    case PYLON_EMPTY:
    case PYLON_NO_COMPLETION: pylontech_no_details(c, command); return;
    }
    c->worked[command.verb] = true;
    enum err e = take(c, command, answer, now_us);
    if (e != ERR_OK) {
        pylontech_trouble(c, TROUBLE_DETAIL, now_us, "'%.*s': %s", (int)text.n,
                          (const char *)text.p, err_text(e));
        pylontech_no_details(c, command);
        return;
    }
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        if (command.verb == SAY_PWRSYS || i == index_of(c, command))
            pylontech_publish(c, i, false, now_us);
    }
}
