/* SPDX-License-Identifier: Apache-2.0
 *
 * See jk_knobs.h.
 */
#include "sim/device/jk_knobs.h"

#include "sim/config_take.h"
#include "sim/model/pack.h"

static const char *const absents[] = {"firmware", "minus-200", "zero", NULL}; /* enum jk_absent */
static const char *const generations[] = {"firmware", "jk04", "jk02-24s", "jk02-32s", NULL};
static const enum jk_layout layouts[] = {JK_LAYOUT_UNKNOWN, JK04, JK02_24S, JK02_32S};

bool jk_take_sensors(struct conf_cursor *c, struct jk_look *look)
{
    int64_t n;

    if (!sim_take_count(c, "a number of temperature sensors", 4, &n))
        return false;
    look->sensors = (uint8_t)n;
    return true;
}

bool jk_take_absent(struct conf_cursor *c, struct jk_look *look)
{
    size_t i;

    if (!conf_take_known(c, "reading of an absent sensor", absents, &i))
        return false;
    look->absent = (enum jk_absent)i;
    return true;
}

bool jk_take_generation(struct conf_cursor *c, struct jk_look *look)
{
    size_t i;

    if (!conf_take_known(c, "generation", generations, &i))
        return false;
    look->layout = layouts[i];
    return true;
}

const char *jk_check_batteries(const struct sim_config *config, unsigned most)
{
    unsigned n = 0;

    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++) {
        const struct product *p = product_find(config->battery[i].product);
        if (!config->battery[i].used)
            continue;
        if (p == NULL || p->owner == NULL)
            return "this device needs a JK model (jk.*); `bms-sim list` shows them";
        n++;
    }
    return n > most ? "more batteries than this port can have" : NULL;
}
