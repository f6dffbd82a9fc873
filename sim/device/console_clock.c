/* SPDX-License-Identifier: Apache-2.0
 *
 * What time the modules think it is: each has its own clock, and the master shows the others' with
 * the delay of the internal link (specification section 3.3). UTC: a module knows no time zone.
 */
#include "sim/device/console_private.h"

enum {
    LINK_LAG_S = 1, /* the rows of slaves lag the master's by 0..3 s in captures */
    SECONDS_A_DAY = 86400,
};

/* Days since 1970-01-01 to a date of the Gregorian calendar; eras of 400 years, years from March.
 */
static void date_of_days(int64_t days, struct pylon_time *t)
{
    int64_t z = days + 719468; /* since 0000-03-01 */
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */

    t->day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1);
    t->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    t->year = (uint16_t)(year_of_era + era * 400 + (t->month <= 2 ? 1 : 0));
}

static void time_of_day(int64_t seconds, struct pylon_time *t)
{
    t->hour = (uint8_t)(seconds / 3600);
    t->minute = (uint8_t)(seconds / 60 % 60);
    t->second = (uint8_t)(seconds % 60);
}

struct pylon_time console_civil(uint64_t wall_us, int64_t offset_s)
{
    struct pylon_time t = {0};
    int64_t s = (int64_t)(wall_us / US_PER_S) + offset_s;
    int64_t days = (s >= 0 ? s : s - (SECONDS_A_DAY - 1)) / SECONDS_A_DAY;

    date_of_days(days, &t);
    time_of_day(s - days * SECONDS_A_DAY, &t);
    return t;
}

/* A clock that lost its battery: no date, and the time since power came on. */
static struct pylon_time lost_clock(const struct console_call *call)
{
    struct pylon_time t = {.year = (uint16_t)call->console->knobs.clock_year};
    uint64_t up_us = call->stack->now_us - call->console->powered_us;

    time_of_day((int64_t)(up_us / US_PER_S % SECONDS_A_DAY), &t);
    return t;
}

struct pylon_time console_clock(const struct console_call *call, unsigned address)
{
    const struct stack_module *m = console_module(call, address);
    const char *set = overlay_get(&m->overlay, BMS_PATH_CLOCK);
    struct pylon_time t;

    if (set != NULL && console_clock_parse(set, &t))
        return t;
    if (call->console->knobs.clock_year != 0)
        return lost_clock(call);
    return console_civil(call->stack->wall_us, m->clock_skew_s - (address == 1 ? 0 : LINK_LAG_S));
}

static bool take_number(struct span text, size_t from, size_t n, int64_t max, int64_t *ret)
{
    return parse_i64(span_sub(text, from, n), 0, max, ret);
}

bool console_clock_parse(const char *text, struct pylon_time *ret)
{
    struct span s = span_str(text);
    int64_t v[6];

    if (s.n != 19 || s.p[4] != '-' || s.p[7] != '-' || s.p[10] != ' ' || s.p[13] != ':' ||
        s.p[16] != ':')
        return false;
    if (!take_number(s, 0, 4, 9999, &v[0]) || !take_number(s, 5, 2, 99, &v[1]) ||
        !take_number(s, 8, 2, 99, &v[2]) || !take_number(s, 11, 2, 99, &v[3]) ||
        !take_number(s, 14, 2, 99, &v[4]) || !take_number(s, 17, 2, 99, &v[5]))
        return false;
    *ret = (struct pylon_time){.year = (uint16_t)v[0],
                               .month = (uint8_t)v[1],
                               .day = (uint8_t)v[2],
                               .hour = (uint8_t)v[3],
                               .minute = (uint8_t)v[4],
                               .second = (uint8_t)v[5]};
    return true;
}
