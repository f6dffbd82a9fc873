/* SPDX-License-Identifier: Apache-2.0
 *
 * The CAN output's state: the bus (open, to be opened), the inverter (heard, missed), the cadence.
 */
#include "bridge/sink/can.h"

#include "bridge/bank.h"

static const uint64_t backoff_min_us = 250 * US_PER_MS;
static const uint64_t backoff_max_us = 2 * US_PER_S; /* back on the bus well within 5 s */
static const uint64_t log_period_us = 60 * US_PER_S;
/* Inverters send their keep-alive once a second. */
static const uint64_t inverter_quiet_us = 10 * US_PER_S;
/* While the inverter is not heard one set is sent now and then: it may be waiting for us. */
static const uint64_t probe_period_us = 30 * US_PER_S;
/* A set that the kernel did not take whole within this time is no longer the news. */
static const uint64_t set_life_us = 100 * US_PER_MS;
static const uint64_t set_again_us = 2 * US_PER_MS; /* eight frames at 500 kbit/s */

void sink_can_init(struct sink_can *s, const struct sink_can_config *config,
                   const struct can_end *end, const struct log *log)
{
    *s = (struct sink_can){
        .config = *config,
        .end = *end,
        .log = log,
        .backoff_us = backoff_min_us,
        .silent_since_us = NEVER_US,
        .probe_us = NEVER_US,
    };
    uint64_t period_us = config->period_us != 0 ? config->period_us
                                                : pylon_can_period_ms(config->dialect) * US_PER_MS;
    beat_init(&s->beat, period_us);
}

/* ---- the bus ---- */

static void try_again_later(struct sink_can *s, uint64_t now_us)
{
    s->open = false;
    s->retry_us = now_us + s->backoff_us;
    s->backoff_us = s->backoff_us * 2 < backoff_max_us ? s->backoff_us * 2 : backoff_max_us;
}

