/* SPDX-License-Identifier: Apache-2.0
 *
 * The phases of a run: prepare, boot the DUT, play the timeline, stop the DUT, judge, write the
 * results.
 */
#include "harness/run/world.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/judge/ha.h"
#include "harness/judge/series.h"
#include "harness/run/leftovers.h"
#include "harness/run/locale.h"
#include "harness/run/needs.h"
#include "harness/run/paths.h"
#include "harness/run/virtual.h"
#include "harness/run/world_priv.h"
#include "harness/trace/trace.h"

enum { PREPARE_LIMIT_US = 15000000 };

int64_t world_t(const struct world *w, uint64_t loop_us)
{
    return (int64_t)loop_us - (int64_t)w->start_us;
}

void world_note(struct world *w, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct event e = {.kind = EVENT_NOTE, .t_us = world_t(w, loop_now(w->loop)), .text = text};
    events_add(&w->events, &e);
}

static void end_with(struct world *w, enum verdict_code code, const char *text)
{
    if (w->error[0])
        return; /* the first reason is the one to tell */
    snprintf(w->error, sizeof w->error, "%s", text);
    w->result->code = code;
    w->phase = WORLD_DONE;
    if (w->loop)
        loop_stop(w->loop);
}

void world_fail(struct world *w, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    end_with(w, VERDICT_HARNESS_ERROR, text);
}

void world_skip(struct world *w, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    end_with(w, VERDICT_SKIPPED, text);
}

/* ---- phases ---- */

static void finish(struct world *w)
{
    w->phase = WORLD_DONE;
    loop_stop(w->loop);
}

static void on_phase(void *ctx)
{
    struct world *w = ctx;
    switch (w->phase) {
    case WORLD_PREPARING:
        world_fail(w, "the broker and the observer did not come up within %d s",
                   PREPARE_LIMIT_US / 1000000);
        break;
    case WORLD_BOOTING:
        w->phase = WORLD_RUNNING;
        w->dut_fds0 = dut_descriptors(w);
        timeline_start(w);
        loop_timer_at(w->phase_timer, w->start_us + w->scenario->duration_us);
        break;
    case WORLD_RUNNING:
        w->phase = WORLD_STOPPING;
        dut_measure(w);
        if (!w->dut || !loop_child_running(w->dut)) {
            finish(w);
            break;
        }
        dut_signal(w, SIGCONT);
        dut_signal(w, SIGTERM);
        loop_timer_after(w->phase_timer, w->manifest->stop_us);
        break;
    case WORLD_STOPPING:
        world_note(w, "the DUT did not end on SIGTERM");
        dut_signal(w, SIGKILL);
        finish(w);
        break;
    case WORLD_DONE: break;
    }
}

void ports_on_ready(struct world *w)
{
    if (w->phase != WORLD_PREPARING)
        return;
    w->phase = WORLD_BOOTING;
    uint64_t now = loop_now(w->loop), boot = w->scenario->dut_manual ? 0 : w->manifest->boot_us;
    boot += w->options.phase_us;
    uint64_t early = w->start_us;
    w->start_us = now + boot;
    w->wall0_us = clock_wall_us(loop_clock(w->loop)) + boot;
    for (size_t i = 0; i < w->events.n; i++) /* events so far were counted from `early` */
        w->events.at[i].t_us += (int64_t)early - (int64_t)w->start_us;
    if (!dut_prepare(w))
        return;
    if (!w->manifest->attach && !w->scenario->dut_manual && !dut_start(w))
        return;
    loop_timer_at(w->phase_timer, w->start_us);
}

void dut_on_gone(struct world *w)
{
    if (w->phase == WORLD_STOPPING)
        finish(w);
}

/* ---- taking up and down ---- */

