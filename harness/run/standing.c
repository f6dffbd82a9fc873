/* SPDX-License-Identifier: Apache-2.0
 *
 * Standing checks: a bridge keeps running, it sends its battery only commands that read, and it
 * keeps no descriptors of what came and went. They are judged in every run and stand behind the
 * scenario's own lines.
 */
#include <stdio.h>
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

/* Several more connections may well be open at the end than at 0 s; one more for each of ten
 * interruptions is a leak. A bridge that was started anew is not compared. */
static void judge_descriptors(struct world *w)
{
    enum { MORE = 8 };
    char problem[80];
    for (size_t i = 0; i < w->scenario->n_stmts; i++) {
        const struct stmt *s = &w->scenario->stmts[i];
        if (s->kind == STMT_STIMULUS && s->own.verb == OWN_NONE && s->stimulus.actor == ACTOR_DUT)
            return;
    }
    if (w->dut_fds0 == 0 || w->dut_fds == 0)
        return;
    snprintf(problem, sizeof problem, "%u more descriptors at the end than at 0 s",
             w->dut_fds - w->dut_fds0);
    result_add_standing(w->result, "SAFE-NO-LEAK",
                        "the bridge keeps no descriptor of what has gone",
                        w->dut_fds > w->dut_fds0 + MORE ? problem : NULL,
                        (int64_t)w->scenario->duration_us, w->folder);
}

void standing_judge(struct world *w)
{
    if (!w->manifest->attach) {
        judge_survival(w);
        judge_descriptors(w);
    }
    judge_commands(w);
}
