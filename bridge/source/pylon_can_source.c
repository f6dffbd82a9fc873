/* SPDX-License-Identifier: Apache-2.0
 *
 * See pylon_can_source.h.
 */
#include "bridge/source/pylon_can_source.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t log_period_us = 60 * US_PER_S;
/* Two of the usual periods and what they drift; YamBMS takes 1.5 s for its longest set. */
static const uint64_t learn_us = 2500 * US_PER_MS;
static const uint64_t heard_age_us = 12 * US_PER_S; /* BYD sends most frames every 10 s */
/* Without a whole set for so long the bank has given the battery up: another may come back. */
static const uint64_t forget_us = 60 * US_PER_S;
/* BYD keeps a period of its own for each id; this is the slowest of a needed one. */
static const uint64_t byd_period_us = 10 * US_PER_S;

uint64_t pylon_can_source_period(const struct pylon_can_source_config *config,
                                 const struct pylon_can_dialect *dialect)
{
    if (config->period_us != 0)
        return config->period_us;
    if (dialect == NULL)
        return US_PER_S;
    if (config->dialect != NULL && strcmp(pylon_can_name(dialect), "victron-byd") == 0)
        return byd_period_us;
    return pylon_can_period_ms(dialect) * US_PER_MS;
}

/* ---- the dialect ---- */

static void use_dialect(struct pylon_can_source *s, const struct pylon_can_dialect *dialect)
{
    pylon_can_set_init(&s->set, dialect, pylon_can_source_period(&s->config, dialect),
                       s->config.without, s->config.n_without);
    s->learn_us = NEVER_US;
}

/* As if the battery had never been heard, but for what was said of it. */
static void start_over(struct pylon_can_source *s)
{
    s->heard.n = 0;
    s->learn_us = NEVER_US;
    s->set = (struct pylon_can_set){0};
    s->late = false;
    if (s->known != NULL)
        use_dialect(s, s->known);
}

static void publish(struct pylon_can_source *s, uint64_t now_us);

/* False: the frame changed nothing. */
static bool take_frame_of_set(struct pylon_can_source *s, const struct can_msg *msg,
                              uint64_t now_us)
{
    struct decoded verdict;
    unsigned missed = 0;
    uint64_t whole_us = s->set.whole_us;

    switch (pylon_can_set_take(&s->set, msg, now_us, &verdict)) {
    case PYLON_CAN_FOREIGN: s->stats.foreign++; return false;
    case PYLON_CAN_REFUSED:
        s->stats.refused++;
        if (log_limit_ok(&s->limit_refused, now_us, log_period_us, &missed))
            log_msg(s->log, LOG_WARN, "source",
                    "battery=%s frame=%03X length=%u not used: %s at byte %u (%u not shown)",
                    s->config.name, (unsigned)msg->id, msg->dlc, err_text(verdict.code),
                    (unsigned)verdict.offset, missed);
        return false;
    case PYLON_CAN_TAKEN: s->stats.taken++; break;
    }
    if (s->set.whole_us != whole_us) {
        s->stats.wholes++;
        if (s->late || !s->has_said)
            log_msg(s->log, LOG_INFO, "source", "battery=%s set is whole", s->config.name);
        s->late = false;
        s->since_us = now_us;
    }
    return true;
}

static void learn(struct pylon_can_source *s, uint64_t now_us)
{
    const char *why = "";
    char ids[120];
    unsigned missed = 0;

    pylon_can_heard_age(&s->heard, now_us, heard_age_us);
    const struct pylon_can_dialect *dialect = pylon_can_detect(&s->heard, &why);
    if (dialect == NULL) {
        pylon_can_heard_text(&s->heard, ids, sizeof ids);
        if (log_limit_ok(&s->limit_unknown, now_us, log_period_us, &missed))
            log_msg(s->log, LOG_WARN, "source", "battery=%s dialect unknown: %s; heard: %s",
                    s->config.name, why, ids);
        s->learn_us = s->heard.n > 0 ? now_us + learn_us : NEVER_US;
        return;
    }
    if (dialect != s->shown)
        log_msg(s->log, LOG_INFO, "source", "battery=%s dialect=%s", s->config.name,
                pylon_can_name(dialect));
    s->shown = s->known = dialect;
    use_dialect(s, dialect);
    /* each at its own time, but told as of now: what was a whole set then may be overdue now */
    for (size_t i = 0; i < s->heard.n; i++)
        take_frame_of_set(s, &s->heard.frames[i].msg, s->heard.frames[i].at_us);
    publish(s, now_us);
}

