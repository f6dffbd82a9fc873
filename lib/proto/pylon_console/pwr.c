/* SPDX-License-Identifier: Apache-2.0
 *
 * `pwr`: the table of the stack, one row per module.
 *
 * The header line of each answer says which columns there are and where they start. A value must
 * start under its heading: that catches every single dropped or inserted character, and it splits
 * the columns that touch when a current has seven characters. Two things do not follow the header:
 * the MOS columns of P2 stand one further left, and absent rows have the same text whatever the
 * layout. Source: specification 3, checked against 214 captured rows.
 */
#include "proto/pylon_console/pwr_columns.h"

#include <string.h>

#include "proto/pylon_console/common.h"

static const enum pylon_column p1[] = {PYLON_PWR_BASE};
static const enum pylon_column p2[] = {PYLON_PWR_BASE, COL_MOS, COL_MT_ST};
static const enum pylon_column p3[] = {PYLON_PWR_IDS, COL_MOS, COL_MT_ST, COL_SYS_ALARM};
static const enum pylon_column p4[] = {PYLON_PWR_IDS, COL_MOS, COL_MT_ST};
static const enum pylon_column py[] = {PYLON_PWR_BASE, COL_BARCODE, COL_DEV_TYPE};

static const struct pylon_pwr_shape shapes[] = {
    [PYLON_P1] = {p1, sizeof p1 / sizeof p1[0]}, [PYLON_P2] = {p2, sizeof p2 / sizeof p2[0]},
    [PYLON_P3] = {p3, sizeof p3 / sizeof p3[0]}, [PYLON_P4] = {p4, sizeof p4 / sizeof p4[0]},
    [PYLON_PY] = {py, sizeof py / sizeof py[0]},
};

static const char *const names[COL_COUNT] = {
    [COL_POWER] = "Power",
    [COL_VOLT] = "Volt",
    [COL_CURR] = "Curr",
    [COL_TEMPR] = "Tempr",
    [COL_TLOW] = "Tlow",
    [COL_TLOW_ID] = "Tlow.Id",
    [COL_THIGH] = "Thigh",
    [COL_THIGH_ID] = "Thigh.Id",
    [COL_VLOW] = "Vlow",
    [COL_VLOW_ID] = "Vlow.Id",
    [COL_VHIGH] = "Vhigh",
    [COL_VHIGH_ID] = "Vhigh.Id",
    [COL_BASE_ST] = "Base.St",
    [COL_VOLT_ST] = "Volt.St",
    [COL_CURR_ST] = "Curr.St",
    [COL_TEMP_ST] = "Temp.St",
    [COL_COULOMB] = "Coulomb",
    [COL_TIME] = "Time",
    [COL_BV_ST] = "B.V.St",
    [COL_BT_ST] = "B.T.St",
    [COL_MOS] = "MosTempr",
    [COL_MT_ST] = "M.T.St",
    [COL_SYS_ALARM] = "SysAlarm.St",
    [COL_BARCODE] = "Barcode",
    [COL_DEV_TYPE] = "DevType",
};

/* Where the columns of this very answer start. */
struct table {
    struct span body;
    enum pylon_pwr_layout layout;
    struct pylon_pwr_shape shape;
    size_t start[COL_COUNT];
};

static bool header_is(struct span line, struct pylon_pwr_shape shape, size_t start[COL_COUNT])
{
    struct span rest = line;
    struct span token;

    for (size_t i = 0; i < shape.n; i++) {
        enum pylon_column col = shape.columns[i];
        if (!span_token(&rest, &token) || !span_eq_str(token, names[col]))
            return false;
        start[col] = (size_t)(token.p - line.p);
    }
    return !span_token(&rest, &token);
}

/* Finds the header and leaves *rest behind it. */
static struct decoded find_header(struct table *t, struct span *rest)
{
    struct span line;

    while (pylon_body_line(rest, &line)) {
        struct span words = line;
        struct span first, second;
        if (!span_token(&words, &first) || !span_eq_str(first, "Power") ||
            !span_token(&words, &second) || !span_eq_str(second, "Volt"))
            continue;
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            if (header_is(line, shapes[i], t->start)) {
                t->layout = (enum pylon_pwr_layout)i;
                t->shape = shapes[i];
                return pylon_good();
            }
        }
        return pylon_bad(ERR_LAYOUT, t->body, line);
    }
    return pylon_bad(ERR_LAYOUT, t->body, t->body);
}

static bool is_at(struct span line, size_t at, char c)
{
    return at < line.n && line.p[at] == (uint8_t)c;
}

static bool used(struct span line, size_t at)
{
    return at < line.n && line.p[at] != ' ';
}

/* How far the columns behind B.T.St stand off their headings in this row. In P2 a temperature
 * starts one to the left, the '-' of a module without a sensor does not. */
