/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a simulated port, for its files: sim.c (life, wire and time), sim_port.c (opening
 * the port and pulling it out), sim_apply.c (stimuli), sim_delivered.c (which reply told what),
 * sim_truth.c (what is true now).
 */
#ifndef SIM_SIM_PRIVATE_H
#define SIM_SIM_PRIVATE_H

#include "sim/device/device.h"
#include "sim/device/recording.h"
#include "sim/line.h"
#include "sim/sim.h"
#include "sim/wire.h"

/* ---- which reply told what ---- */

enum tracker_kind {
    TRACK_FREE,
    TRACK_VALUE,    /* a value of the model: differs from a reply with the old value */
    TRACK_OVERLAY,  /* a word of the device: differs from a reply with the old word */
    TRACK_PRESENCE, /* a module left or joined */
    TRACK_ANSWER,   /* the port works again: any complete answer */
    TRACK_RECORDED, /* the first answer from a recording */
};

struct tracker {
    enum tracker_kind kind;
    bool closed; /* a later stimulus took its place; replies under way may still tell it */
    unsigned tag;
    unsigned battery;
    struct bms_path path;
    int64_t old_micro;
    char old_text[OVERLAY_TEXT]; /* "": there was none */
    bool old_present;
};

enum { MAX_TRACKERS = 64, MAX_FLIGHTS = 16 };

/* A reply that is on its way through the line. */
struct flight {
    unsigned id;       /* 0: free */
    uint64_t trackers; /* bit i: carries what tracker i waits for */
    uint8_t *bytes;    /* for the handler */
    size_t n;
};

/* ---- the port ---- */

/* A slave that reboots: when it is back, and which stimulus that shows. */
struct module_back {
    uint64_t at_us; /* NEVER_US: it does not reboot */
    unsigned tag;
};

struct sim {
    struct loop *loop;
    const struct log *log;
    struct sim_handler handler;
    struct sim_config config;

    struct pack *pack[SIM_MAX_BATTERIES]; /* NULL: not configured */
    bool present[SIM_MAX_BATTERIES];
    struct module_back back[SIM_MAX_BATTERIES];
    struct overlay overlay[SIM_MAX_BATTERIES];

    struct device *device;
    struct recording *recording;
    struct line *line;
    struct wire *wire; /* NULL: not open */
    struct loop_timer *timer;
    struct loop_timer *reopen; /* a device whose adapter was pulled out */
    char where[WIRE_WHERE_MAX];
    struct airs *airs; /* NULL: its air is its own */
    bool reopens;      /* as of the wire, also while there is none */
    uint32_t baud;     /* of the device, as it said last */

    uint32_t noted_baud; /* the client's rate that the owner has heard of; 0: none */
    bool unplugged;
    bool pulled; /* the adapter, too: there is no port for the client */
    bool frozen;
    bool off;             /* no power: rebooting, or the master has left the stack */
    uint64_t power_at_us; /* when it comes back; NEVER_US: not by itself */

    struct tracker trackers[MAX_TRACKERS];
    struct flight flights[MAX_FLIGHTS];
    unsigned last_id;
    struct stack now;   /* as the device saw it for the answer in hand */
    struct stack other; /* the same as it would be without a stimulus */
    uint8_t other_reply[DEVICE_REPLY_MAX];
    uint8_t addressed_reply[DEVICE_REPLY_MAX];
    uint8_t heard[65536]; /* what a client at the wrong rate makes of a reply */
};

void sim_note(const struct sim *sim, const char *kind, const char *text);
/* The stack behind the port at this moment; steps the packs. */
void sim_stack(struct sim *sim, struct stack *ret);
/* Looks at the clock again: something that may have a deadline has changed. */
void sim_reschedule(struct sim *sim);
/* Everything that was on its way to the client is gone. */
void sim_drop_replies(struct sim *sim);
/* Power for the device: false takes it away. */
void sim_power(struct sim *sim, bool on);
/* A battery of the port (from 0) is there, and where it has a power switch of its own, it is on. */
void sim_unit_up(struct sim *sim, unsigned unit);
/* Gives bytes to the device as if they had come over the wire. */
void sim_type(struct sim *sim, struct span bytes);
/* Bytes from the client, through whatever is between. */
void sim_hear(struct sim *sim, struct span bytes);
/* Tells the owner a rate of the client that he has not heard of. */
void sim_note_speed(struct sim *sim);

/* ---- sim_port.c ---- */

/* The timer of a real port that was lost (ctx: struct sim *). */
void sim_reopen(void *ctx);
/* Takes the port away from the client: its descriptor is dead and the name leads nowhere.
 * ERR_UNSUPPORTED a real serial port, which no program can pull out; ERR_USAGE it is not open. */
enum err sim_pull_adapter(struct sim *sim);
/* A new port behind the old name. Errors as of sim_open(); the adapter is still pulled then. */
enum err sim_put_adapter_back(struct sim *sim);

/* ---- sim_delivered.c ---- */

/* Waits for the reply that tells the stimulus; takes the place of an earlier one about the same. */
void sim_track(struct sim *sim, const struct tracker *tracker);
/* Forgets who waits for any answer: the port stopped working. */
void sim_untrack_answers(struct sim *sim);
/* A reply enters the line; returns its id for the line. */
unsigned sim_takes_off(struct sim *sim, const struct device_reply *reply);
/* The line is done with reply `id`. */
void sim_lands(struct sim *sim, unsigned id, bool damaged, uint64_t due_us, uint64_t late_us);
void sim_cancel_flights(struct sim *sim);

#endif