/* ---- what is told ---- */

static void lower(int32_t *said, int32_t now, bool known)
{
    if (known && now < *said)
        *said = now;
}

/* The last whole picture with what makes it safer: limits fall, ways close, alarms are raised. */
static struct battery safer(const struct battery *said, const struct battery *now)
{
    struct battery b = *said;

    lower(&b.ccl_ma, now->ccl_ma, battery_knows(now, FIELD_CCL));
    lower(&b.dcl_ma, now->dcl_ma, battery_knows(now, FIELD_DCL));
    lower(&b.cvl_mv, now->cvl_mv, battery_knows(now, FIELD_CVL));
    if (battery_knows(now, FIELD_ENABLES)) {
        b.charge_enable = b.charge_enable && now->charge_enable;
        b.discharge_enable = b.discharge_enable && now->discharge_enable;
    }
    if (battery_knows(now, FIELD_PROTECTIONS))
        b.protections |= now->protections;
    if (battery_knows(now, FIELD_WARNINGS))
        b.warnings |= now->warnings;
    return b;
}

static void note_modules(struct pylon_can_source *s)
{
    unsigned modules = s->set.picture.online;

    if (modules == s->modules)
        return;
    log_msg(s->log, modules < s->modules ? LOG_WARN : LOG_INFO, "source",
            "battery=%s modules=%u (were %u)", s->config.name, modules, s->modules);
    s->modules = modules;
}

static void publish(struct pylon_can_source *s, uint64_t now_us)
{
    struct battery now;
    bool whole = pylon_can_set_whole(&s->set, now_us);

    if (!whole && !s->has_said)
        return;
    pylon_can_set_battery(&s->set, now_us, &now);
    if (whole) {
        s->said = now;
        note_modules(s);
    } else {
        s->said = safer(&s->said, &now);
    }
    s->has_said = true;
    s->changed = true;
}

/* ---- the interface ---- */

static void opened(void *self, uint64_t now_us)
{
    struct pylon_can_source *s = self;

    s->open = true;
    s->since_us = now_us;
    s->keepalive_us = s->config.keepalive_us != 0 ? now_us : NEVER_US;
    start_over(s);
}

static void closed(void *self, uint64_t now_us)
{
    struct pylon_can_source *s = self;

    (void)now_us;
    s->open = false;
    s->keepalive_us = NEVER_US;
    s->keepalive_due = false;
    start_over(s);
}

static void frame(void *self, const struct can_msg *msg, uint64_t now_us)
{
    struct pylon_can_source *s = self;

    if (s->set.dialect != NULL) {
        if (take_frame_of_set(s, msg, now_us))
            publish(s, now_us);
        return;
    }
    pylon_can_heard_put(&s->heard, msg, now_us);
    if (s->heard.n > 0 && s->learn_us == NEVER_US)
        s->learn_us = now_us + learn_us;
}

/* When the next set is overdue: the first one counts from when the bus came up. */
static uint64_t overdue_us(const struct pylon_can_source *s)
{
    if (!s->open || s->set.dialect == NULL || s->late)
        return NEVER_US;
    return s->set.whole_us != 0 ? pylon_can_set_overdue(&s->set)
                                : deadline_add(s->since_us, 3 * s->set.period_us);
}

/* When to find out the dialect anew. A bus that came back may have another battery on it: then its
 * set does not come whole even once. */
