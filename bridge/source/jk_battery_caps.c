/* SPDX-License-Identifier: Apache-2.0
 *
 * What the user may configure of the limits of a JK pack; see jk_battery_picture.h.
 */
#include "bridge/config_take.h"
#include "bridge/source/jk_battery_picture.h"

static const char *const names[JK_CAPS] = {JK_CAP_KEYS};

static bool take_current(struct conf_cursor *c, const char *name, int32_t *ret)
{
    return config_take_i32(c, name, DIM_CURRENT, 1000, 100, 1000000, ret);
}

/* From 3 cells up: JK builds them for 3 to 32. */
static bool take_voltage(struct conf_cursor *c, const char *name, int32_t *ret)
{
    return config_take_i32(c, name, DIM_VOLTAGE, 1000, 5000, 140000, ret);
}

bool jk_cap_take(struct conf_cursor *c, enum jk_cap cap, struct jk_caps *caps)
{
    switch (cap) {
    case JK_CAP_CHARGE: return take_current(c, names[cap], &caps->charge_ma);
    case JK_CAP_DISCHARGE: return take_current(c, names[cap], &caps->discharge_ma);
    case JK_CAP_CHARGE_MV: return take_voltage(c, names[cap], &caps->charge_mv);
    case JK_CAP_DISCHARGE_MV: return take_voltage(c, names[cap], &caps->discharge_mv);
    case JK_CAPS: break;
    }
    return false;
}

void jk_caps_check(struct conf_file *file, uint32_t line, const struct jk_caps *caps)
{
    if (caps->charge_mv > 0 && caps->discharge_mv >= caps->charge_mv)
        conf_error_at(file, line, 1, "discharge-voltage must be below charge-voltage");
}
