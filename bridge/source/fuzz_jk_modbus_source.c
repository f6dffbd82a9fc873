/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-modbus` under any bytes; see fuzz_jk_line.h.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/fuzz_jk_line.h"
#include "bridge/source/jk_modbus_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t answer(struct span asked, uint8_t *out, size_t cap)
{
    const struct jk_cells cells = fuzz_cells();
    const struct jk_settings settings = fuzz_settings();
    const struct jk_info info = fuzz_info();
    struct jk_modbus_request request;
    struct jk_registers block;
    struct buf b = buf_of(out, cap);

    must(jk_modbus_request_decode(asked, &request).code == ERR_OK);
    must(request.function == JK_MODBUS_READ && request.unit >= 1 && request.unit <= 15);
    must(request.words <= JK_MODBUS_SAFE_WORDS);
    struct jk_modbus_reply reply = {
        .unit = request.unit, .function = JK_MODBUS_READ, .words = request.words};
    if (request.address >= JK_REG_INFO)
        jk_registers_of_info(&info, &block);
    else if (request.address >= JK_REG_STATUS)
        must(jk_registers_of_cells(&cells, &block) == ERR_OK);
    else
        must(jk_registers_of_settings(&settings, &block) == ERR_OK);
    must(jk_registers_get(&block, request.address, request.words, reply.data) == ERR_OK);
    must(jk_modbus_reply_encode(&reply, &b) == ERR_OK);
    return b.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jk_modbus_source *s = calloc(1, sizeof *s);
    struct jk_modbus_config config;
    struct span in = span_of(data, size);
    uint8_t units = 0;

    must(s != NULL);
    jk_modbus_config_init(&config, "fuzz");
    if (rd_u8(&in, &units) && units % 4 != 0) {
        config.units.mask = (uint16_t)(units % 4 == 1 ? 0x0002 : 0x8006);
        config.units.listed = true;
    }
    jk_modbus_source_init(s, &config, NULL);
    struct fuzz_line line = {.source = jk_modbus_as_source(s), .answer = answer};
    fuzz_line_run(&line, in);
    free(s);
    return 0;
}
