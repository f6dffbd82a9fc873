/* SPDX-License-Identifier: Apache-2.0
 *
 * `bat`: the cells of one module.
 *
 * The header has two-word names and in B1 one name for two values, so it is compared as a whole;
 * then the columns are known. A row counts when printing what was read gives the row again: nothing
 * that the firmware's printf could not have printed gets through. Source: specification 5, checked
 * against 347 captured rows.
 */
#include "proto/pylon_console/bat_row.h"

#include "proto/pylon_console/common.h"

/* The columns of a row; the percent sign, "mAH" and the words hold no blanks. */
enum field { F_INDEX, F_VOLT, F_CURR, F_TEMPR, F_WORD, F_SOC, F_CHARGE, F_UNIT, F_BAL };

struct layout {
    const enum field *fields;
    size_t n;
};

#define NUMBERS F_INDEX, F_VOLT, F_CURR, F_TEMPR
#define WORDS   F_WORD, F_WORD, F_WORD, F_WORD
static const enum field b1[] = {NUMBERS, WORDS, F_SOC, F_CHARGE, F_UNIT};
static const enum field b1n[] = {F_INDEX, F_VOLT, F_TEMPR, WORDS, F_SOC, F_CHARGE, F_UNIT};
static const enum field b2[] = {NUMBERS, WORDS, F_SOC, F_CHARGE, F_UNIT, F_BAL};
static const enum field b3[] = {NUMBERS, WORDS, F_WORD, F_SOC, F_CHARGE, F_UNIT, F_BAL};
static const enum field be[] = {NUMBERS, WORDS, F_SOC};

static const struct layout layouts[] = {
    [PYLON_B1] = {b1, sizeof b1 / sizeof b1[0]}, [PYLON_B1N] = {b1n, sizeof b1n / sizeof b1n[0]},
    [PYLON_B2] = {b2, sizeof b2 / sizeof b2[0]}, [PYLON_B3] = {b3, sizeof b3 / sizeof b3[0]},
    [PYLON_BE] = {be, sizeof be / sizeof be[0]},
};

static enum err read_balancing(struct span s, bool *ret)
{
    if (!span_eq_str(s, "Y") && !span_eq_str(s, "N"))
        return ERR_SYNTAX;
    *ret = span_eq_str(s, "Y");
    return ERR_OK;
}

/* The words of a row in their order; B3 has a fifth. */
static char *word_of(struct pylon_bat_row *row, size_t nth)
{
    char *const words[] = {row->base_st, row->volt_st, row->curr_st, row->temp_st, row->ctemp_st};
    return words[nth];
}

static enum err read_field(enum field f, struct span s, size_t *words, struct pylon_bat_row *row)
{
    switch (f) {
    case F_INDEX: return pylon_uint8(s, UINT8_MAX, &row->index);
    case F_VOLT: return pylon_cell_mv(s, &row->volt_mv);
    case F_CURR: return pylon_ma(s, &row->curr_ma);
    case F_TEMPR: return pylon_mc(s, &row->tempr_mc);
    case F_WORD: return pylon_word(s, word_of(row, (*words)++));
    case F_SOC: return pylon_percent(s, &row->soc_pc);
    case F_CHARGE: return pylon_mah(s, &row->coulomb_mah);
    case F_UNIT: return span_eq_str(s, "mAH") ? ERR_OK : ERR_SYNTAX;
    case F_BAL: return read_balancing(s, &row->balancing);
    }
    return ERR_SYNTAX;
}

static enum err read_row(enum pylon_bat_layout layout, struct span line, struct pylon_bat_row *row,
                         struct span *ret_field)
{
    struct span rest = line;
    size_t words = 0;

    *row = (struct pylon_bat_row){.index = 0};
    for (size_t i = 0; i < layouts[layout].n; i++) {
        if (!span_token(&rest, ret_field)) {
            *ret_field = span_sub(line, line.n, 0);
            return ERR_INCOMPLETE;
        }
        enum err e = read_field(layouts[layout].fields[i], *ret_field, &words, row);
        if (e != ERR_OK)
            return e;
    }
    return span_token(&rest, ret_field) ? ERR_SYNTAX : ERR_OK;
}

/* Where the row differs from what the firmware would have printed. */
static bool prints_back(enum pylon_bat_layout layout, const struct pylon_bat_row *row,
                        struct span line, struct span *ret_field)
{
    uint8_t memory[192];
    struct buf again = buf_of(memory, sizeof memory);
    size_t i = 0;

    pylon_bat_put_row(layout, row, &again);
    struct span want = pylon_rtrim(buf_span(&again));
    if (span_eq(line, want))
        return true;
    while (i < line.n && i < want.n && line.p[i] == want.p[i])
        i++;
    *ret_field = span_sub(line, i, line.n);
    return false;
}

static bool find_header(struct span *rest, enum pylon_bat_layout *ret, struct span *ret_line)
{
    while (pylon_body_line(rest, ret_line)) {
        struct span words = *ret_line;
        struct span token;
        if (!span_token(&words, &token) || !span_eq_str(token, "Battery"))
            continue;
        for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
            *ret = (enum pylon_bat_layout)i;
            if (span_eq(*ret_line, pylon_rtrim(pylon_bat_header(*ret))))
                return true;
        }
        return false;
    }
    return false;
}

/* B1 and the tables in event records share a header; the rows of the latter end with the percent.
 */
static enum pylon_bat_layout b1_or_be(struct span rest)
{
    struct span line;
    return pylon_body_line(&rest, &line) && span_ends(line, "%") ? PYLON_BE : PYLON_B1;
}

static struct decoded read_line(struct span body, struct span line, bool last,
                                struct pylon_bat *table)
{
    struct pylon_bat_row row;
    struct span field = line;

    if (table->n == PYLON_MAX_CELLS)
        return pylon_bad(ERR_SYNTAX, body, line);
    enum err e = read_row(table->layout, line, &row, &field);
    if (e == ERR_OK && !prints_back(table->layout, &row, line, &field))
        e = ERR_SYNTAX;
    if (e == ERR_OK && row.index != table->n) {
        e = ERR_INCOMPLETE;
        field = line;
    } else if (e == ERR_INCOMPLETE && !last) {
        e = ERR_SYNTAX; /* only the last row can be a cut one */
    }
    if (e != ERR_OK)
        return pylon_bad(e, body, field);
    table->rows[table->n++] = row;
    return pylon_good();
}

struct decoded pylon_bat_decode(struct span body, struct pylon_bat *ret)
{
    struct pylon_bat table = {.n = 0};
    struct span rest = body;
    struct span line = body;

    if (!find_header(&rest, &table.layout, &line))
        return pylon_bad(ERR_LAYOUT, body, line);
    if (table.layout == PYLON_B1)
        table.layout = b1_or_be(rest);
    while (pylon_body_line(&rest, &line)) {
        struct decoded d = read_line(body, line, rest.n == 0, &table);
        if (d.code != ERR_OK)
            return d;
    }
    if (table.n == 0)
        return pylon_bad(ERR_INCOMPLETE, body, rest);
    *ret = table;
    return pylon_good();
}
