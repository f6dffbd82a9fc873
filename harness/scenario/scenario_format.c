/* SPDX-License-Identifier: Apache-2.0
 *
 * The canonical columns of a script, so that diffs show what changed and nothing else. Only blanks
 * are moved: every token stays as it was written, every comment and blank line stays.
 *
 *     key       value                        # comment
 *     @0s         bms 1   ramp soc ...                                     as name
 *       within 200 ms of delivered   can    ccl = 0 A                      req ID
 *     0 2         12      20         31     38                             69
 */
#include <string.h>

#include "harness/scenario/scenario_private.h"
#include "harness/scenario/source_line.h"

enum {
    AT_VALUE = 10,   /* value behind a key */
    AT_ACTOR = 12,   /* actor or sink behind @TIME */
    AT_BODY = 20,    /* verb */
    AT_SINK = 31,    /* sink of `within` */
    AT_COND = 38,    /* condition of `within` */
    AT_TAIL = 69,    /* req and as */
    AT_COMMENT = 39, /* comment in header and sections */
};

struct writer {
    struct buf *out;
    size_t line_start; /* offset in out */
    bool timeline;
    size_t key_width;  /* of the section */
    size_t time_width; /* of the block of `within` lines */
};

/* Characters, not bytes: texts may hold UTF-8. */
static size_t column(const struct writer *w)
{
    size_t n = 0;

    for (size_t i = w->line_start; i < w->out->n; i++)
        n += (w->out->p[i] & 0xC0) != 0x80;
    return n;
}

/* Blanks up to `at`, at least `least`. */
static void pad_to(struct writer *w, size_t at, size_t least)
{
    size_t now = column(w);
    size_t n = at >= now + least ? at - now : least;

    while (n-- > 0)
        buf_u8(w->out, ' ');
}

static void put_token(struct writer *w, const struct conf_token *token)
{
    if (token->kind == CONF_STRING)
        buf_u8(w->out, '"');
    buf_put(w->out, token->text);
    if (token->kind == CONF_STRING)
        buf_u8(w->out, '"');
}

static bool is_sign(const struct conf_token *token, const char *text)
{
    return token->kind == CONF_PUNCT && span_eq_str(token->text, text);
}

static bool is_one_of(const struct conf_token *token, const char *const *signs)
{
    for (; *signs != NULL; signs++)
        if (is_sign(token, *signs))
            return true;
    return false;
}

static bool is_unit(const struct conf_token *token)
{
    enum dim dim;
    int64_t scale;

    return (token->kind == CONF_WORD || token->kind == CONF_PUNCT) &&
           unit_find(token->text, &dim, &scale);
}

/* Whether a blank stands between two tokens of a body. What was written without one stays so (a
 * text such as 12-34 is several tokens), except where the grammar knows what the tokens are. */
static bool blank_between(const struct conf_token *a, const struct conf_token *b)
{
    static const char *const spaced[] = {"=", "!=", "<", "<=", ">", ">=", "~", "->", NULL};

    if (is_sign(a, "..") || is_sign(b, "..") || is_sign(b, ",") || is_sign(a, "$"))
        return false;
    if (is_sign(b, ":") && (b->glued || is_unit(a)))
        return false;
    if (is_sign(a, ",") || is_one_of(a, spaced) || is_one_of(b, spaced))
        return true;
    if (is_sign(a, ":") && span_starts(b->text, "0x"))
        return true;
    if (a->kind == CONF_NUMBER && is_unit(b))
        return true;
    return !b->glued;
}

/* Values that are texts, where 5A is one word. */
static bool is_text_key(const struct conf_token *token)
{
    static const char *const keys[] = {"serial", "firmware", "prompt", "dialect",
                                       "clock",  "include",  NULL};

    for (size_t i = 0; keys[i] != NULL; i++)
        if (is_word(token, keys[i]))
            return true;
    return false;
}

static void put_tokens(struct writer *w, const struct conf_token *tokens, size_t n)
{
    bool text = false;

    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (text ? !tokens[i].glued : blank_between(&tokens[i - 1], &tokens[i])))
            buf_u8(w->out, ' ');
        put_token(w, &tokens[i]);
        text = text || is_text_key(&tokens[i]);
    }
}

/* ---- header and sections ---- */

static void put_head(struct writer *w, const struct conf_line *line)
{
    for (size_t i = 0; i < line->n; i++) {
        bool inside = i > 1 && !is_sign(&line->tokens[i], "]");
        if (inside)
            buf_u8(w->out, ' ');
        put_token(w, &line->tokens[i]);
    }
}

bool put_key_value(struct buf *out, const struct conf_line *line)
{
    struct writer w = {.out = out, .line_start = out->n};
    bool text = is_text_key(&line->tokens[0]);

    for (size_t i = 1; i < line->n; i++) {
        if (i > 1 &&
            (text ? !line->tokens[i].glued : blank_between(&line->tokens[i - 1], &line->tokens[i])))
            buf_u8(out, ' ');
        put_token(&w, &line->tokens[i]);
    }
    return !out->overflow;
}

static void put_key_line(struct writer *w, const struct conf_line *line)
{
    put_token(w, &line->tokens[0]);
    if (line->n == 1)
        return;
    pad_to(w, w->key_width, 2);
    if (is_word(&line->tokens[0], "scenario") && line->n == 3) { /* scenario  ID  "title" */
        put_token(w, &line->tokens[1]);
        buf_str(w->out, "  ");
        put_token(w, &line->tokens[2]);
        return;
    }
    put_key_value(w->out, line);
}

