/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the controller: hci_controller.c (packets, links, the batteries' side),
 * hci_commands.c (what the host commands), hci_air.c (advertisements and who hears them).
 */
#ifndef SIM_BLE_HCI_CONTROLLER_PRIV_H
#define SIM_BLE_HCI_CONTROLLER_PRIV_H

#include "sim/ble/advert.h"
#include "sim/ble/hci.h"
#include "sim/ble/hci_controller.h"
#include "sim/ble/link.h"
#include "sim/random.h"

enum {
    HCI_LINKS = 16,
    HCI_FIRST_HANDLE = 0x0040,
    HCI_BUFFERS = 8,
    HCI_LIST = 16,
    HCI_ADDRESS = 1 + BLE_ADDRESS, /* type, address in the order it is sent */
};

/* The address of a device as commands carry it. */
struct hci_address {
    uint8_t bytes[HCI_ADDRESS];
};

/* An ACL packet that waits in the controller for its link's radio. */
struct hci_held {
    uint8_t bytes[HCI_ACL_DATA_MAX];
    uint8_t n;
    bool first;
};

struct hci_peer {
    struct ble_peripheral peripheral; /* first */
    struct hci_controller *controller;
    struct hci_peer *next;
    struct att_table table;
    struct advert advert;
    struct hci_address address;
    enum ble_place place;
    uint64_t advert_us;   /* its next advertisement, when somebody listens */
    uint64_t reported_us; /* the last one that the host was told of; NEVER_US: none in this scan */
    uint16_t handle;      /* 0: not connected */
    uint64_t dead_us;     /* the supervision time-out; NEVER_US: the radio is alive */
    struct ble_link link;
    struct hci_held held[HCI_BUFFERS];
    uint8_t n_held;
};

/* Whom the host wants to connect to. */
enum hci_wanted { HCI_NOBODY, HCI_ONE, HCI_LISTED };

struct hci_controller {
    struct hci_controller_host host;
    struct hci_peer *peers;
    bool scanning, active, scans_listed, filters;
    enum hci_wanted wanted;
    struct hci_address wanted_one;
    uint8_t parameters[6]; /* of the connection to come: interval, latency, time-out */
    struct hci_address list[HCI_LIST];
    size_t n_list;
    struct rng random; /* of LE Rand: the same numbers in every run */
};

uint64_t hci_now(const struct hci_controller *c);
void hci_reschedule(struct hci_controller *c);

/* ---- packets to the host ---- */

void hci_send_event(const struct hci_controller *c, uint8_t code, struct span parameters);
void hci_send_meta(const struct hci_controller *c, const struct buf *parameters);

/* ---- links ---- */

struct hci_peer *hci_by_handle(const struct hci_controller *c, uint16_t handle);
struct hci_peer *hci_by_address(const struct hci_controller *c, const struct hci_address *a);
/* A free handle; 0: there is none. */
uint16_t hci_free_handle(const struct hci_controller *c);
void hci_open_link(struct hci_peer *p);
/* Tells both sides. `reason` is what the host is told; 0: it is not there to be told. */
void hci_end_link(struct hci_peer *p, uint8_t reason, enum ble_end why);
/* Back to the state after power-on: every link ends. */
void hci_reset(struct hci_controller *c);

/* ---- hci_air.c ---- */

bool hci_is_listed(const struct hci_controller *c, const struct hci_address *a);
uint64_t hci_air_deadline(const struct hci_peer *p);
void hci_air_run(struct hci_peer *p, uint64_t now_us);
/* The host listens for something else than before: everybody advertises within an interval. */
void hci_air_listen(struct hci_controller *c);

/* ---- hci_commands.c ---- */

void hci_command(struct hci_controller *c, uint16_t opcode, struct span parameters);

#endif
