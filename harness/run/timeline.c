/* SPDX-License-Identifier: Apache-2.0
 *
 * Plays the stimuli of the timeline and samples the truth that `track` lines compare with.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/run/needs.h"
#include "harness/run/virtual.h"

/* How often the truth is looked at: 50 ms, in long runs up to half a second. */
enum { TRUTH_PERIOD_US = 50000, TRUTH_PERIOD_MAX_US = 500000, TRUTH_SAMPLES = 20000 };

static void add_truth(struct world *w, unsigned battery, const struct bms_path *path)
{
    for (size_t i = 0; i < w->n_truths; i++)
        if (w->truths[i].battery == battery && w->truths[i].path.id == path->id &&
            w->truths[i].path.cell == path->cell)
            return;
    if (w->n_truths < TRUTHS_MAX)
        w->truths[w->n_truths++] = (struct truth_probe){.battery = battery, .path = *path};
}

bool timeline_prepare(struct world *w)
{
    const struct scenario *s = w->scenario;
    w->order = calloc(s->n_stmts + 1, sizeof *w->order);
    if (!w->order)
        abort();
    for (size_t i = 0; i < s->n_stmts; i++) {
        if (s->stmts[i].kind == STMT_TRACK)
            add_truth(w, s->stmts[i].truth_battery, &s->stmts[i].truth);
        if (s->stmts[i].kind != STMT_STIMULUS)
            continue;
        size_t k = w->n_order++; /* insertion keeps the file's order for equal times */
        while (k > 0 && s->stmts[w->order[k - 1]].from_us > s->stmts[i].from_us) {
            w->order[k] = w->order[k - 1];
            k--;
        }
        w->order[k] = i;
    }
    return true;
}

bool timeline_slows_broker(const struct world *w)
{
    for (size_t i = 0; i < w->n_order; i++)
        if (w->scenario->stmts[w->order[i]].stimulus.verb == STIM_BROKER_SLOW)
            return true;
    return false;
}

void timeline_sample_truth(struct world *w)
{
    int64_t t = world_t(w, loop_now(w->loop));
    for (size_t i = 0; i < w->n_truths; i++) {
        struct truth_probe *p = &w->truths[i];
        struct event e = {.kind = EVENT_TRUTH,
                          .t_us = t,
                          .index = truth_key(p->battery, p->path.id, p->path.cell)};
        if (!w->sim || !sim_truth(w->sim, p->battery, &p->path, &e.micro))
            continue;
        if (p->seen && p->last_micro == e.micro)
            continue; /* it holds until the next one */
        p->seen = true;
        p->last_micro = e.micro;
        events_add(&w->events, &e);
    }
}

/* ---- actors ---- */

/* Recordings ("A,B,C") are named relative to the scenario, or {captures}/NAME. False when they do
 * not fit. */
static bool place_recordings(const struct world *w, struct stimulus *s)
{
    char text[sizeof s->text];
    struct buf out = buf_of(text, sizeof text - 1);
    const char *captures = needs_captures();
    struct span rest = span_str(s->text);
    while (rest.n) {
        size_t comma = span_find_byte(rest, 0, ',');
        struct span name = span_sub(rest, 0, comma);
        if (span_starts(name, "{captures}/") && captures) {
            buf_str(&out, captures);
            name = span_sub(name, 10, name.n);
        } else if (name.n && name.p[0] != '/') {
            buf_printf(&out, "%s/", w->scenario->dir);
        }
        buf_put(&out, name);
        if (comma < rest.n)
            buf_u8(&out, ',');
        rest = span_sub(rest, comma + 1, rest.n);
    }
    if (out.overflow)
        return false;
    text[out.n] = 0;
    memcpy(s->text, text, out.n + 1);
    return true;
}

static void apply_bms(struct world *w, const struct stimulus *stimulus, unsigned tag)
{
    const char *why = NULL;
    struct stimulus s = *stimulus;
    if (s.verb == STIM_REPLAY && !place_recordings(w, &s)) {
        world_fail(w, "line %u: the recordings' paths are too long", w->scenario->stmts[tag].line);
        return;
    }
    enum err err = w->sim ? sim_apply(w->sim, &s, tag, &why) : ERR_UNSUPPORTED;
    if (err != ERR_OK)
        world_fail(w, "line %u: %s%s%s", w->scenario->stmts[tag].line, why ? why : err_text(err),
                   s.verb == STIM_REPLAY ? ": " : "", s.verb == STIM_REPLAY ? s.text : "");
}

static void apply_broker(struct world *w, const struct stimulus *s)
{
    enum err err = ERR_UNSUPPORTED;
    if (!w->broker) {
        world_fail(w, "the timeline wants to stop the broker, but it is not ours");
        return;
    }
    if (s->verb == STIM_BROKER_STOP)
        err = broker_kill(w->broker);
    else if (s->verb == STIM_BROKER_START)
        err = broker_start(w->broker);
    else if (s->verb == STIM_BROKER_FREEZE)
        err = broker_freeze(w->broker);
    else if (s->verb == STIM_BROKER_THAW)
        err = broker_thaw(w->broker);
    else if (s->verb == STIM_BROKER_RESET && (err = broker_kill(w->broker)) == ERR_OK)
        err = broker_start(w->broker);
    else if (s->verb == STIM_BROKER_SLOW && w->relay) {
        relay_set_delay(w->relay, (uint64_t)s->value.micro); /* a time in micro-units */
        err = ERR_OK;
    }
    if (err != ERR_OK)
        world_fail(w, "broker %s: %s", stimulus_verb_name(s->verb), err_text(err));
}

