/* SPDX-License-Identifier: Apache-2.0
 *
 * The MQTT output's state: what the broker was told, and when to speak.
 */
#include "bridge/sink/victron.h"

static const uint64_t log_period_us = 60 * US_PER_S;

const char sink_victron_online[] = "online";
const char sink_victron_offline[] = "offline";

void sink_victron_init(struct sink_victron *s, const struct sink_victron_config *config,
                       const struct victron_end *end, const struct log *log)
{
    *s = (struct sink_victron){
        .config = *config, .end = *end, .log = log, .stale_since_us = NEVER_US};
    beat_init(&s->beat, config->period_us);
}

void sink_victron_on_connected(struct sink_victron *s)
{
    s->status = VICTRON_UNTOLD;
}

void sink_victron_on_refused(struct sink_victron *s, const char *topic, int reason, uint64_t now_us)
{
    unsigned missed = 0;

    s->stats.refused++;
    if (log_limit_ok(&s->limit_refused, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_ERROR, "mqtt",
                "broker=%s refused publish topic=%s reason=0x%02X (%u refusals not shown)",
                s->config.name, topic, (unsigned)reason, missed);
}

/* Tells the status when the broker does not know it yet. QoS 1, so that a refusal is seen. */
static void tell_status(struct sink_victron *s, bool online)
{
    enum victron_status wanted = online ? VICTRON_ONLINE : VICTRON_OFFLINE;
    const char *text = online ? sink_victron_online : sink_victron_offline;

    if (s->status == wanted)
        return;
    if (s->end.publish(s->end.ctx, s->config.status_topic, span_str(text), 1, true) == ERR_OK)
        s->status = wanted;
}

static void publish_state(struct sink_victron *s, const struct bank *bank, bool urgent,
                          uint64_t now_us)
{
    struct buf out = buf_of(s->text, sizeof s->text);
    unsigned missed = 0;
    enum err e = victron_json_encode(s->config.form, bank, &out);

    if (e != ERR_OK) {
        if (log_limit_ok(&s->limit_incomplete, now_us, log_period_us, &missed))
            log_msg(s->log, LOG_WARN, "mqtt", "broker=%s nothing published: %s", s->config.name,
                    err_text(e));
        return;
    }
    e = s->end.publish(s->end.ctx, s->config.topic, buf_span(&out), 0, false);
    if (e != ERR_OK) {
        s->stats.failed++;
        if (log_limit_ok(&s->limit_failed, now_us, log_period_us, &missed))
            log_msg(s->log, LOG_WARN, "mqtt",
                    "broker=%s publish failed: %s (%u failures not shown)", s->config.name,
                    err_text(e), missed);
        return;
    }
    s->stats.published++;
    s->stats.urgent += urgent ? 1 : 0;
    beat_spoke(&s->beat, bank, now_us);
}

/* A reader would see a difference. */
static bool is_visible(struct sink_victron *s, const struct bank *bank)
{
    struct buf before = buf_of(s->probe[0], sizeof s->probe[0]);
    struct buf after = buf_of(s->probe[1], sizeof s->probe[1]);
    struct bank probe = beat_probe(&s->beat, bank);

    return victron_json_encode(s->config.form, &s->beat.spoken, &before) != ERR_OK ||
           victron_json_encode(s->config.form, &probe, &after) != ERR_OK ||
           !span_eq(buf_span(&before), buf_span(&after));
}

/* The bank has something to say, and has not said "lost" for longer than it should. */
static bool may_speak(struct sink_victron *s, const struct bank *bank, uint64_t now_us)
{
    if (bank->life == BANK_ONLINE) {
        s->stale_since_us = NEVER_US;
        return true;
    }
    if (bank->life != BANK_STALE) {
        s->stale_since_us = NEVER_US;
        return false;
    }
    if (s->stale_since_us == NEVER_US)
        s->stale_since_us = now_us;
    return now_us < deadline_add(s->stale_since_us, s->config.loss_hold_us);
}

static void run(void *self, const struct bank *bank, uint64_t now_us)
{
    struct sink_victron *s = self;
    bool speaks = may_speak(s, bank, now_us);

    /* the cadence goes on without a connection, so that all sinks keep speaking together */
    enum beat_due due = BEAT_REST;

    if (speaks)
        due = beat_check(&s->beat, bank, now_us);
    else
        beat_stop(&s->beat);
    if (!s->end.connected(s->end.ctx))
        return;
    tell_status(s, speaks);
    if (due == BEAT_URGENT && !is_visible(s, bank))
        due = BEAT_REST;
    if (due != BEAT_REST)
        publish_state(s, bank, due == BEAT_URGENT, now_us);
}

static uint64_t next_deadline(const void *self)
{
    const struct sink_victron *s = self;
    uint64_t end_us = NEVER_US;

    if (s->stale_since_us != NEVER_US && s->beat.next_us != NEVER_US)
        end_us = deadline_add(s->stale_since_us, s->config.loss_hold_us);
    /* without a connection there is nothing to wake up for: its return will */
    return s->end.connected(s->end.ctx) ? deadline_min(end_us, s->beat.next_us) : NEVER_US;
}

void sink_victron_goodbye(struct sink_victron *s)
{
    if (s->end.connected(s->end.ctx))
        tell_status(s, false);
}

static const struct sink_ops ops = {.run = run, .next_deadline = next_deadline};

struct sink sink_victron_as_sink(struct sink_victron *s)
{
    return (struct sink){.ops = &ops, .self = s};
}
