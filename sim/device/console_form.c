/* SPDX-License-Identifier: Apache-2.0
 *
 * See console_form.h.
 */
#include "sim/device/console_form.h"

#include <inttypes.h>

void form_begin(struct form_builder *b)
{
    b->form.n = 0;
    b->number_width = 0;
    b->mask_width = 0;
    b->label_width = 0;
    b->overflow = false;
    b->arena = buf_of(b->memory, sizeof b->memory);
}

static struct span keep(struct form_builder *b, struct span text)
{
    size_t from = b->arena.n;
    buf_put(&b->arena, text);
    return span_of(b->memory + from, b->arena.n - from);
}

static struct pylon_kv *add(struct form_builder *b, enum pylon_kv_kind kind, const char *label)
{
    if (b->form.n == PYLON_KV_MAX) {
        b->overflow = true;
        return &b->form.items[PYLON_KV_MAX - 1];
    }
    struct pylon_kv *kv = &b->form.items[b->form.n++];
    *kv = (struct pylon_kv){
        .kind = kind, .label = keep(b, span_str(label)), .label_width = b->label_width};
    return kv;
}

void form_number(struct form_builder *b, const char *label, int64_t value, const char *unit)
{
    char digits[24];
    struct buf text = buf_of(digits, sizeof digits);
    struct pylon_kv *kv = add(b, PYLON_KV_NUMBER, label);

    buf_printf(&text, "%" PRId64, value);
    kv->number = value;
    kv->value = keep(b, buf_span(&text));
    kv->unit = keep(b, span_str(unit));
    kv->value_width = b->number_width;
}

void form_word(struct form_builder *b, const char *label, const char *word)
{
    struct pylon_kv *kv = add(b, PYLON_KV_WORD, label);
    kv->value = keep(b, span_str(word));
}

void form_text(struct form_builder *b, const char *label, const char *text)
{
    form_text_padded(b, label, text, 0);
}

void form_text_padded(struct form_builder *b, const char *label, const char *text, uint8_t width)
{
    struct pylon_kv *kv = add(b, PYLON_KV_TEXT, label);
    kv->value = keep(b, span_str(text));
    kv->value_width = width;
}

void form_mask(struct form_builder *b, const char *label, uint32_t mask, struct span names)
{
    char digits[16];
    struct buf text = buf_of(digits, sizeof digits);
    struct pylon_kv *kv = add(b, PYLON_KV_MASK, label);

    buf_printf(&text, "0x%" PRIx32, mask);
    kv->number = mask;
    kv->value = keep(b, buf_span(&text));
    kv->unit = keep(b, names);
    kv->value_width = b->mask_width;
}

void form_list(struct form_builder *b, const char *label, const char *words, bool tight)
{
    struct pylon_kv *kv = add(b, PYLON_KV_LIST, label);
    kv->value = keep(b, span_str(words));
    kv->value_width = (uint8_t)(kv->value.n + (tight ? 0 : 1));
}

void form_plain(struct form_builder *b, const char *label)
{
    add(b, PYLON_KV_PLAIN, label);
}

void form_plain_number(struct form_builder *b, const char *label, unsigned value)
{
    char digits[16];
    struct buf text = buf_of(digits, sizeof digits);
    struct pylon_kv *kv = add(b, PYLON_KV_PLAIN, label);

    buf_printf(&text, "%u", value);
    kv->number = value;
    kv->value = keep(b, buf_span(&text));
    kv->label_width = 0; /* the form's own */
}

void form_rule(struct form_builder *b)
{
    add(b, PYLON_KV_RULE, "");
}

void form_blank(struct form_builder *b)
{
    add(b, PYLON_KV_BLANK, "");
}

enum err form_end(const struct form_builder *b, enum pylon_form_kind kind, struct buf *out)
{
    if (b->overflow || b->arena.overflow)
        return ERR_SPACE;
    return pylon_form_encode(kind, &b->form, out);
}
