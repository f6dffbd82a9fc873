/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that a Pylontech console adds to [port]; their names are those of
 * docs/scenario-language.md.
 */
#include "sim/device/console_knobs.h"

#include <inttypes.h>
#include <string.h>

#include "sim/config_take.h"
#include "sim/model/pack.h"

static const char *const layouts[] = {"P1", "P2", "P3", "P4", "PY", NULL};
static const char *const sessions[] = {"user", "debug", NULL};
static const char *const starts[] = {"console", "frames", NULL};

enum console_key {
    KEY_LAYOUT,
    KEY_SLOTS,
    KEY_PROMPT,
    KEY_SESSION,
    KEY_BAUD,
    KEY_START,
    KEY_AWAKE_BAUD,
    KEY_EXCLAMATION,
    KEY_BLANK_AFTER_AT,
    KEY_INFO_N,
    KEY_SOH,
    KEY_STAT_N,
    KEY_LOGIN,
    KEY_PAGER,
    KEY_ANSWER_DELAY,
    KEY_ROW_GAP,
    KEY_CLOCK_YEAR,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_LAYOUT] = "layout",
    [KEY_SLOTS] = "slots",
    [KEY_PROMPT] = "prompt",
    [KEY_SESSION] = "session",
    [KEY_BAUD] = "baud",
    [KEY_START] = "start",
    [KEY_AWAKE_BAUD] = "awake-baud",
    [KEY_EXCLAMATION] = "exclamation",
    [KEY_BLANK_AFTER_AT] = "blank-after-at",
    [KEY_INFO_N] = "info-n",
    [KEY_SOH] = "soh",
    [KEY_STAT_N] = "stat-n",
    [KEY_LOGIN] = "login",
    [KEY_PAGER] = "pager",
    [KEY_ANSWER_DELAY] = "answer-delay",
    [KEY_ROW_GAP] = "row-gap",
    [KEY_CLOCK_YEAR] = "clock-year",
};

static void defaults(void *knobs)
{
    struct sim_console *k = knobs;

    *k = (struct sim_console){
        .baud = 115200,
        .pager = true,
        .answer_delay_us =
            20 * US_PER_MS, /* 5..50 ms: specification pylontech-console, section 10 */
    };
}

static bool take_session_start(struct conf_cursor *c, enum console_key key, struct sim_console *k)
{
    size_t i;

    if (key == KEY_SESSION) {
        if (!conf_take_known(c, "session", sessions, &i))
            return false;
        k->debug = i == 1;
    } else {
        if (!conf_take_known(c, "start mode", starts, &i))
            return false;
        k->start_frame_mode = i == 1;
    }
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *knobs)
{
    struct sim_console *k = knobs;
    int64_t n;

    switch ((enum console_key)key) {
    case KEY_LAYOUT: return sim_take_word(c, "layout", layouts, k->layout, sizeof k->layout);
    case KEY_SLOTS:
        if (!sim_take_count(c, "a number of slots (0 = the product's)", SIM_MAX_BATTERIES, &n))
            return false;
        k->slots = (uint8_t)n;
        return true;
    case KEY_PROMPT: return conf_take_text(c, "a prompt", k->prompt, sizeof k->prompt);
    case KEY_SESSION:
    case KEY_START: return take_session_start(c, (enum console_key)key, k);
    case KEY_BAUD: return sim_take_baud(c, &k->baud);
    case KEY_AWAKE_BAUD: return sim_take_baud(c, &k->awake_baud);
    case KEY_EXCLAMATION: return sim_take_switch(c, &k->exclamation);
    case KEY_BLANK_AFTER_AT: return sim_take_switch(c, &k->blank_after_at);
    case KEY_INFO_N: return sim_take_switch_inverted(c, &k->no_info_n);
    case KEY_SOH: return sim_take_switch_inverted(c, &k->no_soh);
    case KEY_STAT_N: return sim_take_switch_inverted(c, &k->no_stat_n);
    case KEY_LOGIN: return sim_take_switch_inverted(c, &k->no_login);
    case KEY_PAGER: return sim_take_switch(c, &k->pager);
    case KEY_ANSWER_DELAY: return sim_take_time(c, &k->answer_delay_us);
    case KEY_ROW_GAP: return sim_take_time(c, &k->row_gap_us);
    case KEY_CLOCK_YEAR:
        if (!sim_take_count(c, "a year (0 = the real one)", 2199, &n))
            return false;
        k->clock_year = (int32_t)n;
        return true;
    case KEY_COUNT: break;
    }
    return false;
}

static bool same_maker(const struct sim_config *config)
{
    const struct product *first = product_find(config->battery[0].product);

    for (size_t i = 1; i < SIM_MAX_BATTERIES; i++) {
        if (!config->battery[i].used)
            continue;
        const struct product *other = product_find(config->battery[i].product);
        if (first != NULL && other != NULL && strcmp(first->maker, other->maker) != 0)
            return false;
    }
    return true;
}

static bool all_have_consoles(const struct sim_config *config)
{
    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++) {
        const struct product *p = product_find(config->battery[i].product);
        if (config->battery[i].used && (p == NULL || p->layout == NULL))
            return false;
    }
    return true;
}

static const char *check(const struct sim_config *config, const void *knobs)
{
    const struct sim_console *k = knobs;
    unsigned n = 0;

    if (!all_have_consoles(config))
        return "this model has no console; `bms-sim list` shows which layout each one prints";
    while (n < SIM_MAX_BATTERIES && config->battery[n].used)
        n++;
    if (config->battery[0].absent)
        return "bms 1 is the master that answers for the stack; it cannot be absent";
    if (!same_maker(config))
        return "modules of different makers do not share a console";
    if (k->slots != 0 && k->slots < n)
        return "fewer slots than batteries";
    return NULL;
}

static void greet(const void *knobs, FILE *out)
{
    const struct sim_console *k = knobs;

    if (k->start_frame_mode)
        fputs(", asleep at 1200 baud until the wake-up frame", out);
    else
        fprintf(out, ", %" PRIu32 " baud", k->baud);
}

_Static_assert(sizeof(struct sim_console) <= DEVICE_KNOBS_MAX, "DEVICE_KNOBS_MAX");

const struct device_kind console_kind = {
    .name = "pylontech-console",
    .summary = "text console on RS232, 115200 baud (Pylontech, PYTES)",
    .wire = DEVICE_TTY,
    .replays = true,
    .model = "pylontech.us3000c",
    .knobs_size = sizeof(struct sim_console),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .greet = greet,
};
