/* SPDX-License-Identifier: Apache-2.0
 *
 * The world of one scenario run: simulated port, CAN bus, broker, the bridge under
 * test, the observers, and one list of events. Built, run and taken down by world_run().
 */
#ifndef HARNESS_WORLD_H
#define HARNESS_WORLD_H

#include "base/loop.h"
#include "harness/report/result.h"
#include "harness/run/manifest.h"

struct run_options {
    const char *out_dir; /* the scenario's own folder below it is made */
    enum tier tier;
    uint64_t uptime_us, date_us; /* virtual: the clocks at the start; 0: the usual */
    uint64_t phase_us;           /* how much later than usual the timeline begins */
    const char *can;             /* "auto", "hub", or an interface / slcan:... */
    const char *ble;    /* where a Bluetooth battery is: "vhci", "hci0"; NULL: BlueZ is played */
    const char *tty;    /* cable: where the simulator talks (/dev/ttyUSB0, tcp:4000); NULL: a PTY */
    const char *broker; /* cable: URL of the broker; NULL: one of our own */
    unsigned slot;      /* number of this worker: chooses vcan0, vcan1, ... */
    uint64_t seed;      /* 0: the scenario's */
    bool bless;
    bool plot;        /* plot.csv and plot.svg also for what passes */
    bool verbose;     /* the DUT's output also on our stderr */
    struct span wrap; /* words put before the DUT's command ("valgrind -q"), or empty */
};

/* Runs the scenario against the DUT and judges it. Never fails: what goes wrong is in the result.
 */
struct result *world_run(const struct scenario *scenario, const struct manifest *manifest,
                         const struct run_options *options);

#endif
