/* SPDX-License-Identifier: Apache-2.0
 *
 * The Home Assistant output: each battery and the bank as devices that Home Assistant discovers by
 * itself over MQTT. It shares the connection, and the status topic, with the other outputs of an
 * [mqtt] section.
 *
 *   PREFIX/device/ID/config            the discovery document of a device: at the first reading,
 *                                      again after each connect, when Home Assistant says that it
 *                                      was born, and when what the device has changes
 *   TOPIC/bank/all/state               the states: each period, and at once when a limit falls or
 *   TOPIC/SECTION/N/state              an alarm rises; QoS 0, never retained
 *   TOPIC/bank/all/availability        online while the values are fresh; retained
 *   TOPIC/SECTION/N/availability
 *
 * A device that comes back tells its new state before it says that it is online: else Home
 * Assistant would show the old one as if it were true. Availability that a former life of the
 * bridge left online is corrected. Nothing is queued: what cannot leave now is encoded anew later.
 *
 * Source: docs/protocols/home-assistant.md sections 1, 3 and 4.
 */
#ifndef BRIDGE_SINK_HOMEASSISTANT_H
#define BRIDGE_SINK_HOMEASSISTANT_H

#include "base/log.h"
#include "bridge/bank.h"
#include "bridge/sink/sink.h"
#include "proto/ha_discovery/ha_discovery.h"

enum {
    HA_TOPIC = 96, /* TOPIC and PREFIX; what is built from them has HA_LONG_TOPIC bytes */
    HA_LONG_TOPIC = 320,
    HA_SECTIONS = 16,
    HA_DEVICES = 1 + BANK_MAX_BATTERIES, /* 0 is the bank, 1 + slot a battery */
};

struct ha_end {
    /* ERR_CLOSED: not connected, ERR_AGAIN: the connection is stuck. Nothing is queued. */
    enum err (*publish)(void *ctx, const char *topic, struct span payload, int qos, bool retain);
    bool (*connected)(void *ctx);
    void *ctx;
};

struct sink_ha_config {
    char name[32];          /* of the section, for the log */
    char topic[HA_TOPIC];   /* "": this output is off */
    char title[48];         /* what the devices are called; "": made from the topic */
    char prefix[HA_TOPIC];  /* of discovery; "homeassistant" */
    char birth[HA_TOPIC];   /* where Home Assistant says "online"; "homeassistant/status" */
    char status_topic[128]; /* of the connection */
    bool tells_status;      /* nobody else on this connection does */
    bool retain;            /* discovery documents */
    uint64_t period_us;
    uint64_t expire_us; /* 0: three periods, 10 s at least */
};

struct sink_ha_stats {
    uint64_t announced, states, failed;
};

enum ha_told { HA_UNTOLD, HA_OFFLINE, HA_ONLINE };

/* What is known of a device and what the broker was told about it on this connection. */
struct ha_slot {
    bool exists;    /* it was part of the bank at least once */
    bool announced; /* its document is with the broker */
    bool owed;      /* a state is due */
    bool stated;    /* a state was told since it came online */
    enum ha_told told;
    struct ha_entities have, gone;
    struct battery identity; /* what the document says about maker, model, serial, firmware */
    struct battery said;     /* of a battery's last state */
};

/* A [battery] section: its slots of the bank. */
struct ha_section {
    char name[32];
    unsigned first, count;
};

struct sink_ha {
    struct sink_ha_config config;
    struct ha_end end;
    const struct log *log;
    const struct bank_pack *packs; /* BANK_MAX_BATTERIES of them */
    struct ha_section sections[HA_SECTIONS];
    size_t n_sections;
    struct beat beat;
    enum ha_told status;
    uint64_t birth_us; /* when to answer Home Assistant's birth; NEVER_US: it was not born */
    uint64_t correct_until_us; /* foreign availability counts as left over until then */
    uint64_t retry_us;         /* when to offer again what the connection did not take; NEVER_US */
    struct ha_slot slots[HA_DEVICES];
    struct sink_ha_stats stats;
    struct log_limit limit_failed;
    uint8_t text[HA_DISCOVERY_MAX];
};

/* packs: the bank's, alive as long as the sink. */
void sink_ha_init(struct sink_ha *s, const struct sink_ha_config *config, const struct ha_end *end,
                  const struct bank_pack *packs, const struct log *log);
/* Names the slots of a [battery] section, before the first run. Beyond HA_SECTIONS: ignored. */
void sink_ha_add_section(struct sink_ha *s, const char *name, unsigned first, unsigned count);
struct sink sink_ha_as_sink(struct sink_ha *s);
/* The connection came up: everything must be told again. */
void sink_ha_on_connected(struct sink_ha *s, uint64_t now_us);
/* A message on the birth topic or on an availability topic below TOPIC. */
void sink_ha_on_message(struct sink_ha *s, const char *topic, struct span payload, uint64_t now_us);
/* The filter of the availability topics to subscribe to, beside config.birth. */
void sink_ha_filter(const struct sink_ha_config *config, char *out, size_t cap);
/* Says offline for everything, when connected: the last thing before the program ends. */
void sink_ha_goodbye(struct sink_ha *s);

/* "bms_shed": the part that all ids of this output begin with. Other characters become '_'. */
void sink_ha_id(const struct sink_ha_config *config, char *out, size_t cap);

extern const char sink_ha_online[];
extern const char sink_ha_offline[];

#endif