/* The longest key up to the next section decides. */
static size_t key_width(const struct conf_file *file, size_t first)
{
    size_t width = AT_VALUE;

    for (size_t i = first; i < file->n_lines && !conf_is_section(&file->lines[i]); i++) {
        size_t n = file->lines[i].tokens[0].text.n + 2;
        width = n > width ? n : width;
    }
    return width;
}

/* ---- timeline ---- */

/* Index of the first token of `req ID` or `as NAME` at the end; n when there is none. */
static size_t tail_of(const struct conf_line *line)
{
    if (line->n > 2 &&
        (is_word(&line->tokens[line->n - 2], "req") || is_word(&line->tokens[line->n - 2], "as")))
        return line->n - 2;
    return line->n;
}

static void put_tail(struct writer *w, const struct conf_line *line, size_t tail)
{
    if (tail == line->n)
        return;
    pad_to(w, AT_TAIL, 2);
    put_tokens(w, line->tokens + tail, 2);
}

/* @3s..12s    can     track ... */
static void put_at_line(struct writer *w, const struct conf_line *line)
{
    size_t i = 0;
    size_t tail = tail_of(line);

    for (; i < line->n && (line->tokens[i].kind != CONF_WORD || is_unit(&line->tokens[i])); i++)
        put_token(w, &line->tokens[i]);
    pad_to(w, AT_ACTOR, 1);
    size_t actor = i;
    for (; i < tail && (i == actor || line->tokens[i].kind == CONF_NUMBER); i++) {
        if (i > actor)
            buf_u8(w->out, ' ');
        put_token(w, &line->tokens[i]);
    }
    pad_to(w, AT_BODY, 1);
    put_tokens(w, line->tokens + i, tail - i);
    put_tail(w, line, tail);
}

static bool is_sink(const struct conf_token *token)
{
    for (size_t i = 0; i < SINK_COUNT; i++)
        if (is_word(token, sink_words[i]))
            return true;
    return false;
}

/* Where the sink of `within 1 s of event can` or `... of delivered NAME can` is; 0 when the line is
 * no complete one. */
static size_t sink_index(const struct conf_line *line)
{
    size_t tail = tail_of(line);

    if (!is_word(&line->tokens[0], "within"))
        return 0;
    if (tail > 6 && is_sink(&line->tokens[5]))
        return 5;
    return tail > 7 && is_sink(&line->tokens[6]) ? 6 : 0;
}

static bool is_within(const struct conf_line *line)
{
    return sink_index(line) != 0;
}

/* "200 ms": number and unit with a blank. */
static size_t within_time_length(const struct conf_line *line)
{
    return line->tokens[1].text.n + 1 + line->tokens[2].text.n;
}

/* Lines of `within` that follow each other are a block: their `of` stands in one column. */
static size_t block_width(const struct conf_file *file, size_t index)
{
    size_t first = index;
    size_t width = 0;

    while (first > 0 && is_within(&file->lines[first - 1]))
        first--;
    for (; first < file->n_lines && is_within(&file->lines[first]); first++) {
        size_t n = within_time_length(&file->lines[first]);
        width = n > width ? n : width;
    }
    return width;
}

/*   within 200 ms of delivered   can    ccl = 0 A */
static void put_within_line(struct writer *w, const struct conf_line *line)
{
    size_t tail = tail_of(line);
    size_t sink = sink_index(line);

    buf_str(w->out, "  within ");
    put_tokens(w, line->tokens + 1, 2);
    pad_to(w, 9 + w->time_width + 1, 1);
    put_tokens(w, line->tokens + 3, sink - 3);
    pad_to(w, AT_SINK, 2);
    put_token(w, &line->tokens[sink]);
    pad_to(w, AT_COND, 1);
    put_tokens(w, line->tokens + sink + 1, tail - sink - 1);
    put_tail(w, line, tail);
}

/* ---- the file ---- */

static void put_line(struct writer *w, const struct conf_file *file, const struct conf_line *line)
{
    size_t index = (size_t)(line - file->lines);

    if (conf_is_section(line)) {
        w->timeline = is_word(&line->tokens[1], "timeline");
        w->key_width = key_width(file, index + 1);
        put_head(w, line);
    } else if (!w->timeline) {
        put_key_line(w, line);
    } else if (is_within(line)) {
        w->time_width = block_width(file, index);
        put_within_line(w, line);
    } else {
        put_at_line(w, line);
    }
}

static void put_source_line(struct writer *w, const struct conf_file *file,
                            const struct source_line *source)
{
    w->line_start = w->out->n;
    if (source->line != NULL)
        put_line(w, file, source->line);
    if (source->comment.n > 0) {
        if (source->line != NULL)
            pad_to(w, w->timeline && !conf_is_section(source->line) ? AT_TAIL : AT_COMMENT, 2);
        else if (source->indented)
            buf_str(w->out, "  ");
        buf_put(w->out, source->comment);
    }
    buf_u8(w->out, '\n');
}

enum err format_file(const struct conf_file *file, struct buf *out)
{
    struct writer w = {.out = out, .key_width = key_width(file, 0)};
    struct source_reader r = source_reader_of(file);
    struct source_line source;
    size_t blank = 0; /* blank lines not written yet: those at the end are dropped */

    while (source_next(&r, &source)) {
        if (source.line == NULL && source.comment.n == 0) {
            blank++;
            continue;
        }
        for (; blank > 0; blank--)
            buf_u8(out, '\n');
        put_source_line(&w, file, &source);
    }
    return out->overflow ? ERR_SPACE : ERR_OK;
}

enum err scenario_format(const struct scenario *scenario, struct buf *out)
{
    if (scenario->file->n_errors > 0)
        return ERR_SYNTAX;
    return format_file(scenario->file, out);
}
