/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_sink_support.h.
 */
#include "bridge/sink/test_sink_support.h"

struct bank test_bank_online(void)
{
    return (struct bank){
        .life = BANK_ONLINE,
        .online = 3,
        .configured = 3,
        .sum =
            {
                .known = FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_SOH_PM |
                         FIELD_TEMP_MIN_MAX | FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL |
                         FIELD_ENABLES | FIELD_WARNINGS | FIELD_PROTECTIONS,
                .pack_mv = 49860,
                .current_ma = -27000,
                .soc_pm = 880,
                .soh_pm = 940,
                .temp_min_dc = 363,
                .temp_max_dc = 363,
                .cvl_mv = 53200,
                .dvl_mv = 45000,
                .ccl_ma = 75000,
                .dcl_ma = 75000,
                .charge_enable = true,
                .discharge_enable = true,
            },
    };
}

struct bank test_bank_stale(void)
{
    struct bank b = test_bank_online();

    b.life = BANK_STALE;
    b.online = 0;
    b.held = 3;
    b.sum.ccl_ma = b.sum.dcl_ma = 0;
    b.sum.charge_enable = b.sum.discharge_enable = false;
    b.sum.warnings = b.sum.protections = COND_BIT(COND_COMMUNICATION_LOSS);
    return b;
}

struct bank test_bank_with_life(enum bank_life life)
{
    return (struct bank){.life = life};
}