static uint64_t forget_at_us(const struct pylon_can_source *s)
{
    bool guessed = s->config.dialect == NULL && s->set.whole_us == 0;

    if (!s->late)
        return NEVER_US;
    return deadline_add(s->since_us, guessed ? 6 * s->set.period_us : forget_us + s->set.period_us);
}

static void note_late(struct pylon_can_source *s, uint64_t now_us)
{
    char ids[120];
    unsigned missed = 0;

    s->late = true;
    s->stats.overdue++;
    pylon_can_set_missing(&s->set, now_us, ids, sizeof ids);
    if (log_limit_ok(&s->limit_late, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "source",
                "battery=%s dialect=%s set overdue after %u ms, missing: %s (%u not shown)",
                s->config.name, pylon_can_name(s->set.dialect),
                (unsigned)((now_us - s->since_us) / US_PER_MS), ids, missed);
}

static void deadline(void *self, uint64_t now_us)
{
    struct pylon_can_source *s = self;

    if (now_us >= s->keepalive_us) {
        s->keepalive_due = true;
        s->keepalive_us = now_us + s->config.keepalive_us;
    }
    if (now_us >= s->learn_us)
        learn(s, now_us);
    if (now_us >= overdue_us(s))
        note_late(s, now_us);
    if (now_us >= forget_at_us(s)) {
        s->since_us = now_us;
        s->known = s->config.dialect;
        start_over(s);
    }
}

static uint64_t next_deadline(const void *self)
{
    const struct pylon_can_source *s = self;
    uint64_t next_us = deadline_min(s->learn_us, s->keepalive_us);

    return deadline_min(next_us, deadline_min(overdue_us(s), forget_at_us(s)));
}

static bool take_battery(void *self, unsigned *ret_index, struct battery *ret)
{
    struct pylon_can_source *s = self;

    if (!s->changed)
        return false;
    s->changed = false;
    *ret_index = 0;
    *ret = s->said;
    return true;
}

static bool is_heard(const struct pylon_can_source *s)
{
    return s->open && s->set.whole_us != 0 && !s->late;
}

static unsigned present(const void *self)
{
    return is_heard(self) ? 1 : 0;
}

static bool ready(const void *self)
{
    return is_heard(self);
}

/* What an inverter sends so that the battery knows that it is there. Nobody may look at the
 * content: zeros (docs/protocols/pylon-can.md). */
static bool take_frame(void *self, struct can_msg *ret)
{
    struct pylon_can_source *s = self;

    if (!s->keepalive_due)
        return false;
    s->keepalive_due = false;
    *ret = (struct can_msg){.id = 0x305, .dlc = 8};
    if (s->set.dialect != NULL)
        ret->id = pylon_can_keepalive_id(s->set.dialect);
    return true;
}

static const struct source_ops ops = {
    .opened = opened,
    .closed = closed,
    .deadline = deadline,
    .next_deadline = next_deadline,
    .take_battery = take_battery,
    .present = present,
    .ready = ready,
    .frame = frame,
    .take_frame = take_frame,
};

void pylon_can_source_init(struct pylon_can_source *s, const struct pylon_can_source_config *config,
                           const struct log *log)
{
    *s = (struct pylon_can_source){
        .config = *config,
        .log = log,
        .known = config->dialect,
        .learn_us = NEVER_US,
        .keepalive_us = NEVER_US,
    };
    start_over(s);
}

struct source pylon_can_as_source(struct pylon_can_source *s)
{
    return (struct source){.ops = &ops, .self = s, .wire = SOURCE_CAN, .capacity = 1};
}

enum err pylon_can_source_make(const void *config, const struct log *log, struct source *ret)
{
    struct pylon_can_source *s = malloc(sizeof *s);

    if (s == NULL)
        return ERR_MEMORY;
    pylon_can_source_init(s, config, log);
    *ret = pylon_can_as_source(s);
    ret->destroy = free;
    return ERR_OK;
}
