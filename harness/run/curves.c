/* SPDX-License-Identifier: Apache-2.0
 *
 * The run as curves (plot.csv, plot.svg): the bank's truth, sampled while the run goes on, and what
 * the bridge told, decoded from the events when it is over.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/judge/series.h"
#include "harness/run/world_priv.h"
#include "harness/trace/plot.h"

enum { LEAST_PERIOD_US = 100000, SAMPLES = 5000 };

static const struct {
    const char *name, *unit;
} panels[] = {
    {"State of charge", "%"}, {"Current, + charges", "A"},      {"Current limits", "A"},
    {"Voltage", "V"},         {"Highest and lowest cell", "V"}, {"Temperature", "°C"},
};
enum { SOC, CURRENT, LIMITS, VOLTAGE, CELLS, TEMPERATURE, N_PANELS };

static const struct {
    uint16_t path;
    unsigned panel;
    enum plot_kind kind;
    const char *column;
} truths[CURVES_TRUTHS] = {
    {BMS_PATH_SOC, SOC, PLOT_TRUTH, "true soc"},
    {BMS_PATH_CURRENT, CURRENT, PLOT_TRUTH, "true current"},
    {BMS_PATH_VOLTAGE, VOLTAGE, PLOT_TRUTH, "true voltage"},
    {BMS_PATH_CELL_MAX, CELLS, PLOT_TRUTH, "true highest cell"},
    {BMS_PATH_CELL_MIN, CELLS, PLOT_TRUTH2, "true lowest cell"},
    {BMS_PATH_TEMP_MAX, TEMPERATURE, PLOT_TRUTH, "true highest temp"},
    {BMS_PATH_TEMP_MIN, TEMPERATURE, PLOT_TRUTH2, "true lowest temp"},
};

static const struct {
    enum sink sink;
    const char *signal;
    unsigned panel;
    enum plot_kind kind;
    const char *column;
} told[] = {
    {SINK_CAN, "soc", SOC, PLOT_CAN, "can soc"},
    {SINK_JSON, "Soc", SOC, PLOT_JSON, "json Soc"},
    {SINK_CAN, "current", CURRENT, PLOT_CAN, "can current"},
    {SINK_JSON, "Dc.Current", CURRENT, PLOT_JSON, "json Dc.Current"},
    {SINK_CAN, "ccl", LIMITS, PLOT_CAN, "can ccl"},
    {SINK_JSON, "Info.MaxChargeCurrent", LIMITS, PLOT_JSON, "json MaxChargeCurrent"},
    {SINK_CAN, "dcl", LIMITS, PLOT_CAN2, "can dcl"},
    {SINK_JSON, "Info.MaxDischargeCurrent", LIMITS, PLOT_JSON2, "json MaxDischargeCurrent"},
    {SINK_CAN, "voltage", VOLTAGE, PLOT_CAN, "can voltage"},
    {SINK_JSON, "Dc.Voltage", VOLTAGE, PLOT_JSON, "json Dc.Voltage"},
    {SINK_CAN, "cvl", VOLTAGE, PLOT_CAN2, "can cvl"},
    {SINK_JSON, "Info.MaxChargeVoltage", VOLTAGE, PLOT_JSON2, "json MaxChargeVoltage"},
    {SINK_JSON, "System.MaxCellVoltage", CELLS, PLOT_JSON, "json MaxCellVoltage"},
    {SINK_JSON, "System.MinCellVoltage", CELLS, PLOT_JSON2, "json MinCellVoltage"},
    {SINK_CAN, "temperature", TEMPERATURE, PLOT_CAN, "can temperature"},
    {SINK_JSON, "Dc.Temperature", TEMPERATURE, PLOT_JSON, "json Dc.Temperature"},
};

void curves_sample(struct world *w, bool at_once)
{
    uint64_t now = loop_now(w->loop);
    if (!w->sim || w->phase < WORLD_BOOTING || (!at_once && now < w->next_sample_us))
        return;
    uint64_t period = w->scenario->duration_us / SAMPLES;
    w->next_sample_us = now + (period > LEAST_PERIOD_US ? period : LEAST_PERIOD_US);
    if (w->n_samples == w->cap_samples) {
        w->cap_samples = w->cap_samples ? w->cap_samples * 2 : 256;
        w->samples = realloc(w->samples, w->cap_samples * sizeof *w->samples);
        if (!w->samples)
            abort();
    }
    struct curves_sample *s = &w->samples[w->n_samples++];
    *s = (struct curves_sample){.t_us = world_t(w, now)};
    for (unsigned i = 0; i < CURVES_TRUTHS; i++) {
        const struct bms_path path = {.id = truths[i].path};
        s->known[i] = sim_truth(w->sim, 0, &path, &s->micro[i]);
    }
}

void curves_free(struct world *w)
{
    free(w->samples);
    w->samples = NULL;
    w->n_samples = w->cap_samples = 0;
}

/* Three periods and a half: as long as a listener may believe a value. */
static uint64_t hold_us(const struct manifest *m, enum sink sink)
{
    return (sink == SINK_CAN ? m->can_period_us : m->json_period_us) * 7 / 2;
}

