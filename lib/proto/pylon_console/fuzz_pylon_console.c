/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: every decoder on the input as a body, and the reader on the input as a stream cut
 * into chunks that the input itself chooses. What decodes must print back to something that decodes
 * to the same; whatever the chunks, the same answers come out.
 */
#include <stdlib.h>

#include "proto/pylon_console/pylon_console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 32768 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void table_of_modules(struct span body)
{
    static uint8_t memory[ROOM], memory_again[ROOM];
    struct buf out = buf_of(memory, sizeof memory);
    struct buf again = buf_of(memory_again, sizeof memory_again);
    struct pylon_pwr table;
    struct decoded d = pylon_pwr_decode(body, &table);

    require(d.offset <= body.n);
    if (d.code != ERR_OK)
        return;
    require(pylon_pwr_encode(&table, &out) == ERR_OK);
    require(pylon_pwr_decode(buf_span(&out), &table).code == ERR_OK);
    require(pylon_pwr_encode(&table, &again) == ERR_OK);
    require(span_eq(buf_span(&out), buf_span(&again)));
}

static void table_of_cells(struct span body)
{
    static uint8_t memory[ROOM], memory_again[ROOM];
    struct buf out = buf_of(memory, sizeof memory);
    struct buf again = buf_of(memory_again, sizeof memory_again);
    struct pylon_bat table;
    struct decoded d = pylon_bat_decode(body, &table);

    require(d.offset <= body.n);
    if (d.code != ERR_OK)
        return;
    require(pylon_bat_encode(&table, &out) == ERR_OK);
    require(pylon_bat_decode(buf_span(&out), &table).code == ERR_OK);
    require(pylon_bat_encode(&table, &again) == ERR_OK);
    require(span_eq(buf_span(&out), buf_span(&again)));
}

static void forms(struct span body)
{
    static uint8_t memory[ROOM];
    static struct pylon_form form, again;
    const enum pylon_form_kind kinds[] = {PYLON_FORM_PWR, PYLON_FORM_INFO, PYLON_FORM_STAT,
                                          PYLON_FORM_PWRSYS};
    struct pylon_module module;
    struct pylon_info info;
    struct pylon_stat stat;
    struct pylon_system sys;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct buf out = buf_of(memory, sizeof memory);
        struct decoded d = pylon_form_decode(kinds[i], body, &form);
        require(d.offset <= body.n);
        if (d.code != ERR_OK)
            continue;
        require(pylon_module_from(&form, &module).offset <= body.n);
        require(pylon_info_from(&form, &info).offset <= body.n);
        require(pylon_stat_from(&form, &stat).offset <= body.n);
        require(pylon_system_from(&form, &sys).offset <= body.n);
        if (pylon_form_encode(kinds[i], &form, &out) == ERR_OK)
            require(pylon_form_decode(kinds[i], buf_span(&out), &again).code == ERR_OK);
    }
}

static void small_answers(struct span body)
{
    static uint8_t memory[ROOM];
    struct buf out = buf_of(memory, sizeof memory);
    struct pylon_soh soh;
    struct pylon_getpwr g;
    struct pylon_time t;
    struct pylon_log_entry entry;
    char chip[16];
    struct span rest = body;

    if (pylon_soh_decode(body, &soh).code == ERR_OK)
        require(pylon_soh_encode(&soh, &out) == ERR_OK &&
                pylon_soh_decode(buf_span(&out), &soh).code == ERR_OK);
    buf_clear(&out);
    if (pylon_getpwr_decode(body, &g).code == ERR_OK)
        require(pylon_getpwr_encode(&g, &out) == ERR_OK &&
                pylon_getpwr_decode(buf_span(&out), &g).code == ERR_OK);
    pylon_time_decode(body, chip, &t);
    for (;;) {
        size_t before = rest.n;
        struct decoded d = pylon_log_next(&rest, &entry);
        if (d.code == ERR_NOT_FOUND)
            break;
        require(rest.n < before);
    }
}

static void decode(struct span body)
{
    table_of_modules(body);
    table_of_cells(body);
    forms(body);
    small_answers(body);
}

/* Feeds the stream in chunks; returns a number that depends on what came out, not on the chunks. */
static uint32_t read_stream(struct span in, struct span chunks, bool deep)
{
    static uint8_t memory[1024];
    const char *const commands[] = {"pwr", "bat 1", "info", ""};
    struct pylon_reader r;
    struct pylon_answer a;
    uint32_t sum = 0;

    pylon_reader_init(&r, memory, sizeof memory);
    for (size_t i = 0; in.n > 0; i++) {
        size_t used;
        size_t n = chunks.n == 0 ? in.n : (size_t)chunks.p[i % chunks.n] + 1;
        struct span piece = span_sub(in, 0, n);
        enum pylon_read got = pylon_reader_feed(&r, piece, &used);
        require(used <= piece.n && (got != PYLON_READ_MORE || used == piece.n));
        in = span_sub(in, used, in.n);
        if (got == PYLON_READ_PAGER)
            sum = sum * 31 + 1;
        if (got != PYLON_READ_DONE)
            continue;
        struct span body = {NULL, 0};
        for (size_t c = 0; c < sizeof commands / sizeof commands[0]; c++) {
            struct decoded d = pylon_reader_answer(&r, span_str(commands[c]), &a);
            sum = sum * 31 + (uint32_t)d.code;
            if (d.code == ERR_OK)
                body = a.body;
        }
        if (deep)
            decode(body);
        pylon_reader_reset(&r);
        if (sum % 2 == 0)
            pylon_reader_expect_text(&r);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);

    decode(in);
    require(read_stream(in, span_sub(in, 0, 16), true) == read_stream(in, (struct span){0}, false));
    return 0;
}
