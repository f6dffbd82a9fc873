/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections to structs. The keys of each kind are in config_battery.c, config_sinks.c and
 * config_bank.c.
 */
#include "bridge/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/config_priv.h"

/* ---- sections ---- */

enum section { NO_SECTION, BATTERY, CAN, MQTT, BANK };

static const char *const section_names[] = {"battery", "can", "mqtt", "bank", NULL};

/* The section that is being read. */
struct reading {
    struct conf_file *file;
    struct config *config;
    enum section section;
    uint32_t line;      /* of its head */
    uint64_t seen;      /* keys so far, to find duplicates and what is missing */
    bool seen_source;   /* [battery]: a source was given, or its absence has been reported */
    uint32_t bank_line; /* 0: no [bank] so far */
};

static void finish_section(struct reading *r)
{
    struct config *c = r->config;

    switch (r->section) {
    case NO_SECTION: break;
    case BATTERY:
        config_battery_check(r->file, r->line, r->seen, &c->batteries[c->n_batteries - 1]);
        break;
    case CAN: config_can_check(r->file, r->line, r->seen, &c->cans[c->n_cans - 1]); break;
    case MQTT: config_mqtt_check(r->file, r->line, r->seen, &c->mqtts[c->n_mqtts - 1]); break;
    case BANK: break; /* needs all batteries: at the end */
    }
}