static bool make_dirs(struct world *w)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(w->dir, sizeof w->dir, "%s/bmsrig-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(w->dir)) {
        world_fail(w, "cannot make a folder %s: %s", w->dir, strerror(errno));
        w->dir[0] = 0;
        return false;
    }
    enum err err = leftovers_own(w->dir);
    if (err != ERR_OK) {
        world_fail(w, "cannot mark the folder %s: %s", w->dir, err_text(err));
        return false;
    }
    snprintf(w->folder, sizeof w->folder, "%s/%s", w->options.out_dir, w->scenario->id);
    if (mkdir(w->options.out_dir, 0777) != 0 && errno != EEXIST) {
        world_fail(w, "cannot make the report folder %s: %s", w->options.out_dir, strerror(errno));
        return false;
    }
    if (mkdir(w->folder, 0777) != 0 && errno != EEXIST) {
        world_fail(w, "cannot make %s: %s", w->folder, strerror(errno));
        return false;
    }
    char log[600];
    snprintf(log, sizeof log, "%s/dut.log", w->folder);
    unlink(log);
    return true;
}

static void remove_dir(const char *dir)
{
    static const char *const names[] = {"tty",        "vcan0.sock",       "vcan0.sock.state",
                                        "vcan1.sock", "vcan1.sock.state", "dut.conf",
                                        "mq.sock",    "mosquitto.conf",   "mosquitto.log",
                                        "dbus.sock",  "dbus.conf",        LEFTOVERS_OWNER};
    char path[700];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    locale_remove(dir);
    rmdir(dir);
}

static bool open_all(struct world *w)
{
    bool virtual = w->options.tier == TIER_VIRTUAL;
    if (!make_dirs(w))
        return false;
    enum err err = virtual ? virtual_open(w) : loop_new(&w->loop);
    if (err != ERR_OK) {
        world_fail(w, "event loop: %s", err_text(err));
        return false;
    }
    log_to_stderr(&w->log, LOG_WARN, loop_clock(w->loop));
    w->start_us = loop_now(w->loop);
    err = loop_timer_new(w->loop, on_phase, w, &w->phase_timer);
    if (err == ERR_OK && !virtual) /* virtual time has no delays of ours to measure */
        err = loopback_new(w->loop, &w->loopback);
    if (err != ERR_OK) {
        world_fail(w, "loop-back probe: %s", err_text(err));
        return false;
    }
    loop_timer_after(w->phase_timer, PREPARE_LIMIT_US);
    return timeline_prepare(w) && ports_open(w);
}

static void close_all(struct world *w)
{
    dut_close(w);
    timeline_stop(w);
    ports_close(w);
    loopback_delete(w->loopback);
    loop_timer_delete(w->phase_timer);
    loop_delete(w->loop);
    if (w->dir[0])
        remove_dir(w->dir);
}

/* ---- judging ---- */

