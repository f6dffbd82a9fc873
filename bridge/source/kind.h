/* SPDX-License-Identifier: Apache-2.0
 *
 * A battery protocol as a choice in the configuration: its name, the keys that it adds to
 * [battery NAME], and how to make its state machine. A new protocol is its own files in this folder
 * and one line in kinds.c.
 */
#ifndef BRIDGE_SOURCE_KIND_H
#define BRIDGE_SOURCE_KIND_H

#include "base/conf.h"
#include "base/log.h"
#include "bridge/source/source.h"

enum { SOURCE_CONFIG_MAX = 512, SOURCE_KEYS_MAX = 40, SOURCE_KINDS_MAX = 16 };

struct source_kind {
    const char *name;    /* what stands behind the key `source` */
    const char *summary; /* one line for people */
    enum source_wire wire;
    size_t config_size; /* of the struct behind `config` below; at most SOURCE_CONFIG_MAX */
    /* The keys besides `source` and `port`, at most SOURCE_KEYS_MAX; NULL terminated. */
    const char *const *keys;

    /* `name` is the section's, for the log. */
    void (*defaults)(void *config, const char *name);
    /* One key (its index in `keys`); the cursor stands behind it. False after reporting an error.
     */
    bool (*key)(struct conf_cursor *c, size_t key, void *config);
    /* What is wrong across the keys, reported at the section's head. `seen`: bit i is key i. May
     * complete the configuration. */
    void (*check)(struct conf_file *file, uint32_t line, uint64_t seen, const char *port,
                  void *config);
    /* How often the battery is read, or how often it speaks by itself. */
    uint64_t (*period_us)(const void *config);
    /* A source with memory of its own (destroy is set). ERR_MEMORY. `log` outlives it. */
    enum err (*make)(const void *config, const struct log *log, struct source *ret);
};

extern const struct source_kind pylontech_console_kind;
extern const struct source_kind pylon_can_kind;
extern const struct source_kind jk_ble_kind;
extern const struct source_kind jk_bus_kind;
extern const struct source_kind jk_modbus_kind;
extern const struct source_kind jk_uart_kind;

/* One kind after the other, from i = 0; NULL behind the last. */
const struct source_kind *source_kind_at(size_t i);

#endif
