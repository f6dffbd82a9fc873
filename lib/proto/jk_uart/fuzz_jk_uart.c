/* SPDX-License-Identifier: Apache-2.0
 *
 * The input as a stream, whole, byte by byte and with a silence in between; and as the data of a
 * reply. What decodes is written back to the same bytes; nothing impossible reaches a battery.
 */
#include <stdlib.h>

#include "proto/jk_uart/jk_uart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_battery(const struct battery *b)
{
    must(b->cell_count <= BATTERY_MAX_CELLS);
    must(!battery_knows(b, FIELD_SOC_PM) || (b->soc_pm >= 0 && b->soc_pm <= 1000));
    must(!battery_knows(b, FIELD_CCL) || (b->ccl_ma >= 0 && b->ccl_ma <= 1000000));
    must(!battery_knows(b, FIELD_DCL) || (b->dcl_ma >= 0 && b->dcl_ma <= 1000000));
    must(!battery_knows(b, FIELD_DVL) || (b->dvl_mv > 0 && b->dvl_mv <= 160000));
    must(!battery_knows(b, FIELD_CVL));
    must(!battery_knows(b, FIELD_TEMP_MIN_MAX) ||
         (b->temp_min_dc >= -400 && b->temp_max_dc <= 1000));
    must(!battery_knows(b, FIELD_CURRENT_MA) ||
         (b->current_ma >= -555350 && b->current_ma <= 327670));
}

static void on_data(struct span data)
{
    uint8_t memory[JK_UART_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_values v;
    struct battery b;
    struct decoded d = jk_uart_values_decode(data, &v);

    must(d.offset <= data.n);
    if (d.code != ERR_OK)
        return;
    must(jk_uart_values_encode(&v, &out) == ERR_OK);
    must(span_eq(buf_span(&out), data));
    battery_clear(&b);
    jk_uart_to_battery(&v, &b);
    check_battery(&b);
}

static uint64_t on_frame(struct span bytes)
{
    uint8_t memory[JK_UART_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_uart_frame f;

    must(jk_uart_frame_decode(bytes, &f).code == ERR_OK);
    must(jk_uart_frame_encode(&f, &out) == ERR_OK);
    must(span_eq(buf_span(&out), bytes));
    on_data(f.data);
    return bytes.p[bytes.n - 1] + bytes.n;
}

static uint64_t hear(struct span in, size_t chunk)
{
    struct jk_uart_reader r = {0};
    uint64_t sum = 0;

    for (size_t at = 0; at < in.n; at += chunk) {
        struct span rest = span_sub(in, at, chunk);
        for (;;) {
            size_t used = 0;
            enum jk_uart_event event = jk_uart_reader_feed(&r, rest, &used);
            rest = span_sub(rest, used, rest.n);
            if (event == JK_UART_MORE)
                break;
            sum = sum * 31 + on_frame(jk_uart_got(&r));
        }
        must(rest.n == 0 && r.n < JK_UART_MAX);
    }
    while (jk_uart_reader_silence(&r) == JK_UART_FRAME)
        sum = sum * 31 + on_frame(jk_uart_got(&r));
    must(r.n == 0);
    return sum * 31 + r.junk;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);

    if (size == 0)
        return 0;
    must(hear(in, size) == hear(in, 1));
    on_data(span_sub(in, 0, JK_UART_MAX_LENGTH - 18));
    return 0;
}