enum { N_TOLD = sizeof told / sizeof *told };

static void add_told(const struct judge_input *in, struct plot *p)
{
    const char *signals[N_TOLD + 1] = {NULL};
    struct judge_input own = *in;
    for (size_t i = 0, n = 0; i < N_TOLD; i++)
        if (told[i].sink == SINK_JSON)
            signals[n++] = told[i].signal;
    struct series_store *store = series_store_new(in, signals);
    own.store = store;
    for (size_t i = 0; i < N_TOLD; i++) {
        struct series series;
        if (told[i].sink == SINK_CAN ? !in->manifest->has_can : !in->manifest->has_json)
            continue;
        unsigned k = plot_series(p, told[i].panel, told[i].kind, told[i].column,
                                 hold_us(in->manifest, told[i].sink));
        series_build(&own, told[i].sink, told[i].signal, &series);
        for (size_t n = 0; n < series.n; n++)
            if (series.at[n].known && !series.at[n].text)
                plot_add(p, k, series.at[n].t_us, series.at[n].micro);
        series_free(&series);
    }
    series_store_delete(store);
}

static void add_truths(const struct world *w, struct plot *p)
{
    for (unsigned i = 0; i < CURVES_TRUTHS; i++) {
        unsigned k = plot_series(p, truths[i].panel, truths[i].kind, truths[i].column, 0);
        for (size_t n = 0; n < w->n_samples; n++)
            if (w->samples[n].known[i])
                plot_add(p, k, w->samples[n].t_us, w->samples[n].micro[i]);
    }
}

static void add_marks(const struct world *w, struct plot *p)
{
    char text[400];
    for (size_t i = 0; i < w->events.n; i++) {
        const struct event *e = &w->events.at[i];
        struct buf b = buf_of(text, sizeof text - 1);
        if (e->kind != EVENT_STIMULUS)
            continue;
        stmt_stimulus_format(&w->scenario->stmts[e->index], &b);
        text[b.n] = 0;
        plot_mark(p, e->t_us, text, false);
    }
    for (size_t i = 0; i < w->result->n_lines; i++) {
        const struct result_line *l = &w->result->lines[i];
        if (l->code != VERDICT_FAIL)
            continue;
        snprintf(text, sizeof text, "FAIL  :%u  %s: %s", l->line, l->statement, l->actual);
        plot_mark(p, l->t_us, text, true);
    }
}

void curves_write(struct world *w, const struct judge_input *in)
{
    char path[700], title[200], subtitle[200];
    const struct result *r = w->result;
    snprintf(title, sizeof title, "%s  %s", r->id, r->title);
    snprintf(subtitle, sizeof subtitle, "%s: %s, tier %s, seed %llu", r->dut, verdict_name(r->code),
             r->tier, (unsigned long long)r->seed);
    struct plot *p = plot_new(title, subtitle, 0, (int64_t)w->scenario->duration_us);
    for (size_t i = 0; i < N_PANELS; i++)
        plot_panel(p, panels[i].name, panels[i].unit);
    add_truths(w, p);
    add_told(in, p);
    add_marks(w, p);
    snprintf(path, sizeof path, "%s/plot.csv", w->folder);
    enum err err = plot_write_csv(p, path);
    snprintf(path, sizeof path, "%s/plot.svg", w->folder);
    if (err == ERR_OK)
        err = plot_write_svg(p, path);
    if (err != ERR_OK)
        log_msg(&w->log, LOG_WARN, "run", "cannot write %s: %s", path, err_text(err));
    plot_delete(p);
}
