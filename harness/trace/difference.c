/* SPDX-License-Identifier: Apache-2.0
 *
 * Where two traces part.
 */
#define _POSIX_C_SOURCE 200809L /* getline */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "harness/trace/trace.h"

enum { SHOWN = 300 };

struct reader {
    FILE *f;
    char *line;
    size_t cap, number;
};

/* The next line that counts, without its newline; NULL at the end. */
static const char *next_line(struct reader *r)
{
    ssize_t n;
    while (r->f && (n = getline(&r->line, &r->cap, r->f)) >= 0) {
        r->number++;
        if (n > 0 && r->line[n - 1] == '\n')
            r->line[n - 1] = 0;
        if (trace_line_counts(span_str(r->line)))
            return r->line;
    }
    return NULL;
}

static void close_reader(struct reader *r)
{
    if (r->f)
        fclose(r->f);
    free(r->line);
}

/* The line from a little before the place where it differs. */
static void show(struct buf *out, const char *name, const struct reader *r, const char *line,
                 size_t from)
{
    if (!line) {
        buf_printf(out, "%-6s ends here\n", name);
        return;
    }
    size_t n = strlen(line);
    size_t lead = strcspn(line, ","); /* the time is always shown */
    if (from > n)
        from = n;
    from = from > SHOWN / 2 && n > SHOWN ? from - SHOWN / 2 : 0;
    buf_printf(out, "%-6s line %zu: %.*s%.*s%s\n", name, r->number, from ? (int)lead : 0, line,
               SHOWN, line + from, n > from + SHOWN ? "..." : "");
}

char *trace_difference(const char *path_a, const char *path_b)
{
    struct reader a = {.f = fopen(path_a, "rb")}, b = {.f = fopen(path_b, "rb")};
    enum { CAP = 4 * SHOWN };
    char *text = calloc(1, CAP);
    if (!text)
        abort();
    struct buf out = buf_of(text, CAP - 1);
    for (;;) {
        const char *x = next_line(&a), *y = next_line(&b);
        if (!x && !y) {
            buf_str(&out, "the lines that count are the same");
            break;
        }
        if (x && y && strcmp(x, y) == 0)
            continue;
        size_t at = 0;
        while (x && y && x[at] && x[at] == y[at])
            at++;
        show(&out, "first", &a, x, at);
        show(&out, "second", &b, y, at);
        break;
    }
    close_reader(&a);
    close_reader(&b);
    return text;
}
