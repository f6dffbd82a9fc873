/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated battery device behind one small interface: bytes in, replies out, deadlines as return
 * values. A device knows no wire, no clock and no physics: its host hands it the state of the stack
 * and takes its replies to the line. One device serves one port (which may stand for many
 * batteries).
 *
 * What a person can override about a battery without touching the physics (a state word, a serial
 * number, a clock) is not kept in the device but in an overlay of the stack, so that the host can
 * ask what a reply would have looked like without it: that is how it finds the reply that told a
 * change.
 */
#ifndef SIM_DEVICE_DEVICE_H
#define SIM_DEVICE_DEVICE_H

#include "base/clock.h"
#include "base/span.h"
#include "battery/battery.h"
#include "sim/config.h"
#include "sim/model/pack.h"
#include "sim/stimulus.h"

/* ---- the stack: what stands behind the port at one instant ---- */

enum { OVERLAY_MAX = 24, OVERLAY_TEXT = 32 };

struct overlay_item {
    uint16_t path; /* id of a path that is no truth of the model */
    char text[OVERLAY_TEXT];
};

/* The overridden words of one battery. Zero-initialised: nothing overridden. */
struct overlay {
    size_t n;
    struct overlay_item items[OVERLAY_MAX];
};

/* NULL when the path is not overridden. */
const char *overlay_get(const struct overlay *overlay, uint16_t path);
/* ERR_RANGE when the text is empty or too long, ERR_SPACE when the overlay is full. */
enum err overlay_set(struct overlay *overlay, uint16_t path, const char *text);
void overlay_unset(struct overlay *overlay, uint16_t path);

struct stack_module {
    bool present; /* in the stack now; the rest is filled for every configured module */
    const struct product *product; /* NULL: no such module */
    struct battery battery;
    struct pack_counters counters;
    struct overlay overlay;
    int32_t rated_mah; /* the product's capacity, or the configured one */
    int32_t clock_skew_s;
};

struct stack {
    uint64_t wall_us; /* the master's clock */
    uint64_t now_us;
    struct stack_module module[SIM_MAX_BATTERIES];
};

/* ---- what a device tells its host ---- */

enum device_reply_kind {
    DEVICE_ECHO,   /* characters of the line editor */
    DEVICE_ANSWER, /* a complete answer: what a client may believe */
    DEVICE_ERROR,  /* a complete error answer, an empty prompt, a page of a longer answer */
};

struct device_reply {
    enum device_reply_kind kind;
    struct span command; /* as typed, without its line end; empty for an echo */
    struct span bytes;
    uint64_t delay_us; /* from now to the first byte */
    bool whole;        /* not a page of a longer answer: can be compared with render() */
    bool recorded;     /* came from a recording, not from the state of the stack */
};

struct device_host {
    /* The stack as it is now. */
    void (*stack)(void *ctx, struct stack *ret);
    /* The spans are valid during the call only. */
    void (*reply)(void *ctx, const struct device_reply *reply);
    /* Something for the trace: "forbidden", "wake-up", "mode". */
    void (*note)(void *ctx, const char *kind, const char *text);
    /* A client has written settings to this unit (its place in the stack). NULL: nobody minds. */
    void (*owner)(void *ctx, unsigned unit, const struct owner_settings *settings);
    /* The device changed the rate of its port. */
    void (*baud)(void *ctx, uint32_t baud);
    void *ctx;
};

/* ---- the interface ---- */

struct device;
struct recording;

struct device_ops {
    const char *name; /* "pylontech-console" */
    void (*destroy)(struct device *device);
    /* Power comes on: sessions are gone, start-up modes are back. */
    void (*power_up)(struct device *device, uint64_t now_us);
    /* Power comes on at one of several units (its place in the stack) that share the wires and
     * nothing else. NULL: the port is battery 1's, and without it nobody answers. */
    void (*unit_power_up)(struct device *device, unsigned unit, uint64_t now_us);
    void (*on_bytes)(struct device *device, struct span bytes, uint64_t now_us);
    /* A client came or went. NULL: this device does not know. */
    void (*on_client)(struct device *device, bool there, uint64_t now_us);
    uint64_t (*next_deadline)(const struct device *device); /* NEVER_US: none */
    void (*on_deadline)(struct device *device, uint64_t now_us);
    uint32_t (*baud)(const struct device *device);
    /* Whether the overlay path means something to this device and the text is one it can show;
     * *ret_why explains a refusal. */
    bool (*accepts)(const struct device *device, uint16_t path, const char *text,
                    const char **ret_why);
    /* What `command` would be answered if the stack looked like this, session unchanged. Pure.
     * ERR_NOT_FOUND when the answer does not depend on the stack. */
    enum err (*render)(const struct device *device, struct span command, const struct stack *stack,
                       struct buf *out);
    /* The same command about another battery of the port, appended (fault `addr`: another one
     * answers). False when the command names none; NULL: no command of this device does. */
    bool (*readdress)(const struct device *device, struct span command, uint8_t address,
                      struct buf *out);
    /* From now on answers come from the recording (owned by the caller, outlives the device); NULL
     * goes back to the simulation. A device without recordings (device_kind.replays) has none of
     * this. */
    void (*replay)(struct device *device, struct recording *recording);
};

struct device {
    const struct device_ops *ops;
    struct device_host host;
};

/* The room an answer may take; hosts render into buffers of this size. */
enum { DEVICE_REPLY_MAX = 24576 };

/* The device that `config->kind` names. Off until power_up(). */
enum err device_new(const struct sim_config *config, const struct device_host *host,
                    struct device **ret);
void device_delete(struct device *device);

#endif
