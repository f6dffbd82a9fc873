/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals and conditions: `ccl > 0 A`, `soc in 40 %..60 %`, `charge_enable is set`, `stale`,
 * `$status = "offline"`, `silent 3 s`.
 */
#include <string.h>

#include "harness/scenario/scenario_private.h"

/* What the judge counts of a CAN bus, beside the signals of the dialect. */
static const char *const can_counters[] = {"foreign", "malformed", "extended", "remote",
                                           "frames",  "peak",      "changes",  NULL};
/* What it counts or knows of a topic, beside the paths of the document. */
static const char *const topic_counters[] = {
    "retained", "malformed", "nonfinite", "null",   "duplicate", "unknown", "qos",
    "messages", "connects",  "refused",   "status", "mistyped",  "peak",    NULL};

/* And of what Home Assistant was told. */
static const char *const ha_counters[] = {
    "configs", "removals", "unretained", "devices",  "entities", "malformed",
    "unknown", "mistyped", "mortal",     "refused",  "retained", "messages",
    "peak",    "qos",      "status",     "connects", NULL};

static const char *nearest_can_signal(struct parser *p, struct span word, const char *name)
{
    const char *near = conf_nearest(word, can_counters);

    if (p->names->can_signal_nearest != NULL) {
        const char *other = p->names->can_signal_nearest(p->names->ctx, name);
        near = other != NULL ? other : near;
    }
    return near;
}

static bool find_can_signal(struct parser *p, struct conf_cursor *c, const struct conf_token *token,
                            const char *name, enum dim *ret_dim, bool *ret_known)
{
    for (size_t i = 0; can_counters[i] != NULL; i++) {
        if (strcmp(can_counters[i], name) == 0) {
            *ret_dim = DIM_NONE;
            *ret_known = true;
            return true;
        }
    }
    if (p->names == NULL || p->names->can_signal_exists == NULL) {
        *ret_known = false;
        return true;
    }
    *ret_known = true;
    if (p->names->can_signal_exists(p->names->ctx, name, ret_dim))
        return true;
    const char *near = nearest_can_signal(p, token->text, name);
    if (near != NULL)
        conf_fail_at(c, token, "unknown CAN signal '%s', did you mean '%s'?", name, near);
    else
        conf_fail_at(c, token, "unknown CAN signal '%s'", name);
    return false;
}

/* `soc`, `bms2.cell_5_voltage`, `soc.expire_after`. */
static bool find_ha_signal(struct parser *p, struct conf_cursor *c, const struct conf_token *token,
                           const char *name, enum dim *ret_dim, bool *ret_known)
{
    const struct scenario_names *names = p->names;

    if (names == NULL || names->ha_signal_exists == NULL)
        return true;
    *ret_known = true;
    if (names->ha_signal_exists(names->ctx, name, ret_dim))
        return true;
    const char *near =
        names->ha_signal_nearest != NULL ? names->ha_signal_nearest(names->ctx, name) : NULL;
    if (near != NULL)
        conf_fail_at(c, token, "Home Assistant is told no '%s', did you mean '%s'?", name, near);
    else
        conf_fail_at(c, token, "Home Assistant is told no '%s'", name);
    return false;
}

/* `$name`: the sign is a token of its own. */
static bool take_topic_counter(struct conf_cursor *c, enum sink sink, char ret[SIGNAL_MAX])
{
    const char *const *counters = sink == SINK_HA ? ha_counters : topic_counters;
    size_t index;

    conf_take(c);
    if (conf_peek(c)->kind != CONF_WORD || !conf_peek(c)->glued) {
        take_failed(c, "a name right behind '$'");
        return false;
    }
    if (!conf_take_known(c, "$signal", counters, &index))
        return false;
    ret[0] = '$';
    span_to_str(span_str(counters[index]), ret + 1, SIGNAL_MAX - 1);
    return true;
}

bool take_signal(struct parser *p, struct conf_cursor *c, enum sink sink, char ret[SIGNAL_MAX],
                 enum dim *ret_dim, bool *ret_known)
{
    const struct conf_token *token = conf_peek(c);
    struct span word;

