/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that a JK BMS on Bluetooth LE adds to [port]; their names are those of
 * docs/scenario-language.md.
 */
#include "sim/device/jk_ble_knobs.h"

#include "sim/config_take.h"
#include "sim/device/jk_knobs.h"

enum jk_ble_key {
    KEY_GENERATION,
    KEY_SENSORS,
    KEY_ABSENT,
    KEY_BOOT,
    KEY_MODULE,
    KEY_NAME,
    KEY_ADDRESS,
    KEY_RSSI,
    KEY_MTU,
    KEY_BURST,
    KEY_PERIOD,
    KEY_STREAM_FOR,
    KEY_SUPERVISION,
    KEY_NOISE,
    KEY_NOISE_IN_FRONT,
    KEY_GLUE_ACK,
    KEY_PAIRS,
    KEY_STALE,
    KEY_LOSE_FIRST,
    KEY_NEEDS_INFO,
    KEY_COUNTER,
    KEY_GARBLED_UUID,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_GENERATION] = "generation",
    [KEY_SENSORS] = "sensors",
    [KEY_ABSENT] = "absent-sensor",
    [KEY_BOOT] = "boot",
    [KEY_MODULE] = "module",
    [KEY_NAME] = "name",
    [KEY_ADDRESS] = "address",
    [KEY_RSSI] = "rssi",
    [KEY_MTU] = "mtu",
    [KEY_BURST] = "burst",
    [KEY_PERIOD] = "period",
    [KEY_STREAM_FOR] = "stream-for",
    [KEY_SUPERVISION] = "supervision",
    [KEY_NOISE] = "noise",
    [KEY_NOISE_IN_FRONT] = "noise-in-front",
    [KEY_GLUE_ACK] = "glue-ack",
    [KEY_PAIRS] = "pairs",
    [KEY_STALE] = "stale",
    [KEY_LOSE_FIRST] = "lose-first",
    [KEY_NEEDS_INFO] = "needs-info",
    [KEY_COUNTER] = "counter",
    [KEY_GARBLED_UUID] = "garbled-uuid",
};

/* By the firmware comes first. */
static const char *const modules[] = {"firmware", "bk3432", "old", "b5a", "two", "telink", NULL};
static const char *const counters[] = {"counts", "stands", NULL};

static void defaults(void *knobs)
{
    struct sim_jk_ble *k = knobs;

    *k = (struct sim_jk_ble){
        .look = {.sensors = JK_ALL_SENSORS},
        .rssi = -60,
        .supervision_us = 4 * US_PER_S,
        .needs_info = true,
    };
}

static bool take_choice(struct conf_cursor *c, enum jk_choice *ret)
{
    bool on;

    if (!sim_take_switch(c, &on))
        return false;
    *ret = on ? JK_ON : JK_OFF;
    return true;
}

static bool take_address(struct conf_cursor *c, struct sim_jk_ble *k)
{
    const struct conf_token *at = conf_peek(c);
    char text[24];

    if (!conf_take_text(c, "an address like C8:47:8C:12:34:56", text, sizeof text))
        return false;
    struct span all = span_str(text);
    bool good = all.n == 3 * BLE_ADDRESS - 1;
    for (size_t i = 0; good && i < BLE_ADDRESS; i++) {
        uint64_t byte = 0;
        good = parse_hex(span_sub(all, 3 * i, 2), UINT8_MAX, &byte) &&
               (i + 1 == BLE_ADDRESS || all.p[3 * i + 2] == ':');
        k->address[i] = (uint8_t)byte;
    }
    if (!good) {
        conf_fail_at(c, at, "expected an address like C8:47:8C:12:34:56");
        return false;
    }
    k->has_address = true;
    return true;
}

static bool take_number(struct conf_cursor *c, const char *what, int64_t min, int64_t max,
                        int64_t *ret)
{
    const struct conf_token *at = conf_peek(c);
    char text[16];

    if (!conf_take_text(c, what, text, sizeof text))
        return false;
    if (parse_i64(span_str(text), min, max, ret))
        return true;
    conf_fail_at(c, at, "expected %s", what);
    return false;
}

