/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: a table of widths, because nothing on the wire says how long a value is.
 */
#include <string.h>

#include "proto/jk_uart/jk_uart.h"

/* Source: vendor's document V2.5, table of the specification 2.2. */
static const uint8_t width_of[JK_UART_TOKENS] = {
#define W(token, width) [(token)-JK_UART_FIRST] = (width)
    W(0x80, 2),  W(0x81, 2), W(0x82, 2), W(0x83, 2), W(0x84, 2),  W(0x85, 1), W(0x86, 1),
    W(0x87, 2),  W(0x89, 4), W(0x8A, 2), W(0x8B, 2), W(0x8C, 2),  W(0x8E, 2), W(0x8F, 2),
    W(0x90, 2),  W(0x91, 2), W(0x92, 2), W(0x93, 2), W(0x94, 2),  W(0x95, 2), W(0x96, 2),
    W(0x97, 2),  W(0x98, 2), W(0x99, 2), W(0x9A, 2), W(0x9B, 2),  W(0x9C, 2), W(0x9D, 1),
    W(0x9E, 2),  W(0x9F, 2), W(0xA0, 2), W(0xA1, 2), W(0xA2, 2),  W(0xA3, 2), W(0xA4, 2),
    W(0xA5, 2),  W(0xA6, 2), W(0xA7, 2), W(0xA8, 2), W(0xA9, 1),  W(0xAA, 4), W(0xAB, 1),
    W(0xAC, 1),  W(0xAD, 2), W(0xAE, 1), W(0xAF, 1), W(0xB0, 2),  W(0xB1, 1), W(0xB2, 10),
    W(0xB3, 1),  W(0xB4, 8), W(0xB5, 4), W(0xB6, 4), W(0xB7, 15), W(0xB8, 1), W(0xB9, 4),
    W(0xBA, 24), W(0xBB, 1), W(0xBC, 1), W(0xBD, 1), W(0xBE, 2),  W(0xBF, 2), W(0xC0, 1),
#undef W
};

enum { CELL_BYTES = 3 };

static bool in_table(uint8_t token)
{
    return token >= JK_UART_FIRST && token < JK_UART_FIRST + JK_UART_TOKENS;
}

unsigned jk_uart_width(uint8_t token)
{
    return in_table(token) ? width_of[token - JK_UART_FIRST] : 0;
}

bool jk_uart_is_text(uint8_t token)
{
    return token == JK_TOKEN_PASSWORD || token == JK_TOKEN_DEVICE_ID || token == JK_TOKEN_DATE ||
           token == JK_TOKEN_SOFTWARE || token == JK_TOKEN_MAKER;
}

bool jk_uart_has(const struct jk_uart_values *v, uint8_t token)
{
    return memchr(v->order, token, v->n) != NULL;
}

bool jk_uart_number(const struct jk_uart_values *v, uint8_t token, uint32_t *ret)
{
    if (jk_uart_width(token) == 0 || jk_uart_is_text(token) || !jk_uart_has(v, token))
        return false;
    *ret = v->number[token - JK_UART_FIRST];
    return true;
}

struct span jk_uart_text(const struct jk_uart_values *v, uint8_t token)
{
    if (!jk_uart_is_text(token) || !jk_uart_has(v, token))
        return span_of(NULL, 0);
    return span_of(v->text[token - JK_UART_FIRST], jk_uart_width(token));
}

static void add(struct jk_uart_values *v, uint8_t token)
{
    if (!jk_uart_has(v, token))
        v->order[v->n++] = token;
}

enum err jk_uart_set_number(struct jk_uart_values *v, uint8_t token, uint32_t value)
{
    unsigned width = jk_uart_width(token);

    if (width == 0 || jk_uart_is_text(token))
        return ERR_USAGE;
    if (width < 4 && value >> (8 * width) != 0)
        return ERR_RANGE;
    add(v, token);
    v->number[token - JK_UART_FIRST] = value;
    return ERR_OK;
}

enum err jk_uart_set_text(struct jk_uart_values *v, uint8_t token, struct span text)
{
    if (!jk_uart_is_text(token))
        return ERR_USAGE;
    if (text.n > jk_uart_width(token))
        return ERR_RANGE;
    add(v, token);
    memset(v->text[token - JK_UART_FIRST], 0, JK_UART_TEXT);
    if (text.n > 0)
        memcpy(v->text[token - JK_UART_FIRST], text.p, text.n);
    return ERR_OK;
}

