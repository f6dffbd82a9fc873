/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be chosen about a simulated Pylontech console.
 */
#ifndef SIM_DEVICE_CONSOLE_KNOBS_H
#define SIM_DEVICE_CONSOLE_KNOBS_H

#include "sim/config.h"

/* The console's knobs (specification pylontech-console section 16). */
struct sim_console {
    char layout[8];        /* "" = the master's product; P1 P2 P3 P4 PY */
    uint8_t slots;         /* 0 = product: 8, 16, or only present rows (P4) */
    char prompt[24];       /* "" = product: pylon> or PYTES> */
    bool debug;            /* session starts in pylon_debug> */
    uint32_t baud;         /* 115200 */
    bool start_frame_mode; /* speaks frames at 1200 until the wake-up frame */
    uint32_t awake_baud;   /* after the wake-up; 0 = baud */
    bool exclamation, blank_after_at;
    bool no_info_n, no_soh, no_stat_n, no_login;
    bool pager;
    uint64_t answer_delay_us; /* Enter to first byte of the body */
    uint64_t row_gap_us;
    int32_t clock_year; /* 0 = real; 2000: a console whose clock was lost */
};

extern const struct device_kind console_kind;

/* The knobs of a configuration whose device is the console. */
static inline struct sim_console *console_knobs(struct sim_config *config)
{
    return (struct sim_console *)(void *)config->knobs;
}

#endif
