/* SPDX-License-Identifier: Apache-2.0
 *
 * See config_take.h.
 */
#include "bridge/config_take.h"

static void fail_range(struct conf_cursor *c, const struct conf_token *at, const char *name,
                       enum dim dim, int64_t min_micro, int64_t max_micro)
{
    char text[96];
    struct buf out = buf_of(text, sizeof text - 1);

    quantity_format((struct quantity){.micro = min_micro, .dim = dim}, &out);
    buf_str(&out, " and ");
    quantity_format((struct quantity){.micro = max_micro, .dim = dim}, &out);
    text[out.n] = '\0';
    conf_fail_at(c, at, "%s must be between %s", name, text);
}

bool config_take(struct conf_cursor *c, const char *name, enum dim dim, int64_t unit_micro,
                 int64_t min, int64_t max, int64_t *ret)
{
    const struct conf_token *at = conf_peek(c);
    struct quantity q;

    if (!conf_take_quantity(c, dim, &q))
        return false;
    int64_t value = quantity_in(q, unit_micro);
    if (value < min || value > max) {
        fail_range(c, at, name, dim, min * unit_micro, max * unit_micro);
        return false;
    }
    *ret = value;
    return true;
}

bool config_take_i32(struct conf_cursor *c, const char *name, enum dim dim, int64_t unit_micro,
                     int32_t min, int32_t max, int32_t *ret)
{
    int64_t value = 0;

    if (!config_take(c, name, dim, unit_micro, min, max, &value))
        return false;
    *ret = (int32_t)value;
    return true;
}

bool config_take_time(struct conf_cursor *c, const char *name, uint64_t min_us, uint64_t max_us,
                      uint64_t *ret)
{
    int64_t value = 0;

    if (!config_take(c, name, DIM_TIME, 1, (int64_t)min_us, (int64_t)max_us, &value))
        return false;
    *ret = (uint64_t)value;
    return true;
}

bool config_take_window(struct conf_cursor *c, const char *name, int16_t *ret_low,
                        int16_t *ret_high)
{
    const struct conf_token *at = conf_peek(c);
    int64_t low = 0;
    int64_t high = 0;

    if (!config_take(c, name, DIM_TEMPERATURE, 100000, -400, 1000, &low) || !conf_expect(c, "..") ||
        !config_take(c, name, DIM_TEMPERATURE, 100000, -400, 1000, &high))
        return false;
    if (low >= high) {
        conf_fail_at(c, at, "%s: the first temperature must be the lower one", name);
        return false;
    }
    *ret_low = (int16_t)low;
    *ret_high = (int16_t)high;
    return true;
}
