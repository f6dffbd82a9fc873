/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN bus belongs to one section. Battery and inverter use the same ids, so on one bus the
 * battery's limits and the bridge's would contradict each other, and the bridge would read its own.
 */
#include <string.h>

#include "bridge/config_priv.h"

static bool reads_can(const struct config_battery *b)
{
    return b->kind != NULL && b->kind->wire == SOURCE_CAN && b->port[0] != '\0';
}

static void check_battery(struct conf_file *file, const struct config *config, size_t i)
{
    const struct config_battery *b = &config->batteries[i];

    for (size_t k = 0; k < config->n_cans; k++) {
        if (strcmp(b->port, config->cans[k].bus) == 0)
            conf_error_at(file, b->line, 1,
                          "%s is the bus of [can %s]: a battery cannot be read where the bridge "
                          "speaks as one",
                          b->port, config->cans[k].name);
    }
    for (size_t k = 0; k < i; k++) {
        if (reads_can(&config->batteries[k]) && strcmp(b->port, config->batteries[k].port) == 0)
            conf_error_at(file, b->line, 1,
                          "%s is the bus of [battery %s]: two batteries with the same ids cannot "
                          "be told apart",
                          b->port, config->batteries[k].name);
    }
}

void config_buses_check(struct conf_file *file, const struct config *config)
{
    for (size_t i = 0; i < config->n_batteries; i++) {
        if (reads_can(&config->batteries[i]))
            check_battery(file, config, i);
    }
}
