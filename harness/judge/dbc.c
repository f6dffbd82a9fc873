/* SPDX-License-Identifier: Apache-2.0
 *
 * DBC reader: BO_ and SG_ lines are read, everything else (VERSION, NS_, BS_, BU_, CM_, VAL_, BA_*)
 * is skipped. Written for files of our own; a line that begins with BO_ or SG_ and does not parse
 * is an error, never a guess.
 */
#include "harness/judge/dbc.h"

#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "harness/scenario/files.h"

struct reader {
    const char *name;
    FILE *diag;
    struct dbc *dbc;
    struct dbc_message *message; /* the SG_ lines below belong to it */
    unsigned line;
    bool bad;
};

static bool complain(struct reader *r, const char *what)
{
    if (r->diag)
        fprintf(r->diag, "%s:%u: error: %s\n", r->name, r->line, what);
    r->bad = true;
    return false;
}

static void *grow(void *at, size_t n, size_t size)
{
    void *p = realloc(at, (n + 1) * size);
    if (!p)
        abort();
    memset((char *)p + n * size, 0, size);
    return p;
}

/* Cuts `*rest` at the first byte of `stops`; the stop is consumed. */
static bool cut(struct span *rest, const char *stops, struct span *ret)
{
    for (size_t i = 0; i < rest->n; i++)
        if (strchr(stops, rest->p[i]) && rest->p[i]) {
            *ret = span_trim(span_sub(*rest, 0, i));
            *rest = span_sub(*rest, i + 1, rest->n);
            return true;
        }
    return false;
}

static enum dim dim_of(struct span unit)
{
    enum dim dim = DIM_NONE;
    int64_t scale;
    if (span_eq_str(unit, "degC"))
        return DIM_TEMPERATURE;
    if (unit.n && unit_find(unit, &dim, &scale) && scale == 1000000)
        return dim;
    return DIM_NONE;
}

/* BO_ 849 limits: 8 BMS */
static bool read_message(struct reader *r, struct span rest)
{
    struct span id_text, name, dlc_text, node;
    int64_t id, dlc;
    if (!span_token(&rest, &id_text) || !parse_i64(id_text, 0, 0x9FFFFFFF, &id))
        return complain(r, "expected a message id behind BO_");
    if (!cut(&rest, ":", &name) || !name.n)
        return complain(r, "expected 'NAME:' behind the message id");
    if (!span_token(&rest, &dlc_text) || !parse_i64(dlc_text, 0, 8, &dlc))
        return complain(r, "expected a length 0..8 behind the message name");
    if (!span_token(&rest, &node))
        return complain(r, "expected the sending node behind the length");
    struct dbc *dbc = r->dbc;
    dbc->messages = grow(dbc->messages, dbc->n_messages, sizeof *dbc->messages);
    struct dbc_message *m = &dbc->messages[dbc->n_messages++];
    m->extended = (id & 0x80000000) != 0;
    m->id = (uint32_t)(id & 0x1FFFFFFF);
    m->dlc = (uint8_t)dlc;
    m->from_battery = span_eq_str(node, "BMS");
    span_to_str(name, m->name, sizeof m->name);
    r->message = m;
    return true;
}

/* "0|16@1+" */
static bool read_place(struct dbc_signal *s, struct span place)
{
    struct span start, length;
    int64_t a, b;
    if (!cut(&place, "|", &start) || !cut(&place, "@", &length) || place.n != 2)
        return false;
    if (!parse_i64(start, 0, 63, &a) || !parse_i64(length, 1, 64, &b))
        return false;
    if ((place.p[0] != '0' && place.p[0] != '1') || (place.p[1] != '+' && place.p[1] != '-'))
        return false;
    s->start = (uint16_t)a;
    s->length = (uint16_t)b;
    s->little_endian = place.p[0] == '1';
    s->is_signed = place.p[1] == '-';
    return s->length < 64 && (!s->little_endian || s->start + s->length <= 64);
}

/* SG_ ccl : 16|16@1- (0.1,0) [0|1200] "A" INV */
static bool read_signal(struct reader *r, struct span rest)
{
    struct span name, place, skip, a, b;
    if (!r->message)
        return complain(r, "SG_ before any BO_");
    struct dbc_message *m = r->message;
    struct dbc_signal s = {0};
    if (!cut(&rest, ":", &name) || !name.n)
        return complain(r, "expected 'NAME :' behind SG_");
    span_to_str(name, s.name, sizeof s.name);
    if (!span_token(&rest, &place) || !read_place(&s, place))
        return complain(r, "expected START|LENGTH@ORDER and sign, such as 0|16@1+");
    if (!cut(&rest, "(", &skip) || !cut(&rest, ",", &a) || !cut(&rest, ")", &b) ||
        !parse_fixed(a, 6, &s.scale_micro) || !parse_fixed(b, 6, &s.offset_micro))
        return complain(r, "expected (SCALE,OFFSET)");
    if (!cut(&rest, "[", &skip) || !cut(&rest, "|", &a) || !cut(&rest, "]", &b) ||
        !parse_fixed(a, 6, &s.min_micro) || !parse_fixed(b, 6, &s.max_micro))
        return complain(r, "expected [MIN|MAX]");
    if (!cut(&rest, "\"", &skip) || !cut(&rest, "\"", &a))
        return complain(r, "expected \"UNIT\"");
    span_to_str(a, s.unit, sizeof s.unit);
    s.dim = dim_of(a);
    m->signals = grow(m->signals, m->n_signals, sizeof *m->signals);
    m->signals[m->n_signals++] = s;
    return true;
}

