/* SPDX-License-Identifier: Apache-2.0
 *
 * All batteries combined: what the sinks tell the world. The rules that fill it (AGG-1) live in the
 * bridge; the encoders of lib/proto only read it.
 */
#ifndef BATTERY_BANK_H
#define BATTERY_BANK_H

#include "battery/battery.h"

enum { BANK_MAX_BATTERIES = 32 };

/* A cell or sensor of the bank by battery (1-based) and place (1-based); 0 is unknown. */
struct bank_place {
    uint8_t battery;
    uint8_t place;
};

/* What the bank may tell the world. */
enum bank_life {
    BANK_WAITING, /* no complete reading yet: nothing is sent */
    BANK_ONLINE,  /* at least one battery is online */
    BANK_STALE,   /* none is online, not all lost: CCL = DCL = 0 and the communication alarm */
    BANK_LOST,    /* all lost: CAN falls silent, MQTT says offline */
};

struct bank {
    struct battery sum; /* voltage is the mean, current and capacity are sums, limits as AGG-1 */
    enum bank_life life;
    uint8_t configured; /* batteries that should be there; 0 when the source finds out by itself */
    uint8_t online;     /* batteries; of a stack that speaks with one voice its modules */
    uint8_t held;
    uint8_t lost;
    uint8_t blocking_charge; /* of those online: how many forbid charging */
    uint8_t blocking_discharge;
    uint8_t cells_per_battery; /* 0 when unknown or mixed */
    struct bank_place cell_min, cell_max, temp_min, temp_max;
    int32_t soc_min_pm, soc_max_pm; /* over the batteries that count; valid with FIELD_SOC_PM */
};

/* Batteries that should be there and do not answer now: held and lost ones, and those never seen
 * when the configuration says how many there are. */
static inline int32_t bank_offline(const struct bank *bank)
{
    int32_t silent = (int32_t)bank->held + bank->lost;
    int32_t missing = (int32_t)bank->configured - bank->online;

    return missing > silent ? missing : silent;
}

#endif