static bool is_taken(const struct config *c, enum section section, const char *name)
{
    for (size_t i = 0; i < c->n_batteries && section == BATTERY; i++) {
        if (strcmp(c->batteries[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < c->n_cans && section == CAN; i++) {
        if (strcmp(c->cans[i].name, name) == 0)
            return true;
    }
    for (size_t i = 0; i < c->n_mqtts && section == MQTT; i++) {
        if (strcmp(c->mqtts[i].name, name) == 0)
            return true;
    }
    return false;
}

static size_t *count_of(struct config *c, enum section section)
{
    switch (section) {
    case BATTERY: return &c->n_batteries;
    case CAN: return &c->n_cans;
    case MQTT: return &c->n_mqtts;
    case NO_SECTION:
    case BANK: break;
    }
    return NULL;
}

static bool open_named(struct reading *r, struct conf_cursor *cursor, enum section section)
{
    struct config *c = r->config;
    size_t *count = count_of(c, section);
    const struct conf_token *at = conf_peek(cursor);
    char name[CONFIG_NAME];

    if (!conf_take_text(cursor, "a name for this section", name, sizeof name))
        return false;
    if (is_taken(c, section, name)) {
        /* only named sections come here. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        conf_fail_at(cursor, at, "there is a section [%s %s] already",
                     section_names[section - BATTERY], name);
        return false;
    }
    size_t most = section == BATTERY ? CONFIG_MAX_BATTERIES : CONFIG_MAX_SECTIONS;
    if (*count == most) {
        conf_fail_at(cursor, at, "more than %zu [%s] sections", most,
                     section_names[section - BATTERY]);
        return false;
    }
    size_t i = (*count)++;
    if (section == BATTERY)
        config_battery_default(&c->batteries[i], name);
    else if (section == CAN)
        config_can_default(&c->cans[i], name);
    else
        config_mqtt_default(&c->mqtts[i], name);
    return true;
}

/* `[kind name]`. After a bad head the lines below it are skipped: they would only repeat the error.
 */
static void read_head(struct reading *r, struct conf_cursor *cursor)
{
    const struct conf_token *at = conf_peek(cursor);
    size_t kind = 0;

    finish_section(r);
    r->section = NO_SECTION;
    r->seen = 0;
    r->seen_source = false;
    if (!conf_take_known(cursor, "section", section_names, &kind))
        return;
    enum section section = (enum section)(kind + BATTERY);
    if (section == BANK && r->bank_line != 0) {
        conf_fail_at(cursor, at, "there is a section [bank] already");
        return;
    }
    if (section == BANK)
        r->bank_line = cursor->line->number;
    if (section != BANK && !open_named(r, cursor, section))
        return;
    r->section = section;
    r->line = cursor->line->number;
    if (conf_expect(cursor, "]"))
        conf_expect_end(cursor);
}

/* `own` is the room for the keys of a battery, which depend on its source. */
static const char *const *keys_of(const struct reading *r, const char **own)
{
    const struct config *c = r->config;

    switch (r->section) {
    case BATTERY: config_battery_keys(&c->batteries[c->n_batteries - 1], own); return own;
    case CAN: return config_can_keys;
    case MQTT: return config_mqtt_keys;
    case NO_SECTION:
    case BANK: break;
    }
    return config_bank_keys;
}

static bool read_value(struct reading *r, struct conf_cursor *cursor, size_t key)
{
    struct config *c = r->config;

    switch (r->section) {
    case BATTERY: return config_battery_key(cursor, key, &c->batteries[c->n_batteries - 1]);
    case CAN: return config_can_key(cursor, key, &c->cans[c->n_cans - 1]);
    case MQTT: return config_mqtt_key(cursor, key, &c->mqtts[c->n_mqtts - 1]);
    case BANK: return config_bank_key(cursor, key, &c->bank);
    case NO_SECTION: break;
    }
    return false;
}

/* The source decides which other keys there are. Without one they cannot be read: that is said
 * once, and not at all below a source that was refused. */
static bool skips_battery_key(struct reading *r, struct conf_cursor *cursor)
{
    const struct config_battery *b = &r->config->batteries[r->config->n_batteries - 1];
    const struct conf_token *at = conf_peek(cursor);

    if (b->kind != NULL || span_eq_str(at->text, "source") || span_eq_str(at->text, "port"))
        return false;
    if (r->seen_source)
        return true;
    r->seen_source = true;
    conf_fail(cursor, "'source' must stand above the other keys of a battery: it decides which "
                      "there are");
    return true;
}

static void read_key(struct reading *r, struct conf_cursor *cursor)
{
    const struct conf_token *at = conf_peek(cursor);
    const char *own[CONFIG_BATTERY_KEYS_MAX + 1];
    const char *const *keys = keys_of(r, own);
    size_t key = 0;

    if (r->section == BATTERY && skips_battery_key(r, cursor))
        return;
    if (!conf_take_known(cursor, "key", keys, &key))
        return;
    if ((r->seen >> key & 1u) != 0) {
        conf_fail_at(cursor, at, "'%s' is there twice in this section", keys[key]);
        return;
    }
    r->seen |= 1ull << key;
    r->seen_source = r->seen_source || (r->section == BATTERY && key == 0);
    if (read_value(r, cursor, key))
        conf_expect_end(cursor);
}

static void read_line(struct reading *r, const struct conf_line *line)
{
    struct conf_cursor cursor = conf_cursor_of(r->file, line);

    if (conf_is_section(line))
        read_head(r, &cursor);
    else if (r->section != NO_SECTION)
        read_key(r, &cursor);
    else if (r->line == 0 && r->file->n_errors == 0)
        conf_fail(&cursor, "expected a section first, like [battery NAME]");
}

bool config_read(struct conf_file *file, struct config *ret)
{
    struct reading r = {.file = file, .config = ret};
    uint32_t last = file->n_lines > 0 ? file->lines[file->n_lines - 1].number : 1;

    *ret = (struct config){.bank = bank_rules_default()};
    ret->bank.fresh_us = 0; /* not set: depends on the polls */
    ret->bank.silent_us = 0;
    for (size_t i = 0; i < file->n_lines; i++)
        read_line(&r, &file->lines[i]);
    finish_section(&r);
    if (file->n_errors == 0 && ret->n_batteries == 0)
        conf_error_at(file, last, 1, "there is no [battery NAME] section");
    if (file->n_errors == 0 && ret->n_cans + ret->n_mqtts == 0)
        conf_error_at(file, last, 1, "there is no output: add a [can NAME] or [mqtt NAME] section");
    config_ha_check_names(file, last, ret);
    config_buses_check(file, ret);
    config_bank_check(file, r.bank_line != 0 ? r.bank_line : last, ret);
    return file->n_errors == 0;
}

/* ---- secrets ---- */

static bool read_password_file(const char *path, char *out, size_t cap, char *ret_why,
                               size_t why_cap)
{
    FILE *f = fopen(path, "re");

    if (f == NULL) {
        snprintf(ret_why, why_cap, "password-file %s: %s", path, err_text(err_from_errno(errno)));
        return false;
    }
    bool got = fgets(out, (int)cap, f) != NULL;
    fclose(f);
    if (got)
        out[strcspn(out, "\r\n")] = '\0';
    if (!got || out[0] == '\0') {
        snprintf(ret_why, why_cap, "password-file %s: the first line is empty", path);
        return false;
    }
    return true;
}

bool config_fetch_secrets(struct config *config, char *ret_why, size_t cap)
{
    for (size_t i = 0; i < config->n_mqtts; i++) {
        struct config_mqtt *m = &config->mqtts[i];

        if (m->password_file[0] != '\0' &&
            !read_password_file(m->password_file, m->password, sizeof m->password, ret_why, cap))
            return false;
        if (m->password_env[0] == '\0')
            continue;
        const char *value = getenv(m->password_env);
        if (value == NULL || strlen(value) >= sizeof m->password) {
            snprintf(ret_why, cap, "password-env: %s is not set (or too long)", m->password_env);
            return false;
        }
        span_to_str(span_str(value), m->password, sizeof m->password);
    }
    return true;
}
