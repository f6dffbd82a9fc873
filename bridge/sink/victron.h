/* SPDX-License-Identifier: Apache-2.0
 *
 * The MQTT output: the whole state as one JSON object a second, and at once when a limit falls or
 * an alarm rises (the next two ticks repeat it by themselves, since every message is complete).
 *
 *   bank waiting   nothing on the state topic, status "offline"
 *   bank online    the object, status "online"
 *   bank stale     the object with both current limits 0 and BmsCable 2, for `loss_hold_us` at
 * most; then silence and status "offline" bank lost      silence, status "offline"
 *
 * The state is QoS 0 and never retained: nobody may find an old state. The status is retained and
 * also the connection's last will. Source: docs/protocols/victron-json.md sections 2 and 5.
 */
#ifndef BRIDGE_SINK_VICTRON_H
#define BRIDGE_SINK_VICTRON_H

#include "base/log.h"
#include "bridge/sink/sink.h"
#include "proto/victron_json/victron_json.h"

enum { VICTRON_TOPIC = 128 };

struct victron_end {
    /* ERR_CLOSED: not connected, ERR_AGAIN: the connection is stuck. Nothing is queued. */
    enum err (*publish)(void *ctx, const char *topic, struct span payload, int qos, bool retain);
    bool (*connected)(void *ctx);
    void *ctx;
};

struct sink_victron_config {
    char name[32];
    char topic[VICTRON_TOPIC];
    char status_topic[VICTRON_TOPIC];
    enum victron_form form;
    uint64_t period_us;
    uint64_t loss_hold_us; /* NEVER_US: as long as the bank is stale */
};

struct sink_victron_stats {
    uint64_t published, urgent, failed, refused;
};

enum victron_status { VICTRON_UNTOLD, VICTRON_OFFLINE, VICTRON_ONLINE };

struct sink_victron {
    struct sink_victron_config config;
    struct victron_end end;
    const struct log *log;
    struct beat beat;
    enum victron_status status; /* what the broker was told on this connection */
    uint64_t stale_since_us;    /* NEVER_US: the bank is not stale */
    struct sink_victron_stats stats;
    struct log_limit limit_refused, limit_failed, limit_incomplete;
    uint8_t text[VICTRON_JSON_MAX];
    uint8_t probe[2][VICTRON_JSON_MAX];
};

extern const char sink_victron_online[];  /* the payloads of the status topic */
extern const char sink_victron_offline[]; /* also the last will */

void sink_victron_init(struct sink_victron *s, const struct sink_victron_config *config,
                       const struct victron_end *end, const struct log *log);
struct sink sink_victron_as_sink(struct sink_victron *s);
/* The connection came up: the status must be told again. */
void sink_victron_on_connected(struct sink_victron *s);
/* The broker refused a publish (MQTT 5). */
void sink_victron_on_refused(struct sink_victron *s, const char *topic, int reason,
                             uint64_t now_us);
/* Says offline, when connected: the last thing before the program ends. */
void sink_victron_goodbye(struct sink_victron *s);

#endif
