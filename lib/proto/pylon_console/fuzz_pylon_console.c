/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: every decoder on the input as a body, and the reader on the input as a stream cut
 * into chunks that the input itself chooses. What decodes must print back to something that decodes
 * to the same; whatever the chunks, the same answers come out.
 */
#include "proto/pylon_console/pylon_console.h"
#include "testing/fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 32768 };

static void table_of_modules(struct span body)
{
    static uint8_t memory[ROOM], memory_again[ROOM];
    struct buf out = buf_of(memory, sizeof memory);
    struct buf again = buf_of(memory_again, sizeof memory_again);
    struct pylon_pwr table;
    struct decoded d = pylon_pwr_decode(body, &table);

    FUZZ_REQUIRE(d.offset <= body.n);
    if (d.code != ERR_OK)
        return;
    FUZZ_REQUIRE(pylon_pwr_encode(&table, &out) == ERR_OK);
    FUZZ_REQUIRE(pylon_pwr_decode(buf_span(&out), &table).code == ERR_OK);
    FUZZ_REQUIRE(pylon_pwr_encode(&table, &again) == ERR_OK);
    FUZZ_REQUIRE(span_eq(buf_span(&out), buf_span(&again)));
}

static void table_of_cells(struct span body)
{
    static uint8_t memory[ROOM], memory_again[ROOM];
    struct buf out = buf_of(memory, sizeof memory);
    struct buf again = buf_of(memory_again, sizeof memory_again);
    struct pylon_bat table;
    struct decoded d = pylon_bat_decode(body, &table);

    FUZZ_REQUIRE(d.offset <= body.n);
    if (d.code != ERR_OK)
        return;
    FUZZ_REQUIRE(pylon_bat_encode(&table, &out) == ERR_OK);
    FUZZ_REQUIRE(pylon_bat_decode(buf_span(&out), &table).code == ERR_OK);
    FUZZ_REQUIRE(pylon_bat_encode(&table, &again) == ERR_OK);
    FUZZ_REQUIRE(span_eq(buf_span(&out), buf_span(&again)));
}

static struct span take_line(struct span *rest)
{
    size_t from = 0;
    while (from < rest->n && (rest->p[from] == '\r' || rest->p[from] == '\n'))
        from++;
    size_t to = from;
    while (to < rest->n && rest->p[to] != '\r' && rest->p[to] != '\n')
        to++;
    struct span line = span_sub(*rest, from, to - from);
    *rest = span_sub(*rest, to, rest->n);
    return line;
}

/* The same lines, but for empty ones: how many LF end a line is guessed (text files differ from the
 * wire), and a form whose every line is followed by an empty one looks like one with two LF. */
static bool same_lines(struct span a, struct span b)
{
    while (a.n > 0 || b.n > 0) {
        if (!span_eq(take_line(&a), take_line(&b)))
            return false;
    }
    return true;
}

static void forms(struct span body)
{
    static uint8_t memory[ROOM], memory_again[ROOM];
    static struct pylon_form form, again;
    const enum pylon_form_kind kinds[] = {PYLON_FORM_PWR, PYLON_FORM_INFO, PYLON_FORM_STAT,
                                          PYLON_FORM_PWRSYS};
    struct pylon_module module;
    struct pylon_info info;
    struct pylon_stat stat;
    struct pylon_system sys;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct buf out = buf_of(memory, sizeof memory);
        struct buf out_again = buf_of(memory_again, sizeof memory_again);
        struct decoded d = pylon_form_decode(kinds[i], body, &form);
        FUZZ_REQUIRE(d.offset <= body.n);
        if (d.code != ERR_OK)
            continue;
        FUZZ_REQUIRE(pylon_module_from(&form, &module).offset <= body.n);
        FUZZ_REQUIRE(pylon_info_from(&form, &info).offset <= body.n);
        FUZZ_REQUIRE(pylon_stat_from(&form, &stat).offset <= body.n);
        FUZZ_REQUIRE(pylon_system_from(&form, &sys).offset <= body.n);
        if (pylon_form_encode(kinds[i], &form, &out) != ERR_OK)
            continue;
        FUZZ_REQUIRE(pylon_form_decode(kinds[i], buf_span(&out), &again).code == ERR_OK);
        FUZZ_REQUIRE(pylon_form_encode(kinds[i], &again, &out_again) == ERR_OK);
        FUZZ_REQUIRE(same_lines(buf_span(&out), buf_span(&out_again)));
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
        FUZZ_REQUIRE(pylon_soh_encode(&soh, &out) == ERR_OK &&
                     pylon_soh_decode(buf_span(&out), &soh).code == ERR_OK);
    buf_clear(&out);
    if (pylon_getpwr_decode(body, &g).code == ERR_OK)
        FUZZ_REQUIRE(pylon_getpwr_encode(&g, &out) == ERR_OK &&
                     pylon_getpwr_decode(buf_span(&out), &g).code == ERR_OK);
    pylon_time_decode(body, chip, &t);
    for (;;) {
        size_t before = rest.n;
        struct decoded d = pylon_log_next(&rest, &entry);
        if (d.code == ERR_NOT_FOUND)
            break;
        FUZZ_REQUIRE(rest.n < before);
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
        FUZZ_REQUIRE(used <= piece.n && (got != PYLON_READ_MORE || used == piece.n));
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
    FUZZ_REQUIRE(read_stream(in, span_sub(in, 0, 16), true) ==
                 read_stream(in, (struct span){0}, false));
    return 0;
}
