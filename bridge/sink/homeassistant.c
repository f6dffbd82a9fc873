/* SPDX-License-Identifier: Apache-2.0
 *
 * The Home Assistant output's state: what there is, what the broker was told, and when to speak.
 */
#include "bridge/sink/homeassistant.h"

#include <string.h>

#include "bridge/sink/homeassistant_priv.h"

static const uint64_t log_period_us = 60 * US_PER_S;
static const uint64_t retry_after_us = 20 * US_PER_MS;
static const uint64_t correct_for_us = 5 * US_PER_S;

const char sink_ha_online[] = "online";
const char sink_ha_offline[] = "offline";

void sink_ha_init(struct sink_ha *s, const struct sink_ha_config *config, const struct ha_end *end,
                  const struct bank_pack *packs, const struct log *log)
{
    *s = (struct sink_ha){.config = *config,
                          .end = *end,
                          .log = log,
                          .packs = packs,
                          .birth_us = NEVER_US,
                          .retry_us = NEVER_US};
    if (s->config.expire_us == 0) {
        s->config.expire_us = 3 * config->period_us;
        if (s->config.expire_us < 10 * US_PER_S)
            s->config.expire_us = 10 * US_PER_S;
    }
    beat_init(&s->beat, config->period_us);
}

void sink_ha_add_section(struct sink_ha *s, const char *name, unsigned first, unsigned count)
{
    if (s->n_sections == HA_SECTIONS)
        return;
    struct ha_section *section = &s->sections[s->n_sections++];
    *section = (struct ha_section){.first = first, .count = count};
    span_to_str(span_str(name), section->name, sizeof section->name);
}

/* ---- what there is ---- */

static bool speaks(const struct bank *bank)
{
    return bank->life == BANK_ONLINE || bank->life == BANK_STALE;
}

/* Its values are fresh. */
static bool is_online(const struct sink_ha *s, const struct bank *bank, unsigned device)
{
    if (device == 0)
        return bank->life == BANK_ONLINE;
    return speaks(bank) && s->packs[device - 1].state == PACK_ONLINE;
}

/* It may be spoken of: the bank's limits and alarms are true while it is stale, too. */
static bool has_state(const struct sink_ha *s, const struct bank *bank, unsigned device)
{
    return device == 0 ? speaks(bank) : is_online(s, bank, device);
}

static bool same_identity(const struct battery *a, const struct battery *b)
{
    const uint32_t fields = FIELD_MAKER | FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE;

    return (a->known & fields) == (b->known & fields) && strcmp(a->maker, b->maker) == 0 &&
           strcmp(a->model, b->model) == 0 && strcmp(a->serial, b->serial) == 0 &&
           strcmp(a->firmware, b->firmware) == 0;
}

/* What was read of its identity stays while the newest reading has none: `info` is asked seldom. */
static void learn_identity(struct ha_slot *slot, const struct battery *b)
{
    const uint32_t all = FIELD_MAKER | FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE;

    if ((b->known & all) == 0 || same_identity(&slot->identity, b))
        return;
    bool another = battery_knows(&slot->identity, FIELD_SERIAL) && battery_knows(b, FIELD_SERIAL) &&
                   strcmp(slot->identity.serial, b->serial) != 0;
    slot->identity = *b;
    slot->announced = false;
    if (another) { /* another battery stands in this place: what only the old one had must go */
        struct ha_entities now = {0};
        ha_entities_add_battery(&now, b);
        slot->gone = ha_entities_without(&slot->have, &now);
        slot->have = now;
    }
}

static void learn(struct sink_ha *s, const struct bank *bank)
{
    for (unsigned d = 0; d < HA_DEVICES; d++) {
        struct ha_slot *slot = &s->slots[d];
        if (!is_online(s, bank, d))
            continue;
        struct ha_entities now = slot->have;
        if (d > 0)
            learn_identity(slot, &s->packs[d - 1].b);
        now = slot->have;
        if (d > 0)
            ha_entities_add_battery(&now, &s->packs[d - 1].b);
        else
            ha_entities_add_bank(&now, bank);
        if (!slot->exists || !ha_entities_equal(&now, &slot->have))
            slot->announced = false;
        slot->exists = true;
        slot->have = now;
    }
}

/* ---- telling ---- */

