/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors with a place in the text: collected in the order of the text, printed with the source
 * line and a caret. And the search for what the user may have meant.
 */
#include <stdarg.h>
#include <string.h>

#include "base/conf.h"

#define LONGEST_WORD 48 /* that is compared; no known word is longer */

static bool comes_after(const struct conf_error *e, uint32_t line, uint32_t column)
{
    return e->line != line ? e->line > line : e->column > column;
}

void conf_error_at(struct conf_file *file, uint32_t line, uint32_t column, const char *format, ...)
{
    va_list args;

    if (file->n_errors == CONF_MAX_ERRORS) {
        file->n_more++;
        return;
    }
    size_t at = file->n_errors++;
    for (; at > 0 && comes_after(&file->errors[at - 1], line, column); at--)
        file->errors[at] = file->errors[at - 1];
    struct conf_error *e = &file->errors[at];
    e->line = line;
    e->column = column;
    va_start(args, format);
    int n = vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
    if (n < 0)
        e->message[0] = '\0';
    if (n >= (int)sizeof e->message)
        memcpy(e->message + sizeof e->message - 4, "...", 4);
}

static struct span source_line(const struct conf_file *file, uint32_t number)
{
    struct span text = span_of(file->data, file->size);

    if (span_starts(text, "\xEF\xBB\xBF"))
        rd_skip(&text, 3);
    for (uint32_t i = 1; i < number && text.n > 0; i++)
        text = span_sub(text, span_find_byte(text, 0, '\n') + 1, text.n);
    return span_sub(text, 0, span_find_byte(text, 0, '\n'));
}

/* Text from a file goes to a terminal: no control characters but the tab. */
static void put_clean(struct span text, FILE *out)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '\r' && i + 1 == text.n)
            break;
        fputc((c < 0x20 && c != '\t') || c == 0x7f ? '?' : c, out);
    }
}

/* The caret stands under its column: tabs stay tabs, and a character of several bytes is one. */
static void put_caret(struct span line, uint32_t column, FILE *out)
{
    for (uint32_t i = 0; i + 1 < column; i++) {
        uint8_t c = i < line.n ? line.p[i] : (uint8_t)' ';
        if (c == '\t')
            fputc('\t', out);
        else if ((c & 0xC0) != 0x80)
            fputc(' ', out);
    }
    fputc('^', out);
}

static void print_error(const struct conf_file *file, const struct conf_error *e, FILE *out)
{
    fprintf(out, "%s:", file->name);
    if (e->line > 0)
        fprintf(out, "%u:", (unsigned)e->line);
    if (e->line > 0 && e->column > 0)
        fprintf(out, "%u:", (unsigned)e->column);
    fputs(" error: ", out);
    put_clean(span_str(e->message), out);
    fputc('\n', out);
    if (e->line == 0 || e->column == 0)
        return;
    struct span line = source_line(file, e->line);
    fputs("    ", out);
    put_clean(line, out);
    fputs("\n    ", out);
    put_caret(line, e->column, out);
    fputc('\n', out);
}

void conf_print_errors(const struct conf_file *file, FILE *out)
{
    for (size_t i = 0; i < file->n_errors; i++)
        print_error(file, &file->errors[i], out);
    if (file->n_more > 0)
        fprintf(out, "%s: %zu more errors\n", file->name, file->n_more);
}

/* ---- the nearest known word ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours; upper and lower case are alike. */
static unsigned edit_distance(struct span a, struct span b)
{
    unsigned rows[3][LONGEST_WORD + 1] = {{0}}; /* the row being filled and the two above it */

    for (unsigned j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned differs = lower(a.p[i - 1]) != lower(b.p[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differs);
            bool swapped = i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) &&
                           lower(a.p[i - 2]) == lower(b.p[j - 1]);
            if (swapped && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
    }
    return rows[a.n % 3][b.n];
}

const char *conf_nearest(struct span word, const char *const *known)
{
    const char *best = NULL;
    unsigned best_distance = 4;

    if (word.n == 0 || word.n > LONGEST_WORD)
        return NULL;
    for (; *known != NULL; known++) {
        struct span candidate = span_str(*known);
        size_t longer = candidate.n > word.n ? candidate.n : word.n;
        if (longer > LONGEST_WORD)
            continue;
        unsigned distance = edit_distance(word, candidate);
        if (distance > longer / 2) /* more than half of it changed: chance, not a typing error */
            continue;
        if (distance < best_distance) {
            best = *known;
            best_distance = distance;
        }
    }
    return best;
}
