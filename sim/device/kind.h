/* SPDX-License-Identifier: Apache-2.0
 *
 * A device as a choice in [port]: its name, the keys that it adds there, and what it is connected
 * by. How it behaves is behind device.h. A new device is its own files in this folder, one line in
 * kinds.c (the language must know its keys) and one in device.c (what makes it).
 */
#ifndef SIM_DEVICE_KIND_H
#define SIM_DEVICE_KIND_H

#include "base/conf.h"

struct sim_config;

/* What the client holds in its hand; see sim/wire.h for what one piece of bytes is on each. */
enum device_wire { DEVICE_TTY, DEVICE_CAN, DEVICE_BLE };

enum { DEVICE_KNOBS_MAX = 512, DEVICE_KEYS_MAX = 40, DEVICE_KINDS_MAX = 16 };

struct device_kind {
    const char *name;    /* what stands behind the key `device` */
    const char *summary; /* one line for people */
    enum device_wire wire;
    bool replays;      /* it can answer from a recording (device_ops.replay) */
    const char *model; /* of batteries that name none: "pylontech.us3000c" */
    size_t knobs_size; /* of the struct behind `knobs` below; at most DEVICE_KNOBS_MAX */
    /* The keys of [port] besides `device` and `pace`, at most DEVICE_KEYS_MAX; NULL terminated. */
    const char *const *keys;
    void (*defaults)(void *knobs);
    /* One key (its index in `keys`); the cursor stands behind it. False after reporting an error.
     */
    bool (*key)(struct conf_cursor *c, size_t key, void *knobs);
    /* What is wrong across keys and batteries; NULL when fine. */
    const char *(*check)(const struct sim_config *config, const void *knobs);
    /* What a person should know of the port at the start, like ", 115200 baud"; may print nothing.
     */
    void (*greet)(const void *knobs, FILE *out);
};

/* One kind after the other, from i = 0; NULL behind the last. */
const struct device_kind *device_kind_at(size_t i);

#endif
