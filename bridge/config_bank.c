/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of [bank].
 */
#include "bridge/config_priv.h"

enum bank_key {
    KEY_BATTERIES,
    KEY_FRESH,
    KEY_LOST,
    KEY_SILENT,
    KEY_START_HOLD,
    KEY_RISE_HOLD,
    KEY_RISE_RATE,
    KEY_ALARM_HOLD,
    KEY_CHARGE_POLICY,
    KEY_DISCHARGE_POLICY,
    KEY_LOST_POLICY,
    KEY_DERATE,
    KEY_CHARGE_LIMIT,
    KEY_DISCHARGE_LIMIT,
    KEY_JOIN_VOLTAGE,
    KEY_COUNT
};

const char *const config_bank_keys[KEY_COUNT + 1] = {
    [KEY_BATTERIES] = "batteries",
    [KEY_FRESH] = "fresh",
    [KEY_LOST] = "lost",
    [KEY_SILENT] = "silent",
    [KEY_START_HOLD] = "start-hold",
    [KEY_RISE_HOLD] = "rise-hold",
    [KEY_RISE_RATE] = "rise-rate",
    [KEY_ALARM_HOLD] = "alarm-hold",
    [KEY_CHARGE_POLICY] = "charge-policy",
    [KEY_DISCHARGE_POLICY] = "discharge-policy",
    [KEY_LOST_POLICY] = "lost-policy",
    [KEY_DERATE] = "derate",
    [KEY_CHARGE_LIMIT] = "charge-limit",
    [KEY_DISCHARGE_LIMIT] = "discharge-limit",
    [KEY_JOIN_VOLTAGE] = "join-voltage",
};

static bool take_policy(struct conf_cursor *c, enum bank_policy *ret)
{
    static const char *const words[] = {"any", "exclude", NULL}; /* enum bank_policy */
    size_t i = 0;

    if (!conf_take_known(c, "policy", words, &i))
        return false;
    *ret = (enum bank_policy)i;
    return true;
}

static bool take_lost_policy(struct conf_cursor *c, bool *ret_stop)
{
    static const char *const words[] = {"exclude", "stop", NULL};
    size_t i = 0;

    if (!conf_take_known(c, "policy", words, &i))
        return false;
    *ret_stop = i == 1;
    return true;
}

static bool take_batteries(struct conf_cursor *c, uint8_t *ret)
{
    int64_t n = 0;

    if (!conf_take_int(c, "the number of batteries", 1, BANK_MAX_BATTERIES, &n))
        return false;
    *ret = (uint8_t)n;
    return true;
}

static bool take_derate(struct conf_cursor *c, uint16_t *ret)
{
    int64_t pm = 0;

    if (!config_take(c, "derate", DIM_RATIO, 100000, 10, 1000, &pm))
        return false;
    *ret = (uint16_t)pm;
    return true;
}

bool config_bank_key(struct conf_cursor *c, size_t key, struct bank_rules *r)
{
    const uint64_t hour = 3600 * US_PER_S;
    const char *name = config_bank_keys[key];
    enum bank_key k = (enum bank_key)key;

    switch (k) {
    case KEY_BATTERIES: return take_batteries(c, &r->batteries);
    case KEY_FRESH: return config_take_time(c, name, US_PER_S, hour, &r->fresh_us);
    case KEY_LOST: return config_take_time(c, name, US_PER_S, hour, &r->lost_us);
    case KEY_SILENT: return config_take_time(c, name, US_PER_S, hour, &r->silent_us);
    case KEY_START_HOLD: return config_take_time(c, name, 0, hour, &r->start_hold_us);
    case KEY_RISE_HOLD: return config_take_time(c, name, 0, hour, &r->rise_hold_us);
    case KEY_RISE_RATE:
        return config_take_i32(c, name, DIM_CURRENT, 1000, 0, 1000000, &r->rise_ma_per_s);
    case KEY_ALARM_HOLD: return config_take_time(c, name, 0, hour, &r->alarm_hold_us);
    case KEY_CHARGE_POLICY: return take_policy(c, &r->charge_policy);
    case KEY_DISCHARGE_POLICY: return take_policy(c, &r->discharge_policy);
    case KEY_LOST_POLICY: return take_lost_policy(c, &r->stop_when_lost);
    case KEY_DERATE: return take_derate(c, &r->derate_pm);
    case KEY_CHARGE_LIMIT:
        return config_take_i32(c, name, DIM_CURRENT, 1000, 0, 10000000, &r->max_ccl_ma);
    case KEY_DISCHARGE_LIMIT:
        return config_take_i32(c, name, DIM_CURRENT, 1000, 0, 10000000, &r->max_dcl_ma);
    case KEY_JOIN_VOLTAGE:
        return config_take_i32(c, name, DIM_VOLTAGE, 1000, 1, 10000, &r->join_mv);
    case KEY_COUNT: break;
    }
    return false;
}

void config_bank_check(struct conf_file *file, uint32_t line, struct config *config)
{
    struct bank_rules *r = &config->bank;
    uint64_t slowest_us = 0;

    for (size_t i = 0; i < config->n_batteries; i++) {
        const struct config_battery *b = &config->batteries[i];
        uint64_t poll_us = b->kind != NULL ? b->kind->period_us(b->settings) : 0;
        slowest_us = poll_us > slowest_us ? poll_us : slowest_us;
    }
    if (r->fresh_us == 0) /* AGG-1 L1: 10 s or 3 polls */
        r->fresh_us = 3 * slowest_us > 10 * US_PER_S ? 3 * slowest_us : 10 * US_PER_S;
    if (r->silent_us == 0)
        r->silent_us = r->lost_us;
    if (file->n_errors > 0)
        return;
    if (r->fresh_us < 2 * slowest_us)
        conf_error_at(file, line, 1, "fresh must be at least two polls of the slowest battery");
    if (r->lost_us <= r->fresh_us)
        conf_error_at(file, line, 1, "lost must be longer than fresh");
    if (r->silent_us < r->fresh_us && r->silent_us != r->lost_us)
        conf_error_at(file, line, 1, "silent must not be shorter than fresh");
}
