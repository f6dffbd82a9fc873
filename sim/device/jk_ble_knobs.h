/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be chosen about a simulated JK BMS on Bluetooth LE. What is left open follows the
 * firmware (docs/protocols/jk.md, "Firmware").
 */
#ifndef SIM_DEVICE_JK_BLE_KNOBS_H
#define SIM_DEVICE_JK_BLE_KNOBS_H

#include "sim/ble/module.h"
#include "sim/config.h"
#include "sim/device/jk_traits.h"

/* The radio modules that were seen, by their GATT tables. */
enum jk_module {
    JK_MODULE_AUTO,
    JK_MODULE_BK3432, /* FFE1 for both directions, MTU 23: JK04 */
    JK_MODULE_OLD,    /* C8:47:8C: FFE2 to write, FFE1 for both */
    JK_MODULE_B5A,    /* FFE1 for both, MTU 115 */
    JK_MODULE_TWO,    /* 20:2x: FFE1 twice, one to write and one to notify */
    JK_MODULE_TELINK, /* A4:C1:38 */
};

enum jk_choice { JK_BY_FIRMWARE, JK_ON, JK_OFF };

struct sim_jk_ble {
    struct jk_look look;
    enum jk_module module;
    char name[BLE_NAME_MAX + 1]; /* "": the model's */
    uint8_t address[BLE_ADDRESS];
    bool has_address;
    int8_t rssi;
    uint16_t mtu;   /* 0: the module's */
    uint16_t burst; /* bytes; see sim/ble/module.h */
    bool has_burst;
    uint64_t period_us;      /* of cell records; 0: the firmware's */
    uint64_t stream_for_us;  /* then it is deaf and dumb until it is connected anew; 0: never */
    uint64_t supervision_us; /* of the link */
    enum jk_choice noise;    /* "AT\r\n" every 200 ms */
    bool noise_in_front;     /* and glued in front of every record */
    enum jk_choice glue_ack; /* the acknowledge comes in one piece with the record */
    bool pairs;              /* two cell records in one piece */
    bool stale;              /* 20 bytes of the last connection come first */
    bool lose_first;         /* the first request of each connection is not answered */
    bool needs_info;         /* no stream for who did not ask for the information first */
    bool counter_stands;     /* at 0 */
    bool garbled_uuid;       /* in the advertisement */
};

extern const struct device_kind jk_ble_kind;

/* The knobs of a configuration whose device is jk-ble. */
static inline struct sim_jk_ble *jk_ble_knobs(struct sim_config *config)
{
    return (struct sim_jk_ble *)(void *)config->knobs;
}

#endif
