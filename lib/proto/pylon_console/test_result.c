/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_result.h.
 */
#include "proto/pylon_console/test_result.h"

#include <string.h>

void result_begin(struct result *r)
{
    memset(r, 0, sizeof *r);
    pylon_reader_init(&r->reader, r->memory, sizeof r->memory);
    pylon_reader_expect_text(&r->reader);
}

bool result_feed(struct result *r, struct span in)
{
    size_t used;

    while (in.n > 0 && r->read != PYLON_READ_DONE) {
        r->read = pylon_reader_feed(&r->reader, in, &used);
        r->pagers += r->read == PYLON_READ_PAGER ? 1 : 0;
        in = span_sub(in, used, in.n);
    }
    return r->read != PYLON_READ_DONE;
}

static struct decoded end_form(struct result *r, const struct fixture *fx)
{
    static const enum pylon_form_kind kinds[] = {
        [FX_MODULE] = PYLON_FORM_PWR,
        [FX_INFO] = PYLON_FORM_INFO,
        [FX_STAT] = PYLON_FORM_STAT,
        [FX_PWRSYS] = PYLON_FORM_PWRSYS,
    };
    struct decoded d = pylon_form_decode(kinds[fx->kind], r->answer.body, &r->form);

    if (d.code != ERR_OK)
        return d;
    if (fx->kind == FX_MODULE)
        return pylon_module_from(&r->form, &r->module);
    if (fx->kind == FX_INFO)
        return pylon_info_from(&r->form, &r->info);
    if (fx->kind == FX_STAT)
        return pylon_stat_from(&r->form, &r->stat);
    return pylon_system_from(&r->form, &r->system);
}

static struct decoded end_log(struct result *r)
{
    struct span rest = r->answer.body;

    for (r->log_n = 0; r->log_n < RESULT_LOG; r->log_n++) {
        struct decoded d = pylon_log_next(&rest, &r->log[r->log_n]);
        if (d.code == ERR_NOT_FOUND)
            return (struct decoded){.code = ERR_OK};
        if (d.code != ERR_OK)
            return d;
    }
    return (struct decoded){.code = ERR_SPACE};
}

static struct decoded end_body(struct result *r, const struct fixture *fx)
{
    switch (fx->kind) {
    case FX_PWR: return pylon_pwr_decode(r->answer.body, &r->pwr);
    case FX_BAT: return pylon_bat_decode(r->answer.body, &r->bat);
    case FX_MODULE:
    case FX_INFO:
    case FX_STAT:
    case FX_PWRSYS: return end_form(r, fx);
    case FX_SOH: return pylon_soh_decode(r->answer.body, &r->soh);
    case FX_GETPWR: return pylon_getpwr_decode(r->answer.body, &r->getpwr);
    case FX_TIME: return pylon_time_decode(r->answer.body, r->chip, &r->time);
    case FX_LOG: return end_log(r);
    case FX_PLAIN: break;
    }
    return (struct decoded){.code = ERR_OK};
}

bool result_end(struct result *r, const struct fixture *fx)
{
    if (r->read != PYLON_READ_DONE)
        return false;
    r->verdict = pylon_reader_answer(&r->reader, span_str(fx->command), &r->answer);
    if (r->verdict.code != ERR_OK)
        return false;
    if (fx->kind == FX_PLAIN)
        return true;
    if (r->answer.status != PYLON_OK || !r->answer.echo_ok)
        return false;
    r->verdict = end_body(r, fx);
    return r->verdict.code == ERR_OK;
}

/* ---- differences: one per field, whatever the type ---- */

#define DIFF(field) (memcmp(&a->field, &b->field, sizeof a->field) != 0 ? 1u : 0u)

static unsigned diff_pwr_row(const struct pylon_pwr_row *a, const struct pylon_pwr_row *b)
{
    return DIFF(address) + DIFF(absent) + DIFF(volt_mv) + DIFF(curr_ma) + DIFF(tempr_mc) +
           DIFF(tlow_mc) + DIFF(thigh_mc) + DIFF(vlow_mv) + DIFF(vhigh_mv) + DIFF(has_ids) +
           DIFF(tlow_id) + DIFF(thigh_id) + DIFF(vlow_id) + DIFF(vhigh_id) + DIFF(base_st) +
           DIFF(volt_st) + DIFF(curr_st) + DIFF(temp_st) + DIFF(coulomb_pc) + DIFF(time) +
           DIFF(bv_st) + DIFF(bt_st) + DIFF(has_mos) + DIFF(mos_mc) + DIFF(mt_st) +
           DIFF(sys_alarm_st) + DIFF(barcode) + DIFF(dev_type);
}

