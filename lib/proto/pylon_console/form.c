/* SPDX-License-Identifier: Apache-2.0
 *
 * The answers that print one value a line: `pwr N`, `info`, `stat`, `pwrsys`. Text to list.
 * Firmware adds, drops and reorders lines, so nothing here depends on which lines there are; what a
 * line of a form can look like is strict, because a lost colon or a byte of noise means lost text.
 * Source: specification 6, 7, 8, 9.
 */
#include "proto/pylon_console/common.h"

struct form_reader {
    enum pylon_form_kind kind;
    struct span body;
    struct pylon_form form;
};

/* ---- lines and the empty lines between them ---- */

static struct span take_line(struct span *rest)
{
    size_t n = 0;
    while (n < rest->n && !pylon_is_line_end(rest->p[n]))
        n++;
    struct span line = span_sub(*rest, 0, n);
    *rest = span_sub(*rest, n, rest->n);
    return line;
}

/* The number of LF in the run of line ends at the front. */
static size_t take_line_ends(struct span *rest)
{
    size_t n = 0;
    size_t lf = 0;
    while (n < rest->n && pylon_is_line_end(rest->p[n]))
        lf += rest->p[n++] == '\n' ? 1 : 0;
    *rest = span_sub(*rest, n, rest->n);
    return lf;
}

/* One line end has one LF on the wire and in text files, two where an editor made LF of every CR.
 */
static size_t lf_per_line(struct span body)
{
    size_t least = 0;
    while (body.n > 0) {
        take_line(&body);
        size_t lf = take_line_ends(&body);
        if (body.n > 0 && lf > 0 && (least == 0 || lf < least))
            least = lf;
    }
    return least == 0 ? 1 : least;
}

/* ---- one line ---- */

/* "Power  1", "Device address           1": words, then a number. */
static void split_plain(struct span line, struct pylon_kv *kv)
{
    size_t from = line.n;

    while (from > 0 && line.p[from - 1] != ' ')
        from--;
    struct span tail = span_sub(line, from, line.n);
    kv->kind = PYLON_KV_PLAIN;
    kv->label = line;
    kv->value = span_sub(line, line.n, 0);
    if (from > 0 && pylon_int(tail, 0, INT32_MAX, &kv->number) == ERR_OK) {
        kv->label = pylon_rtrim(span_sub(line, 0, from));
        kv->label_width = (uint8_t)from;
        kv->value = tail;
        kv->value_width = (uint8_t)tail.n;
    }
}

/* Lines without a colon that belong into a form; any other has lost its colon. */
static bool plain_belongs(enum pylon_form_kind kind, const struct pylon_kv *kv)
{
    switch (kind) {
    case PYLON_FORM_PWR: return span_eq_str(kv->label, "Power") && kv->value.n > 0;
    case PYLON_FORM_STAT: return span_eq_str(kv->label, "Device address") && kv->value.n > 0;
    case PYLON_FORM_INFO: /* the high-voltage consoles list their units */
        return span_ends(kv->label, " Barcode") &&
               (span_starts(kv->label, "Unit ") || span_starts(kv->label, "BMU "));
    case PYLON_FORM_PWRSYS:
        return span_eq_str(kv->label, "Power System Information") ||
               span_starts(kv->label, "System is ");
    }
    return false;
}

static bool is_unit(struct span s)
{
    static const char *const units[] = {"mV", "mA", "mC", "%", "mAH", "mAS", "AS", "s", "KB", "mv"};

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (span_eq_str(s, units[i]))
            return true;
    }
    return s.n == 0;
}

/* The front of `s` that a number of this kind may consist of. */
static size_t number_length(struct span s)
{
    size_t n = s.n > 0 && s.p[0] == '-' ? 1 : 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

static bool split_mask(struct span field, struct pylon_kv *kv)
{
    struct span token = span_sub(field, 0, span_find_byte(field, 0, ' '));
    uint64_t bits;

    if (!span_starts(token, "0x") || !parse_hex(span_sub(token, 2, token.n), UINT32_MAX, &bits))
        return false;
    kv->kind = PYLON_KV_MASK;
    kv->value = token;
    kv->number = (int64_t)bits;
    kv->unit = pylon_strip(span_sub(field, token.n, field.n));
    return true;
}

static bool split_number(struct span field, struct pylon_kv *kv)
{
    size_t n = number_length(field);
    struct span digits = span_sub(field, 0, n);
    struct span unit = pylon_strip(span_sub(field, n, field.n));

    if (!is_unit(unit) || pylon_int(digits, -INT64_MAX, INT64_MAX, &kv->number) != ERR_OK)
        return false;
    kv->kind = PYLON_KV_NUMBER;
    kv->value = digits;
    kv->unit = unit;
    return true;
}

static bool is_word(struct span s)
{
    char word[PYLON_WORD];
    return s.n <= 8 && pylon_word(s, word) == ERR_OK;
}

/* What stands behind the colon and one blank. */
static void split_value(enum pylon_form_kind kind, struct span field, struct pylon_kv *kv)
{
    struct span text = kind == PYLON_FORM_STAT ? pylon_strip(field) : field;
    bool list = span_ends(kv->label, "Protect ENA");

    kv->value_width = (uint8_t)field.n;
    if (!list && (split_mask(text, kv) || split_number(text, kv))) {
        if (kv->unit.n > 0)
            kv->value_width = (uint8_t)(kv->unit.p - field.p);
        return;
    }
    kv->value = pylon_rtrim(text);
    kv->kind = list ? PYLON_KV_LIST : PYLON_KV_TEXT;
    if (!list && kind != PYLON_FORM_INFO && is_word(kv->value))
        kv->kind = PYLON_KV_WORD;
}

static bool is_rule(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '-')
            return false;
    }
    return s.n >= 3;
}

