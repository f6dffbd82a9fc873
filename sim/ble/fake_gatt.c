/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads, writes and notifications of the played BlueZ.
 */
#include <string.h>

#include "sim/ble/fake_bluez_priv.h"

static int refuse(sd_bus_message *call, const char *name, const char *text)
{
    char full[64];
    struct buf b = buf_of(full, sizeof full);

    buf_printf(&b, "org.bluez.Error.%s", name);
    buf_u8(&b, 0);
    return sd_bus_reply_method_errorf(call, full, "%s", text);
}

/* ---- calls on their way ---- */

/* In the order they came: one that takes longer delays those behind it. */
static int enqueue(struct fake_device *d, enum fake_pending_kind kind, unsigned characteristic,
                   sd_bus_message *call, bool command)
{
    uint64_t due_us = loop_now(d->fake->loop) + (command ? FAKE_ATT_US / 2 : FAKE_ATT_US);
    struct fake_pending *free_one = NULL;

    for (struct fake_pending *p = d->pending; p < d->pending + FAKE_PENDING; p++) {
        if (p->call == NULL)
            free_one = p;
        else if (p->due_us > due_us)
            due_us = p->due_us;
    }
    if (free_one == NULL)
        return refuse(call, "Failed", "Too many requests");
    *free_one = (struct fake_pending){.call = sd_bus_message_ref(call),
                                      .kind = kind,
                                      .characteristic = characteristic,
                                      .command = command,
                                      .due_us = due_us};
    fake_reschedule(d->fake);
    return command ? sd_bus_reply_method_return(call, "") : 1;
}

uint64_t fake_gatt_deadline(const struct fake_device *d)
{
    uint64_t t = NEVER_US;

    for (const struct fake_pending *p = d->pending; p < d->pending + FAKE_PENDING; p++)
        if (p->call != NULL)
            t = deadline_min(t, p->due_us);
    return t;
}

static void do_write(struct fake_device *d, const struct fake_pending *p)
{
    const void *bytes;
    size_t n;

    if (sd_bus_message_rewind(p->call, 1) < 0 ||
        sd_bus_message_read_array(p->call, 'y', &bytes, &n) < 0)
        return;
    if (!p->command)
        sd_bus_reply_method_return(p->call, "");
    d->peripheral.handler.written(d->peripheral.handler.ctx, p->characteristic, span_of(bytes, n));
}

static void do_read(const struct fake_device *d, const struct fake_pending *p)
{
    struct span value = ble_characteristic(&d->traits, p->characteristic)->value;
    sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_return(p->call, &m);

    if (r >= 0)
        r = sd_bus_message_append_array(m, 'y', value.p, value.n);
    if (r >= 0)
        sd_bus_send(fake_bus(d->fake), m, NULL);
    sd_bus_message_unref(m);
}

static void do_start(struct fake_device *d, const struct fake_pending *p)
{
    struct fake_clients *clients = &d->notifying[p->characteristic];
    bool first = !fake_clients_any(clients);

    if (!fake_clients_add(clients, sd_bus_message_get_sender(p->call))) {
        refuse(p->call, "Failed", "Too many clients");
        return;
    }
    if (first)
        fake_say_characteristic(d, p->characteristic, "Notifying");
    sd_bus_reply_method_return(p->call, "");
    if (first)
        d->peripheral.handler.subscribed(d->peripheral.handler.ctx, p->characteristic, true);
}

static void unsubscribe(struct fake_device *d, unsigned characteristic, const char *name)
{
    struct fake_clients *clients = &d->notifying[characteristic];

    if (!fake_clients_has(clients, name))
        return;
    fake_clients_remove(clients, name);
    if (fake_clients_any(clients))
        return;
    fake_say_characteristic(d, characteristic, "Notifying");
    d->peripheral.handler.subscribed(d->peripheral.handler.ctx, characteristic, false);
}

static void do_one(struct fake_device *d, const struct fake_pending *p)
{
    switch (p->kind) {
    case FAKE_WRITE: do_write(d, p); return;
    case FAKE_READ: do_read(d, p); return;
    case FAKE_START_NOTIFY: do_start(d, p); return;
    case FAKE_STOP_NOTIFY:
        unsubscribe(d, p->characteristic, sd_bus_message_get_sender(p->call));
        sd_bus_reply_method_return(p->call, "");
        return;
    }
}

