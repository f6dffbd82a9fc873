/* SPDX-License-Identifier: Apache-2.0
 *
 * What a state message is for an entity.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/ha_home.h"

static bool numeric(const struct ha_entity *e)
{
    return strcmp(e->platform, "sensor") == 0 &&
           (e->unit[0] || e->state_class[0] ||
            (e->device_class[0] && strcmp(e->device_class, "enum") != 0 &&
             strcmp(e->device_class, "date") != 0 && strcmp(e->device_class, "timestamp") != 0));
}

bool ha_number_of(const char *text, double *ret)
{
    char *end = NULL;
    *ret = strtod(text, &end);
    return end != text && !*end && isfinite(*ret) && !strpbrk(text, "xXnN");
}

int ha_value_of(const struct ha_entity *e, struct span payload, const struct json *root, char *out,
                size_t cap)
{
    double number;
    if (!e->template[0]) {
        span_to_str(payload, out, cap);
    } else {
        enum ha_rendered r = ha_template_apply(e->template, payload, root, out, cap);
        if (r == HA_UNSUPPORTED)
            return -2;
        if (r == HA_UNDEFINED)
            return -1;
    }
    if (!out[0])
        return -1;
    if (strcmp(out, "None") == 0)
        return 0;
    if (strcmp(e->platform, "binary_sensor") == 0)
        return strcmp(out, e->on) == 0 || strcmp(out, e->off) == 0 ? 1 : -2;
    return !numeric(e) || ha_number_of(out, &number) ? 1 : -2;
}