/* A form keeps the widths of its columns as bytes, so it is the columns that are limited and not
 * the line: the blank in front of a line and the one behind a colon are the encoder's to give, and
 * a line must not become too long by them. */
static enum err read_line(enum pylon_form_kind kind, struct span line, struct pylon_kv *kv)
{
    if (!pylon_is_text(line))
        return ERR_SYNTAX;
    while (line.n > 0 && line.p[0] == ' ')
        line = span_sub(line, 1, line.n);
    size_t colon = span_find_byte(line, 0, ':');
    if (colon == line.n) {
        line = pylon_rtrim(line);
        if (is_rule(line)) {
            *kv = (struct pylon_kv){.kind = PYLON_KV_RULE, .label = line};
            return ERR_OK;
        }
        if (line.n > UINT8_MAX)
            return ERR_SYNTAX;
        split_plain(line, kv);
        return plain_belongs(kind, kv) ? ERR_OK : ERR_SYNTAX;
    }
    kv->label = pylon_rtrim(span_sub(line, 0, colon));
    kv->label_width = (uint8_t)colon;
    struct span field = span_sub(line, colon + 1, line.n);
    if (kv->label.n == 0 || (field.n > 0 && field.p[0] != ' '))
        return ERR_SYNTAX;
    field = span_sub(field, 1, field.n);
    if (colon > UINT8_MAX || field.n > UINT8_MAX)
        return ERR_SYNTAX;
    split_value(kind, field, kv);
    return kind == PYLON_FORM_STAT && kv->kind != PYLON_KV_NUMBER ? ERR_SYNTAX : ERR_OK;
}

/* ---- the whole form ---- */

static bool append(struct pylon_form *form, const struct pylon_kv *kv)
{
    if (form->n == PYLON_KV_MAX)
        return false;
    form->items[form->n++] = *kv;
    return true;
}

static bool append_blanks(struct pylon_form *form, size_t n)
{
    const struct pylon_kv blank = {.kind = PYLON_KV_BLANK};
    for (size_t i = 0; i < n; i++) {
        if (!append(form, &blank))
            return false;
    }
    return true;
}

static size_t count_of(const struct pylon_form *form, enum pylon_kv_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < form->n; i++)
        n += form->items[i].kind == kind ? 1 : 0;
    return n;
}

/* Does the form have the lines that frame it? */
static bool is_whole(const struct form_reader *r)
{
    const struct pylon_form *form = &r->form;

    if (count_of(form, PYLON_KV_BLANK) == form->n)
        return false;
    switch (r->kind) {
    case PYLON_FORM_PWR:
        return form->n >= 3 && count_of(form, PYLON_KV_RULE) == 2 &&
               form->items[0].kind == PYLON_KV_RULE && form->items[1].kind == PYLON_KV_PLAIN &&
               form->items[form->n - 1].kind == PYLON_KV_RULE;
    case PYLON_FORM_STAT: return form->items[0].kind == PYLON_KV_PLAIN;
    case PYLON_FORM_INFO:
    case PYLON_FORM_PWRSYS: return true;
    }
    return false;
}

struct decoded pylon_form_decode(enum pylon_form_kind kind, struct span body,
                                 struct pylon_form *ret)
{
    struct form_reader r = {.kind = kind, .body = body, .form = {.body = body}};
    size_t lf = lf_per_line(body);
    struct span rest = body;

    take_line_ends(&rest);
    while (rest.n > 0) {
        struct pylon_kv kv = {.kind = PYLON_KV_TEXT};
        struct span line = take_line(&rest);
        size_t ends = take_line_ends(&rest);
        enum err e = pylon_rtrim(line).n == 0 ? ERR_OK : read_line(kind, line, &kv);
        if (e != ERR_OK)
            return pylon_bad(e, body, line);
        if (pylon_rtrim(line).n > 0 && !append(&r.form, &kv))
            return pylon_bad(ERR_SPACE, body, line);
        if (rest.n > 0 && ends > lf && !append_blanks(&r.form, ends / lf - 1))
            return pylon_bad(ERR_SPACE, body, rest);
    }
    if (!is_whole(&r))
        return pylon_bad(ERR_INCOMPLETE, body, rest);
    *ret = r.form;
    return pylon_good();
}

/* Labels differ in the number of blanks between words ("Soft  version"). */
static bool same_label(struct span label, struct span want)
{
    struct span a, b;
    bool more = true;

    while (more) {
        more = span_token(&label, &a);
        if (span_token(&want, &b) != more || (more && !span_eq(a, b)))
            return false;
    }
    return true;
}

const struct pylon_kv *pylon_form_find(const struct pylon_form *form, const char *label)
{
    for (size_t i = 0; i < form->n; i++) {
        if (same_label(form->items[i].label, span_str(label)))
            return &form->items[i];
    }
    return NULL;
}
