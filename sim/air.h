/* SPDX-License-Identifier: Apache-2.0
 *
 * The air of Bluetooth batteries: a radio and what it stands on. Places, as people write them:
 *
 *   ble        BlueZ, played on a private D-Bus in a folder of its own
 *   ble:DIR    the same in DIR, which must exist and have a short path
 *   ble:vhci   a virtual controller for the real BlueZ of this machine (sim/ble/radio.h)
 *   ble:hciN   a real controller, whose host is this program: one battery, on the real air
 *
 * Ports that share a struct airs and name the same place (not plain `ble`) are in the same air.
 */
#ifndef SIM_AIR_H
#define SIM_AIR_H

#include "sim/ble/peripheral.h"

struct air;
struct air_user;

/* The airs that may be shared. Zeroed is empty; it must outlive its users. */
struct airs {
    struct air *first;
};

struct air_handler {
    /* There is a radio: add to it. What it says is the error of air_join() or, after that, the end
     * of this user's air. */
    enum err (*on_radio)(void *ctx, struct ble_radio *radio);
    void (*on_up)(void *ctx); /* a client can come */
    /* It is gone: delete the peripheral and leave, but not from inside. */
    void (*on_dead)(void *ctx);
    void *ctx;
};

/* on_radio may come from inside. `airs` NULL: not shared. Errors as of dbus_daemon_new() and
 * ble_radio_open(); ERR_USAGE: no such place. */
enum err air_join(struct airs *airs, struct loop *loop, const char *where,
                  const struct air_handler *handler, struct air_user **ret);
/* The peripheral must be gone before. NULL is fine. */
void air_leave(struct air_user *user);

/* The address of the private bus; NULL: the clients use the system's. */
const char *air_bus(const struct air_user *user);

#endif