static unsigned diff_pwr(const struct pylon_pwr *a, const struct pylon_pwr *b)
{
    unsigned n = DIFF(layout) + DIFF(n);
    for (size_t i = 0; i < a->n && i < b->n; i++)
        n += diff_pwr_row(&a->rows[i], &b->rows[i]);
    return n;
}

static unsigned diff_bat_row(const struct pylon_bat_row *a, const struct pylon_bat_row *b)
{
    return DIFF(index) + DIFF(volt_mv) + DIFF(curr_ma) + DIFF(tempr_mc) + DIFF(base_st) +
           DIFF(volt_st) + DIFF(curr_st) + DIFF(temp_st) + DIFF(ctemp_st) + DIFF(soc_pc) +
           DIFF(coulomb_mah) + DIFF(balancing);
}

static unsigned diff_bat(const struct pylon_bat *a, const struct pylon_bat *b)
{
    unsigned n = DIFF(layout) + DIFF(n);
    for (size_t i = 0; i < a->n && i < b->n; i++)
        n += diff_bat_row(&a->rows[i], &b->rows[i]);
    return n;
}

static bool same_kv(const struct pylon_kv *a, const struct pylon_kv *b)
{
    return a->kind == b->kind && span_eq(a->label, b->label) && span_eq(a->value, b->value) &&
           span_eq(a->unit, b->unit) && a->number == b->number;
}

/* The next line with a value, from *at on; NULL at the end. Rules and empty lines carry none. */
static const struct pylon_kv *next_value(const struct pylon_form *form, size_t *at)
{
    while (*at < form->n) {
        const struct pylon_kv *kv = &form->items[(*at)++];
        if (kv->kind != PYLON_KV_RULE && kv->kind != PYLON_KV_BLANK)
            return kv;
    }
    return NULL;
}

static unsigned diff_form(const struct pylon_form *a, const struct pylon_form *b)
{
    size_t at_a = 0;
    size_t at_b = 0;
    unsigned n = 0;

    for (;;) {
        const struct pylon_kv *x = next_value(a, &at_a);
        const struct pylon_kv *y = next_value(b, &at_b);
        if (x == NULL || y == NULL)
            return n + (x == y ? 0 : 1);
        n += same_kv(x, y) ? 0 : 1;
    }
}

static unsigned diff_soh(const struct pylon_soh *a, const struct pylon_soh *b)
{
    unsigned n = DIFF(address) + DIFF(form) + DIFF(n);
    for (size_t i = 0; i < a->n && i < b->n; i++)
        n +=
            DIFF(rows[i].index) + DIFF(rows[i].volt_mv) + DIFF(rows[i].count) + DIFF(rows[i].state);
    return n;
}

static unsigned diff_getpwr(const struct pylon_getpwr *a, const struct pylon_getpwr *b)
{
    unsigned n = DIFF(volt_mv) + DIFF(curr_ma) + DIFF(tempr_mc) + DIFF(remaining_mah) +
                 DIFF(base_st) + DIFF(volt_st) + DIFF(curr_st) + DIFF(temp_st) + DIFF(n) +
                 DIFF(n_trailers);
    for (size_t i = 0; i < a->n && i < b->n; i++)
        n += DIFF(cells[i].volt_mv) + DIFF(cells[i].tempr_mc) + DIFF(cells[i].volt_st) +
             DIFF(cells[i].temp_st);
    for (size_t i = 0; i < a->n_trailers && i < b->n_trailers; i++)
        n += DIFF(trailers[i]);
    return n;
}

static unsigned diff_log(const struct result *ra, const struct result *rb)
{
    unsigned n = ra->log_n != rb->log_n ? 1 : 0;
    for (size_t i = 0; i < ra->log_n && i < rb->log_n; i++) {
        const struct pylon_log_entry *a = &ra->log[i];
        const struct pylon_log_entry *b = &rb->log[i];
        n += DIFF(index) + DIFF(time) + DIFF(code) + (span_eq(a->module, b->module) ? 0 : 1) +
             (span_eq(a->text, b->text) ? 0 : 1);
    }
    return n;
}

unsigned result_differences(const struct fixture *fx, const struct result *a,
                            const struct result *b)
{
    switch (fx->kind) {
    case FX_PWR: return diff_pwr(&a->pwr, &b->pwr);
    case FX_BAT: return diff_bat(&a->bat, &b->bat);
    case FX_MODULE:
    case FX_INFO:
    case FX_STAT:
    case FX_PWRSYS: return diff_form(&a->form, &b->form);
    case FX_SOH: return diff_soh(&a->soh, &b->soh);
    case FX_GETPWR: return diff_getpwr(&a->getpwr, &b->getpwr);
    case FX_TIME: return DIFF(time) + DIFF(chip);
    case FX_LOG: return diff_log(a, b);
    case FX_PLAIN: return DIFF(answer.status) + (span_eq(a->answer.body, b->answer.body) ? 0 : 1);
    }
    return 0;
}
