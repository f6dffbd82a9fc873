/* SPDX-License-Identifier: Apache-2.0
 *
 * Which characteristics of a battery carry its data: those of its service that can do it. A UUID
 * alone does not tell: modules from 2021 on have one twice, once for each direction.
 */
#include <string.h>

#include "port/bluez_priv.h"

struct search {
    const char *device;
    const struct bluez_target *target;
    struct bluez_gatt *gatt;
};

static bool copy_path(char *to, const char *path)
{
    size_t n = strlen(path);

    if (n >= BLUEZ_PATH_MAX)
        return false;
    memcpy(to, path, n + 1);
    return true;
}

static bool in_device(const char *device, const char *path)
{
    size_t n = strlen(device);

    return strncmp(path, device, n) == 0 && path[n] == '/';
}

static bool is_uuid(const char *uuid, uint16_t number)
{
    char wanted[BLUEZ_UUID_MAX];

    bluez_uuid16(number, wanted);
    return uuid != NULL && span_eq_nocase(span_str(uuid), wanted);
}

static void choose_service(void *ctx, const struct bluez_object *o)
{
    const struct search *s = ctx;
    char *service = s->gatt->service;

    if (o->interface == BLUEZ_SERVICE && in_device(s->device, o->path) &&
        is_uuid(o->uuid, s->target->service) &&
        (service[0] == '\0' || strcmp(o->path, service) < 0))
        copy_path(service, o->path);
}

/* The preferred UUID wins, then the lower handle. */
static void choose_end(struct bluez_end *end, const struct bluez_object *o, unsigned flags,
                       uint16_t preferred)
{
    bool better = is_uuid(o->uuid, preferred);

    if ((o->flags & flags) == 0 || (end->path[0] != '\0' && end->preferred && !better) ||
        (end->path[0] != '\0' && end->preferred == better && strcmp(o->path, end->path) >= 0) ||
        !copy_path(end->path, o->path))
        return;
    end->preferred = better;
    end->flags = o->flags;
    end->mtu = o->mtu;
}

static void choose_ends(void *ctx, const struct bluez_object *o)
{
    const struct search *s = ctx;

    if (o->interface != BLUEZ_CHARACTERISTIC || o->service == NULL ||
        strcmp(o->service, s->gatt->service) != 0)
        return;
    choose_end(&s->gatt->notify, o, BLUEZ_NOTIFY, s->target->notify);
    choose_end(&s->gatt->write, o, BLUEZ_WRITE | BLUEZ_WRITE_COMMAND, s->target->write);
}

bool bluez_gatt_choose(sd_bus_message *objects, const char *device,
                       const struct bluez_target *target, struct bluez_gatt *ret)
{
    struct search s = {.device = device, .target = target, .gatt = ret};

    *ret = (struct bluez_gatt){.service = ""};
    if (bluez_read_objects(objects, choose_service, &s) < 0 ||
        sd_bus_message_rewind(objects, 1) < 0 || bluez_read_objects(objects, choose_ends, &s) < 0)
        return false;
    return ret->notify.path[0] != '\0' && ret->write.path[0] != '\0';
}
