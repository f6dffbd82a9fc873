/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms as the battery prints them. Each line repeats the widths it was read with; a line that
 * was made by hand has none and gets the usual ones. Source: specification 2.2 (separators), 6, 7,
 * 8, 9 (formats).
 */
#include <inttypes.h>

#include "proto/pylon_console/common.h"

static void put_blanks(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_u8(out, ' ');
}

static void put_padded(struct buf *out, struct span s, size_t width)
{
    buf_put(out, s);
    if (s.n < width)
        put_blanks(out, width - s.n);
}

static size_t label_width(enum pylon_form_kind kind, const struct pylon_kv *kv)
{
    if (kv->label_width > 0)
        return kv->label_width;
    switch (kind) {
    case PYLON_FORM_PWR:
    case PYLON_FORM_STAT: return 16;
    case PYLON_FORM_INFO: return 20;
    case PYLON_FORM_PWRSYS: return 25;
    }
    return 0;
}

static size_t value_width(enum pylon_form_kind kind, const struct pylon_kv *kv, struct span value)
{
    if (kv->value_width > 0)
        return kv->value_width;
    switch (kind) {
    case PYLON_FORM_INFO: return 0;
    case PYLON_FORM_STAT: return 8;
    case PYLON_FORM_PWRSYS: return 9;
    case PYLON_FORM_PWR: break;
    }
    switch (kv->kind) {
    case PYLON_KV_NUMBER: return span_eq_str(kv->unit, "s") ? 8 : 12;
    case PYLON_KV_MASK: return 11;
    case PYLON_KV_LIST: return value.n + 1;
    case PYLON_KV_WORD: return 8;
    case PYLON_KV_TEXT:
    case PYLON_KV_PLAIN:
    case PYLON_KV_RULE:
    case PYLON_KV_BLANK: return 0;
    }
    return 0;
}

static void put_pair(enum pylon_form_kind kind, const struct pylon_kv *kv, struct buf *out)
{
    char digits[24];
    struct buf number = buf_of(digits, sizeof digits);
    struct span value = kv->value;

    if (value.n == 0 && kv->kind == PYLON_KV_NUMBER) {
        buf_printf(&number, "%" PRId64, kv->number);
        value = buf_span(&number);
    } else if (value.n == 0 && kv->kind == PYLON_KV_MASK) {
        buf_printf(&number, "0x%" PRIx32, (uint32_t)kv->number);
        value = buf_span(&number);
    }
    put_padded(out, kv->label, label_width(kind, kv));
    buf_str(out, ": ");
    size_t width = value_width(kind, kv, value);
    if (kind == PYLON_FORM_STAT && value.n < width)
        put_blanks(out, width - value.n);
    put_padded(out, value, kind == PYLON_FORM_STAT ? 0 : width);
    buf_put(out, kv->unit);
}

static void put_plain(enum pylon_form_kind kind, const struct pylon_kv *kv, struct buf *out)
{
    size_t width = kv->label_width;

    if (width == 0 && kv->value.n > 0) /* "Power  1"; "Device address" and the number in 12 */
        width = kind == PYLON_FORM_STAT && kv->value.n < 12 ? kv->label.n + 12 - kv->value.n
                                                            : kv->label.n + 2;
    put_padded(out, kv->label, width);
    buf_put(out, kv->value);
}

static void put_rule(enum pylon_form_kind kind, const struct pylon_kv *kv, struct buf *out)
{
    size_t usual = kind == PYLON_FORM_PWRSYS ? 33 : 28;

    buf_put(out, kv->label);
    for (size_t i = 0; kv->label.n == 0 && i < usual; i++)
        buf_u8(out, '-');
}

static void put_item(enum pylon_form_kind kind, const struct pylon_kv *kv, struct buf *out)
{
    bool indented = kind == PYLON_FORM_PWR || kind == PYLON_FORM_PWRSYS;

    if (indented && kv->kind != PYLON_KV_BLANK)
        buf_u8(out, ' ');
    switch (kv->kind) {
    case PYLON_KV_NUMBER:
    case PYLON_KV_WORD:
    case PYLON_KV_TEXT:
    case PYLON_KV_MASK:
    case PYLON_KV_LIST: put_pair(kind, kv, out); return;
    case PYLON_KV_PLAIN: put_plain(kind, kv, out); return;
    case PYLON_KV_RULE: put_rule(kind, kv, out); return;
    case PYLON_KV_BLANK: return;
    }
}

enum err pylon_form_encode(enum pylon_form_kind kind, const struct pylon_form *form,
                           struct buf *out)
{
    size_t mark = out->n;

    if (form->n > PYLON_KV_MAX)
        return ERR_RANGE;
    for (size_t i = 0; i < form->n; i++) {
        const struct pylon_kv *kv = &form->items[i];
        bool k = kind == PYLON_FORM_INFO || kv->kind == PYLON_KV_LIST;
        if (i > 0)
            buf_put(out, pylon_sep_bytes(k ? PYLON_SEP_K : PYLON_SEP_T));
        put_item(kind, kv, out);
    }
    return pylon_finish(out, mark);
}