static void open_bus(struct sink_can *s, uint64_t now_us)
{
    unsigned missed = 0;
    enum err e = s->end.open(s->end.ctx);

    if (e == ERR_OK) {
        s->open = true;
        s->stats.opens++;
        log_msg(s->log, LOG_INFO, "can", "bus=%s open", s->config.name);
        return;
    }
    try_again_later(s, now_us);
    if (log_limit_ok(&s->limit_open, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "can", "bus=%s cannot open: %s; retrying (%u attempts not shown)",
                s->config.name, err_text(e), missed);
}

static void lose_bus(struct sink_can *s, enum err why, uint64_t now_us)
{
    s->end.close(s->end.ctx);
    try_again_later(s, now_us);
    log_msg(s->log, LOG_WARN, "can", "bus=%s lost: %s; reopening", s->config.name, err_text(why));
}

void sink_can_on_down(struct sink_can *s, uint64_t now_us)
{
    if (s->open)
        lose_bus(s, ERR_CLOSED, now_us);
}

/* ---- the inverter ---- */

void sink_can_on_frame(struct sink_can *s, const struct can_msg *msg, uint64_t now_us)
{
    if (msg->extended || msg->error || msg->id != pylon_can_keepalive_id(s->config.dialect))
        return;
    if (s->inverter_missed || s->heard_us == 0)
        log_msg(s->log, LOG_INFO, "can", "bus=%s inverter heard", s->config.name);
    s->heard_us = now_us;
    s->inverter_missed = false;
    if (s->waiting) { /* resume with a fresh cadence at once */
        s->waiting = false;
        s->probe_us = NEVER_US;
        beat_stop(&s->beat);
    }
}

/* The last time that the inverter was heard or could not have been. */
static uint64_t quiet_since(const struct sink_can *s)
{
    return s->heard_us > s->silent_since_us ? s->heard_us : s->silent_since_us;
}

static void watch_inverter(struct sink_can *s, uint64_t now_us)
{
    if (s->silent_since_us == NEVER_US)
        return;
    uint64_t quiet_us = now_us - quiet_since(s);

    if (s->heard_us != 0 && !s->inverter_missed && quiet_us >= inverter_quiet_us) {
        s->inverter_missed = true;
        log_msg(s->log, LOG_WARN, "can", "bus=%s inverter not heard for %u s", s->config.name,
                (unsigned)(quiet_us / US_PER_S));
    }
    if (s->config.keepalive_us != 0 && !s->waiting && quiet_us >= s->config.keepalive_us) {
        s->waiting = true;
        s->probe_us = now_us + probe_period_us;
        log_msg(s->log, LOG_WARN, "can", "bus=%s stopped: no keep-alive", s->config.name);
    }
}

/* ---- the set ---- */

static bool is_sending(const struct sink_can *s)
{
    return s->set.at < s->set.n;
}

static void drop_set(struct sink_can *s)
{
    s->stats.dropped += s->set.n - s->set.at;
    s->set.n = s->set.at = 0;
}

/* Offers what is left of the set. What it says counts as said only when all of it left: an urgent
 * change that got stuck stays urgent. */
static void offer_set(struct sink_can *s, uint64_t now_us)
{
    struct can_set *set = &s->set;
    unsigned missed = 0;

    while (is_sending(s)) {
        enum err e = s->end.send(s->end.ctx, &set->msgs[set->at]);
        if (e == ERR_OK) {
            s->stats.frames++;
            set->at++;
        } else if (e != ERR_AGAIN) {
            drop_set(s);
            lose_bus(s, e, now_us);
            return;
        } else if (now_us - set->made_us < set_life_us) {
            set->again_us = now_us + set_again_us;
            return;
        } else {
            drop_set(s);
            if (log_limit_ok(&s->limit_drop, now_us, log_period_us, &missed))
                log_msg(s->log, LOG_WARN, "can",
                        "bus=%s send queue full, set dropped (%u drops not shown)", s->config.name,
                        missed);
            return;
        }
    }
    s->stats.bursts++;
    s->stats.urgent += set->urgent ? 1 : 0;
    s->backoff_us = backoff_min_us;
    beat_spoke(&s->beat, &set->said, now_us);
}

static enum err encode(const struct sink_can *s, const struct bank *bank, struct can_msg *ret,
                       size_t *ret_n)
{
    const char *maker = s->config.maker[0] != '\0' ? s->config.maker : NULL;

    return pylon_can_encode(s->config.dialect, bank, maker, ret, ret_n);
}

static void send_set(struct sink_can *s, const struct bank *bank, enum beat_due due,
                     uint64_t now_us)
{
    struct can_set *set = &s->set;
    size_t n = 0;
    unsigned missed = 0;

    drop_set(s); /* what was left of an older one */
    enum err e = encode(s, bank, set->msgs, &n);
    if (e != ERR_OK) {
        if (log_limit_ok(&s->limit_incomplete, now_us, log_period_us, &missed))
            log_msg(s->log, LOG_WARN, "can", "bus=%s nothing sent: %s", s->config.name,
                    err_text(e));
        return;
    }
    set->n = n;
    set->made_us = now_us;
    set->said = *bank;
    set->urgent = due == BEAT_URGENT;
    offer_set(s, now_us);
}

/* The inverter would see a difference. */
static bool is_visible(const struct sink_can *s, const struct bank *bank)
{
    struct can_msg before[PYLON_CAN_MAX_FRAMES];
    struct can_msg after[PYLON_CAN_MAX_FRAMES];
    struct bank probe = beat_probe(&s->beat, bank);
    size_t n = 0;
    size_t m = 0;

    if (encode(s, &s->beat.spoken, before, &n) != ERR_OK || encode(s, &probe, after, &m) != ERR_OK)
        return true;
    bool same = n == m;
    for (size_t i = 0; i < n && same; i++)
        same = can_msg_eq(&before[i], &after[i]);
    return !same;
}

static bool may_speak(struct sink_can *s, const struct bank *bank, uint64_t now_us)
{
    bool alive = bank->life == BANK_ONLINE || bank->life == BANK_STALE;

    if (!alive || !s->open) {
        drop_set(s);
        if (!alive)
            beat_stop(&s->beat);
        s->silent_since_us = NEVER_US;
        s->waiting = false;
        return false;
    }
    if (s->silent_since_us == NEVER_US)
        s->silent_since_us = now_us;
    watch_inverter(s, now_us);
    return true;
}

static void run(void *self, const struct bank *bank, uint64_t now_us)
{
    struct sink_can *s = self;

    if (!s->open && now_us >= s->retry_us)
        open_bus(s, now_us);
    if (!may_speak(s, bank, now_us))
        return;
    if (s->waiting) {
        if (now_us >= s->probe_us) {
            s->probe_us = now_us + probe_period_us;
            send_set(s, bank, BEAT_TICK, now_us);
        }
        return;
    }
    /* a set on its way that no longer tells the whole truth is replaced */
    bool overtaken = is_sending(s) && bank_is_urgent(&s->set.said, bank);
    enum beat_due due = beat_check(&s->beat, bank, now_us);
    if (due == BEAT_URGENT && !is_visible(s, bank))
        due = BEAT_REST;
    if (due == BEAT_TICK || overtaken || (due == BEAT_URGENT && !is_sending(s)))
        send_set(s, bank, due, now_us);
    else if (is_sending(s) && now_us >= s->set.again_us)
        offer_set(s, now_us);
}

static uint64_t next_deadline(const void *self)
{
    const struct sink_can *s = self;

    if (!s->open)
        return s->retry_us;
    if (is_sending(s))
        return deadline_min(s->set.again_us, s->beat.next_us);
    return s->waiting ? s->probe_us : s->beat.next_us;
}

static const struct sink_ops ops = {.run = run, .next_deadline = next_deadline};

struct sink sink_can_as_sink(struct sink_can *s)
{
    return (struct sink){.ops = &ops, .self = s};
}
