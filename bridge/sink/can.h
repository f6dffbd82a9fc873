/* SPDX-License-Identifier: Apache-2.0
 *
 * The CAN output: one whole set of frames a second in a dialect of Pylontech's family, and one at
 * once when a limit falls or an alarm rises. All frames of a set come from the same state of the
 * bank.
 *
 *   bank waiting   silence (nothing is sent before the first complete reading)
 *   bank online    the set
 *   bank stale     the set with CCL = DCL = 0 and the communication alarm
 *   bank lost      silence, which every inverter understands as "battery gone"
 *
 * Kernels queue few frames (10 by default), fewer than some dialects have: what is not taken is
 * offered again for a tenth of a second, then the rest of the set is dropped. What leaves later
 * must be what is true later. A bus that goes away is opened again for ever.
 */
#ifndef BRIDGE_SINK_CAN_H
#define BRIDGE_SINK_CAN_H

#include "base/can_frame.h"
#include "base/log.h"
#include "bridge/sink/sink.h"
#include "proto/pylon_can/pylon_can.h"

/* Where the frames go. ERR_AGAIN from send: the queue is full. Any other error: the bus is gone. */
struct can_end {
    enum err (*open)(void *ctx);
    void (*close)(void *ctx);
    enum err (*send)(void *ctx, const struct can_msg *msg);
    void *ctx;
};

struct sink_can_config {
    char name[32];
    const struct pylon_can_dialect *dialect;
    char maker[9];         /* "": the dialect's */
    uint64_t period_us;    /* 0: the dialect's */
    uint64_t keepalive_us; /* stop when the inverter has not been heard for so long; 0: never */
};

struct sink_can_stats {
    uint64_t bursts, urgent, frames;
    uint64_t dropped; /* frames the kernel did not take */
    uint64_t opens;
};

/* The set that is on its way into the kernel's queue. */
struct can_set {
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    size_t n, at; /* at == n: nothing is on its way */
    uint64_t made_us;
    uint64_t again_us; /* when to offer the next frame again */
    struct bank said;  /* what this set says */
    bool urgent;
};

struct sink_can {
    struct sink_can_config config;
    struct can_end end;
    const struct log *log;
    struct beat beat;
    struct can_set set;
    bool open;
    uint64_t retry_us; /* when to open again */
    uint64_t backoff_us;
    uint64_t heard_us; /* the inverter's last sign of life; 0: never */
    uint64_t
        silent_since_us; /* when we began to talk without an answer; NEVER_US: we do not talk */
    bool waiting;        /* stopped, because the inverter is not heard */
    uint64_t probe_us;   /* when to try one set while waiting */
    bool inverter_missed;
    struct sink_can_stats stats;
    struct log_limit limit_open, limit_drop, limit_incomplete;
};

void sink_can_init(struct sink_can *s, const struct sink_can_config *config,
                   const struct can_end *end, const struct log *log);
struct sink sink_can_as_sink(struct sink_can *s);
/* A frame from the bus. Only the keep-alive id is looked at, with any payload. */
void sink_can_on_frame(struct sink_can *s, const struct can_msg *msg, uint64_t now_us);
/* The bus went down or away by itself. */
void sink_can_on_down(struct sink_can *s, uint64_t now_us);

#endif
