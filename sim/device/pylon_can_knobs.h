/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be chosen about a simulated battery on CAN.
 */
#ifndef SIM_DEVICE_PYLON_CAN_KNOBS_H
#define SIM_DEVICE_PYLON_CAN_KNOBS_H

#include "base/clock.h"
#include "sim/config.h"

enum pylon_can_lengths {
    PYLON_CAN_LENGTHS_OWN,   /* as the dialect's document and captures */
    PYLON_CAN_LENGTHS_FULL,  /* 8 bytes in every frame: most clones; the only ones for Sol-Ark */
    PYLON_CAN_LENGTHS_SHORT, /* old US2000: limits of 6 bytes; diyBMS: requests of 1 */
};

enum pylon_can_order {
    PYLON_CAN_ORDER_OWN,      /* as the dialect's document */
    PYLON_CAN_ORDER_REVERSED, /* last frame first */
    PYLON_CAN_ORDER_ROTATING, /* each set starts one frame later (YamBMS after a new choice) */
};

enum { PYLON_CAN_OMIT_MAX = 16 };

struct sim_pylon_can {
    char dialect[20];
    char maker[12];      /* "": the dialect's */
    bool on_request;     /* speaks to who sends the keep-alive */
    uint64_t request_us; /* and so long after each */
    uint64_t period_us;  /* 0: the dialect's */
    uint64_t gap_us;     /* from one frame to the next; NEVER_US: the dialect's */
    bool slow_frames;    /* BYD: limits every 2 s, the name every 60 s, the rest every 10 s */
    enum pylon_can_lengths lengths;
    enum pylon_can_order order;
    /* quirks of firmwares and of bridges that pose as a battery */
    bool no_pn;            /* 359 without "PN" (YamBMS) */
    bool deci_volt;        /* 356 in 0.1 V (Discover, Sol-Ark's document) */
    bool fixed_count;      /* 359 always counts one module (Battery-Emulator) */
    bool no_pairs;         /* 35A is all 00: "no change" to SMA (Pytes, Pylontech 1.3) */
    bool no_temperature;   /* the sensor is missing: -150.0 C goes out (YamBMS issue 168) */
    bool echoes_keepalive; /* sends the inverter's 305 itself (JK-BMSToPylontechCAN) */
    uint16_t omit[PYLON_CAN_OMIT_MAX]; /* frames that are never sent */
    size_t n_omit;
};

extern const struct device_kind pylon_can_battery_kind;

/* The knobs of a configuration whose device is this one. */
static inline struct sim_pylon_can *pylon_can_knobs(struct sim_config *config)
{
    return (struct sim_pylon_can *)(void *)config->knobs;
}

#endif
