/* SPDX-License-Identifier: Apache-2.0
 *
 * A DUT manifest (*.dut): how to start the bridge under test, or how to reach one that already
 * runs, and what it promises. Ten lines suffice; the reference bridge has one like anybody else.
 *
 *     dut      my-bridge "My bridge 1.2"
 *     run      /usr/bin/python3 bridge.py --config {config}
 *     config   my-bridge.conf.in            # a template; {tty} {can} {broker} ... are filled in
 *     config   my-jk.conf.in for jk-modbus  # another one for such a battery
 *     boot     2 s                          # from start to the first poll, at most
 *     sources  pylontech-console
 *     stale    zero                         # what it does when the battery is lost
 *     [can]
 *     dialect  pylon-1.2
 *     [json]
 *     topic    mybridge/battery
 *     form     nested
 *     status   mybridge/status              # with online and offline texts of its own, if they
 * differ [map]                                 # where a value has another name
 *     Info.MaxChargeCurrent  Limits.Charge
 *     [ha]                                  # Home Assistant: unique ids begin with
 *     bank     mybridge_bank
 *     battery  mybridge_battery_            # and the number
 *     [exclude]
 *     JSON-CADENCE  "publishes on change only; issue 12"
 *
 * Further keys: stop, env NAME=value (repeatable); tty, can, broker in place of `run`; [can] maker,
 * period, stale; [json] online, offline, period, stale; [ha] prefix, birth, config, clean.
 *
 * Placeholders: {battery} (what to open to reach the battery: a tty, a CAN interface, ble:ADDRESS)
 * {source} (the device of the scenario) {tty} (a battery on a serial port) {can} {broker}
 * (mqtt://127.0.0.1:PORT) {host} {port} {batteries} {dir} (the run's own folder) {config} {bin}
 * (where our programs are) {manifest} (the manifest's folder), {ccl} {dcl} {cvl} {dvl} (the user's
 * limits of the scenario's [limits], "15 A").
 */
#ifndef HARNESS_MANIFEST_H
#define HARNESS_MANIFEST_H

#include "base/conf.h"

enum stale_policy {
    STALE_UNDECLARED, /* silence or zero are both accepted */
    STALE_SILENCE,    /* no frame of the set, no publish, for three periods */
    STALE_ZERO,       /* CCL = DCL = 0; JSON Max* = 0 */
    STALE_OFFLINE,    /* the status topic says offline */
};

enum {
    MANIFEST_SOURCES = 16,
    MANIFEST_ARGS = 24,
    MANIFEST_EXCLUDES = 64,
    MANIFEST_MAPS = 64,
    MANIFEST_ENVS = 16
};

struct manifest {
    char *path, *dir;
    char id[40];
    char title[120];
    bool attach; /* no `run`: reach it through tty, can, broker */
    char *run[MANIFEST_ARGS];
    size_t n_run;
    char *env[MANIFEST_ENVS]; /* "NAME=value", placeholders allowed */
    size_t n_env;
    char *config; /* path of the template, or NULL */
    struct manifest_config {
        char source[24];
        char *path;
        uint32_t line;
    } configs[MANIFEST_SOURCES]; /* templates for some sources: manifest_config() */
    size_t n_configs;
    uint64_t boot_us; /* default 5 s */
    uint64_t stop_us; /* SIGTERM to SIGKILL; default 2 s */
    char sources[MANIFEST_SOURCES][24];
    size_t n_sources;
    enum stale_policy stale_can, stale_json;
    char tty[128], can[128], broker[200]; /* attach */
    bool has_can, has_json, has_ha;
    char dialect[24];
    char maker[9]; /* [can] maker: what its 0x35E says; "" unchecked */
    char topic[128];
    char form[12];
    char status_topic[128], status_online[32], status_offline[32];
    uint64_t can_period_us, json_period_us; /* default 1 s */
    char ha_prefix[64];                     /* [ha]: of discovery topics */
    char ha_birth[64];                      /* where Home Assistant says that it was started */
    char ha_bank[96];           /* what unique ids of the bank begin with, without the last '_' */
    char ha_battery[96];        /* likewise of battery n, without the number */
    char *ha_config;            /* a template for scenarios that need ha, or NULL */
    char *clean[MANIFEST_ARGS]; /* the command that takes the DUT out of Home Assistant */
    size_t n_clean;
    struct {
        char name[64]; /* canonical JSON path, or "ha." and an entity */
        char path[64]; /* where this DUT has it */
    } map[MANIFEST_MAPS];
    size_t n_map;
    struct {
        char req[40];
        char *reason;
    } exclude[MANIFEST_EXCLUDES];
    size_t n_exclude;
};

/* ERR_SYNTAX after printing the errors to diag. */
enum err manifest_load(const char *path, FILE *diag, struct manifest **ret);
/* The same from memory; relative things are beside `name`. */
enum err manifest_parse(const char *name, struct span text, FILE *diag, struct manifest **ret);
void manifest_delete(struct manifest *m);
/* The template for a DUT that reads such a battery; NULL: none. */
const char *manifest_config(const struct manifest *m, const char *source);
/* NULL when the requirement is not excluded. */
const char *manifest_excluded(const struct manifest *m, const char *req);

/* Values for the placeholders. */
struct manifest_fill {
    const char *tty, *battery, *source, *can, *broker, *host, *dir, *config, *bin;
    const char *ccl, *dcl, *cvl, *dvl; /* NULL: not limited */
    unsigned port, batteries;
};
/* Replaces {name}. ERR_NOT_FOUND: unknown placeholder; ERR_INCOMPLETE: a known one for which `fill`
 * has nothing; ERR_SPACE. ret_bad (may be NULL) points at it. {{ is a brace. */
enum err manifest_expand(const struct manifest *m, const char *text,
                         const struct manifest_fill *fill, struct buf *out, const char **ret_bad);
/* The same for a template of several lines: one that names a limit which is not set is left out. */
enum err manifest_expand_lines(const struct manifest *m, const char *text,
                               const struct manifest_fill *fill, struct buf *out,
                               const char **ret_bad);
/* Does the text name this limit ("ccl")? */
bool manifest_names(const char *text, const char *placeholder);

#endif
