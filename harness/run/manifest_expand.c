/* SPDX-License-Identifier: Apache-2.0
 *
 * Fills the placeholders of a manifest: arguments, environment, configuration template.
 */
#define _GNU_SOURCE /* realpath */
#include <stdlib.h>

#include "harness/run/manifest_private.h"

const char *const placeholder_words[HOLD_COUNT + 1] = {
    [HOLD_TTY] = "tty",       [HOLD_BATTERY] = "battery",
    [HOLD_SOURCE] = "source", [HOLD_CAN] = "can",
    [HOLD_BROKER] = "broker", [HOLD_HOST] = "host",
    [HOLD_PORT] = "port",     [HOLD_BATTERIES] = "batteries",
    [HOLD_DIR] = "dir",       [HOLD_CONFIG] = "config",
    [HOLD_BIN] = "bin",       [HOLD_MANIFEST] = "manifest",
    [HOLD_CCL] = "ccl",       [HOLD_DCL] = "dcl",
    [HOLD_CVL] = "cvl",       [HOLD_DVL] = "dvl",
};

enum placeholder placeholder_find(struct span name)
{
    for (unsigned i = 0; i < HOLD_COUNT; i++)
        if (span_eq_str(name, placeholder_words[i]))
            return (enum placeholder)i;
    return HOLD_COUNT;
}

bool placeholder_next(struct span text, size_t at, struct piece *ret)
{
    if (at >= text.n)
        return false;
    *ret = (struct piece){.start = at};
    size_t open = span_find_byte(text, at, '{');
    if (open > at) { /* up to the next brace */
        ret->n = open - at;
        ret->literal = span_sub(text, at, ret->n);
        return true;
    }
    if (at + 1 < text.n && text.p[at + 1] == '{') {
        ret->n = 2;
        ret->literal = span_sub(text, at, 1);
        return true;
    }
    size_t end = span_find_byte(text, at, '}');
    ret->is_placeholder = true;
    ret->closed = end < text.n;
    ret->n = (ret->closed ? end + 1 : text.n) - at;
    ret->name = span_sub(text, at + 1, end - at - 1);
    return true;
}

static enum err put_number(struct buf *out, unsigned n)
{
    return buf_printf(out, "%u", n) ? ERR_OK : ERR_SPACE;
}

/* ERR_INCOMPLETE: this run has no such thing. */
static enum err put_text(struct buf *out, const char *text)
{
    if (text == NULL)
        return ERR_INCOMPLETE;
    return buf_str(out, text) ? ERR_OK : ERR_SPACE;
}

/* The program runs in that folder, so a relative path would mean another one there. */
static enum err put_folder(struct buf *out, const char *dir)
{
    char *whole = realpath(dir, NULL);
    enum err e = put_text(out, whole != NULL ? whole : dir);

    free(whole);
    return e;
}

static enum err put_value(const struct manifest *m, const struct manifest_fill *fill,
                          enum placeholder hold, struct buf *out)
{
    switch (hold) {
    case HOLD_TTY: return put_text(out, fill->tty);
    case HOLD_BATTERY: return put_text(out, fill->battery);
    case HOLD_SOURCE: return put_text(out, fill->source);
    case HOLD_CAN: return put_text(out, fill->can);
    case HOLD_BROKER: return put_text(out, fill->broker);
    case HOLD_HOST: return put_text(out, fill->host);
    case HOLD_PORT: return put_number(out, fill->port);
    case HOLD_BATTERIES: return put_number(out, fill->batteries);
    case HOLD_DIR: return put_text(out, fill->dir);
    case HOLD_CONFIG: return put_text(out, fill->config);
    case HOLD_BIN: return put_text(out, fill->bin);
    case HOLD_MANIFEST: return put_folder(out, m->dir);
    case HOLD_CCL: return put_text(out, fill->ccl);
    case HOLD_DCL: return put_text(out, fill->dcl);
    case HOLD_CVL: return put_text(out, fill->cvl);
    case HOLD_DVL: return put_text(out, fill->dvl);
    case HOLD_COUNT: break;
    }
    return ERR_NOT_FOUND;
}

static enum err expand(const struct manifest *m, struct span whole,
                       const struct manifest_fill *fill, struct buf *out,
                       enum placeholder *ret_hold, size_t *ret_at)
{
    struct piece piece;

    for (size_t at = 0; placeholder_next(whole, at, &piece); at += piece.n) {
        enum placeholder hold = piece.is_placeholder ? placeholder_find(piece.name) : HOLD_COUNT;
        enum err e = ERR_OK;
        if (!piece.is_placeholder)
            e = buf_put(out, piece.literal) ? ERR_OK : ERR_SPACE;
        else if (!piece.closed)
            e = ERR_NOT_FOUND;
        else
            e = put_value(m, fill, hold, out);
        if (e != ERR_OK) {
            *ret_hold = hold;
            *ret_at = piece.start;
            return e;
        }
    }
    return ERR_OK;
}

enum err manifest_expand(const struct manifest *m, const char *text,
                         const struct manifest_fill *fill, struct buf *out, const char **ret_bad)
{
    enum placeholder hold;
    size_t at = 0;
    enum err e = expand(m, span_str(text), fill, out, &hold, &at);

    if (e != ERR_OK && ret_bad != NULL)
        *ret_bad = text + at;
    return e;
}

enum err manifest_expand_lines(const struct manifest *m, const char *text,
                               const struct manifest_fill *fill, struct buf *out,
                               const char **ret_bad)
{
    struct span whole = span_str(text);

    for (size_t at = 0; at < whole.n;) {
        size_t n = span_find_byte(whole, at, '\n') + 1 - at;
        size_t mark = out->n, bad = 0;
        enum placeholder hold = HOLD_COUNT;
        enum err e = expand(m, span_sub(whole, at, n), fill, out, &hold, &bad);
        if (e == ERR_INCOMPLETE && hold >= HOLD_CCL) {
            out->n = mark;
        } else if (e != ERR_OK) {
            if (ret_bad != NULL)
                *ret_bad = text + at + bad;
            return e;
        }
        at += n;
    }
    return ERR_OK;
}

bool manifest_names(const char *text, const char *placeholder)
{
    struct span whole = span_str(text);
    struct piece piece;

    for (size_t at = 0; placeholder_next(whole, at, &piece); at += piece.n)
        if (piece.is_placeholder && span_eq_str(piece.name, placeholder))
            return true;
    return false;
}