static int mos_shift(const struct table *t, struct span line)
{
    size_t at = t->start[COL_MOS];

    if (at == 0)
        return 0;
    if (t->layout == PYLON_P2 && used(line, at - 1))
        return -1;
    return !used(line, at) && is_at(line, at + 1, '-') ? 1 : 0;
}

static size_t column_start(const struct table *t, enum pylon_column col, int shift)
{
    size_t at = t->start[col];
    if (col == COL_MOS || col == COL_MT_ST || col == COL_SYS_ALARM)
        return shift < 0 ? at - 1 : at + (size_t)shift;
    return at;
}

/* The text of column number `i`: exactly what stands between its start and the next one's. */
static enum err cut_field(const struct table *t, struct span line, size_t i, int shift,
                          struct span *ret)
{
    enum pylon_column col = t->shape.columns[i];
    size_t from = column_start(t, col, shift);
    size_t to = i + 1 < t->shape.n ? column_start(t, t->shape.columns[i + 1], shift) : line.n;

    *ret = span_sub(line, from, to - from);
    if (from >= line.n)
        return ERR_INCOMPLETE;
    *ret = pylon_rtrim(*ret);
    if (ret->n == 0 || ret->p[0] == ' ')
        return ERR_SYNTAX;
    if (col != COL_TIME && span_find_byte(*ret, 0, ' ') < ret->n)
        return ERR_SYNTAX;
    return ERR_OK;
}

static enum err read_row(const struct table *t, struct span line, struct pylon_pwr_row *row,
                         struct span *ret_field)
{
    int shift = mos_shift(t, line);

    row->has_ids = t->layout == PYLON_P3 || t->layout == PYLON_P4;
    for (size_t i = 0; i < t->shape.n; i++) {
        enum err e = cut_field(t, line, i, shift, ret_field);
        if (e == ERR_OK)
            e = pylon_pwr_read_field(t->shape.columns[i], *ret_field, row);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

/* "3     -      -  ...  Absent   -  ...": dashes around the word, one for each other column of P1.
 */
static enum err read_absent(const struct table *t, struct span line, struct span *ret_field)
{
    size_t want = t->layout == PYLON_PY ? 17 : 15;
    struct span rest = line;
    struct span token;

    span_token(&rest, &token); /* the address */
    for (size_t n = 0; n < want; n++) {
        *ret_field = span_sub(line, line.n, 0);
        if (!span_token(&rest, &token))
            return ERR_INCOMPLETE;
        *ret_field = token;
        if (!span_eq_str(token, n == 7 ? "Absent" : "-"))
            return ERR_SYNTAX;
    }
    return span_token(&rest, ret_field) ? ERR_SYNTAX : ERR_OK;
}

/* The word decides, wherever it stands; a dash for the voltage is an absent row that was damaged.
 */
static bool says_absent(struct span line)
{
    struct span token;
    for (size_t i = 0; span_token(&line, &token); i++) {
        if (span_eq_str(token, "Absent") || (i == 1 && span_eq_str(token, "-")))
            return true;
    }
    return false;
}

static struct decoded read_line(const struct table *t, struct span line, size_t n,
                                struct pylon_pwr_row *row)
{
    struct span rest = line;
    struct span field;
    int64_t address;

    if (line.p[0] == ' ' || !span_token(&rest, &field) ||
        pylon_int(field, 1, PYLON_MAX_MODULES, &address) != ERR_OK)
        return pylon_bad(ERR_SYNTAX, t->body, line);
    if (address != (int64_t)n + 1)
        return pylon_bad(ERR_INCOMPLETE, t->body, line);

    *row = (struct pylon_pwr_row){.address = (uint8_t)address};
    enum err e;
    if (says_absent(line)) {
        row->absent = true;
        memcpy(row->base_st, "Absent", sizeof "Absent");
        e = read_absent(t, line, &field);
    } else {
        e = read_row(t, line, row, &field);
    }
    return e == ERR_OK ? pylon_good() : pylon_bad(e, t->body, field);
}

struct decoded pylon_pwr_decode(struct span body, struct pylon_pwr *ret)
{
    struct table t = {.body = body};
    struct pylon_pwr table = {.n = 0};
    struct span rest = body;
    struct span line;
    struct decoded d = find_header(&t, &rest);

    if (d.code != ERR_OK)
        return d;
    table.layout = t.layout;
    while (pylon_body_line(&rest, &line)) {
        if (table.n == PYLON_MAX_MODULES)
            return pylon_bad(ERR_SYNTAX, body, line);
        d = read_line(&t, line, table.n, &table.rows[table.n]);
        if (d.code != ERR_OK) {
            /* a row that ends early is a cut answer only when nothing follows it */
            if (d.code == ERR_INCOMPLETE && d.offset > (uint32_t)(line.p - body.p) && rest.n > 0)
                d.code = ERR_SYNTAX;
            return d;
        }
        table.n++;
    }
    if (table.n == 0)
        return pylon_bad(ERR_INCOMPLETE, body, rest);
    *ret = table;
    return pylon_good();
}
