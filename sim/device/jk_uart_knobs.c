/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that a JK BMS on its UART adds to [port]; docs/simulators.md explains them.
 */
#include "sim/device/jk_uart_knobs.h"

#include <inttypes.h>

#include "sim/config_take.h"
#include "sim/device/jk_knobs.h"

static const char *const tokens[] = {"firmware", "short", "full", NULL}; /* enum jk_uart_tokens */

enum jk_uart_key {
    KEY_BAUD,
    KEY_ANSWER_DELAY,
    KEY_LEAST_GAP,
    KEY_TOKENS,
    KEY_UNKNOWN_TOKEN,
    KEY_ASLEEP,
    KEY_SENSORS,
    KEY_ABSENT_SENSOR,
    KEY_BOOT,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_BAUD] = "baud",       [KEY_ANSWER_DELAY] = "answer-delay",   [KEY_LEAST_GAP] = "least-gap",
    [KEY_TOKENS] = "tokens",   [KEY_UNKNOWN_TOKEN] = "unknown-token", [KEY_ASLEEP] = "asleep",
    [KEY_SENSORS] = "sensors", [KEY_ABSENT_SENSOR] = "absent-sensor", [KEY_BOOT] = "boot",
};

static void defaults(void *knobs)
{
    struct sim_jk_uart *k = knobs;

    *k = (struct sim_jk_uart){
        .look = {.sensors = JK_ALL_SENSORS},
        .baud = 115200,
        .answer_delay_us = US_PER_MS, /* measured: 0.2 to 1 ms */
    };
}

static bool take_tokens(struct conf_cursor *c, struct sim_jk_uart *k)
{
    size_t i;

    if (!conf_take_known(c, "set of tokens", tokens, &i))
        return false;
    k->tokens = (enum jk_uart_tokens)i;
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *knobs)
{
    struct sim_jk_uart *k = knobs;

    switch ((enum jk_uart_key)key) {
    case KEY_BAUD: return sim_take_baud(c, &k->baud);
    case KEY_ANSWER_DELAY: return sim_take_time(c, &k->answer_delay_us);
    case KEY_LEAST_GAP: return sim_take_time(c, &k->least_gap_us);
    case KEY_TOKENS: return take_tokens(c, k);
    case KEY_UNKNOWN_TOKEN: return sim_take_switch(c, &k->unknown_token);
    case KEY_ASLEEP: return sim_take_switch(c, &k->asleep);
    case KEY_SENSORS: return jk_take_sensors(c, &k->look);
    case KEY_ABSENT_SENSOR: return jk_take_absent(c, &k->look);
    case KEY_BOOT: return sim_take_time(c, &k->look.boot_us);
    case KEY_COUNT: break;
    }
    return false;
}

static const char *check(const struct sim_config *config, const void *knobs)
{
    const char *why = jk_check_batteries(config, SIM_MAX_BATTERIES);

    (void)knobs;
    if (why == NULL && config->battery[1].used)
        return "the UART of a JK BMS is point to point: one battery a port";
    return why;
}

static void greet(const void *knobs, FILE *out)
{
    const struct sim_jk_uart *k = knobs;

    fprintf(out, ", %" PRIu32 " baud%s", k->baud, k->asleep ? ", asleep until command 01" : "");
}

_Static_assert(sizeof(struct sim_jk_uart) <= DEVICE_KNOBS_MAX, "DEVICE_KNOBS_MAX");

const struct device_kind jk_uart_kind = {
    .name = "jk-uart",
    .summary = "4E57 tokens on the UART (\"GPS\", RS485) of JK-B and JK-BD boards, 115200 baud",
    .wire = DEVICE_TTY,
    .model = "jk.b2a20s20p",
    .knobs_size = sizeof(struct sim_jk_uart),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .greet = greet,
};
