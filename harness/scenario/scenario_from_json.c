/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON image back to text. What is wrong in the image's shape is said here ("timeline[3]:
 * ..."); what is wrong in its meaning, the parser finds in the text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/scenario/scenario_private.h"

struct builder {
    struct buf b;
    char where[64]; /* "timeline[3]" */
    char *why;
    size_t why_cap;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void complain(struct builder *w, const char *format,
                                                           ...)
{
    char text[160];
    va_list args;

    if (w->failed)
        return; /* the first reason counts */
    w->failed = true;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (w->why_cap > 0)
        snprintf(w->why, w->why_cap, "%s: %s", w->where, text);
}

/* Only what can stand in one line; a '#' only inside quotes, where it begins no comment. */
static bool is_plain(const char *text)
{
    bool quoted = false;

    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f ||
            (*text == '#' && !quoted))
            return false;
        if (quoted && *text == '\\' && text[1] != '\0')
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return !quoted;
}

static const char *member(struct builder *w, const struct json *object, const char *key)
{
    const struct json *value = json_get(object, key);
    const char *text = value != NULL ? json_string(value) : NULL;

    if (text == NULL)
        complain(w, "'%s' must be a text", key);
    return text;
}

/* A text of the language itself: no quotes around it. */
static void put_raw(struct builder *w, const struct json *object, const char *key)
{
    const char *text = member(w, object, key);

    if (text == NULL)
        return;
    if (!is_plain(text) || text[0] == '\0')
        complain(w, "'%s' is empty or holds characters that end a line", key);
    else
        buf_str(&w->b, text);
}

static void put_words(struct builder *w, const char *before, const struct json *object,
                      const char *key)
{
    buf_str(&w->b, before);
    put_raw(w, object, key);
}

static void put_if(struct builder *w, const char *before, const struct json *object,
                   const char *key)
{
    if (json_get(object, key) != NULL)
        put_words(w, before, object, key);
}

static void put_text(struct builder *w, const struct json *object, const char *key)
{
    const char *text = member(w, object, key);

    if (text != NULL)
        put_quoted(&w->b, text);
}

/* "a", "b" with `between`; nothing at all for an empty or missing array. */
static void put_list(struct builder *w, const char *before, const struct json *object,
                     const char *key, const char *between)
{
    const struct json *array = json_get(object, key);

    if (array == NULL)
        return;
    if (json_type(array) != JSON_ARRAY) {
        complain(w, "'%s' must be an array", key);
        return;
    }
    for (const struct json *item = json_first(array); item != NULL; item = json_next(item)) {
        const char *text = json_string(item);
        if (text == NULL || !is_plain(text)) {
            complain(w, "'%s' must hold texts", key);
            return;
        }
        buf_str(&w->b, item == json_first(array) ? before : between);
        buf_str(&w->b, text);
    }
}

/* Every member must be one of `known`: a misspelt one would silently change the meaning. */
static void check_members(struct builder *w, const struct json *object, const char *const *known)
{
    if (json_type(object) != JSON_OBJECT) {
        complain(w, "must be an object");
        return;
    }
    for (const struct json *m = json_first(object); m != NULL; m = json_next(m)) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], json_key(m)) != 0)
            i++;
        if (known[i] == NULL)
            complain(w, "unknown member '%s'", json_key(m));
    }
}

static void put_header(struct builder *w, const struct json *root)
{
    const struct json *seed = json_get(root, "seed");
    const struct json *include = json_get(root, "include");
    int64_t n;

    put_words(w, "scenario ", root, "scenario");
    buf_u8(&w->b, ' ');
    put_text(w, root, "title");
    put_list(w, "\ncovers ", root, "covers", " ");
    put_list(w, "\nneeds ", root, "needs", ", ");
    put_words(w, "\nduration ", root, "duration");
    if (seed != NULL) {
        if (!json_integer(seed, &n))
            complain(w, "'seed' must be a whole number");
        else
            buf_printf(&w->b, "\nseed %lld", (long long)n);
    }
    put_list(w, "\ntier ", root, "tier", " ");
    for (const struct json *i = include != NULL ? json_first(include) : NULL; i != NULL;
         i = json_next(i)) {
        if (json_string(i) == NULL) {
            complain(w, "'include' must hold texts");
            break;
        }
        buf_str(&w->b, "\ninclude ");
        put_quoted(&w->b, json_string(i));
    }
    buf_u8(&w->b, '\n');
}

