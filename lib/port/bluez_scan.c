/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of what advertises nearby. What BlueZ only remembers from earlier is left out until it is
 * heard.
 */
#include <stdlib.h>
#include <string.h>

#include "port/bluez_priv.h"

enum { DEVICES = 128 };

struct device {
    char path[BLUEZ_PATH_MAX]; /* "": free */
    struct bluez_found found;
};

struct bluez_scan {
    struct bluez_scan_handler handler;
    struct bluez_central *central;
    struct device devices[DEVICES];
};

static struct device *find(struct bluez_scan *s, const char *path)
{
    for (struct device *d = s->devices; d < s->devices + DEVICES; d++)
        if (strcmp(d->path, path) == 0)
            return d;
    return NULL;
}

static void on_object(void *ctx, const struct bluez_object *o)
{
    struct bluez_scan *s = ctx;

    if (o->interface != BLUEZ_DEVICE || strlen(o->path) >= BLUEZ_PATH_MAX)
        return;
    struct device *d = find(s, o->path);
    if (d == NULL)
        d = find(s, "");
    if (d == NULL)
        return;
    memcpy(d->path, o->path, strlen(o->path) + 1);
    if (bluez_found_update(&d->found, o) && (d->found.rssi != 0 || d->found.connected))
        s->handler.on_found(s->handler.ctx, &d->found);
}

static void on_removed(void *ctx, const char *path)
{
    struct device *d = find(ctx, path);

    if (d != NULL)
        *d = (struct device){.path = ""};
}

static void on_central(void *ctx)
{
    struct bluez_scan *s = ctx;

    s->handler.on_state(s->handler.ctx, bluez_central_why(s->central));
}

enum err bluez_scan_new(struct loop *loop, const char *bus,
                        const struct bluez_scan_handler *handler, struct bluez_scan **ret)
{
    struct bluez_scan *s = calloc(1, sizeof *s);

    if (s == NULL)
        return ERR_MEMORY;
    s->handler = *handler;
    const struct bluez_central_handler central = {
        .state = on_central, .object = on_object, .removed = on_removed, .ctx = s};
    enum err e = bluez_central_new(loop, bus, &central, &s->central);
    if (e != ERR_OK) {
        free(s);
        return e;
    }
    bluez_central_discover(s->central, true);
    *ret = s;
    return ERR_OK;
}

void bluez_scan_delete(struct bluez_scan *s)
{
    if (s == NULL)
        return;
    bluez_central_discover(s->central, false);
    bluez_central_delete(s->central);
    free(s);
}
