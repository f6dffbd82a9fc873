/* SPDX-License-Identifier: Apache-2.0
 *
 * Picking typed values out of a form.
 */
#include "proto/pylon_console/view.h"

#include "proto/pylon_console/common.h"

struct view pylon_view_of(const struct pylon_form *form)
{
    return (struct view){.form = form, .verdict = pylon_good()};
}

void pylon_view_fail(struct view *v, enum err code, const struct pylon_kv *kv)
{
    if (v->verdict.code == ERR_OK)
        v->verdict = pylon_bad(code, v->form->body, kv == NULL ? v->form->body : kv->value);
}

/* A label that is there twice is a block that came twice or a damaged neighbour: which one is
 * right? */
static const struct pylon_kv *find(struct view *v, const char *label)
{
    if (v->verdict.code != ERR_OK)
        return NULL;
    const struct pylon_kv *kv = pylon_form_find(v->form, label);
    if (kv == NULL)
        return NULL;
    for (const struct pylon_kv *next = kv + 1; next < v->form->items + v->form->n; next++) {
        if (span_eq(next->label, kv->label)) {
            pylon_view_fail(v, ERR_SYNTAX, next);
            return NULL;
        }
    }
    return kv;
}

bool pylon_view_number(struct view *v, const char *label, const char *unit, int64_t min,
                       int64_t max, int64_t *ret)
{
    const struct pylon_kv *kv = find(v, label);

    if (kv == NULL)
        return false;
    if (kv->kind != PYLON_KV_NUMBER || !span_eq_str(kv->unit, unit)) {
        pylon_view_fail(v, ERR_SYNTAX, kv);
        return false;
    }
    if (kv->number < min || kv->number > max) {
        pylon_view_fail(v, ERR_RANGE, kv);
        return false;
    }
    *ret = kv->number;
    return true;
}

bool pylon_view_int32(struct view *v, const char *label, const char *unit, int32_t min, int32_t max,
                      int32_t *ret)
{
    int64_t value;

    if (!pylon_view_number(v, label, unit, min, max, &value))
        return false;
    *ret = (int32_t)value;
    return true;
}

bool pylon_view_mask(struct view *v, const char *label, uint32_t *ret)
{
    const struct pylon_kv *kv = find(v, label);

    if (kv == NULL)
        return false;
    if (kv->kind != PYLON_KV_MASK) {
        pylon_view_fail(v, ERR_SYNTAX, kv);
        return false;
    }
    *ret = (uint32_t)kv->number;
    return true;
}

void pylon_view_word(struct view *v, const char *label, char ret[PYLON_WORD])
{
    const struct pylon_kv *kv = find(v, label);

    if (kv != NULL && pylon_word(kv->value, ret) != ERR_OK)
        pylon_view_fail(v, ERR_SYNTAX, kv);
}

bool pylon_view_text(struct view *v, const char *label, char *ret, size_t cap)
{
    const struct pylon_kv *kv = find(v, label);

    if (kv == NULL)
        return false;
    if (kv->value.n >= cap) {
        pylon_view_fail(v, ERR_RANGE, kv);
        return false;
    }
    span_to_str(kv->value, ret, cap);
    return true;
}
