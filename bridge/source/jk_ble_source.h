/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-ble`: a JK BMS over Bluetooth LE. It asks once for the device information and once
 * for the settings; after that the BMS sends its cells every half second for ever. Nothing else is
 * ever written: no register.
 *
 *   opened -> 97 (info) -> 96 (settings, starts the stream) -> cell records for ever
 *
 * What is published of it, and when, is jk_battery_picture.h's. A record that does not pass its
 * check, or cannot be true, leaves the picture as it is and the battery older. A JK04 tells neither
 * current nor SOC, so it is read but never published.
 *
 * The generation is decided by the cell records alone and kept for the connection (three
 * contradicting records change it); version texts decide nothing.
 *
 * A BMS that does not answer a request is asked again; after three times, and after a stream that
 * stopped and did not start again, the connection is hung: it wants to be made anew.
 *
 * Source: docs/protocols/jk.md.
 */
#ifndef BRIDGE_SOURCE_JK_BLE_SOURCE_H
#define BRIDGE_SOURCE_JK_BLE_SOURCE_H

#include "base/log.h"
#include "bridge/source/jk_battery_picture.h"
#include "bridge/source/source.h"

struct jk_ble_config {
    char name[32]; /* of the battery, for the log */
    struct jk_caps caps;
    uint64_t refresh_us; /* between two looks at the settings */
    uint64_t silent_us;  /* no cell record for so long: asks for the stream again */
};

void jk_ble_config_init(struct jk_ble_config *config, const char *name);

struct jk_ble_stats {
    unsigned cells, settings, infos, acks; /* good ones */
    unsigned refused;                      /* cell records that cannot be true */
    unsigned doubted, waiting;             /* see jk_battery_picture.h */
    unsigned unknown_layout;               /* cell records of no known generation */
    unsigned lost;                         /* cell records that the counter says were sent */
    unsigned retries;
};

enum jk_ble_step { JK_BLE_CLOSED, JK_BLE_INFO, JK_BLE_SETTINGS, JK_BLE_STREAM, JK_BLE_HUNG };

struct jk_ble_source {
    struct jk_ble_config config;
    const struct log *log;
    struct jk_stream stream;
    struct jk_layout_lock layout;
    enum jk_ble_step step;
    unsigned tries;      /* of the request of this step */
    uint64_t answer_us;  /* until when it must be answered; in STREAM the next record */
    uint64_t refresh_us; /* when the settings are asked for again */
    uint64_t bytes_us;   /* of the last notification */
    uint64_t record_us;  /* of the last good cell record of this connection; 0: none */
    uint8_t due;         /* command to be sent; 0: none */
    bool has_settings;   /* `settings` holds the frame as it came: its layout is known later */
    uint8_t settings[JK_FRAME];
    bool settings_used; /* they are in the picture */
    bool has_counter;
    uint8_t counter;
    struct jk_pack pack;
    struct jk_ble_stats stats;
    struct jk_ble_stats before; /* when this connection began */
    struct log_limit limit_cells, limit_layout, limit_silent;
};

/* `log` outlives it. */
void jk_ble_source_init(struct jk_ble_source *s, const struct jk_ble_config *config,
                        const struct log *log);
struct source jk_ble_as_source(struct jk_ble_source *s);
/* The same with memory of its own; `config` is a struct jk_ble_config. ERR_MEMORY. */
enum err jk_ble_source_make(const void *config, const struct log *log, struct source *ret);

#endif
