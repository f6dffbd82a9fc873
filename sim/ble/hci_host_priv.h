/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the host: hci_host.c (the battery's side, events, data), hci_host_setup.c (commands
 * in a row).
 */
#ifndef SIM_BLE_HCI_HOST_PRIV_H
#define SIM_BLE_HCI_HOST_PRIV_H

#include "sim/ble/advert.h"
#include "sim/ble/hci.h"
#include "sim/ble/hci_host.h"
#include "sim/ble/link.h"

enum { HCI_QUEUE = 256, HCI_NO_HANDLE = 0xFFFF };

/* What is being asked of the controller; in the order of setting it up. */
enum hci_step {
    STEP_RESET,
    STEP_EVENT_MASK,
    STEP_LE_EVENT_MASK,
    STEP_LE_BUFFERS,
    STEP_BUFFERS, /* only of a controller that has none for LE alone */
    STEP_ADDRESS,
    STEP_RANDOM_ADDRESS,
    STEP_PARAMETERS,
    STEP_DATA,
    STEP_RESPONSE,
    STEP_ADVERTISE,
    STEP_IDLE, /* nothing */
};

struct hci_fragment {
    uint8_t bytes[HCI_ACL_DATA_MAX];
    uint16_t n;
    bool first;
};

struct hci_host {
    struct ble_peripheral peripheral; /* first */
    struct hci_host_port port;
    bool used, dead, told; /* has a battery; failed; on_ready was called */
    struct att_table table;
    struct advert advert;
    enum ble_place place;
    /* the controller */
    enum hci_step step;
    uint64_t patience_us;         /* when the step in hand has taken too long */
    bool advertising;             /* as commanded last */
    bool own_address;             /* the battery's, as a random one */
    uint8_t address[BLE_ADDRESS]; /* what it has on the air, as it is written */
    uint16_t acl_n;
    unsigned credits, buffers;
    /* the link */
    uint16_t handle; /* HCI_NO_HANDLE: none */
    bool leaving;    /* we hung up and wait to be told so */
    struct ble_link link;
    struct hci_fragment queue[HCI_QUEUE]; /* a ring */
    size_t head, n_queued;
};

uint64_t hci_host_now(const struct hci_host *h);
void hci_host_send_command(const struct hci_host *h, uint16_t opcode, struct span parameters);
void hci_host_fail(struct hci_host *h, enum err why);

/* ---- hci_host_setup.c ---- */

/* From the beginning; a link is gone without a word. */
void hci_host_set_up(struct hci_host *h);
/* A command has its answer: status and what follows it. */
void hci_host_answered(struct hci_host *h, uint16_t opcode, struct span ret);
/* On or off, as place and link want it, once nothing else is under way. */
void hci_host_advertise(struct hci_host *h);

#endif
