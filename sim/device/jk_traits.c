/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_traits.h.
 */
#include "sim/device/jk_traits.h"

#include <string.h>

struct version {
    unsigned major, minor;
};

static unsigned take_number(struct span *rest)
{
    unsigned value = 0;

    while (rest->n > 0 && rest->p[0] >= '0' && rest->p[0] <= '9' && value < 100000) {
        value = value * 10 + (unsigned)(rest->p[0] - '0');
        rd_skip(rest, 1);
    }
    return value;
}

static struct version version_of(const char *text)
{
    struct span rest = span_str(text);
    struct version v = {.major = take_number(&rest)};

    if (rest.n == span_str(text).n)
        return (struct version){15, 41};
    if (rest.n > 0 && rest.p[0] == '.') {
        rd_skip(&rest, 1);
        v.minor = take_number(&rest);
    }
    return v;
}

/* The active balancer 8.0.3M is a JK04 among the 24S. */
static enum jk_layout layout_of(const char *text, struct version v)
{
    if (v.major <= 3 || strcmp(text, "8.0.3M") == 0)
        return JK04;
    return v.major < 11 ? JK02_24S : JK02_32S;
}

static int16_t absent_reading(enum jk_absent absent, struct version v)
{
    switch (absent) {
    case JK_ABSENT_BY_FIRMWARE: return v.major >= 14 ? -2000 : 0;
    case JK_ABSENT_MINUS_200: return -2000;
    case JK_ABSENT_ZERO: return 0;
    }
    return 0;
}

void jk_traits_of(const char *version, const struct jk_look *look, struct jk_traits *ret)
{
    struct version v = version_of(version);
    enum jk_layout layout =
        look->layout == JK_LAYOUT_UNKNOWN ? layout_of(version, v) : look->layout;

    *ret = (struct jk_traits){
        .layout = layout,
        .major = v.major,
        .absent_dc = absent_reading(look->absent, v),
        .sensor_mask = v.major < 11 || (v.major == 11 && v.minor < 48) ? 0x07 : 0xFF,
        .password_bit = v.major == 11 && v.minor > 50, /* 11.288H */
        .aged_capacity = v.major >= 11,
        .asks_voltage = v.major >= 14,
        .has_phase = v.major >= 15,
        .heater = v.major > 15 || (v.major == 15 && v.minor >= 41),
        .long_serial = v.major >= 19,
        .bus_counter = v.major == 15 && v.minor == 10 ? 5 : 0,
        .sensors = layout == JK02_32S   ? 4
                   : layout == JK02_24S ? 2
                                        : 0,
        .control = v.major >= 14 ? JK_CONTROL_V1_1 : JK_CONTROL_V1_0,
    };
    if (look->sensors != JK_ALL_SENSORS && look->sensors < ret->sensors)
        ret->sensors = look->sensors;
}