static void put_section(struct builder *w, const struct json *section)
{
    static const char *const known[] = {"section", "keys", NULL};
    const struct json *keys = json_get(section, "keys");

    check_members(w, section, known);
    put_words(w, "\n[", section, "section");
    buf_str(&w->b, "]\n");
    if (keys == NULL || json_type(keys) != JSON_OBJECT) {
        complain(w, "'keys' must be an object");
        return;
    }
    for (const struct json *key = json_first(keys); key != NULL; key = json_next(key)) {
        const char *text = json_string(key);
        if (text == NULL || !is_plain(text) || !is_plain(json_key(key))) {
            complain(w, "the key '%s' must be a text of one line", json_key(key));
            return;
        }
        buf_printf(&w->b, "%s %s\n", json_key(key), text);
    }
}

static void put_cond(struct builder *w, const struct json *stmt)
{
    static const char *const known[] = {"signal", "op",   "value", "text",   "tol",
                                        "low",    "high", "is",    "silent", NULL};
    const struct json *cond = json_get(stmt, "cond");

    if (cond == NULL) {
        complain(w, "'cond' is missing");
        return;
    }
    check_members(w, cond, known);
    put_if(w, " ", cond, "signal");
    if (json_get(cond, "silent") != NULL) {
        put_words(w, " silent ", cond, "silent");
    } else if (json_get(cond, "is") != NULL) {
        put_words(w, json_get(cond, "signal") != NULL ? " is " : " ", cond, "is");
    } else if (json_get(cond, "low") != NULL) {
        put_words(w, " in ", cond, "low");
        put_words(w, "..", cond, "high");
    } else {
        put_words(w, " ", cond, "op");
        buf_u8(&w->b, ' ');
        if (json_get(cond, "text") != NULL)
            put_text(w, cond, "text");
        else
            put_raw(w, cond, "value");
        put_if(w, " tol ", cond, "tol");
    }
}

static void put_within(struct builder *w, const struct json *stmt)
{
    bool still = false;

    put_words(w, "within ", stmt, "within");
    put_words(w, " of ", stmt, "of");
    put_if(w, " ", stmt, "stimulus");
    put_words(w, " ", stmt, "sink");
    put_cond(w, stmt);
    if (json_get(stmt, "still") != NULL && !json_boolean(json_get(stmt, "still"), &still))
        complain(w, "'still' must be true or false");
    if (still)
        buf_str(&w->b, " still");
}

static void put_verb(struct builder *w, const struct json *stmt, const char *verb)
{
    buf_printf(&w->b, " %s ", verb);
    if (strcmp(verb, "track") == 0) {
        put_raw(w, stmt, "signal");
        put_words(w, " to ", stmt, "truth");
        put_words(w, " tol ", stmt, "tol");
        put_words(w, " lag ", stmt, "lag");
    } else if (strcmp(verb, "every") == 0) {
        put_raw(w, stmt, "period");
        put_words(w, " tol ", stmt, "tol");
        put_if(w, " mean ", stmt, "mean");
        put_list(w, " : ", stmt, "ids", " ");
    } else if (strcmp(verb, "agree") == 0) {
        put_raw(w, stmt, "left");
        put_words(w, " ~ ", stmt, "right");
        put_words(w, " tol ", stmt, "tol");
        put_words(w, " lag ", stmt, "lag");
    } else if (strcmp(verb, "matches") == 0) {
        put_text(w, stmt, "file");
        put_if(w, " tol ", stmt, "tol");
        put_list(w, " ignore ", stmt, "ignore", ", ");
    } else if (strcmp(verb, "check") == 0 || strcmp(verb, "never") == 0 ||
               strcmp(verb, "always") == 0) {
        put_cond(w, stmt);
    } else {
        complain(w, "unknown verb '%s'", verb);
    }
}

