/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the raw text of a script and joins it with the lexer's lines.
 */
#include "harness/scenario/source_line.h"

struct source_reader source_reader_of(const struct conf_file *file)
{
    struct span text = span_of(file->data, file->size);

    if (span_starts(text, "\xEF\xBB\xBF")) /* a byte order mark is dropped */
        rd_skip(&text, 3);
    return (struct source_reader){.file = file, .rest = text};
}

/* What follows the line's last token, if that is a comment. */
static struct span comment_behind(const struct conf_line *line)
{
    const struct conf_token *last = &line->tokens[line->n - 1];
    size_t end = (size_t)(last->text.p - line->text.p) + last->text.n;
    struct span tail =
        span_sub(line->text, end + (last->kind == CONF_STRING ? 1 : 0), line->text.n);

    tail = span_trim(tail);
    return span_starts(tail, "#") ? tail : (struct span){0};
}

bool source_next(struct source_reader *r, struct source_line *ret)
{
    if (r->rest.n == 0)
        return false;
    size_t end = span_find_byte(r->rest, 0, '\n');
    struct span text = span_sub(r->rest, 0, end);
    r->rest = span_sub(r->rest, end + 1, r->rest.n);
    r->number++;
    *ret = (struct source_line){.indented = span_starts(text, " ") || span_starts(text, "\t")};
    if (r->next < r->file->n_lines && r->file->lines[r->next].number == r->number) {
        ret->line = &r->file->lines[r->next++];
        ret->comment = comment_behind(ret->line);
        return true;
    }
    ret->comment = span_trim(text);
    return true;
}