/* Publishes; what the connection does not take is tried again soon. */
static bool tell(struct sink_ha *s, const char *topic, struct span payload, int qos, bool retain,
                 uint64_t now_us)
{
    unsigned missed = 0;
    enum err e = s->end.publish(s->end.ctx, topic, payload, qos, retain);

    if (e == ERR_OK)
        return true;
    s->stats.failed++;
    s->retry_us = now_us + retry_after_us;
    if (e != ERR_AGAIN && log_limit_ok(&s->limit_failed, now_us, log_period_us, &missed))
        log_msg(s->log, LOG_WARN, "ha", "broker=%s publish failed: %s (%u failures not shown)",
                s->config.name, err_text(e), missed);
    return false;
}

static bool tell_online(struct sink_ha *s, const char *topic, enum ha_told *told, bool online,
                        uint64_t now_us)
{
    enum ha_told wanted = online ? HA_ONLINE : HA_OFFLINE;
    const char *text = online ? sink_ha_online : sink_ha_offline;

    if (*told == wanted)
        return true;
    if (!tell(s, topic, span_str(text), 1, true, now_us))
        return false;
    *told = wanted;
    return true;
}

static bool announce(struct sink_ha *s, unsigned device, const struct ha_names *names,
                     uint64_t now_us)
{
    struct ha_slot *slot = &s->slots[device];
    struct buf out = buf_of(s->text, sizeof s->text);
    const struct ha_device document = {
        .bank = device == 0,
        .id = names->id,
        .name = names->title,
        .via = device == 0 ? NULL : names->bank_id,
        .state_topic = names->state,
        .availability_topic = names->availability,
        .status_topic = s->config.status_topic,
        .expire_s = (uint32_t)((s->config.expire_us + US_PER_S - 1) / US_PER_S),
        .version = BMSRIG_VERSION,
    };
    enum err e = ha_discovery_encode(&document, &slot->have, &slot->gone, &slot->identity, &out);

    if (e == ERR_OK && !tell(s, names->config, buf_span(&out), 1, s->config.retain, now_us))
        return false;
    s->stats.announced++;
    /* once more without the removed components, so that they are not removed again for ever */
    slot->announced = ha_entities_equal(&slot->gone, &(struct ha_entities){0});
    slot->gone = (struct ha_entities){0};
    slot->owed = true;
    return true;
}

static bool tell_state(struct sink_ha *s, const struct bank *bank, unsigned device,
                       const struct ha_names *names, uint64_t now_us)
{
    struct ha_slot *slot = &s->slots[device];
    struct buf out = buf_of(s->text, sizeof s->text);
    enum err e = device == 0 ? ha_state_encode_bank(&slot->have, bank, &out)
                             : ha_state_encode_battery(&slot->have, &s->packs[device - 1].b, &out);

    if (e == ERR_OK && !tell(s, names->state, buf_span(&out), 0, false, now_us))
        return false;
    s->stats.states++;
    slot->owed = false;
    slot->stated = is_online(s, bank, device); /* while stale the bank tells no measurements */
    if (device == 0)
        beat_spoke(&s->beat, bank, now_us);
    else
        slot->said = s->packs[device - 1].b;
    return true;
}

/* Document, state, availability, in this order. False when the connection takes no more. */
static bool tell_device(struct sink_ha *s, const struct bank *bank, unsigned device,
                        uint64_t now_us)
{
    struct ha_slot *slot = &s->slots[device];
    bool online = is_online(s, bank, device);
    bool quiet = slot->announced && slot->told == (online ? HA_ONLINE : HA_OFFLINE);
    struct ha_names names;

    if (!slot->exists || (quiet && !slot->owed))
        return true;
    ha_names_of(s, device, &names);
    while (!slot->announced) {
        if (!announce(s, device, &names, now_us))
            return false;
    }
    slot->stated = slot->stated && online;
    bool due = slot->owed || (online && !slot->stated);
    if (due && has_state(s, bank, device) && !tell_state(s, bank, device, &names, now_us))
        return false;
    slot->owed = false;
    return tell_online(s, names.availability, &slot->told, online, now_us);
}

/* ---- when ---- */

/* A limit of this battery fell or an alarm of it rose: the bank may have had it already. */
static bool is_urgent(const struct sink_ha *s, unsigned device)
{
    struct bank before = {.life = BANK_ONLINE, .sum = s->slots[device].said};
    struct bank after = {.life = BANK_ONLINE, .sum = s->packs[device - 1].b};

    return bank_is_urgent(&before, &after);
}

static void owe(struct sink_ha *s, const struct bank *bank, enum beat_due due)
{
    for (unsigned d = 0; d < HA_DEVICES; d++) {
        struct ha_slot *slot = &s->slots[d];
        if (!slot->exists || !has_state(s, bank, d))
            continue;
        if (due == BEAT_TICK || (d == 0 && due == BEAT_URGENT) ||
            (d > 0 && slot->told == HA_ONLINE && is_urgent(s, d)))
            slot->owed = true;
    }
}