/* A time glued to its sign: "@11.9s" and "@11.9 s" are the same. */
static void put_judgement(struct builder *w, const struct json *stmt)
{
    const char *verb = member(w, stmt, "verb");

    if (verb == NULL)
        return;
    if (json_get(stmt, "at") != NULL) {
        put_words(w, "@", stmt, "at");
    } else {
        put_words(w, "@", stmt, "from");
        put_words(w, "..", stmt, "to");
    }
    put_if(w, " ", stmt, "sink");
    put_verb(w, stmt, verb);
}

static void put_statement(struct builder *w, const struct json *stmt)
{
    static const char *const known[] = {
        "at",   "do",    "as",   "within", "of",     "stimulus", "sink",  "cond", "still",
        "req",  "from",  "to",   "verb",   "signal", "tol",      "truth", "lag",  "ids",
        "left", "right", "file", "ignore", "period", "mean",     NULL};

    check_members(w, stmt, known);
    if (json_get(stmt, "do") != NULL) {
        put_words(w, "@", stmt, "at");
        put_words(w, " ", stmt, "do");
        put_if(w, " as ", stmt, "as");
    } else if (json_get(stmt, "within") != NULL) {
        put_within(w, stmt);
    } else {
        put_judgement(w, stmt);
    }
    put_if(w, " req ", stmt, "req");
    buf_u8(&w->b, '\n');
}

static void put_items(struct builder *w, const struct json *root, const char *key,
                      void (*put)(struct builder *w, const struct json *item))
{
    const struct json *array = json_get(root, key);
    unsigned i = 0;

    snprintf(w->where, sizeof w->where, "header");
    if (array == NULL || json_type(array) != JSON_ARRAY) {
        complain(w, "'%s' must be an array", key);
        return;
    }
    for (const struct json *item = json_first(array); item != NULL; item = json_next(item)) {
        snprintf(w->where, sizeof w->where, "%s[%u]", key, i++);
        put(w, item);
    }
}

static void put_image(struct builder *w, const struct json *root)
{
    static const char *const known[] = {"scenario", "title",    "covers", "needs",
                                        "duration", "seed",     "tier",   "include",
                                        "sections", "timeline", NULL};

    snprintf(w->where, sizeof w->where, "header");
    check_members(w, root, known);
    put_header(w, root);
    put_items(w, root, "sections", put_section);
    buf_str(&w->b, "\n[timeline]\n");
    put_items(w, root, "timeline", put_statement);
}

enum err scenario_from_json(const struct json *json, struct buf *out_text, char *why,
                            size_t why_cap)
{
    uint8_t *draft = malloc(out_text->cap + 1);
    struct builder w = {.b = buf_of(draft, out_text->cap), .why = why, .why_cap = why_cap};
    struct conf_file *file = NULL;

    if (draft == NULL)
        return ERR_MEMORY;
    if (why_cap > 0)
        why[0] = '\0';
    put_image(&w, json);
    enum err e = w.failed ? ERR_SYNTAX : w.b.overflow ? ERR_SPACE : ERR_OK;
    if (e == ERR_OK)
        e = conf_parse("image", buf_span(&w.b), &file);
    if (e == ERR_OK && file->n_errors > 0) {
        if (why_cap > 0)
            snprintf(why, why_cap, "%s", file->errors[0].message);
        e = ERR_SYNTAX;
    }
    if (e == ERR_OK)
        e = format_file(file, out_text);
    conf_delete(file);
    free(draft);
    return e;
}
