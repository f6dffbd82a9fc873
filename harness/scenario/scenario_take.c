/* SPDX-License-Identifier: Apache-2.0
 *
 * The small readers of the scenario language: times, ids, values with their dimension, sinks.
 */
#include <string.h>

#include "harness/scenario/scenario_private.h"

const char *const sink_words[SINK_COUNT + 1] = {"can", "json", "ha", "influx", NULL};

const char *sink_name(enum sink sink)
{
    return (unsigned)sink < SINK_COUNT ? sink_words[sink] : "?";
}

bool is_word(const struct conf_token *token, const char *text)
{
    return token->kind == CONF_WORD && span_eq_str(token->text, text);
}

uint32_t end_column(const struct conf_line *line)
{
    const struct conf_token *last = &line->tokens[line->n - 1];

    return last->column + (uint32_t)last->text.n + (last->kind == CONF_STRING ? 2 : 0);
}

void take_failed(struct conf_cursor *c, const char *what)
{
    const struct conf_token *token = conf_peek(c);

    if (token->kind == CONF_END)
        conf_fail(c, "expected %s, found end of line", what);
    else
        conf_fail(c, "expected %s, found '%.*s'", what, (int)token->text.n,
                  (const char *)token->text.p);
}

/* The wording of a missing unit is the language specification's own. */
bool take_time(struct conf_cursor *c, uint64_t *ret_us)
{
    const struct conf_token *number = conf_peek(c);
    struct conf_cursor unit = *c;
    struct quantity q;
    enum dim dim;
    int64_t scale;

    if (number->kind != CONF_NUMBER) {
        take_failed(c, "a time");
        return false;
    }
    unit.at++;
    const struct conf_token *word = conf_peek(&unit);
    if (word->kind != CONF_WORD || !unit_find(word->text, &dim, &scale) || dim != DIM_TIME) {
        conf_fail(&unit, "expected a time unit (s, ms, us)");
        return false;
    }
    if (!conf_take_quantity(c, DIM_TIME, &q))
        return false;
    if (q.micro < 0) {
        conf_fail_at(c, number, "a time cannot be negative");
        return false;
    }
    *ret_us = (uint64_t)q.micro;
    return true;
}

bool id_is_valid(struct span text, enum id_form form)
{
    uint8_t first = form == ID_REQUIREMENT ? 'A' : 'a';
    bool dash = true; /* a requirement id has no dash at its ends and no two in a row */

    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        bool letter = c >= first && c <= first + 25;
        bool digit = c >= '0' && c <= '9';
        bool join = c == '-' || (c == '_' && form == ID_NAME);
        if ((i == 0 && !letter) || (!letter && !digit && !join) || (c == '-' && dash))
            return false;
        dash = c == '-';
    }
    return text.n > 0 && !dash;
}

bool take_id(struct conf_cursor *c, enum id_form form, const char *what, char ret[ID_MAX])
{
    const struct conf_token *token = conf_peek(c);
    struct span word;

    if (!conf_take_word(c, what, &word))
        return false;
    if (!id_is_valid(word, form)) {
        conf_fail_at(c, token, "'%.*s' is no %s: use %s", (int)word.n, (const char *)word.p,
                     form == ID_REQUIREMENT ? "id" : "name",
                     form == ID_REQUIREMENT
                         ? "capital letters, digits and single dashes (LIM-OV-CAN)"
                         : "small letters, digits, _ and - (cable_pulled)");
        return false;
    }
    if (word.n >= ID_MAX) {
        conf_fail_at(c, token, "too long: at most %d characters", ID_MAX - 1);
        return false;
    }
    span_to_str(word, ret, ID_MAX);
    return true;
}

bool take_value(struct conf_cursor *c, enum dim dim, bool known, struct quantity *ret)
{
    const struct conf_token *token = conf_peek(c);
    enum dim unit;
    int64_t scale;

    if (token->kind != CONF_NUMBER) {
        take_failed(c, "a number");
        return false;
    }
    if (!known)
        return conf_take_any_quantity(c, ret);
    if (!conf_take_quantity(c, dim, ret))
        return false;
    token = conf_peek(c);
    if (dim == DIM_NONE && token->kind != CONF_END && unit_find(token->text, &unit, &scale)) {
        conf_fail(c, "unexpected unit '%.*s': this is a plain number", (int)token->text.n,
                  (const char *)token->text.p);
        return false;
    }
    return true;
}

bool take_tolerance(struct conf_cursor *c, enum dim dim, bool known, struct quantity *ret)
{
    const struct conf_token *token = conf_peek(c);

    if (!take_value(c, dim, known, ret))
        return false;
    if (ret->micro < 0) {
        conf_fail_at(c, token, "a tolerance cannot be negative");
        return false;
    }
    return true;
}

bool take_sink(struct conf_cursor *c, enum sink *ret)
{
    size_t index;

    if (conf_peek(c)->kind != CONF_WORD) {
        take_failed(c, "a sink (can, json, ha, influx)");
        return false;
    }
    if (!conf_take_known(c, "sink", sink_words, &index))
        return false;
    *ret = (enum sink)index;
    return true;
}

bool put_time(struct buf *out, uint64_t us)
{
    return quantity_format((struct quantity){.micro = (int64_t)us, .dim = DIM_TIME}, out);
}

bool put_time_tight(struct buf *out, uint64_t us)
{
    uint8_t text[48];
    struct buf b = buf_of(text, sizeof text);

    if (!put_time(&b, us))
        return false;
    for (size_t i = 0; i < b.n; i++)
        if (text[i] != ' ' && !buf_u8(out, text[i]))
            return false;
    return true;
}