/* A dead radio answers nothing; the calls end with the link. */
void fake_gatt_run(struct fake_device *d, uint64_t now_us)
{
    for (;;) {
        struct fake_pending *first = NULL;
        for (struct fake_pending *p = d->pending; p < d->pending + FAKE_PENDING; p++)
            if (p->call != NULL && p->due_us <= now_us &&
                (first == NULL || p->due_us < first->due_us))
                first = p;
        if (first == NULL)
            return;
        struct fake_pending one = *first;
        first->call = NULL;
        if (d->dead_us == NEVER_US)
            do_one(d, &one);
        else if (!one.command)
            refuse(one.call, "Failed", "Not connected");
        sd_bus_message_unref(one.call);
        if (d->fake->dbus != NULL)
            dbus_settle(d->fake->dbus);
    }
}

void fake_gatt_end(struct fake_device *d)
{
    for (struct fake_pending *p = d->pending; p < d->pending + FAKE_PENDING; p++) {
        if (p->call == NULL)
            continue;
        if (!p->command)
            refuse(p->call, "Failed", "Not connected");
        p->call = sd_bus_message_unref(p->call);
    }
    memset(d->notifying, 0, sizeof d->notifying);
}

void fake_gatt_client_left(struct fake_device *d, const char *name)
{
    for (unsigned i = 0; ble_characteristic(&d->traits, i) != NULL; i++)
        unsubscribe(d, i, name);
}

/* ---- methods of a characteristic ---- */

/* "command", "request" or NULL; the message stands at the options. */
static const char *read_type(sd_bus_message *call)
{
    const char *key, *type = NULL;

    if (sd_bus_message_enter_container(call, 'a', "{sv}") < 0)
        return NULL;
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        if (sd_bus_message_read(call, "s", &key) < 0)
            return NULL;
        if (strcmp(key, "type") != 0)
            sd_bus_message_skip(call, "v");
        else if (sd_bus_message_read(call, "v", "s", &type) < 0)
            return NULL;
        sd_bus_message_exit_container(call);
    }
    return type;
}

static int write_value(struct fake_device *d, unsigned characteristic, uint8_t properties,
                       sd_bus_message *call)
{
    const void *bytes;
    size_t n;

    if (sd_bus_message_read_array(call, 'y', &bytes, &n) < 0)
        return refuse(call, "InvalidArguments", "Invalid arguments in method call");
    const char *type = read_type(call);
    bool command = (properties & BLE_WRITE_COMMAND) != 0 &&
                   (type == NULL ? (properties & BLE_WRITE) == 0 : strcmp(type, "command") == 0);
    if (!command && (properties & BLE_WRITE) == 0)
        return refuse(call, "NotSupported", "Operation is not supported");
    if (n + BLE_ATT_HEADER > d->mtu)
        return refuse(call, "Failed", "Failed to initiate write");
    return enqueue(d, FAKE_WRITE, characteristic, call, command);
}

static int start_notify(struct fake_device *d, unsigned characteristic, uint8_t properties,
                        sd_bus_message *call)
{
    if ((properties & BLE_NOTIFY) == 0)
        return refuse(call, "NotSupported", "Operation is not supported");
    if (fake_clients_has(&d->notifying[characteristic], sd_bus_message_get_sender(call)))
        return refuse(call, "InProgress", "In Progress");
    return enqueue(d, FAKE_START_NOTIFY, characteristic, call, false);
}

int fake_gatt_call(struct fake_device *d, unsigned characteristic, const char *method,
                   sd_bus_message *call)
{
    uint8_t properties = ble_characteristic(&d->traits, characteristic)->properties;

    if (strcmp(method, "WriteValue") == 0)
        return write_value(d, characteristic, properties, call);
    if (strcmp(method, "StartNotify") == 0)
        return start_notify(d, characteristic, properties, call);
    if (strcmp(method, "StopNotify") == 0)
        return enqueue(d, FAKE_STOP_NOTIFY, characteristic, call, false);
    if (strcmp(method, "ReadValue") == 0 && (properties & BLE_READ) != 0)
        return enqueue(d, FAKE_READ, characteristic, call, false);
    return refuse(call, "NotSupported", "Operation is not supported");
}

enum err fake_gatt_notify(struct ble_peripheral *peripheral, unsigned characteristic,
                          struct span bytes)
{
    struct fake_device *d = fake_device_of(peripheral);

    if (d->state != FAKE_RESOLVED || ble_characteristic(&d->traits, characteristic) == NULL ||
        !fake_clients_any(&d->notifying[characteristic]))
        return ERR_CLOSED;
    if (bytes.n + BLE_ATT_HEADER > d->mtu)
        return ERR_RANGE;
    if (d->dead_us == NEVER_US)
        fake_say_value(d, characteristic, bytes);
    return ERR_OK;
}
