/* SPDX-License-Identifier: Apache-2.0
 *
 * The bridge's configuration: sections [battery NAME], [can NAME], [mqtt NAME] and [bank] of the
 * project's text form (base/conf.h), read into plain structs. docs/bridge.md is the reference.
 */
#ifndef BRIDGE_CONFIG_H
#define BRIDGE_CONFIG_H

#include <stddef.h>

#include "base/conf.h"
#include "bridge/bank.h"
#include "bridge/sink/can.h"
#include "bridge/sink/homeassistant.h"
#include "bridge/sink/victron.h"
#include "bridge/source/kind.h"

enum {
    CONFIG_MAX_BATTERIES = 16, /* sections [battery] */
    CONFIG_MAX_SECTIONS = 4,   /* of each other kind */
    CONFIG_TEXT = 256,
    CONFIG_NAME = 32,
};

struct config_battery {
    char name[CONFIG_NAME];
    char port[CONFIG_TEXT];
    uint32_t line;                  /* of the section's head */
    const struct source_kind *kind; /* NULL until the key `source` was read */
    /* The source's own struct; its first kind->config_size bytes. */
    _Alignas(max_align_t) unsigned char settings[SOURCE_CONFIG_MAX];
};

struct config_can {
    char name[CONFIG_NAME];
    char bus[CONFIG_TEXT];
    uint32_t bitrate; /* 0: leave the interface as it is */
    struct sink_can_config sink;
};

struct config_mqtt {
    char name[CONFIG_NAME];
    char broker[CONFIG_TEXT];
    char ca[CONFIG_TEXT], cert[CONFIG_TEXT], key[CONFIG_TEXT];
    char user[CONFIG_TEXT], client_id[CONFIG_TEXT];
    char password[CONFIG_TEXT]; /* never printed */
    char password_file[CONFIG_TEXT], password_env[CONFIG_TEXT];
    unsigned keepalive_s;
    struct sink_victron_config sink; /* topic "": nothing for Victron */
    struct sink_ha_config ha;        /* topic "": nothing for Home Assistant */
};

struct config {
    struct bank_rules bank;
    size_t n_batteries, n_cans, n_mqtts;
    struct config_battery batteries[CONFIG_MAX_BATTERIES];
    struct config_can cans[CONFIG_MAX_SECTIONS];
    struct config_mqtt mqtts[CONFIG_MAX_SECTIONS];
};

/* Reads all sections. False: the errors are collected in `file` (conf_print_errors). */
bool config_read(struct conf_file *file, struct config *ret);

/* Fetches the passwords that files and environment variables hold. False: *ret_why says what is
 * missing, without the secret. */
bool config_fetch_secrets(struct config *config, char *ret_why, size_t cap);

#endif
