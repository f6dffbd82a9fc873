/* SPDX-License-Identifier: Apache-2.0
 *
 * See config_take.h.
 */
#include "sim/config_take.h"

static const char *const switches[] = {"off", "on", NULL};

bool sim_take_word(struct conf_cursor *c, const char *what, const char *const *known, char *out,
                   size_t cap)
{
    size_t i;

    if (!conf_take_known(c, what, known, &i))
        return false;
    span_to_str(span_str(known[i]), out, cap);
    return true;
}

bool sim_take_switch(struct conf_cursor *c, bool *ret)
{
    size_t i;

    if (!conf_take_known(c, "setting", switches, &i))
        return false;
    *ret = i == 1;
    return true;
}

bool sim_take_switch_inverted(struct conf_cursor *c, bool *ret)
{
    bool on;

    if (!sim_take_switch(c, &on))
        return false;
    *ret = !on;
    return true;
}

bool sim_take_units(struct conf_cursor *c, enum dim dim, int64_t unit_micro, int64_t min,
                    int64_t max, int64_t *ret)
{
    const struct conf_token *at = conf_peek(c);
    char low[32] = "", high[32] = "";
    struct buf a = buf_of(low, sizeof low - 1), b = buf_of(high, sizeof high - 1);
    struct quantity q;

    if (!conf_take_quantity(c, dim, &q))
        return false;
    int64_t value = quantity_in(q, unit_micro);
    if (value >= min && value <= max) {
        *ret = value;
        return true;
    }
    quantity_format((struct quantity){min * unit_micro, dim}, &a);
    quantity_format((struct quantity){max * unit_micro, dim}, &b);
    conf_fail_at(c, at, "expected a %s between %s and %s", dim_name(dim), low, high);
    return false;
}

bool sim_take_units_i32(struct conf_cursor *c, enum dim dim, int64_t unit_micro, int64_t min,
                        int64_t max, int32_t *ret)
{
    int64_t value;

    if (!sim_take_units(c, dim, unit_micro, min, max, &value))
        return false;
    *ret = (int32_t)value;
    return true;
}

bool sim_take_baud(struct conf_cursor *c, uint32_t *ret)
{
    int64_t value;

    if (!sim_take_units(c, DIM_BAUD, 1000000, 50, 4000000, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

bool sim_take_time(struct conf_cursor *c, uint64_t *ret_us)
{
    int64_t value;

    if (!sim_take_units(c, DIM_TIME, 1, 0, 60 * (int64_t)US_PER_S, &value))
        return false;
    *ret_us = (uint64_t)value;
    return true;
}

bool sim_take_count(struct conf_cursor *c, const char *what, int64_t max, int64_t *ret)
{
    return conf_take_int(c, what, 0, max, ret);
}
