/* SPDX-License-Identifier: Apache-2.0
 *
 * One round: the main speed 1, 2, 4, .. times (once a second), then the wake-up frame, the usual
 * speed and the Extra2000's. So a console that comes back at its speed is found within a second or
 * two, and the wake-up frame, which is noise for a console that is awake, becomes rare.
 */
#include "bridge/source/pylontech_search.h"

enum { USUAL = 115200, EXTRA2000 = 19200 };

/* Cap of the first part: a minute when the speed is known, else eight seconds. */
enum { LONGEST_PROVEN = 32, LONGEST_SEARCH = 8 };

static unsigned main_attempts(const struct pylontech_link *l)
{
    unsigned longest = l->proven_speed != 0 ? LONGEST_PROVEN : LONGEST_SEARCH;
    unsigned n = l->round < 6 ? 2u << l->round : longest;

    return n < longest ? n : longest;
}

struct search_attempt pylontech_search_next(struct pylontech_link *l)
{
    uint32_t main_speed = pylontech_link_first_speed(l);
    unsigned first = main_attempts(l);
    unsigned step = l->step++;

    if (step < first)
        return (struct search_attempt){.speed = main_speed};
    if (l->config.serial && step == first)
        return (struct search_attempt){.wake = true, .speed = PYLONTECH_FRAME_BAUD};
    if (l->config.serial && l->config.baud == 0 && step == first + 1)
        return (struct search_attempt){.speed = USUAL};
    if (l->config.serial && l->config.baud == 0 && step == first + 2)
        return (struct search_attempt){.speed = EXTRA2000};
    l->round++;
    l->step = 1;
    return (struct search_attempt){.speed = main_speed};
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/* "~2": the beginning of a frame of the RS485 protocol. Line ends in front are ignored. */
static bool starts_with_frame(struct span s)
{
    s = span_trim(s);
    return s.n >= 2 && s.n <= 64 && s.p[0] == '~' && is_hex(s.p[1]);
}

void pylontech_search_listen(struct pylontech_link *l, uint64_t now_us)
{
    unsigned missed = 0;

    if (starts_with_frame(span_of(l->reader.text, l->reader.n)) &&
        log_limit_ok(&l->limit_framed, now_us, 60 * US_PER_S, &missed))
        log_msg(l->log, LOG_ERROR, "source",
                "battery=%s answers start with '~': this is a BMS that speaks framed ASCII "
                "(RS485 protocol, PACE and its clones), not a text console",
                l->config.name);
}
