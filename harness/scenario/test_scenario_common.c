/* SPDX-License-Identifier: Apache-2.0
 *
 * The sample and the names of the scenario tests.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/test_scenario.h"

/* clang-format off */
const char sample_text[] =
    "scenario  SAFE-OV-STALE-01  \"SOC ramp to full, cell over-voltage, cable pulled, recovery\"\n"
    "covers    SOC-1 SOC-2 LIM-OV-CAN LIM-OV-JSON ALM-OV-CAN STALE-CAN STALE-JSON RECOVER-1 AGREE-1\n"
    "needs     bms 1 serial, can pylon, json victron\n"
    "duration  60 s\n"
    "seed      1\n"
    "\n"
    "[bms 1]\n"
    "model     pylontech.us3000c            # 15 cells, 74 Ah\n"
    "soc       97.0 %\n"
    "current   +37.0 A                      # + charges, - discharges, everywhere\n"
    "temp      25.0 C\n"
    "\n"
    "[timeline]\n"
    "@0s         bms 1   ramp soc 97.0 % -> 100.0 % over 10 s\n"
    "@3s..12s    can     track soc to bms.soc tol 1 % lag 1.5 s           req SOC-1\n"
    "@3s..12s    json    track Soc to bms.soc tol 1 % lag 1.5 s           req SOC-2\n"
    "@3s..20s    can     every 1 s tol 25 %: 0x351 0x355 0x356 0x359\n"
    "@11.9s      can     check ccl > 0 A\n"
    "\n"
    "@12s        bms 1   set cell 5 voltage 3.700 V\n"
    "  within 200 ms of delivered   can    ccl = 0 A                      req LIM-OV-CAN\n"
    "  within 200 ms of delivered   can    protection.cell_overvoltage = 1  req ALM-OV-CAN\n"
    "  within 250 ms of delivered   json   Info.MaxChargeCurrent = 0      req LIM-OV-JSON\n"
    "  within 1.3 s  of event       can    ccl = 0 A\n"
    "@14s..20s   can     never ccl > 0 A                                  req LIM-OV-CAN\n"
    "\n"
    "@20s        bms 1   unplug\n"
    "  within 10 s of event         can    stale                          req STALE-CAN\n"
    "  within 10 s of event         json   stale                          req STALE-JSON\n"
    "@31s..40s   can     never ccl > 0 A                                  req STALE-CAN\n"
    "\n"
    "@40s        bms 1   set cell 5 voltage 3.380 V\n"
    "@40s        bms 1   plug\n"
    "  within 5 s of event          can    fresh                          req RECOVER-1\n"
    "  within 5 s of event          json   fresh                          req RECOVER-1\n"
    "  within 1 s of delivered      can    ccl > 0 A                      req RECOVER-1\n"
    "\n"
    "@3s..60s    agree   can.ccl ~ json.Info.MaxChargeCurrent tol 0.1 A lag 100 ms  req AGREE-1\n";
/* clang-format on */

static bool requirement_exists(void *ctx, const char *id)
{
    static const char *const known[] = {"SOC-1",       "SOC-2",      "LIM-OV-CAN",
                                        "LIM-OV-JSON", "ALM-OV-CAN", "STALE-CAN",
                                        "STALE-JSON",  "RECOVER-1",  "AGREE-1"};

    (void)ctx;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], id) == 0)
            return true;
    return strlen(id) == 3 && strncmp(id, "A-", 2) == 0;
}

static const char *requirement_nearest(void *ctx, const char *id)
{
    (void)ctx;
    return strncmp(id, "LIM-OV", 6) == 0 ? "LIM-OV-CAN" : NULL;
}

static bool can_signal_exists(void *ctx, const char *signal, enum dim *ret_dim)
{
    static const struct {
        const char *name;
        enum dim dim;
    } known[] = {{"ccl", DIM_CURRENT},
                 {"dcl", DIM_CURRENT},
                 {"cvl", DIM_VOLTAGE},
                 {"soc", DIM_RATIO},
                 {"temperature", DIM_TEMPERATURE},
                 {"modules", DIM_NONE},
                 {"charge_enable", DIM_NONE},
                 {"maker", DIM_NONE},
                 {"protection.cell_overvoltage", DIM_NONE}};

    (void)ctx;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, signal) == 0) {
            *ret_dim = known[i].dim;
            return true;
        }
    }
    return false;
}

static const char *can_signal_nearest(void *ctx, const char *signal)
{
    (void)ctx;
    return strcmp(signal, "cll") == 0 ? "ccl" : NULL;
}

const struct scenario_names test_names = {
    .requirement_exists = requirement_exists,
    .requirement_nearest = requirement_nearest,
    .can_signal_exists = can_signal_exists,
    .can_signal_nearest = can_signal_nearest,
};

char *errors_of(const char *name, const char *text)
{
    char *out = NULL;
    size_t size = 0;
    struct scenario *s = NULL;
    FILE *file = open_memstream(&out, &size);

    if (file == NULL || scenario_parse(name, span_str(text), &test_names, &s) == ERR_MEMORY)
        abort();
    scenario_print_errors(s, file);
    scenario_delete(s);
    fclose(file);
    return out;
}
