/* SPDX-License-Identifier: Apache-2.0
 *
 * The recordings that a scenario replays: whether its device can answer from one, and, as far as
 * they are part of the project, whether they are there. Both are mistakes in the file, to be found
 * before anything runs. Recordings under {captures} may be elsewhere.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/scenario/scenario_private.h"

/* Where the line's text in quotes begins. */
static uint32_t column_of(const struct conf_file *file, uint32_t number)
{
    for (size_t i = 0; i < file->n_lines; i++)
        for (size_t t = 0; file->lines[i].number == number && t < file->lines[i].n; t++)
            if (file->lines[i].tokens[t].kind == CONF_STRING)
                return file->lines[i].tokens[t].column;
    return 1;
}

static void check_recording(struct scenario *s, uint32_t line, struct span name)
{
    char path[1024];
    struct buf b = buf_of(path, sizeof path - 1);

    if (name.n == 0 || span_starts(name, "{captures}/"))
        return;
    if (name.p[0] != '/')
        buf_printf(&b, "%s/", s->dir);
    if (!buf_put(&b, name)) {
        conf_error_at(s->file, line, column_of(s->file, line), "the recording's path is too long");
        return;
    }
    path[b.n] = '\0';
    if (access(path, R_OK) != 0)
        conf_error_at(s->file, line, column_of(s->file, line), "recording %s: %s", path,
                      strerror(errno));
}

static void refuse_device(struct scenario *s, uint32_t line)
{
    char text[200];
    struct buf names = buf_of(text, sizeof text - 1);
    const struct device_kind *kind;

    for (size_t i = 0; (kind = device_kind_at(i)) != NULL; i++) {
        if (kind->replays)
            buf_printf(&names, "%s%s", names.n > 0 ? ", " : "", kind->name);
    }
    text[names.n] = '\0';
    conf_error_at(s->file, line, column_of(s->file, line),
                  "device %s does not answer from recordings (these do: %s); give its values with "
                  "'set', single telegrams with 'send'",
                  s->sim.kind->name, text);
}

static bool is_replay(const struct stmt *stmt)
{
    return stmt->kind == STMT_STIMULUS && stmt->own.verb == OWN_NONE &&
           stmt->stimulus.verb == STIM_REPLAY;
}

void check_replays(struct scenario *s)
{
    for (size_t i = 0; i < s->n_stmts; i++) {
        if (is_replay(&s->stmts[i]) && !s->sim.kind->replays)
            refuse_device(s, s->stmts[i].line);
    }
}

void check_recordings(struct scenario *s)
{
    for (size_t i = 0; i < s->n_stmts; i++) {
        const struct stmt *stmt = &s->stmts[i];
        if (!is_replay(stmt))
            continue;
        struct span rest = span_str(stmt->stimulus.text);
        while (rest.n > 0) {
            size_t comma = span_find_byte(rest, 0, ',');
            check_recording(s, stmt->line, span_sub(rest, 0, comma));
            rest = span_sub(rest, comma + 1, rest.n);
        }
    }
}