static void judge(struct world *w)
{
    struct loopback_stats stats = {0};
    struct dbc *dbc = NULL;
    struct json_table *table = NULL;
    struct ha_table *entities = NULL;
    char path[600];
    struct result *r = w->result;
    if (w->loopback)
        loopback_stats(w->loopback, &stats);
    r->slack_us = stats.p999_us;
    r->loopback_p50_us = stats.p50_us;
    r->loopback_p99_us = stats.p99_us;
    if (w->manifest->has_can) {
        char name[64];
        snprintf(name, sizeof name, "dbc/%s.dbc", w->manifest->dialect);
        path_data(name, path, sizeof path);
        if (dbc_load(path, stderr, &dbc) != ERR_OK) {
            world_fail(w, "no frame table %s for dialect %s", path, w->manifest->dialect);
            return;
        }
    }
    path_data("dbc/victron-nested.paths", path, sizeof path);
    if (strcmp(w->manifest->form, "nested") == 0)
        json_table_load(path, &table);
    path_data("dbc/home-assistant.entities", path, sizeof path);
    if (w->manifest->has_ha && ha_table_load(path, stderr, &entities) != ERR_OK) {
        world_fail(w, "no table of entities at %s", path);
        dbc_delete(dbc);
        json_table_delete(table);
        return;
    }
    events_sort(&w->events);
    struct judge_input in = {.scenario = w->scenario,
                             .manifest = w->manifest,
                             .dbc = dbc,
                             .table = table,
                             .entities = entities,
                             .events = &w->events,
                             .end_us = (int64_t)w->scenario->duration_us,
                             .slack_us = stats.p999_us,
                             .taint_us = stats.p999_us > TAINT_US ? stats.p999_us : TAINT_US,
                             .bless = w->options.bless,
                             .shifted = w->options.phase_us > 0};
    struct series_store *store = series_store_new(&in, NULL);
    struct verdict *list = NULL;
    size_t n = 0;
    in.store = store;
    if (judge_run(&in, &list, &n) != ERR_OK) {
        world_fail(w, "no memory to judge");
    } else {
        result_take(r, &in, list, n);
        standing_judge(w);
    }
    bool good = r->code == VERDICT_PASS || r->code == VERDICT_PASS_SLACK;
    if (w->options.plot || !good)
        curves_write(w, &in);
    series_store_delete(store);
    verdicts_free(list, n);
    json_table_delete(table);
    ha_table_delete(entities);
    dbc_delete(dbc);
}

static void write_files(struct world *w)
{
    char path[700];
    if (!w->folder[0])
        return;
    snprintf(path, sizeof path, "%s/trace.jsonl", w->folder);
    bool virtual = w->options.tier == TIER_VIRTUAL; /* else no two are the same */
    trace_write(path, w->scenario, &w->events, virtual ? w->result->sha256 : NULL);
    snprintf(path, sizeof path, "%s/can.log", w->folder);
    if (w->manifest->has_can)
        trace_write_candump(path, w->can_name, w->wall0_us, &w->events);
    snprintf(path, sizeof path, "%s/battery-can.log", w->folder);
    if (w->scenario->sim.kind->wire == DEVICE_CAN)
        trace_write_battery_candump(path, w->battery, w->wall0_us, &w->events);
}

/* What cannot run in virtual time runs in the pty tier, and says so. */
static void fall_back(struct world *w)
{
    char why[300], text[400];
    if (w->options.tier != TIER_VIRTUAL ||
        virtual_possible(w->manifest, w->options.wrap, why, sizeof why))
        return;
    w->options.tier = TIER_PTY;
    snprintf(text, sizeof text, "not in virtual time: %s", why);
    result_remark(w->result, text);
}

struct result *world_run(const struct scenario *scenario, const struct manifest *manifest,
                         const struct run_options *options)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    struct result *r = result_new(scenario->path);
    w->scenario = scenario;
    w->manifest = manifest;
    w->options = *options;
    options = &w->options;
    w->result = r;
    w->dut_log_fd = -1;
    events_init(&w->events);
    fall_back(w);
    result_describe(r, scenario, manifest->id, tier_name(options->tier));
    r->seed = options->seed ? options->seed : scenario->seed;
    r->phase_us = options->phase_us;
    const char *unmet = needs_unmet(scenario, manifest, options);
    uint64_t began = clock_now_us(clock_system());
    if (unmet) {
        world_skip(w, "%s", unmet);
    } else {
        if (open_all(w) && !w->error[0])
            loop_run(w->loop);
        if (!w->error[0]) {
            ports_read_broker_log(w);
            judge(w);
        }
        write_files(w);
        if (w->loop && options->tier == TIER_VIRTUAL)
            virtual_measure(w);
        result_place(r, w->hub ? "hub" : w->can_name, w->folder);
        close_all(w);
    }
    if (w->error[0])
        result_reason(r, w->error);
    r->wall_us = (int64_t)(clock_now_us(clock_system()) - began);
    events_free(&w->events);
    curves_free(w);
    free(w);
    return r;
}
