/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-bus` under any bytes; see fuzz_jk_line.h.
 */
#include <stdlib.h>

#include "bridge/source/fuzz_jk_line.h"
#include "bridge/source/jk_bus_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t answer(struct span asked, uint8_t *out, size_t cap)
{
    const struct jk_cells cells = fuzz_cells();
    const struct jk_info info = fuzz_info();
    struct jk_settings settings = fuzz_settings();
    uint8_t frame[JK_FRAME], unit = 0;
    struct buf f = buf_of(frame, sizeof frame), b = buf_of(out, cap);
    enum jk_type type;

    must(jk_bus_request_decode(asked, &unit, &type).code == ERR_OK);
    must(unit >= 1 && unit <= 15);
    settings.unit = unit;
    switch (type) {
    case JK_CELLS: must(jk_cells_encode(&cells, &f) == ERR_OK); break;
    case JK_SETTINGS: must(jk_settings_encode(&settings, &f) == ERR_OK); break;
    case JK_INFO: must(jk_info_encode(&info, &f) == ERR_OK); break;
    case JK_LOG: must(false);
    }
    must(jk_bus_reply_encode(buf_span(&f), unit, unit % 2 == 0 ? JK_BUS_308 : JK_BUS_310, &b) ==
         ERR_OK);
    return b.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jk_bus_source *s = calloc(1, sizeof *s);
    struct jk_bus_config config;
    struct span in = span_of(data, size);
    uint8_t units = 0;

    must(s != NULL);
    jk_bus_config_init(&config, "fuzz");
    if (rd_u8(&in, &units) && units % 4 != 0) {
        config.units.mask = (uint16_t)(units % 4 == 1 ? 0x0002 : 0x8007);
        config.units.listed = true;
        config.listen_only = units % 16 == 3;
    }
    jk_bus_source_init(s, &config, NULL);
    struct fuzz_line line = {.source = jk_bus_as_source(s), .answer = answer};
    fuzz_line_run(&line, in);
    free(s);
    return 0;
}
