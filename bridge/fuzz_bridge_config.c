/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a configuration. Invariants: no crash, and what is accepted is fit to run with.
 */
#include <stdlib.h>

#include "bridge/config.h"
#include "bridge/source/pylontech_console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check(const struct config *c)
{
    must(c->n_batteries >= 1 && c->n_batteries <= CONFIG_MAX_BATTERIES);
    must(c->n_cans + c->n_mqtts >= 1);
    must(c->bank.fresh_us < c->bank.lost_us);
    must(c->bank.silent_us >= c->bank.fresh_us);
    must(c->bank.max_ccl_ma >= 0 && c->bank.max_dcl_ma >= 0);
    must(c->bank.derate_pm >= 1 && c->bank.derate_pm <= 1000);
    for (size_t i = 0; i < c->n_batteries; i++) {
        const struct config_battery *b = &c->batteries[i];
        must(b->kind != NULL && b->port[0] != '\0' && b->kind->period_us(b->settings) > 0);
        if (b->kind != &pylontech_console_kind)
            continue;
        const struct pylontech_limits *l =
            &((const struct pylontech_console_config *)(const void *)b->settings)->limits;
        must(l->cell_over_release_mv < l->cell_over_mv);
        must(l->cell_under_release_mv > l->cell_under_mv);
    }
    for (size_t i = 0; i < c->n_mqtts; i++) {
        must(c->mqtts[i].sink.topic[0] != '\0' && c->mqtts[i].sink.status_topic[0] != '\0');
        must(c->mqtts[i].sink.period_us > 0);
    }
    for (size_t i = 0; i < c->n_cans; i++)
        must(pylon_can_complete(c->cans[i].sink.dialect));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_file *file = NULL;
    struct config *config = calloc(1, sizeof *config);

    must(config != NULL);
    if (conf_parse("fuzz.conf", span_of(data, size), &file) == ERR_OK) {
        if (config_read(file, config))
            check(config);
        conf_delete(file);
    }
    free(config);
    return 0;
}
