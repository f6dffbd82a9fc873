/* SPDX-License-Identifier: Apache-2.0
 *
 * One simulated port: a device, the batteries behind it, and the line to the client. This is what
 * bms-sim runs alone and what the runner embeds.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/log.h"
#include "base/loop.h"
#include "battery/battery.h"
#include "sim/config.h"
#include "sim/stimulus.h"

struct sim;

enum sim_direction { SIM_FROM_CLIENT, SIM_TO_CLIENT };

struct sim_handler {
    /* Bytes as they passed. t_us: for SIM_TO_CLIENT the instant they were due on the wire; late_us:
     * how much later the write really happened (a big value taints what was delivered). */
    void (*on_wire)(void *ctx, enum sim_direction dir, struct span bytes, uint64_t t_us,
                    uint64_t late_us);
    /* The last byte of the first undamaged reply that shows what stimulus `tag` changed. */
    void (*on_delivered)(void *ctx, unsigned tag, uint64_t t_us, uint64_t late_us,
                         struct span reply);
    /* Things worth a line in the trace: client opened or closed, speed changed, wake-up seen, a
     * command that a bridge must never send was refused (`forbidden`). */
    void (*on_note)(void *ctx, const char *kind, const char *text);
    /* The port is up (see sim_up). Not called for ports that are up as soon as they are open. */
    void (*on_up)(void *ctx);
    void *ctx;
};

enum err sim_new(struct loop *loop, const struct log *log, const struct sim_config *config,
                 uint64_t seed, const struct sim_handler *handler, struct sim **ret);
void sim_delete(struct sim *sim);

struct airs;

/* Before sim_open(): ports of the same `airs` (sim/air.h) that name the same radio share it. */
void sim_share_air(struct sim *sim, struct airs *airs);
/* Where the client finds the device: "pty" or "pty:LINK", "/dev/ttyUSB0", "tcp:PORT". sim_path() is
 * what to open there; NULL while there is nothing (not opened, adapter pulled). Errors as in
 * port/tty.h. */
enum err sim_open(struct sim *sim, const char *where);
const char *sim_path(const struct sim *sim);
/* The D-Bus address where the client finds the radio; NULL: the system's, or it needs none. */
const char *sim_bus(const struct sim *sim);
/* Whether a client can come: a port that needs a program of its own comes up later. */
bool sim_up(const struct sim *sim);

/* Applies an ACTOR_BMS stimulus now. tag comes back in on_delivered. *ret_why (may be NULL)
 * explains a refusal (no such module, path not settable on this device, unreadable recording). */
enum err sim_apply(struct sim *sim, const struct stimulus *stimulus, unsigned tag,
                   const char **ret_why);

/* The truth at this moment. battery 0: the bank (mean voltage, summed current, capacity-weighted
 * SOC, extremes of cells and temperatures). False when the path has no truth. Micro-units for
 * quantities. */
bool sim_truth(struct sim *sim, unsigned battery, const struct bms_path *path, int64_t *ret_micro);
/* The whole state of one battery as the simulation knows it. */
bool sim_view(struct sim *sim, unsigned battery, struct battery *ret);
unsigned sim_battery_count(const struct sim *sim);

#endif
