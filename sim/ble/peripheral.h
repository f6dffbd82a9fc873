/* SPDX-License-Identifier: Apache-2.0
 *
 * A Bluetooth LE peripheral as a battery's radio module is one: it advertises, one central
 * connects, writes and subscribes, and it sends notifications. What carries it is a radio: a
 * private D-Bus that plays BlueZ (sim/ble/fake_bluez.h), or a controller of our own that the real
 * BlueZ drives over HCI. Both forms take the same description and make the same calls, so a device
 * behind it cannot tell them apart.
 *
 * What is in the description is what a GATT client and a scanner can see. Procedures below (ATT,
 * L2CAP, link layer) are the radio's: it asks for an MTU, answers reads, keeps the CCCDs.
 */
#ifndef SIM_BLE_PERIPHERAL_H
#define SIM_BLE_PERIPHERAL_H

#include "base/loop.h"
#include "base/span.h"

/* ---- what is described ---- */

enum {
    BLE_READ = 0x02, /* the bits of the GATT characteristic declaration */
    BLE_WRITE_COMMAND = 0x04,
    BLE_WRITE = 0x08,
    BLE_NOTIFY = 0x10,
};

enum {
    BLE_ADDRESS = 6,
    BLE_NAME_MAX = 29, /* what fits an advertisement */
    BLE_MAKER_MAX = 16,
    BLE_SERVICES_MAX = 4,
    BLE_CHARACTERISTICS_MAX = 8,
    BLE_MTU_MIN = 23,
    BLE_MTU_MAX = 517,
    BLE_ATT_HEADER = 3, /* a notification holds MTU - 3 bytes */
};

struct ble_characteristic {
    uint16_t uuid;
    uint16_t handle; /* of its value; the declaration is one before, the CCCD one behind */
    uint8_t properties;
    struct span value; /* what reading it gives; static data */
};

struct ble_service {
    uint16_t uuid;
    uint16_t handle;
    uint8_t n;
    struct ble_characteristic characteristics[BLE_CHARACTERISTICS_MAX];
};

struct ble_traits {
    uint8_t address[BLE_ADDRESS]; /* public; in the order it is written */
    char name[BLE_NAME_MAX + 1];
    uint16_t advertised[BLE_SERVICES_MAX]; /* service UUIDs; 0 ends them */
    bool garbled_uuid;                     /* advertises 0000fee7ffe0-... as well */
    bool has_maker;
    uint16_t maker;
    uint8_t maker_data[BLE_MAKER_MAX];
    uint8_t maker_n;
    int8_t rssi;
    uint32_t interval_us;    /* between advertisements */
    uint32_t supervision_us; /* how long a link without radio lives */
    uint16_t mtu;            /* the largest it can; BLE_MTU_MIN: does not exchange */
    bool asks_mtu;           /* sends the MTU request itself, right after connecting */
    uint8_t n;
    struct ble_service services[BLE_SERVICES_MAX];
};

/* Whether the numbers in a description are within its arrays, and its times are times. */
bool ble_traits_sound(const struct ble_traits *traits);
/* The characteristic `index`, counted through all services; NULL behind the last. */
const struct ble_characteristic *ble_characteristic(const struct ble_traits *traits, size_t index);

/* ---- what is told ---- */

enum ble_end {
    BLE_END_CENTRAL,    /* the central hung up (0x13) */
    BLE_END_PERIPHERAL, /* we did (0x16) */
    BLE_END_LOST,       /* supervision time-out (0x08) */
    BLE_END_HOST,       /* the central's adapter or its software went away */
};

const char *ble_end_text(enum ble_end end);

struct ble_handler {
    void (*connected)(void *ctx);
    void (*disconnected)(void *ctx, enum ble_end why);
    void (*mtu)(void *ctx, uint16_t mtu);
    void (*subscribed)(void *ctx, unsigned characteristic, bool on);
    void (*written)(void *ctx, unsigned characteristic, struct span bytes);
    void *ctx;
};