static void forget_told(struct sink_ha *s)
{
    for (unsigned d = 0; d < HA_DEVICES; d++) {
        s->slots[d].announced = false;
        s->slots[d].told = HA_UNTOLD;
    }
}

static void run(void *self, const struct bank *bank, uint64_t now_us)
{
    struct sink_ha *s = self;
    enum beat_due due = BEAT_REST;

    learn(s, bank);
    /* the cadence goes on without a connection, so that all sinks keep speaking together */
    if (speaks(bank))
        due = beat_check(&s->beat, bank, now_us);
    else
        beat_stop(&s->beat);
    if (!s->end.connected(s->end.ctx))
        return;
    s->retry_us = NEVER_US;
    if (now_us >= s->birth_us) {
        s->birth_us = NEVER_US;
        forget_told(s);
    }
    owe(s, bank, due);
    if (s->config.tells_status && !speaks(bank))
        tell_online(s, s->config.status_topic, &s->status, false, now_us);
    for (unsigned d = 0; d < HA_DEVICES; d++) {
        if (!tell_device(s, bank, d, now_us))
            return;
    }
    if (s->config.tells_status && speaks(bank))
        tell_online(s, s->config.status_topic, &s->status, true, now_us);
}

static uint64_t next_deadline(const void *self)
{
    const struct sink_ha *s = self;

    if (!s->end.connected(s->end.ctx))
        return NEVER_US; /* its return will wake us */
    return deadline_min(s->beat.next_us, deadline_min(s->birth_us, s->retry_us));
}

/* ---- what comes in ---- */

void sink_ha_on_connected(struct sink_ha *s, uint64_t now_us)
{
    s->correct_until_us = now_us + correct_for_us;
    s->status = HA_UNTOLD;
    s->birth_us = NEVER_US;
    forget_told(s);
}

/* Home Assistant asks for a random delay, so that not all its devices answer at once. Taken from
 * the id it spreads the bridges of a house just as well, and the same run is the same every time.
 */
static uint64_t birth_delay_us(const struct sink_ha *s)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (const char *p = s->config.topic; *p != '\0'; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return (100 + h % 1000) * US_PER_MS;
}

/* A topic that says online although we do not: left by a former life of this bridge, or by a
 * battery that is no longer there. Only what comes with the connection is corrected: two bridges
 * that were given the same TOPIC would else contradict each other for ever. */
static void correct(struct sink_ha *s, const char *topic, uint64_t now_us)
{
    struct ha_names names;

    for (unsigned d = 0; d < HA_DEVICES; d++) {
        if (!s->slots[d].exists)
            continue;
        ha_names_of(s, d, &names);
        if (strcmp(names.availability, topic) != 0)
            continue;
        if (s->slots[d].told == HA_OFFLINE)
            s->slots[d].told = HA_UNTOLD; /* said again in this turn */
        return;
    }
    log_msg(s->log, LOG_INFO, "ha", "broker=%s topic=%s was left online: corrected", s->config.name,
            topic);
    tell(s, topic, span_str(sink_ha_offline), 1, true, now_us);
}

void sink_ha_on_message(struct sink_ha *s, const char *topic, struct span payload, uint64_t now_us)
{
    bool online = span_eq_str(payload, sink_ha_online);

    if (!online || !s->end.connected(s->end.ctx))
        return;
    if (strcmp(topic, s->config.birth) == 0)
        s->birth_us = now_us + birth_delay_us(s);
    else if (now_us < s->correct_until_us && span_starts(span_str(topic), s->config.topic) &&
             span_ends(span_str(topic), "/availability"))
        correct(s, topic, now_us);
}

void sink_ha_goodbye(struct sink_ha *s)
{
    struct ha_names names;

    if (!s->end.connected(s->end.ctx))
        return;
    if (s->config.tells_status)
        tell_online(s, s->config.status_topic, &s->status, false, 0);
    for (unsigned d = 0; d < HA_DEVICES; d++) {
        if (!s->slots[d].exists)
            continue;
        ha_names_of(s, d, &names);
        tell_online(s, names.availability, &s->slots[d].told, false, 0);
    }
}

static const struct sink_ops ops = {.run = run, .next_deadline = next_deadline};

struct sink sink_ha_as_sink(struct sink_ha *s)
{
    return (struct sink){.ops = &ops, .self = s};
}
