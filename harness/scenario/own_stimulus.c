/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads and prints the runner's own stimuli.
 */
#include "harness/scenario/own_stimulus.h"

#include <string.h>

#include "harness/scenario/scenario_private.h"

bool own_stimulus_is(const struct conf_cursor *c)
{
    struct conf_cursor ahead = *c;
    const struct conf_token *actor = conf_take(&ahead);
    const struct conf_token *verb = conf_peek(&ahead);

    return (is_word(actor, "broker") && is_word(verb, "publish")) ||
           (is_word(actor, "dut") && (is_word(verb, "clean") || is_word(verb, "clock")));
}

static bool take_string(struct conf_cursor *c, const char *what, char *out, size_t cap)
{
    if (conf_peek(c)->kind != CONF_STRING) {
        take_failed(c, what);
        return false;
    }
    return conf_take_text(c, what, out, cap);
}

static bool take_publish(struct conf_cursor *c, struct own_stimulus *s)
{
    const struct conf_token *at = conf_peek(c);

    s->verb = OWN_PUBLISH;
    if (!take_string(c, "a topic in quotes", s->topic, sizeof s->topic))
        return false;
    if (s->topic[0] == '\0' || strpbrk(s->topic, "+#") != NULL) {
        conf_fail_at(c, at, "a topic to publish on is not empty and has no '+' or '#'");
        return false;
    }
    if (!take_string(c, "a payload in quotes (\"\" removes a retained one)", s->payload,
                     sizeof s->payload))
        return false;
    s->retain = conf_accept(c, "retain");
    return true;
}

static bool take_clock(struct conf_cursor *c, struct own_stimulus *s)
{
    static const int64_t most = 366LL * 86400 * 1000000;
    const struct conf_token *at = conf_peek(c);

    s->verb = OWN_CLOCK;
    if (!conf_take_quantity(c, DIM_TIME, &s->step))
        return false;
    if (s->step.micro == 0 || s->step.micro > most || s->step.micro < -most) {
        conf_fail_at(c, at, "a clock jumps by something, and by a year at most");
        return false;
    }
    return true;
}

bool own_stimulus_take(struct conf_cursor *c, struct own_stimulus *ret)
{
    struct own_stimulus s = {.verb = OWN_CLEAN};

    conf_take(c);
    const struct conf_token *verb = conf_take(c);
    if (is_word(verb, "publish") && !take_publish(c, &s))
        return false;
    if (is_word(verb, "clock") && !take_clock(c, &s))
        return false;
    if (!conf_at_end(c) && !is_word(conf_peek(c), "as"))
        return conf_expect_end(c);
    *ret = s;
    return true;
}

bool own_stimulus_format(const struct own_stimulus *s, struct buf *out)
{
    switch (s->verb) {
    case OWN_NONE: return false;
    case OWN_CLEAN: return buf_str(out, "dut clean");
    case OWN_CLOCK:
        return buf_str(out, s->step.micro > 0 ? "dut clock +" : "dut clock ") &&
               quantity_format(s->step, out);
    case OWN_PUBLISH: break;
    }
    return buf_str(out, "broker publish ") && put_quoted(out, s->topic) && buf_u8(out, ' ') &&
           put_quoted(out, s->payload) && (!s->retain || buf_str(out, " retain"));
}