static bool take_radio(struct conf_cursor *c, enum jk_ble_key key, struct sim_jk_ble *k)
{
    int64_t n = 0;

    if (key == KEY_RSSI) {
        if (!take_number(c, "a strength from -127 to 20 dBm", -127, 20, &n))
            return false;
        k->rssi = (int8_t)n;
    } else if (key == KEY_MTU) {
        if (!take_number(c, "an MTU from 23 to 517", BLE_MTU_MIN, BLE_MTU_MAX, &n))
            return false;
        k->mtu = (uint16_t)n;
    } else {
        if (!sim_take_count(c, "bytes of a burst (0 = all at once)", 300, &n))
            return false;
        k->burst = (uint16_t)n;
        k->has_burst = true;
    }
    return true;
}

static bool take_module(struct conf_cursor *c, struct sim_jk_ble *k)
{
    size_t i = 0;

    if (!conf_take_known(c, "radio module", modules, &i))
        return false;
    k->module = (enum jk_module)i;
    return true;
}

static bool take_counter(struct conf_cursor *c, struct sim_jk_ble *k)
{
    size_t i = 0;

    if (!conf_take_known(c, "counter", counters, &i))
        return false;
    k->counter_stands = i == 1;
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *knobs)
{
    struct sim_jk_ble *k = knobs;
    enum jk_ble_key which = (enum jk_ble_key)key;

    switch (which) {
    case KEY_GENERATION: return jk_take_generation(c, &k->look);
    case KEY_SENSORS: return jk_take_sensors(c, &k->look);
    case KEY_ABSENT: return jk_take_absent(c, &k->look);
    case KEY_BOOT: return sim_take_time(c, &k->look.boot_us);
    case KEY_MODULE: return take_module(c, k);
    case KEY_NAME: return conf_take_text(c, "a name", k->name, sizeof k->name);
    case KEY_ADDRESS: return take_address(c, k);
    case KEY_RSSI:
    case KEY_MTU:
    case KEY_BURST: return take_radio(c, which, k);
    case KEY_PERIOD: return sim_take_time(c, &k->period_us);
    case KEY_STREAM_FOR: return sim_take_time(c, &k->stream_for_us);
    case KEY_SUPERVISION: return sim_take_time(c, &k->supervision_us);
    case KEY_NOISE: return take_choice(c, &k->noise);
    case KEY_NOISE_IN_FRONT: return sim_take_switch(c, &k->noise_in_front);
    case KEY_GLUE_ACK: return take_choice(c, &k->glue_ack);
    case KEY_PAIRS: return sim_take_switch(c, &k->pairs);
    case KEY_STALE: return sim_take_switch(c, &k->stale);
    case KEY_LOSE_FIRST: return sim_take_switch(c, &k->lose_first);
    case KEY_NEEDS_INFO: return sim_take_switch(c, &k->needs_info);
    case KEY_COUNTER: return take_counter(c, k);
    case KEY_GARBLED_UUID: return sim_take_switch(c, &k->garbled_uuid);
    case KEY_COUNT: break;
    }
    return false;
}

static const char *check(const struct sim_config *config, const void *knobs)
{
    const struct sim_jk_ble *k = knobs;
    const char *why = jk_check_batteries(config, 1);

    if (why != NULL)
        return why;
    if (k->period_us != 0 && k->period_us < 50 * US_PER_MS)
        return "cell records do not come faster than every 50 ms";
    if (k->supervision_us < 100 * US_PER_MS)
        return "a supervision time-out is at least 100 ms";
    return NULL;
}

static void greet(const void *knobs, FILE *out)
{
    const struct sim_jk_ble *k = knobs;

    fputs(k->name[0] != '\0' ? ", advertising as " : "", out);
    fputs(k->name, out);
}

_Static_assert(sizeof(struct sim_jk_ble) <= DEVICE_KNOBS_MAX, "DEVICE_KNOBS_MAX");

const struct device_kind jk_ble_kind = {
    .name = "jk-ble",
    .summary = "JK BMS over Bluetooth LE (for a played BlueZ, the real one, or on the air)",
    .wire = DEVICE_BLE,
    .model = "jk.pb2a16s20p",
    .knobs_size = sizeof(struct sim_jk_ble),
    .keys = keys,
    .defaults = defaults,
    .key = take_key,
    .check = check,
    .greet = greet,
};
