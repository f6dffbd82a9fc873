/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a world and what they share.
 */
#ifndef HARNESS_WORLD_PRIV_H
#define HARNESS_WORLD_PRIV_H

#include "base/log.h"
#include "harness/run/loopback.h"
#include "harness/run/world.h"
#include "port/broker.h"
#include "port/can.h"
#include "port/can_hub.h"
#include "port/mqtt.h"
#include "port/relay.h"
#include "sim/sim.h"

enum { CURVES_TRUTHS = 7 };

/* The bank at one instant, for the plot. */
struct curves_sample {
    int64_t t_us;
    int64_t micro[CURVES_TRUTHS];
    bool known[CURVES_TRUTHS];
};

enum { TRUTHS_MAX = 16, TAINT_US = 2000 };

enum world_phase {
    WORLD_PREPARING, /* broker and observer are coming up */
    WORLD_BOOTING,   /* the DUT has been started; t = 0 is boot time away */
    WORLD_RUNNING,
    WORLD_STOPPING, /* the DUT has been told to stop */
    WORLD_DONE,
};

struct truth_probe {
    unsigned battery;
    struct bms_path path;
    bool seen;
    int64_t last_micro; /* the newest value in the events */
};

enum { LIMIT_TEXT = 24 };

struct world {
    const struct scenario *scenario;
    const struct manifest *manifest;
    struct run_options options;
    struct result *result;

    struct loop *loop;
    struct log log;
    enum world_phase phase;
    char dir[512];        /* the run's own folder: PTY link, sockets, config, logs (short path) */
    char folder[512];     /* where the results go */
    uint64_t start_us;    /* loop time of t = 0 */
    uint64_t wall0_us;    /* wall time of t = 0 */
    int64_t wall_step_us; /* by how much that clock has jumped since */
    struct events events;
    char error[256]; /* why the run could not be made; "" */

    struct sim *sim;
    char battery[700];      /* what the DUT opens to reach it */
    char battery_sock[600]; /* the hub that it keeps, when that is a bus; "" */

    struct can_hub *hub; /* one of hub and can, or none */
    struct can *can;
    char can_name[160]; /* what the DUT is told */
    char can_sock[600];

    struct broker *broker;
    struct relay *relay; /* between DUT and broker, when the timeline slows the broker */
    long broker_log_at;  /* where the log was read up to */
    struct mqtt *watcher;
    bool watching;
    char broker_url[300], broker_host[128];
    unsigned broker_port;

    struct loop_child *dut;
    struct loop_child *cleaner; /* the command of `dut clean` */
    int dut_log_fd;
    bool dut_expected_down; /* the timeline stopped or killed it */
    char dut_config[600];
    char limit_texts[4][LIMIT_TEXT];
    unsigned dut_fds0, dut_fds; /* descriptors it has at 0 s and at the end; 0: unknown */

    struct loopback *loopback;
    struct loop_timer *phase_timer; /* next phase: boot, end, stop deadline */
    struct loop_timer *stimulus_timer;
    struct loop_timer *truth_timer;
    struct loop_timer *keepalive_timer;
    struct can_msg keepalive;
    size_t *order; /* stimulus statements by time */
    size_t n_order, next;
    struct truth_probe truths[TRUTHS_MAX];
    size_t n_truths;
    struct curves_sample *samples;
    size_t n_samples, cap_samples;
    uint64_t next_sample_us;
};

/* Events get the time of the timeline; before t = 0 is known, start_us is provisional and corrected
 * later. */
int64_t world_t(const struct world *w, uint64_t loop_us);
void world_note(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the run as a harness error. */
void world_fail(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
void world_skip(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ports.c */
bool ports_open(struct world *w);
void ports_close(struct world *w);
/* A frame from the inverter side to the DUT. */
void ports_inverter_send(struct world *w, const struct can_msg *msg);
/* Something that somebody else publishes. False when the broker is away. */
bool ports_publish(struct world *w, const struct own_stimulus *s);
/* Connections of the DUT, and logins refused, from what is new in the broker's log, as
 * EVENT_CONNECT. */
void ports_read_broker_log(struct world *w);
void ports_on_ready(
    struct world *w); /* in world.c: broker answers and the observer has subscribed */

/* dut.c */
bool dut_prepare(struct world *w); /* writes the configuration */
bool dut_start(struct world *w);
/* Runs the command that takes the DUT out of Home Assistant. */
bool dut_clean(struct world *w);
void dut_signal(struct world *w, int signum);
void dut_measure(struct world *w);
unsigned dut_descriptors(const struct world *w); /* 0: unknown */
void dut_close(struct world *w);
void dut_on_gone(struct world *w); /* in world.c */

/* standing.c: what is demanded in every run, whatever the scenario says */
void standing_judge(struct world *w);

/* curves.c */
struct judge_input;
/* Samples the truth when it is time again, or in any case. Called when something happens anyway, so
 * that sampling wakes nobody. */
void curves_sample(struct world *w, bool at_once);
void curves_write(struct world *w, const struct judge_input *in);
void curves_free(struct world *w);

/* timeline.c */
bool timeline_prepare(struct world *w);
void timeline_start(struct world *w);
void timeline_stop(struct world *w);
bool timeline_slows_broker(const struct world *w);
void timeline_sample_truth(struct world *w);

#endif
