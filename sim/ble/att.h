/* SPDX-License-Identifier: Apache-2.0
 *
 * The ATT server of a peripheral on one connection: PDU in, PDU out, no I/O. Its attributes are
 * those of struct ble_traits at the handles given there, and the GAP service that every peripheral
 * has. Source: Bluetooth Core 5.3, Vol 3 Part F (ATT), Part G (GATT).
 *
 * Answered: MTU exchange (not with a battery of MTU 23, which does not know it), find information,
 * find by type value, read by type, read, read blob, read by group type, write. Everything else is
 * answered by an error (0x06), commands and responses that nobody waits for by nothing.
 */
#ifndef SIM_BLE_ATT_H
#define SIM_BLE_ATT_H

#include "sim/ble/peripheral.h"

enum {
    ATT_CHARACTERISTICS_MAX = BLE_SERVICES_MAX * BLE_CHARACTERISTICS_MAX,
    ATT_GAP_ATTRIBUTES = 5, /* service, name and appearance with their declarations */
    ATT_ATTRIBUTES_MAX = ATT_GAP_ATTRIBUTES + BLE_SERVICES_MAX + 3 * ATT_CHARACTERISTICS_MAX,
    ATT_VALUE_MAX = 512,
};

/* ---- the table ---- */

enum att_kind {
    ATT_SERVICE,        /* 0x2800 */
    ATT_DECLARATION,    /* 0x2803 */
    ATT_VALUE,          /* of the characteristic */
    ATT_CONFIGURATION,  /* 0x2902: the CCCD */
    ATT_GAP_NAME,       /* 0x2A00 */
    ATT_GAP_APPEARANCE, /* 0x2A01 */
};

struct att_attribute {
    uint16_t handle, type;
    enum att_kind kind;
    uint16_t uuid;      /* of the service or characteristic that is declared */
    uint16_t points;    /* SERVICE: handle of its last attribute; DECLARATION: of the value */
    uint8_t properties; /* DECLARATION, VALUE */
    uint8_t index;      /* VALUE, CONFIGURATION: of the characteristic, through all services */
};

struct att_table {
    struct att_attribute attributes[ATT_ATTRIBUTES_MAX]; /* by handle */
    size_t n;
    struct ble_traits traits;
};

/* ERR_RANGE: the handles overlap or do not rise. */
enum err att_table_init(struct att_table *table, const struct ble_traits *traits);
const struct att_attribute *att_table_find(const struct att_table *table, uint16_t handle);
/* Up to ATT_VALUE_MAX bytes; not of ATT_CONFIGURATION, which is the connection's. */
void att_table_value(const struct att_table *table, const struct att_attribute *a, struct buf *out);

/* ---- the server ---- */

struct att {
    const struct att_table *table;
    uint16_t mtu;
    bool asked; /* our MTU request has no answer yet */
    uint16_t configuration[ATT_CHARACTERISTICS_MAX];
};

enum att_event_kind { ATT_NOTHING, ATT_MTU, ATT_SUBSCRIBED, ATT_WRITTEN };

struct att_event {
    enum att_event_kind kind;
    uint16_t mtu;
    unsigned characteristic;
    bool on;           /* SUBSCRIBED */
    struct span bytes; /* WRITTEN; part of the PDU */
};

/* A new connection. The table must outlive it. */
void att_connect(struct att *att, const struct att_table *table);
/* Our own MTU request into `out`; false: this battery does not ask. */
bool att_ask(struct att *att, struct buf *out);
/* A PDU of the central; the answer, if there is one, into `out` (BLE_MTU_MAX bytes are enough). It
 * has to leave before the event is told. */
struct att_event att_take(struct att *att, struct span pdu, struct buf *out);
/* A notification into `out`. Errors as of ble_notify(). */
enum err att_notify(const struct att *att, unsigned characteristic, struct span bytes,
                    struct buf *out);

#endif