static void apply_canbus(struct world *w, const struct stimulus *s)
{
    if (!w->hub) {
        enum err err = s->verb == STIM_CANBUS_PASSIVE
                           ? ERR_UNSUPPORTED
                           : can_set_link(w->can, s->verb == STIM_CANBUS_ON);
        if (err != ERR_OK)
            world_fail(w, "canbus %s: %s: %s", stimulus_verb_name(s->verb), w->can_name,
                       err == ERR_DENIED ? "only root may take an interface down (or --can hub)"
                                         : "needs the hub (--can hub)");
        return;
    }
    can_hub_set_state(w->hub, s->verb == STIM_CANBUS_OFF       ? CAN_DOWN
                              : s->verb == STIM_CANBUS_PASSIVE ? CAN_ERROR_PASSIVE
                                                               : CAN_UP);
}

static void on_keepalive(void *ctx)
{
    struct world *w = ctx;
    ports_inverter_send(w, &w->keepalive);
}

static void apply_inverter(struct world *w, const struct stimulus *s)
{
    struct can_msg msg;
    if (s->verb == STIM_INVERTER_KEEPALIVE && !s->text[0]) {
        loop_timer_stop(w->keepalive_timer);
        return;
    }
    if (!can_msg_parse(span_str(s->text), &msg)) {
        world_fail(w, "not a frame: %s", s->text);
        return;
    }
    if (s->verb == STIM_INVERTER_SEND) {
        ports_inverter_send(w, &msg);
        return;
    }
    w->keepalive = msg;
    loop_timer_every(w->keepalive_timer, loop_now(w->loop), s->duration_us);
}

static void apply_dut(struct world *w, const struct stimulus *s)
{
    if (w->manifest->attach)
        world_fail(w, "the manifest only attaches: the timeline cannot %s the DUT",
                   stimulus_verb_name(s->verb));
    else if (s->verb == STIM_DUT_START)
        dut_start(w);
    else
        dut_signal(w, s->verb == STIM_DUT_STOP     ? SIGTERM
                      : s->verb == STIM_DUT_KILL   ? SIGKILL
                      : s->verb == STIM_DUT_FREEZE ? SIGSTOP
                                                   : SIGCONT);
}

static void apply_own(struct world *w, const struct own_stimulus *s)
{
    switch (s->verb) {
    case OWN_NONE: break;
    case OWN_CLEAN: dut_clean(w); break;
    case OWN_CLOCK: virtual_step_clock(w, s->step.micro); break;
    case OWN_PUBLISH:
        if (!ports_publish(w, s))
            world_fail(w, "cannot publish on %s: no broker", s->topic);
        break;
    }
}

static void apply_stimulus(struct world *w, const struct stimulus *s, size_t index)
{
    switch (s->actor) {
    case ACTOR_BMS: apply_bms(w, s, (unsigned)index); break;
    case ACTOR_BROKER: apply_broker(w, s); break;
    case ACTOR_CANBUS: apply_canbus(w, s); break;
    case ACTOR_INVERTER: apply_inverter(w, s); break;
    case ACTOR_DUT: apply_dut(w, s); break;
    }
}

static void apply(struct world *w, size_t index)
{
    const struct stmt *stmt = &w->scenario->stmts[index];
    timeline_sample_truth(w);
    curves_sample(w, true);
    struct event e = {
        .kind = EVENT_STIMULUS, .t_us = world_t(w, loop_now(w->loop)), .index = (uint32_t)index};
    events_add(&w->events, &e);
    if (stmt->own.verb != OWN_NONE)
        apply_own(w, &stmt->own);
    else
        apply_stimulus(w, &stmt->stimulus, index);
    timeline_sample_truth(w);
    curves_sample(w, true);
}

static void on_stimulus(void *ctx)
{
    struct world *w = ctx;
    uint64_t now = loop_now(w->loop);
    while (w->next < w->n_order && w->phase == WORLD_RUNNING) {
        size_t index = w->order[w->next];
        uint64_t due = w->start_us + w->scenario->stmts[index].from_us;
        if (due > now) {
            loop_timer_at(w->stimulus_timer, due);
            return;
        }
        w->next++;
        apply(w, index);
    }
}

static void on_truth(void *ctx)
{
    timeline_sample_truth(ctx);
}

void timeline_start(struct world *w)
{
    enum err err = loop_timer_new(w->loop, on_stimulus, w, &w->stimulus_timer);
    if (err == ERR_OK)
        err = loop_timer_new(w->loop, on_truth, w, &w->truth_timer);
    if (err == ERR_OK)
        err = loop_timer_new(w->loop, on_keepalive, w, &w->keepalive_timer);
    if (err != ERR_OK) {
        world_fail(w, "timers: %s", err_text(err));
        return;
    }
    if (w->n_truths)
        loop_timer_every(w->truth_timer, w->start_us,
                         (uint64_t)clamp_i64((int64_t)w->scenario->duration_us / TRUTH_SAMPLES,
                                             TRUTH_PERIOD_US, TRUTH_PERIOD_MAX_US));
    on_stimulus(w);
}

void timeline_stop(struct world *w)
{
    loop_timer_delete(w->stimulus_timer);
    loop_timer_delete(w->truth_timer);
    loop_timer_delete(w->keepalive_timer);
    w->stimulus_timer = w->truth_timer = w->keepalive_timer = NULL;
    free(w->order);
    w->order = NULL;
}
