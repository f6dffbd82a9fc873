/* SPDX-License-Identifier: Apache-2.0
 *
 * What the runner saw and did, on one clock: the judge's only input. A trace file is a list of
 * these, so a run can be judged again later. Times are microseconds from the start of the timeline
 * (t = 0); events before it are negative.
 */
#ifndef HARNESS_EVENT_H
#define HARNESS_EVENT_H

#include "base/can_frame.h"
#include "base/err.h"

enum event_kind {
    EVENT_STIMULUS,  /* statement `index` was applied: the instant the truth changed */
    EVENT_DELIVERED, /* the reply that carries the change of statement `index` was complete */
    EVENT_CAN,       /* a frame from the DUT */
    EVENT_MQTT,      /* a message from the DUT */
    EVENT_TRUTH,     /* a true value: path and battery in `index`, value in `micro` */
    EVENT_WIRE,      /* bytes on the serial line; `to_client` tells the direction */
    EVENT_INVERTER,  /* a frame the inverter side sent to the DUT */
    EVENT_CONNECT,   /* the DUT connected to the broker, or its login was refused */
    EVENT_DUT,       /* started, stopped, crashed: in `text` */
    EVENT_NOTE,      /* anything else worth a line: in `text` */
};

struct event {
    enum event_kind kind;
    int64_t t_us;
    uint32_t index;      /* STIMULUS DELIVERED: statement; TRUTH: truth key (truth_key) */
    int64_t micro;       /* TRUTH; WIRE without data: a fingerprint of the bytes */
    uint64_t late_us;    /* DELIVERED, WIRE: how much later than due the bytes were written */
    struct can_msg can;  /* CAN INVERTER */
    bool to_client;      /* WIRE */
    bool retain;         /* MQTT */
    bool refused;        /* CONNECT */
    uint8_t qos;         /* MQTT */
    const char *topic;   /* MQTT; owned by the list */
    const uint8_t *data; /* MQTT payload, WIRE bytes (NULL: not kept), DELIVERED reply; owned */
    size_t size;
    const char *text; /* DUT NOTE */
};

/* battery 0 is the bank. */
static inline uint32_t truth_key(unsigned battery, unsigned path, unsigned cell)
{
    return (uint32_t)battery << 24 | (uint32_t)cell << 16 | (uint32_t)path;
}

/* A growing list that owns copies of topics, payloads and texts. */
struct events {
    struct event *at;
    size_t n, cap;
};

void events_init(struct events *list);
void events_free(struct events *list);
/* Copies the event and what it points to. Aborts on no memory. */
void events_add(struct events *list, const struct event *event);
/* Stable order by time. */
void events_sort(struct events *list);

#endif