enum err dbc_parse(const char *name, struct span text, FILE *diag, struct dbc **ret)
{
    struct reader r = {.name = name, .diag = diag};
    r.dbc = calloc(1, sizeof *r.dbc);
    if (!r.dbc)
        return ERR_MEMORY;
    while (text.n) {
        size_t end = span_find_byte(text, 0, '\n');
        struct span line = span_trim(span_sub(text, 0, end)), word;
        text = span_sub(text, end + 1, text.n);
        r.line++;
        struct span rest = line;
        if (!span_token(&rest, &word))
            continue;
        if (span_eq_str(word, "BO_"))
            read_message(&r, rest);
        else if (span_eq_str(word, "SG_"))
            read_signal(&r, rest);
    }
    if (!r.dbc->n_messages && !r.bad)
        complain(&r, "no BO_ message in the file");
    if (r.bad) {
        dbc_delete(r.dbc);
        return ERR_SYNTAX;
    }
    *ret = r.dbc;
    return ERR_OK;
}

enum err dbc_load(const char *path, FILE *diag, struct dbc **ret)
{
    struct span text;
    enum err err = file_read(path, &text);
    if (err != ERR_OK)
        return err;
    err = dbc_parse(path, text, diag, ret);
    free((void *)(uintptr_t)text.p);
    return err;
}

void dbc_delete(struct dbc *dbc)
{
    if (!dbc)
        return;
    for (size_t i = 0; i < dbc->n_messages; i++)
        free(dbc->messages[i].signals);
    free(dbc->messages);
    free(dbc);
}

const struct dbc_message *dbc_message(const struct dbc *dbc, uint32_t id, bool extended)
{
    for (size_t i = 0; i < dbc->n_messages; i++)
        if (dbc->messages[i].id == id && dbc->messages[i].extended == extended)
            return &dbc->messages[i];
    return NULL;
}

static bool same_name(const char *dbc_name, const char *name)
{
    for (; *dbc_name && *name; dbc_name++, name++)
        if (*dbc_name != (*name == '.' ? '_' : *name))
            return false;
    return *dbc_name == *name;
}

const struct dbc_signal *dbc_signal(const struct dbc *dbc, const char *name,
                                    const struct dbc_message **ret_message)
{
    for (size_t i = 0; i < dbc->n_messages; i++)
        for (size_t k = 0; k < dbc->messages[i].n_signals; k++)
            if (same_name(dbc->messages[i].signals[k].name, name)) {
                if (ret_message)
                    *ret_message = &dbc->messages[i];
                return &dbc->messages[i].signals[k];
            }
    return NULL;
}

static uint64_t raw_little(const struct dbc_signal *s, const uint8_t data[8])
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++)
        word |= (uint64_t)data[i] << (8 * i);
    return word >> s->start & ((UINT64_C(1) << s->length) - 1);
}

/* Motorola order: `start` is the most significant bit, counted as byte * 8 + bit (bit 7 first). */
static bool raw_big(const struct dbc_signal *s, const struct can_msg *msg, uint64_t *ret)
{
    uint64_t raw = 0;
    unsigned byte = s->start / 8, bit = s->start % 8;
    for (unsigned i = 0; i < s->length; i++) {
        if (byte >= msg->dlc)
            return false;
        raw = raw << 1 | (msg->data[byte] >> bit & 1);
        if (bit == 0) {
            bit = 7;
            byte++;
        } else {
            bit--;
        }
    }
    *ret = raw;
    return true;
}

bool dbc_decode(const struct dbc_signal *s, const struct can_msg *msg, int64_t *ret_micro)
{
    uint64_t raw;
    if (s->little_endian) {
        if ((s->start + s->length + 7u) / 8 > msg->dlc)
            return false;
        raw = raw_little(s, msg->data);
    } else if (!raw_big(s, msg, &raw)) {
        return false;
    }
    int64_t value = (int64_t)raw;
    /* 1 to 64 bits, checked when read.
     * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    if (s->is_signed && raw >> (s->length - 1u) & 1)
        value = (int64_t)(raw | ~((UINT64_C(1) << s->length) - 1));
    if (__builtin_mul_overflow(value, s->scale_micro, &value) ||
        __builtin_add_overflow(value, s->offset_micro, &value))
        return false;
    *ret_micro = value;
    return true;
}

const char *dbc_nearest(const struct dbc *dbc, const char *name)
{
    enum { MAX = 512 };
    const char *names[MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < dbc->n_messages; i++)
        for (size_t k = 0; k < dbc->messages[i].n_signals && n < MAX; k++)
            names[n++] = dbc->messages[i].signals[k].name;
    names[n] = NULL;
    return conf_nearest(span_str(name), names);
}
