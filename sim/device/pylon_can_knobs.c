/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that a battery on CAN adds to [port]; their names are those of
 * docs/scenario-language.md.
 */
#include "sim/device/pylon_can_knobs.h"

#include <string.h>

#include "sim/config_take.h"

/* The names of proto/pylon_can, which the language must not need; a test compares the two. */
static const char *const dialects[] = {
    "pylon-1.2",      "pylon-1.3",       "pylon-2.0.6",
    "deye-1.2",       "sol-ark-1.3",     "luxpower-04",
    "seplos-1.0",     "hybrid-en-1.0",   "victron",
    "victron-byd",    "victron-pytes",   "sma",
    "goodwe-sma-1.2", "growatt-lv-1.04", "yambms-pylon12",
    "yambms-pylonv2", "yambms-victron",  NULL,
};
static const char *const speaks[] = {"free-run", "on-request", NULL};
static const char *const lengths[] = {"own", "full", "short", NULL};
static const char *const orders[] = {"own", "reversed", "rotating", NULL};

enum pylon_can_key {
    KEY_DIALECT,
    KEY_MAKER,
    KEY_SPEAKS,
    KEY_REQUEST_HOLD,
    KEY_PERIOD,
    KEY_GAP,
    KEY_SLOW_FRAMES,
    KEY_LENGTHS,
    KEY_ORDER,
    KEY_PN,
    KEY_DECI_VOLT,
    KEY_FIXED_COUNT,
    KEY_PAIRS,
    KEY_TEMPERATURE,
    KEY_ECHO_KEEPALIVE,
    KEY_OMIT,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_DIALECT] = "dialect",
    [KEY_MAKER] = "maker",
    [KEY_SPEAKS] = "speaks",
    [KEY_REQUEST_HOLD] = "request-hold",
    [KEY_PERIOD] = "period",
    [KEY_GAP] = "gap",
    [KEY_SLOW_FRAMES] = "slow-frames",
    [KEY_LENGTHS] = "lengths",
    [KEY_ORDER] = "order",
    [KEY_PN] = "pn",
    [KEY_DECI_VOLT] = "deci-volt",
    [KEY_FIXED_COUNT] = "fixed-count",
    [KEY_PAIRS] = "alarm-pairs",
    [KEY_TEMPERATURE] = "temperature-sensor",
    [KEY_ECHO_KEEPALIVE] = "echo-keepalive",
    [KEY_OMIT] = "omit",
};

static void defaults(void *knobs)
{
    struct sim_pylon_can *k = knobs;

    *k = (struct sim_pylon_can){
        .dialect = "pylon-1.2",
        .request_us = 5 * US_PER_S,
        .gap_us = NEVER_US,
    };
}

/* "35A 35C" */
static bool take_omit(struct conf_cursor *c, struct sim_pylon_can *k)
{
    do {
        const struct conf_token *at = conf_peek(c);
        char text[16];
        uint64_t id = 0;

        if (!conf_take_text(c, "the id of a frame, like 35A", text, sizeof text))
            return false;
        if (!parse_hex(span_str(text), 0x7FF, &id)) {
            conf_fail_at(c, at, "expected the id of a frame in hex, like 35A");
            return false;
        }
        if (k->n_omit == PYLON_CAN_OMIT_MAX) {
            conf_fail_at(c, at, "more than %d ids", (int)PYLON_CAN_OMIT_MAX);
            return false;
        }
        k->omit[k->n_omit++] = (uint16_t)id;
    } while (!conf_at_end(c));
    return true;
}

static bool take_maker(struct conf_cursor *c, struct sim_pylon_can *k)
{
    const struct conf_token *at = conf_peek(c);

    if (!conf_take_text(c, "the maker's name", k->maker, sizeof k->maker))
        return false;
    if (strlen(k->maker) > 8) {
        conf_fail_at(c, at, "the maker's name has at most 8 characters");
        return false;
    }
    return true;
}

static bool take_words(struct conf_cursor *c, enum pylon_can_key key, struct sim_pylon_can *k)
{
    size_t i = 0;

    if (key == KEY_SPEAKS) {
        if (!conf_take_known(c, "mode", speaks, &i))
            return false;
        k->on_request = i == 1;
    } else if (key == KEY_LENGTHS) {
        if (!conf_take_known(c, "lengths", lengths, &i))
            return false;
        k->lengths = (enum pylon_can_lengths)i;
    } else {
        if (!conf_take_known(c, "order", orders, &i))
            return false;
        k->order = (enum pylon_can_order)i;
    }
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *knobs)
{
    struct sim_pylon_can *k = knobs;

    switch ((enum pylon_can_key)key) {
    case KEY_DIALECT: return sim_take_word(c, "dialect", dialects, k->dialect, sizeof k->dialect);
    case KEY_MAKER: return take_maker(c, k);
    case KEY_SPEAKS:
    case KEY_LENGTHS:
    case KEY_ORDER: return take_words(c, (enum pylon_can_key)key, k);
    case KEY_REQUEST_HOLD: return sim_take_time(c, &k->request_us);
    case KEY_PERIOD: return sim_take_time(c, &k->period_us);
    case KEY_GAP: return sim_take_time(c, &k->gap_us);
    case KEY_SLOW_FRAMES: return sim_take_switch(c, &k->slow_frames);
    case KEY_PN: return sim_take_switch_inverted(c, &k->no_pn);
    case KEY_DECI_VOLT: return sim_take_switch(c, &k->deci_volt);
    case KEY_FIXED_COUNT: return sim_take_switch(c, &k->fixed_count);
    case KEY_PAIRS: return sim_take_switch_inverted(c, &k->no_pairs);
    case KEY_TEMPERATURE: return sim_take_switch_inverted(c, &k->no_temperature);
    case KEY_ECHO_KEEPALIVE: return sim_take_switch(c, &k->echoes_keepalive);
    case KEY_OMIT: return take_omit(c, k);
    case KEY_COUNT: break;
    }
    return false;
}

/* A set must fit into its period, or frames would pile up for ever. */
static const char *check(const struct sim_config *config, const void *knobs)
{
    const struct sim_pylon_can *k = knobs;
    const uint64_t frames = 20;

    if (config->battery[0].absent)
        return "bms 1 is the master that speaks for the stack; it cannot be absent";
    if (k->period_us != 0 && k->period_us < 10 * US_PER_MS)
        return "a period has at least 10 ms";
    if (k->period_us != 0 && k->gap_us != NEVER_US && k->gap_us * frames > k->period_us)
        return "20 frames with this gap do not fit into the period";
    return NULL;
}

static void greet(const void *knobs, FILE *out)
{
    const struct sim_pylon_can *k = knobs;

    fprintf(out, ", %s, 500 kbit/s%s", k->dialect,
            k->on_request ? ", on request (keep-alive 305)" : "");
}

_Static_assert(sizeof(struct sim_pylon_can) <= DEVICE_KNOBS_MAX, "DEVICE_KNOBS_MAX");

const struct device_kind pylon_can_battery_kind = {
    .name = "pylon-can",
    .summary = "frames on a CAN bus, 500 kbit/s (Pylontech V1.2, V1.3, V2.0.6, Victron, SMA)",
    .wire = DEVICE_CAN,
    .replays = true,
    .model = "pylontech.us3000c",
    .knobs_size = sizeof(struct sim_pylon_can),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .greet = greet,
};
