/* SPDX-License-Identifier: Apache-2.0
 *
 * See air.h.
 */
#define _GNU_SOURCE
#include "sim/air.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port/dbus_daemon.h"
#include "sim/ble/fake_bluez.h"
#include "sim/ble/radio.h"

enum { WHERE_MAX = 256 };

struct air_user {
    struct air *air;
    struct air_user *next;
    struct air_handler handler;
};

struct air {
    struct airs *airs; /* NULL: not shared, or dead */
    struct air *next;
    struct loop *loop;
    char where[WHERE_MAX]; /* without "ble:"; "" is a folder of its own */
    struct air_user *users;
    struct ble_radio *radio;
    bool up;
    /* played */
    char folder[WHERE_MAX];
    bool own_folder;
    struct dbus_daemon *daemon;
};

/* ---- what befalls it ---- */

static void tell_radio(const struct air *a)
{
    for (const struct air_user *u = a->users; u != NULL; u = u->next)
        if (u->handler.on_radio(u->handler.ctx, a->radio) != ERR_OK)
            u->handler.on_dead(u->handler.ctx);
}

static void on_ready(void *ctx)
{
    struct air *a = ctx;

    a->up = true;
    for (const struct air_user *u = a->users; u != NULL; u = u->next)
        u->handler.on_up(u->handler.ctx);
}

/* Nobody joins it any more. */
static void unlist(struct air *a)
{
    if (a->airs == NULL)
        return;
    struct air **at = &a->airs->first;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    a->airs = NULL;
}

static void on_failed(void *ctx, enum err why)
{
    struct air *a = ctx;

    (void)why;
    a->up = false;
    unlist(a);
    for (const struct air_user *u = a->users; u != NULL; u = u->next)
        u->handler.on_dead(u->handler.ctx);
}

/* ---- the played BlueZ ---- */

static void on_daemon_ready(void *ctx)
{
    struct air *a = ctx;
    const struct fake_bluez_handler handler = {on_ready, on_failed, a};
    enum err e = fake_bluez_new(a->loop, dbus_daemon_address(a->daemon), &handler, &a->radio);

    if (e == ERR_OK)
        tell_radio(a);
    else
        on_failed(a, e);
}

static void on_daemon_failed(void *ctx, enum err why, const char *text)
{
    (void)text;
    on_failed(ctx, why);
}

static enum err open_played(struct air *a)
{
    const struct dbus_daemon_handler handler = {on_daemon_ready, on_daemon_failed, a};

    if (a->where[0] != '\0') {
        span_to_str(span_str(a->where), a->folder, sizeof a->folder);
    } else {
        span_to_str(span_str("/tmp/bms-sim-XXXXXX"), a->folder, sizeof a->folder);
        a->own_folder = mkdtemp(a->folder) != NULL;
        if (!a->own_folder)
            return ERR_DENIED;
    }
    return dbus_daemon_new(a->loop, a->folder, &handler, &a->daemon);
}

static enum err open_real(struct air *a)
{
    const struct ble_radio_handler handler = {on_ready, on_failed, a};

    return ble_radio_open(a->loop, a->where, &handler, &a->radio);
}

/* ---- joining and leaving ---- */

static void close_air(struct air *a)
{
    unlist(a);
    ble_radio_delete(a->radio);
    dbus_daemon_delete(a->daemon);
    if (a->own_folder)
        rmdir(a->folder);
    free(a);
}

static struct air *find(const struct airs *airs, const char *where)
{
    struct air *a = airs != NULL && where[0] != '\0' ? airs->first : NULL;

    while (a != NULL && strcmp(a->where, where) != 0)
        a = a->next;
    return a;
}

static enum err open_air(struct airs *airs, struct loop *loop, const char *where, struct air **ret)
{
    struct air *a = calloc(1, sizeof *a);

    if (a == NULL)
        return ERR_MEMORY;
    a->loop = loop;
    span_to_str(span_str(where), a->where, sizeof a->where);
    enum err e = ble_radio_is_real(where) ? open_real(a) : open_played(a);
    if (e != ERR_OK) {
        close_air(a);
        return e;
    }
    if (airs != NULL) {
        a->airs = airs;
        a->next = airs->first;
        airs->first = a;
    }
    *ret = a;
    return ERR_OK;
}

/* "" for a folder of its own. */
static bool place_of(const char *where, char out[WHERE_MAX])
{
    struct span text = span_str(where);

    out[0] = '\0';
    if (span_eq_str(text, "ble"))
        return true;
    if (!span_starts(text, "ble:") || text.n == 4 || text.n >= WHERE_MAX)
        return false;
    span_to_str(span_sub(text, 4, SIZE_MAX), out, WHERE_MAX);
    return true;
}

enum err air_join(struct airs *airs, struct loop *loop, const char *where,
                  const struct air_handler *handler, struct air_user **ret)
{
    char place[WHERE_MAX];

    if (!place_of(where, place))
        return ERR_USAGE;
    struct air_user *u = calloc(1, sizeof *u);
    if (u == NULL)
        return ERR_MEMORY;
    u->handler = *handler;
    struct air *a = find(airs, place);
    enum err e = a != NULL ? ERR_OK : open_air(airs, loop, place, &a);
    if (e != ERR_OK) {
        free(u);
        return e;
    }
    u->air = a;
    u->next = a->users;
    a->users = u;
    if (a->radio != NULL)
        e = handler->on_radio(handler->ctx, a->radio);
    if (e != ERR_OK) {
        air_leave(u);
        return e;
    }
    *ret = u;
    if (a->up)
        handler->on_up(handler->ctx);
    return ERR_OK;
}

void air_leave(struct air_user *user)
{
    if (user == NULL)
        return;
    struct air *a = user->air;
    struct air_user **at = &a->users;
    while (*at != user)
        at = &(*at)->next;
    *at = user->next;
    free(user);
    if (a->users == NULL)
        close_air(a);
}

const char *air_bus(const struct air_user *user)
{
    return user->air->daemon != NULL ? dbus_daemon_address(user->air->daemon) : NULL;
}
