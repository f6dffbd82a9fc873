/* SPDX-License-Identifier: Apache-2.0
 *
 * $BMSRIG_CAN_HUB: "vcan0=/run/x/vcan0.sock,can1=/run/x/can1.sock". What is malformed is left out:
 * a preload library has nobody to complain to, and the program's bind fails with ENODEV.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"

/* enum can_state of port/can.h, as the hub writes it */
enum { STATE_UP = 0, STATE_DOWN = 1, STATE_PASSIVE = 2 };

static struct {
    pthread_once_t once;
    unsigned n;
    struct can_interface interface[CAN_MAX_INTERFACES];
    const _Atomic uint32_t *state[CAN_MAX_INTERFACES]; /* NULL: not known */
} names = {.once = PTHREAD_ONCE_INIT};

static void map_state(unsigned i)
{
    char path[sizeof names.interface[0].path + sizeof HUB_STATE_SUFFIX];

    snprintf(path, sizeof path, "%s" HUB_STATE_SUFFIX, names.interface[i].path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof(uint32_t), PROT_READ, MAP_SHARED, fd, 0);
    real()->close(fd);
    if (map != MAP_FAILED)
        names.state[i] = map;
}

static void add(const char *item, size_t n)
{
    struct can_interface *c = &names.interface[names.n];
    const char *equals = memchr(item, '=', n);

    if (names.n == CAN_MAX_INTERFACES || equals == NULL)
        return;
    size_t name_n = (size_t)(equals - item), path_n = n - name_n - 1;
    if (name_n == 0 || name_n >= sizeof c->name || path_n == 0 || path_n >= sizeof c->path)
        return;
    memset(c, 0, sizeof *c);
    memcpy(c->name, item, name_n);
    memcpy(c->path, equals + 1, path_n);
    c->ifindex = HUB_IFINDEX_BASE + (int)names.n;
    map_state(names.n);
    names.n++;
}

static void parse(void)
{
    const char *at = getenv(HUB_ENV);

    while (at != NULL && *at != '\0') {
        size_t n = strcspn(at, ",");
        add(at, n);
        at += n;
        at += *at == ',' ? 1 : 0;
    }
}

unsigned can_interface_count(void)
{
    pthread_once(&names.once, parse);
    return names.n;
}

const struct can_interface *can_interface_at(unsigned i)
{
    return i < can_interface_count() ? &names.interface[i] : NULL;
}

const struct can_interface *can_interface_by_index(int ifindex)
{
    return ifindex < HUB_IFINDEX_BASE ? NULL
                                      : can_interface_at((unsigned)(ifindex - HUB_IFINDEX_BASE));
}

const struct can_interface *can_interface_by_name(const char *name)
{
    for (unsigned i = 0; i < can_interface_count(); i++)
        if (strncmp(names.interface[i].name, name, sizeof names.interface[i].name) == 0)
            return &names.interface[i];
    return NULL;
}

const struct can_interface *can_interface_by_path(const char *path)
{
    for (unsigned i = 0; i < can_interface_count(); i++)
        if (strcmp(names.interface[i].path, path) == 0)
            return &names.interface[i];
    return NULL;
}

bool can_interface_is_down(const struct can_interface *interface)
{
    const _Atomic uint32_t *state = names.state[interface - names.interface];
    return state != NULL && *state == STATE_DOWN;
}

bool can_interface_is_passive(const struct can_interface *interface)
{
    const _Atomic uint32_t *state = names.state[interface - names.interface];
    return state != NULL && *state == STATE_PASSIVE;
}
