/* SPDX-License-Identifier: Apache-2.0
 *
 * A dbus-daemon of one's own with a policy that allows everything, for a private BlueZ
 * (sim/ble/fake_bluez.h) that unmodified programs find through $DBUS_SYSTEM_BUS_ADDRESS. Nothing
 * blocks: readiness and exit come as callbacks.
 */
#ifndef PORT_DBUS_DAEMON_H
#define PORT_DBUS_DAEMON_H

#include "base/loop.h"

struct dbus_daemon;

struct dbus_daemon_handler {
    void (*on_ready)(void *ctx);
    /* It ended by itself or never became ready; `text` is what it printed last. */
    void (*on_failed)(void *ctx, enum err why, const char *text);
    void *ctx;
};

/* `dir`: an existing private folder for configuration and socket. ERR_NOT_FOUND: no dbus-daemon in
 * PATH; ERR_RANGE: `dir` is too long for a unix socket. */
enum err dbus_daemon_new(struct loop *loop, const char *dir,
                         const struct dbus_daemon_handler *handler, struct dbus_daemon **ret);
void dbus_daemon_delete(struct dbus_daemon *daemon); /* kills it */

/* "unix:path=DIR/dbus.sock", also before it is ready. */
const char *dbus_daemon_address(const struct dbus_daemon *daemon);
bool dbus_daemon_ready(const struct dbus_daemon *daemon);

#endif