    if (sink != SINK_CAN && span_eq_str(token->text, "$") && token->kind == CONF_PUNCT) {
        if (!take_topic_counter(c, sink, ret))
            return false;
        *ret_dim = DIM_NONE;
        *ret_known = true;
        return true;
    }
    if (!conf_take_word(c, "a signal name", &word))
        return false;
    if (word.n >= SIGNAL_MAX) {
        conf_fail_at(c, token, "too long: at most %d characters", SIGNAL_MAX - 1);
        return false;
    }
    span_to_str(word, ret, SIGNAL_MAX);
    *ret_dim = DIM_NONE;
    *ret_known = false;
    if (sink == SINK_HA)
        return find_ha_signal(p, c, token, ret, ret_dim, ret_known);
    return sink != SINK_CAN || find_can_signal(p, c, token, ret, ret_dim, ret_known);
}

static bool take_op(struct conf_cursor *c, enum cond_op *ret)
{
    static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">="};

    if (conf_peek(c)->kind == CONF_PUNCT) {
        for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
            if (conf_accept(c, ops[i])) {
                *ret = (enum cond_op)i;
                return true;
            }
        }
    }
    take_failed(c, "a comparison");
    return false;
}

static bool take_text_value(struct conf_cursor *c, const struct conf_token *op, struct cond *ret)
{
    if (ret->op != OP_EQ && ret->op != OP_NE) {
        conf_fail_at(c, op, "a text is only = or != another");
        return false;
    }
    if (ret->signal[0] == '$' && strcmp(ret->signal, "$status") != 0) {
        conf_fail(c, "'%s' is a plain number", ret->signal);
        return false;
    }
    ret->is_text = true;
    return conf_take_text(c, "a text", ret->text, sizeof ret->text);
}

/* Without a declared dimension, the two numbers of a condition must still fit each other. */
static bool same_dim(struct conf_cursor *c, const struct conf_token *token, enum dim dim,
                     enum dim other)
{
    if (dim == other)
        return true;
    conf_fail_at(c, token, "this is a %s, but the value before it is a %s", dim_name(dim),
                 dim_name(other));
    return false;
}

static bool take_optional_tolerance(struct conf_cursor *c, enum dim dim, bool known,
                                    struct quantity value, struct quantity *ret)
{
    ret->dim = value.dim;
    if (!conf_accept(c, "tol"))
        return true;
    const struct conf_token *token = conf_peek(c);
    return take_tolerance(c, dim, known, ret) && same_dim(c, token, ret->dim, value.dim);
}

static bool take_compare(struct conf_cursor *c, enum dim dim, bool known, struct cond *ret)
{
    const struct conf_token *op = conf_peek(c);

    ret->kind = COND_COMPARE;
    if (!take_op(c, &ret->op))
        return false;
    if (conf_peek(c)->kind == CONF_STRING)
        return take_text_value(c, op, ret);
    if (strcmp(ret->signal, "$status") == 0) {
        take_failed(c, "a text in quotes ($status is no number)");
        return false;
    }
    return take_value(c, dim, known, &ret->value) &&
           take_optional_tolerance(c, dim, known, ret->value, &ret->tol);
}

static bool take_range(struct conf_cursor *c, enum dim dim, bool known, struct cond *ret)
{
    ret->kind = COND_RANGE;
    if (!take_value(c, dim, known, &ret->value) || !conf_expect(c, ".."))
        return false;
    const struct conf_token *token = conf_peek(c);
    if (!take_value(c, dim, known, &ret->high) ||
        !same_dim(c, token, ret->high.dim, ret->value.dim))
        return false;
    if (ret->high.micro < ret->value.micro) {
        conf_fail_at(c, token, "the range is empty: its end is below its beginning");
        return false;
    }
    return true;
}

static bool take_is(struct conf_cursor *c, struct cond *ret)
{
    static const char *const states[] = {"set", "clear", NULL};
    size_t index;

    if (!conf_take_known(c, "state", states, &index))
        return false;
    ret->kind = index == 0 ? COND_SET : COND_CLEAR;
    return true;
}

bool take_cond(struct parser *p, struct conf_cursor *c, enum sink sink, struct cond *ret)
{
    enum dim dim = DIM_NONE;
    bool known = false;

    if (conf_accept(c, "stale")) {
        ret->kind = COND_STALE;
        return true;
    }
    if (conf_accept(c, "fresh")) {
        ret->kind = COND_FRESH;
        return true;
    }
    if (conf_accept(c, "silent")) {
        ret->kind = COND_SILENT;
        return take_time(c, &ret->silent_us);
    }
    if (!take_signal(p, c, sink, ret->signal, &dim, &known))
        return false;
    if (conf_accept(c, "in"))
        return take_range(c, dim, known, ret);
    if (conf_accept(c, "is"))
        return take_is(c, ret);
    return take_compare(c, dim, known, ret);
}
