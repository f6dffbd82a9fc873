/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-ble`: a JK BMS over Bluetooth LE. It asks once for the device information and once
 * for the settings; after that the BMS sends its cells every half second for ever. Nothing else is
 * ever written: no register.
 *
 *   opened -> 97 (info) -> 96 (settings, starts the stream) -> cell records for ever
 *
 * What is published, and when:
 *   - nothing before the settings are known (they have the limits) and one cell record of a proven
 *     generation is plausible;
 *   - then every plausible cell record at once. One that does not pass its check, or cannot be
 *     true, leaves the picture as it is and the battery older.
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
#include "bridge/source/source.h"
#include "proto/jk_frame/jk_battery.h"

struct jk_ble_config {
    char name[32]; /* of the battery, for the log */
    /* What the BMS is not asked for or does not tell; with both the smaller range holds. 0: none */
    int32_t charge_voltage_mv, discharge_voltage_mv;
    int32_t charge_limit_ma, discharge_limit_ma;
    uint64_t refresh_us; /* between two looks at the settings */
    uint64_t silent_us;  /* no cell record for so long: asks for the stream again */
};

void jk_ble_config_init(struct jk_ble_config *config, const char *name);

struct jk_ble_stats {
    unsigned cells, settings, infos, acks; /* good ones */
    unsigned implausible;                  /* cell records that cannot be true */
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
    struct battery picture;
    struct battery limits; /* as the settings said */
    bool has_said, changed;
    struct jk_ble_stats stats;
    struct log_limit limit_implausible, limit_layout, limit_silent;
};

/* `log` outlives it. */
void jk_ble_source_init(struct jk_ble_source *s, const struct jk_ble_config *config,
                        const struct log *log);
struct source jk_ble_as_source(struct jk_ble_source *s);
/* The same with memory of its own; `config` is a struct jk_ble_config. ERR_MEMORY. */
enum err jk_ble_source_make(const void *config, const struct log *log, struct source *ret);

#endif