enum err jk_uart_set_cells(struct jk_uart_values *v, const uint16_t *cell_mv, size_t n)
{
    if (n > JK_UART_CELLS)
        return ERR_RANGE;
    add(v, JK_TOKEN_CELLS);
    v->cell_n = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        v->cells[i] = (struct jk_uart_cell){.number = (uint8_t)(i + 1), .mv = cell_mv[i]};
    return ERR_OK;
}

/* ---- decode ---- */

static enum err take_cells(struct span *rest, struct jk_uart_values *v)
{
    uint8_t bytes;

    if (!rd_u8(rest, &bytes))
        return ERR_SHORT;
    if (bytes % CELL_BYTES != 0 || bytes / CELL_BYTES > JK_UART_CELLS)
        return ERR_RANGE;
    if (rest->n < bytes)
        return ERR_SHORT;
    v->cell_n = bytes / CELL_BYTES;
    for (size_t i = 0; i < v->cell_n; i++) {
        rd_u8(rest, &v->cells[i].number);
        rd_u16be(rest, &v->cells[i].mv);
    }
    return ERR_OK;
}

static enum err take_value(struct span *rest, uint8_t token, struct jk_uart_values *v)
{
    unsigned width = jk_uart_width(token);
    uint32_t number = 0;

    if (rest->n < width)
        return ERR_SHORT;
    if (jk_uart_is_text(token)) {
        memcpy(v->text[token - JK_UART_FIRST], rest->p, width);
    } else {
        for (unsigned i = 0; i < width; i++)
            number = number << 8 | rest->p[i];
        v->number[token - JK_UART_FIRST] = number;
    }
    rd_skip(rest, width);
    return ERR_OK;
}

struct decoded jk_uart_values_decode(struct span data, struct jk_uart_values *ret)
{
    struct jk_uart_values v = {0};
    struct span rest = data;

    while (rest.n > 0) {
        uint32_t at = (uint32_t)(data.n - rest.n);
        uint8_t token = rest.p[0];
        enum err err;
        if (token != JK_TOKEN_CELLS && jk_uart_width(token) == 0)
            break;
        if (jk_uart_has(&v, token))
            return (struct decoded){.code = ERR_EXISTS, .offset = at};
        rd_skip(&rest, 1);
        err = token == JK_TOKEN_CELLS ? take_cells(&rest, &v) : take_value(&rest, token, &v);
        if (err != ERR_OK)
            return (struct decoded){.code = err, .offset = at + 1};
        v.order[v.n++] = token;
    }
    if (rest.n > sizeof v.tail)
        return (struct decoded){.code = ERR_SPACE, .offset = (uint32_t)(data.n - rest.n)};
    if (rest.n > 0)
        memcpy(v.tail, rest.p, rest.n);
    v.tail_n = (uint16_t)rest.n;
    *ret = v;
    return (struct decoded){.code = ERR_OK, .offset = 0};
}

/* ---- encode ---- */

static void put_value(const struct jk_uart_values *v, uint8_t token, struct buf *out)
{
    unsigned width = jk_uart_width(token);
    uint32_t number = v->number[token - JK_UART_FIRST];

    buf_u8(out, token);
    if (token == JK_TOKEN_CELLS) {
        buf_u8(out, (uint8_t)(CELL_BYTES * v->cell_n));
        for (size_t i = 0; i < v->cell_n; i++) {
            buf_u8(out, v->cells[i].number);
            buf_u16be(out, v->cells[i].mv);
        }
    } else if (jk_uart_is_text(token)) {
        buf_put(out, span_of(v->text[token - JK_UART_FIRST], width));
    } else {
        for (unsigned i = width; i > 0; i--)
            buf_u8(out, (uint8_t)(number >> (8 * (i - 1))));
    }
}

enum err jk_uart_values_encode(const struct jk_uart_values *values, struct buf *out)
{
    uint8_t memory[2 * JK_UART_MAX]; /* all tokens are 331 bytes, the tail has its limit */
    struct buf whole = buf_of(memory, sizeof memory);

    for (size_t i = 0; i < values->n; i++)
        put_value(values, values->order[i], &whole);
    buf_put(&whole, span_of(values->tail, values->tail_n));
    return buf_put(out, buf_span(&whole)) ? ERR_OK : ERR_SPACE;
}
