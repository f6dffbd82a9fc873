/* SPDX-License-Identifier: Apache-2.0
 *
 * `soh`: a state of health per cell. Source: specification 9. The PYTES header holds two bytes that
 * are no text; they are part of the wire form.
 */
#include <inttypes.h>

#include "proto/pylon_console/common.h"

enum { FORM_PYLON = 0, FORM_PYTES = 1 };

static struct span header_of(uint8_t form)
{
    return form == FORM_PYTES ? SPAN_LIT("Battery    Voltage    SOHStatus  \xC8$        ")
                              : SPAN_LIT("Battery    Voltage    SOHCount   SOHStatus ");
}

static void put_row(const struct pylon_soh *soh, size_t i, struct buf *out)
{
    buf_printf(out, "%-11u%-11" PRId32, soh->rows[i].index, soh->rows[i].volt_mv);
    if (soh->form == FORM_PYTES)
        buf_printf(out, "%08" PRIX32, soh->rows[i].count);
    else
        buf_printf(out, "%-11" PRIu32 "%-10s", soh->rows[i].count, soh->rows[i].state);
}

enum err pylon_soh_encode(const struct pylon_soh *soh, struct buf *out)
{
    size_t mark = out->n;

    if (soh->n > PYLON_MAX_CELLS)
        return ERR_RANGE;
    buf_printf(out, "Power   %u", soh->address);
    buf_put(out, pylon_sep_bytes(PYLON_SEP_T));
    buf_put(out, header_of(soh->form));
    for (size_t i = 0; i < soh->n; i++) {
        buf_put(out, pylon_sep_bytes(PYLON_SEP_T));
        put_row(soh, i, out);
    }
    return pylon_finish(out, mark);
}

static enum err read_tail(struct pylon_soh *soh, struct span *rest, struct span *ret_field)
{
    size_t i = soh->n;
    int64_t count;
    uint64_t word;

    if (!span_token(rest, ret_field))
        return ERR_INCOMPLETE;
    if (soh->form == FORM_PYTES) {
        if (ret_field->n != 8 || !parse_hex(*ret_field, UINT32_MAX, &word))
            return ERR_SYNTAX;
        soh->rows[i].count = (uint32_t)word;
        return ERR_OK;
    }
    enum err e = pylon_int(*ret_field, 0, UINT32_MAX, &count);
    if (e != ERR_OK)
        return e;
    soh->rows[i].count = (uint32_t)count;
    if (!span_token(rest, ret_field))
        return ERR_INCOMPLETE;
    return pylon_word(*ret_field, soh->rows[i].state);
}

static enum err read_row(struct pylon_soh *soh, struct span line, struct span *ret_field)
{
    uint8_t memory[96];
    struct buf again = buf_of(memory, sizeof memory);
    struct span rest = line;
    size_t i = soh->n;

    span_token(&rest, ret_field);
    enum err e = pylon_uint8(*ret_field, UINT8_MAX, &soh->rows[i].index);
    if (e == ERR_OK && soh->rows[i].index != i)
        return ERR_INCOMPLETE;
    if (e == ERR_OK && !span_token(&rest, ret_field))
        return ERR_INCOMPLETE;
    if (e == ERR_OK)
        e = pylon_cell_mv(*ret_field, &soh->rows[i].volt_mv);
    if (e == ERR_OK)
        e = read_tail(soh, &rest, ret_field);
    if (e != ERR_OK)
        return e;
    *ret_field = line;
    put_row(soh, i, &again);
    return span_eq(line, pylon_rtrim(buf_span(&again))) ? ERR_OK : ERR_SYNTAX;
}

/* "Power   1", then one of the two headers. */
static struct decoded read_head(struct span body, struct span *rest, struct pylon_soh *soh)
{
    struct span line = body;
    struct span words;
    struct span token;

    if (!pylon_body_line(rest, &line))
        return pylon_bad(ERR_LAYOUT, body, body);
    words = line;
    if (!span_token(&words, &token) || !span_eq_str(token, "Power"))
        return pylon_bad(ERR_LAYOUT, body, line);
    if (!span_token(&words, &token) ||
        pylon_uint8(token, PYLON_MAX_MODULES, &soh->address) != ERR_OK || soh->address == 0 ||
        span_token(&words, &words))
        return pylon_bad(ERR_SYNTAX, body, line);
    if (!pylon_body_line(rest, &line))
        return pylon_bad(ERR_INCOMPLETE, body, *rest);
    for (soh->form = FORM_PYLON; soh->form <= FORM_PYTES; soh->form++) {
        if (span_eq(line, pylon_rtrim(header_of(soh->form))))
            return pylon_good();
    }
    return pylon_bad(ERR_LAYOUT, body, line);
}

struct decoded pylon_soh_decode(struct span body, struct pylon_soh *ret)
{
    struct pylon_soh soh = {.n = 0};
    struct span rest = body;
    struct span line;
    struct decoded d = read_head(body, &rest, &soh);

    if (d.code != ERR_OK)
        return d;
    while (pylon_body_line(&rest, &line)) {
        struct span field = line;
        enum err e = soh.n == PYLON_MAX_CELLS ? ERR_SYNTAX : read_row(&soh, line, &field);
        if (e != ERR_OK)
            return pylon_bad(e, body, field);
        soh.n++;
    }
    if (soh.n == 0)
        return pylon_bad(ERR_INCOMPLETE, body, rest);
    *ret = soh;
    return pylon_good();
}
