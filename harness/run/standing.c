/* SPDX-License-Identifier: Apache-2.0
 *
 * Standing checks: a bridge keeps running, and it sends its battery only commands that read. They
 * are judged in every run and stand behind the scenario's own lines.
 */
#include <string.h>

#include "harness/run/world_priv.h"

/* A bridge that ended although nobody stopped it has failed, whatever else was checked. */
static void judge_survival(struct world *w)
{
    bool up = false, told = false;
    const struct event *death = NULL;
    for (size_t i = 0; i < w->events.n && !death; i++) {
        const struct event *e = &w->events.at[i];
        if (e->kind == EVENT_STIMULUS) {
            const struct stimulus *s = &w->scenario->stmts[e->index].stimulus;
            told = told || s->verb == STIM_DUT_STOP || s->verb == STIM_DUT_KILL;
        }
        if (e->kind != EVENT_DUT)
            continue;
        up = strcmp(e->text, "started") == 0;
        if (!up && !told && e->t_us < (int64_t)w->scenario->duration_us)
            death = e;
        if (!up)
            told = false;
    }
    result_add_standing(w->result, "SAFE-NO-CRASH", "the bridge keeps running",
                        death ? death->text : NULL, death ? death->t_us : 0, w->folder);
}

/* Was this line typed by the scenario itself (`bms 1 type "shut"`)? */
static bool typed_by_scenario(const struct world *w, const char *line)
{
    for (size_t i = 0; i < w->scenario->n_stmts; i++) {
        const struct stimulus *s = &w->scenario->stmts[i].stimulus;
        if (w->scenario->stmts[i].kind == STMT_STIMULUS && s->verb == STIM_TYPE &&
            strstr(s->text, line))
            return true;
    }
    return false;
}

static void judge_commands(struct world *w)
{
    static const char mark[] = "forbidden: ";
    const struct event *bad = NULL;
    for (size_t i = 0; i < w->events.n && !bad; i++) {
        const struct event *e = &w->events.at[i];
        if (e->kind == EVENT_NOTE && strncmp(e->text, mark, sizeof mark - 1) == 0 &&
            !typed_by_scenario(w, e->text + sizeof mark - 1))
            bad = e;
    }
    result_add_standing(w->result, "CON-READ-ONLY", "only commands that read reach the battery",
                        bad ? bad->text : NULL, bad ? bad->t_us : 0, w->folder);
}

void standing_judge(struct world *w)
{
    if (!w->manifest->attach)
        judge_survival(w);
    judge_commands(w);
}
