/* SPDX-License-Identifier: Apache-2.0
 *
 * Anything as notifications: the first byte of each piece says how long it is and how much time
 * goes by before it. Nothing is ever published with a limit the settings did not give, and the
 * machine always has a way on.
 */
#include <stdlib.h>

#include "bridge/source/jk_ble_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct source *as)
{
    struct source_output out;
    struct battery b;
    unsigned index;

    while (as->ops->take_output(as->self, &out))
        if (out.n != JK_COMMAND || (out.bytes[4] != JK_CMD_INFO && out.bytes[4] != JK_CMD_SETTINGS))
            abort();
    while (as->ops->take_battery(as->self, &index, &b))
        if (index != 0 || b.updated_us == 0 || b.cell_count > BATTERY_MAX_CELLS ||
            (battery_knows(&b, FIELD_CCL) && b.ccl_ma < 0))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jk_ble_source s;
    struct jk_ble_config config;
    struct span in = span_of(data, size);
    uint64_t now = US_PER_S;
    uint8_t head;

    jk_ble_config_init(&config, "fuzz");
    jk_ble_source_init(&s, &config, NULL);
    struct source as = jk_ble_as_source(&s);
    as.ops->opened(as.self, now);
    while (rd_u8(&in, &head)) {
        size_t n = (size_t)(head & 0x7F) * 4;
        now += (head & 0x80) != 0 ? 2500 * US_PER_MS : 50 * US_PER_MS;
        if (now >= as.ops->next_deadline(as.self))
            as.ops->deadline(as.self, now);
        as.ops->bytes(as.self, span_sub(in, 0, n), now);
        check(&as);
        rd_skip(&in, n < in.n ? n : in.n);
        if (as.ops->hung(as.self)) {
            as.ops->closed(as.self, now);
            as.ops->opened(as.self, now);
        }
    }
    return 0;
}
