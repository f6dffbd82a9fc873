/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-uart` under any bytes; see fuzz_jk_line.h.
 */
#include <stdlib.h>

#include "bridge/source/fuzz_jk_line.h"
#include "bridge/source/jk_uart_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(struct jk_uart_values *v)
{
    static const struct {
        uint8_t token;
        uint32_t value;
    } numbers[] = {
        {JK_TOKEN_MOS_TEMP, 25},    {JK_TOKEN_T1, 20},           {JK_TOKEN_T2, 21},
        {JK_TOKEN_PACK, 5280},      {JK_TOKEN_CURRENT, 420},     {JK_TOKEN_SOC, 50},
        {JK_TOKEN_CYCLES, 7},       {JK_TOKEN_ALARMS, 0},        {JK_TOKEN_STATUS, 3},
        {JK_TOKEN_CELL_OVP, 3650},  {JK_TOKEN_CELL_UVP, 2600},   {JK_TOKEN_DISCHARGE_OCP, 100},
        {JK_TOKEN_CHARGE_OCP, 100}, {JK_TOKEN_CAPACITY_AH, 280}, {JK_TOKEN_PROTOCOL, 1},
    };
    uint16_t cells[16];

    for (size_t i = 0; i < 16; i++)
        cells[i] = 3300;
    must(jk_uart_set_cells(v, cells, 16) == ERR_OK);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        must(jk_uart_set_number(v, numbers[i].token, numbers[i].value) == ERR_OK);
}

static size_t answer(struct span asked, uint8_t *out, size_t cap)
{
    struct jk_uart_values v = {0};
    struct jk_uart_frame frame;
    uint8_t tokens[JK_UART_MAX];
    struct buf t = buf_of(tokens, sizeof tokens), b = buf_of(out, cap);

    must(asked.n == 21 && jk_uart_frame_decode(asked, &frame).code == ERR_OK);
    must(frame.type == JK_UART_REQUEST && frame.data.n == 1 && frame.data.p[0] == 0);
    must(frame.command == JK_UART_READ_ALL || frame.command == JK_UART_READ ||
         frame.command == JK_UART_ACTIVATE);
    fill(&v);
    if (frame.command == JK_UART_ACTIVATE)
        buf_u8(&t, 0);
    else
        must(jk_uart_values_encode(&v, &t) == ERR_OK);
    frame.source = JK_UART_BMS;
    frame.type = JK_UART_REPLY;
    frame.data = buf_span(&t);
    must(jk_uart_frame_encode(&frame, &b) == ERR_OK);
    return b.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jk_uart_poller *s = calloc(1, sizeof *s);
    struct jk_uart_config config;

    must(s != NULL);
    jk_uart_config_init(&config, "fuzz");
    config.caps.charge_mv = 56000;
    jk_uart_source_init(s, &config, NULL);
    struct fuzz_line line = {.source = jk_uart_as_source(s), .answer = answer};
    fuzz_line_run(&line, span_of(data, size));
    free(s);
    return 0;
}