/* ---- the peripheral ---- */

/* Where it is for a central of ours. */
enum ble_place {
    BLE_NEAR, /* advertises while nobody is connected */
    BLE_HELD, /* another central, one that we do not see, has it: no advertisement, no link */
    BLE_AWAY, /* no radio: a link dies of its supervision time-out; also: no power */
};

struct ble_peripheral;

struct ble_peripheral_ops {
    void (*destroy)(struct ble_peripheral *p);
    enum err (*notify)(struct ble_peripheral *p, unsigned characteristic, struct span bytes);
    void (*place)(struct ble_peripheral *p, enum ble_place place);
    void (*hang_up)(struct ble_peripheral *p);
    void (*rssi)(struct ble_peripheral *p, int8_t dbm);
    /* NULL: that of its traits. */
    void (*address)(const struct ble_peripheral *p, uint8_t ret[BLE_ADDRESS]);
};

/* Each form's struct begins with this. */
struct ble_peripheral {
    const struct ble_peripheral_ops *ops;
    struct ble_handler handler;
};

/* Its handler is not called any more. Not from inside a handler. */
static inline void ble_peripheral_delete(struct ble_peripheral *p)
{
    if (p != NULL)
        p->ops->destroy(p);
}

/* One notification. ERR_CLOSED: nobody is connected, or nobody has subscribed; ERR_RANGE: longer
 * than the MTU lets it be. What is lost on a dead link is no error. */
static inline enum err ble_notify(struct ble_peripheral *p, unsigned characteristic,
                                  struct span bytes)
{
    return p->ops->notify(p, characteristic, bytes);
}

static inline void ble_set_place(struct ble_peripheral *p, enum ble_place place)
{
    p->ops->place(p, place);
}

/* Ends the link from this side; harmless without one. */
static inline void ble_hang_up(struct ble_peripheral *p)
{
    p->ops->hang_up(p);
}

static inline void ble_set_rssi(struct ble_peripheral *p, int8_t dbm)
{
    p->ops->rssi(p, dbm);
}

/* Its address on the air, known when the radio is ready; false: that of its traits. */
static inline bool ble_own_address(const struct ble_peripheral *p, uint8_t ret[BLE_ADDRESS])
{
    if (p->ops->address == NULL)
        return false;
    p->ops->address(p, ret);
    return true;
}

/* ---- the radio ---- */

/* What befalls the central's side; a radio that cannot do it says ERR_UNSUPPORTED. */
enum ble_fault {
    BLE_ADAPTER_OFF, /* and on again when it ends */
    BLE_DAEMON_DOWN, /* bluetoothd is gone, and started again when it ends */
};

struct ble_radio;

struct ble_radio_ops {
    void (*destroy)(struct ble_radio *radio);
    enum err (*add)(struct ble_radio *radio, const struct ble_traits *traits,
                    const struct ble_handler *handler, struct ble_peripheral **ret);
    enum err (*fault)(struct ble_radio *radio, enum ble_fault fault, bool on);
};

struct ble_radio {
    const struct ble_radio_ops *ops;
};

/* The peripherals must be gone before. */
static inline void ble_radio_delete(struct ble_radio *radio)
{
    if (radio != NULL)
        radio->ops->destroy(radio);
}

/* ERR_EXISTS: that address is taken; ERR_RANGE: the description is not sound; ERR_SPACE. The traits
 * are copied. */
static inline enum err ble_radio_add(struct ble_radio *radio, const struct ble_traits *traits,
                                     const struct ble_handler *handler, struct ble_peripheral **ret)
{
    return radio->ops->add(radio, traits, handler, ret);
}

static inline enum err ble_radio_fault(struct ble_radio *radio, enum ble_fault fault, bool on)
{
    return radio->ops->fault(radio, fault, on);
}

#endif
