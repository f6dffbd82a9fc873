/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of a DUT manifest: one table of keys a section. Placeholders are checked here, so that
 * a wrong one is found before anything is started. For users: docs/manifest.md.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/run/manifest_reader.h"
#include "sim/device/kind.h"

static const char *const section_words[] = {"can", "json", "ha", "map", "exclude", NULL};
static const char *const top_keys[] = {"dut",     "run",   "env", "config", "boot",   "stop",
                                       "sources", "stale", "tty", "can",    "broker", NULL};
static const char *const can_keys[] = {"dialect", "maker", "period", "stale", NULL};
static const char *const json_keys[] = {"topic",   "form",   "status", "online",
                                        "offline", "period", "stale",  NULL};
static const char *const ha_keys[] = {"prefix", "birth", "bank", "battery",
                                      "config", "clean", NULL};
static const char *const policies[] = {"silence", "zero", "offline", NULL};
static const char *const forms[] = {"nested", "flat", "union", NULL};

/* ---- words: everything up to the next blank, as in a shell ---- */

static bool check_placeholders(struct manifest_reader *r, const struct conf_token *token)
{
    uint32_t column = token->column + (token->kind == CONF_STRING ? 1 : 0);
    struct piece piece;

    for (size_t at = 0; placeholder_next(token->text, at, &piece); at += piece.n) {
        uint32_t here = column + (uint32_t)piece.start;
        if (!piece.is_placeholder)
            continue;
        if (!piece.closed) {
            conf_error_at(r->file, token->line, here, "'{' without its '}' ('{{' is a brace)");
            return false;
        }
        enum placeholder hold = placeholder_find(piece.name);
        if (hold == HOLD_COUNT) {
            conf_error_at(r->file, token->line, here,
                          "unknown placeholder '{%.*s}' (known: tty, source, battery, can, broker, "
                          "host, port, batteries, dir, config, bin, manifest, ccl, dcl, cvl, dvl)",
                          (int)piece.name.n, (const char *)piece.name.p);
            return false;
        }
        if (hold == HOLD_CONFIG && r->config_line == 0) {
            r->config_line = token->line;
            r->config_column = here;
        }
    }
    return true;
}

/* Tokens without a blank between them are one word: `--config={dir}/x`, `"with blanks"`. */
static bool take_shell_word(struct manifest_reader *r, struct conf_cursor *c, const char *what,
                            char *out, size_t cap)
{
    const struct conf_token *first = conf_peek(c);
    struct buf b = buf_of(out, cap - 1);

    if (first->kind == CONF_END) {
        conf_fail(c, "expected %s, found end of line", what);
        return false;
    }
    do {
        const struct conf_token *token = conf_peek(c);
        char part[512];
        if (!check_placeholders(r, token))
            return false;
        bool ok = true;
        if (token->kind == CONF_STRING) {
            if (!conf_take_text(c, what, part, sizeof part))
                return false;
            ok = buf_str(&b, part);
        } else {
            ok = buf_put(&b, conf_take(c)->text);
        }
        if (!ok) {
            conf_fail_at(c, first, "too long: at most %zu bytes", cap - 1);
            return false;
        }
    } while (!conf_at_end(c) && conf_peek(c)->glued);
    out[b.n] = '\0';
    return true;
}

static bool take_copy(struct manifest_reader *r, struct conf_cursor *c, const char *what,
                      char **ret)
{
    char word[512];

    if (!take_shell_word(r, c, what, word, sizeof word))
        return false;
    *ret = manifest_copy(word, strlen(word));
    if (*ret == NULL)
        conf_fail(c, "%s", err_text(ERR_MEMORY));
    return *ret != NULL;
}

/* ---- top-level keys ---- */

static bool take_dut(struct manifest *m, struct conf_cursor *c)
{
    if (!conf_take_text(c, "a name for the DUT", m->id, sizeof m->id))
        return false;
    return conf_at_end(c) || conf_take_text(c, "a title", m->title, sizeof m->title);
}

static bool take_command(struct manifest_reader *r, struct conf_cursor *c,
                         char *words[MANIFEST_ARGS], size_t *ret_n)
{
    do {
        if (*ret_n == MANIFEST_ARGS) {
            conf_fail(c, "too many arguments: at most %d", MANIFEST_ARGS);
            return false;
        }
        if (!take_copy(r, c, "the program to run", &words[*ret_n]))
            return false;
        (*ret_n)++;
    } while (!conf_at_end(c));
    return true;
}

static bool take_env(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    const struct conf_token *token = conf_peek(c);

    if (m->n_env == MANIFEST_ENVS) {
        conf_fail(c, "too many variables: at most %d", MANIFEST_ENVS);
        return false;
    }
    if (!take_copy(r, c, "NAME=value", &m->env[m->n_env]))
        return false;
    const char *text = m->env[m->n_env++];
    if (text[0] == '=' || strchr(text, '=') == NULL) {
        conf_fail_at(c, token, "expected NAME=value");
        return false;
    }
    return true;
}

static bool take_positive_time(struct conf_cursor *c, uint64_t *ret_us)
{
    const struct conf_token *token = conf_peek(c);
    struct quantity q;

    if (!conf_take_quantity(c, DIM_TIME, &q))
        return false;
    if (q.micro <= 0) {
        conf_fail_at(c, token, "the time must be longer than 0 s");
        return false;
    }
    *ret_us = (uint64_t)q.micro;
    return true;
}

/* A source is the device that a scenario puts before the DUT. */
static bool take_device(struct conf_cursor *c, char *out, size_t cap)
{
    const char *names[DEVICE_KINDS_MAX + 1] = {NULL};
    size_t index;

    for (size_t i = 0; device_kind_at(i) != NULL; i++)
        names[i] = device_kind_at(i)->name;
    if (!conf_take_known(c, "source", names, &index))
        return false;
    span_to_str(span_str(names[index]), out, cap);
    return true;
}

/* FILE, or FILE for SOURCE[, SOURCE...] */
static bool take_config(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    const struct conf_token *key = &c->line->tokens[0];
    char *path = NULL;

    if (!take_copy(r, c, "the template's path", &path))
        return false;
    if (!conf_accept(c, "for")) {
        if (m->config != NULL)
            conf_fail_at(c, key, "there is a template for all sources already");
        else
            m->config = path;
        if (m->config != path)
            free(path);
        return m->config == path;
    }
    bool ok = true;
    do {
        struct manifest_config *own = &m->configs[m->n_configs];
        if (m->n_configs == MANIFEST_SOURCES) {
            conf_fail(c, "too many templates: at most %d sources", MANIFEST_SOURCES);
            ok = false;
            break;
        }
        ok = take_device(c, own->source, sizeof own->source);
        own->line = key->line;
        if (ok)
            own->path = manifest_copy(path, strlen(path));
        m->n_configs += ok && own->path != NULL;
        conf_accept(c, ",");
    } while (ok && !conf_at_end(c));
    free(path);
    return ok;
}

static bool take_sources(struct manifest *m, struct conf_cursor *c)
{
    do {
        if (m->n_sources == sizeof m->sources / sizeof m->sources[0]) {
            conf_fail(c, "too many sources: at most %zu", m->n_sources);
            return false;
        }
        if (!take_device(c, m->sources[m->n_sources], sizeof m->sources[0]))
            return false;
        m->n_sources++;
        conf_accept(c, ",");
    } while (!conf_at_end(c));
    return true;
}

/* At the top it speaks for both sinks, in a section for that one, whichever comes first. */
static bool take_stale(struct manifest_reader *r, struct conf_cursor *c)
{
    static const enum stale_policy values[] = {STALE_SILENCE, STALE_ZERO, STALE_OFFLINE};
    struct manifest *m = r->m;
    const struct conf_token *token = conf_peek(c);
    size_t index;

    if (!conf_take_known(c, "stale policy", policies, &index))
        return false;
    enum stale_policy policy = values[index];
    if (r->section == SECTION_CAN && policy == STALE_OFFLINE) {
        conf_fail_at(c, token, "a CAN bus has no status topic: silence or zero");
        return false;
    }
    if (r->section != SECTION_CAN && (r->section == SECTION_JSON || !r->seen_json_stale)) {
        m->stale_json = policy;
        r->offline_line = policy == STALE_OFFLINE ? token->line : 0;
    }
    if (r->section == SECTION_CAN ||
        (r->section == SECTION_TOP && !r->seen_can_stale && policy != STALE_OFFLINE))
        m->stale_can = policy;
    r->seen_can_stale = r->seen_can_stale || r->section == SECTION_CAN;
    r->seen_json_stale = r->seen_json_stale || r->section == SECTION_JSON;
    return true;
}

static bool top_line(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    size_t key;

    if (!conf_take_known(c, "key", top_keys, &key))
        return false;
    switch (key) {
    case 0: return take_dut(m, c);
    case 1: return take_command(r, c, m->run, &m->n_run);
    case 2: return take_env(r, c);
    case 3: return take_config(r, c);
    case 4: return take_positive_time(c, &m->boot_us);
    case 5: return take_positive_time(c, &m->stop_us);
    case 6: return take_sources(m, c);
    case 7: return take_stale(r, c);
    case 8: return conf_take_text(c, "a device", m->tty, sizeof m->tty);
    case 9: return conf_take_text(c, "a CAN interface", m->can, sizeof m->can);
    }
    return conf_take_text(c, "a broker (mqtt://host:1883)", m->broker, sizeof m->broker);
}

/* ---- sections ---- */

static bool can_line(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    size_t key;

    if (!conf_take_known(c, "key of [can]", can_keys, &key))
        return false;
    switch (key) {
    case 0: return conf_take_text(c, "a dialect", m->dialect, sizeof m->dialect);
    case 1: return conf_take_text(c, "the maker's text of 0x35E", m->maker, sizeof m->maker);
    case 2: return take_positive_time(c, &m->can_period_us);
    }
    return take_stale(r, c);
}

static bool json_line(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    size_t key;
    size_t form;

    if (!conf_take_known(c, "key of [json]", json_keys, &key))
        return false;
    switch (key) {
    case 0: return take_shell_word(r, c, "a topic", m->topic, sizeof m->topic);
    case 1:
        if (!conf_take_known(c, "form", forms, &form))
            return false;
        span_to_str(span_str(forms[form]), m->form, sizeof m->form);
        return true;
    case 2: return take_shell_word(r, c, "a topic", m->status_topic, sizeof m->status_topic);
    case 3: return conf_take_text(c, "a text", m->status_online, sizeof m->status_online);
    case 4: return conf_take_text(c, "a text", m->status_offline, sizeof m->status_offline);
    case 5: return take_positive_time(c, &m->json_period_us);
    }
    return take_stale(r, c);
}

static bool ha_line(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    size_t key;

    if (!conf_take_known(c, "key of [ha]", ha_keys, &key))
        return false;
    switch (key) {
    case 0: return take_shell_word(r, c, "a topic", m->ha_prefix, sizeof m->ha_prefix);
    case 1: return take_shell_word(r, c, "a topic", m->ha_birth, sizeof m->ha_birth);
    case 2: return take_shell_word(r, c, "a unique id's beginning", m->ha_bank, sizeof m->ha_bank);
    case 3:
        return take_shell_word(r, c, "a unique id's beginning", m->ha_battery,
                               sizeof m->ha_battery);
    case 4: return take_copy(r, c, "the template's path", &m->ha_config);
    }
    return take_command(r, c, m->clean, &m->n_clean);
}

/* CANONICAL.PATH  their.path */
static bool map_line(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;

    if (m->n_map == MANIFEST_MAPS) {
        conf_fail(c, "too many mapped values: at most %d", MANIFEST_MAPS);
        return false;
    }
    if (!take_shell_word(r, c, "a path of the documented form", m->map[m->n_map].name,
                         sizeof m->map[0].name) ||
        !take_shell_word(r, c, "where this DUT has it", m->map[m->n_map].path,
                         sizeof m->map[0].path))
        return false;
    m->n_map++;
    return true;
}

/* REQ-ID "reason" */
static bool exclude_line(struct manifest_reader *r, struct conf_cursor *c)
{
    struct manifest *m = r->m;
    struct span id;
    char reason[512];

    if (m->n_exclude == MANIFEST_EXCLUDES) {
        conf_fail(c, "too many exclusions: at most %d", MANIFEST_EXCLUDES);
        return false;
    }
    const struct conf_token *token = conf_peek(c);
    if (!conf_take_word(c, "a requirement id", &id))
        return false;
    if (id.n >= sizeof m->exclude[0].req) {
        conf_fail_at(c, token, "too long: at most %zu bytes", sizeof m->exclude[0].req - 1);
        return false;
    }
    token = conf_peek(c);
    if (token->kind != CONF_STRING || token->text.n == 0) {
        conf_fail(c, "expected the reason in quotes");
        return false;
    }
    if (!conf_take_text(c, "the reason", reason, sizeof reason))
        return false;
    char *copy = manifest_copy(reason, strlen(reason));
    if (copy == NULL) {
        conf_fail(c, "%s", err_text(ERR_MEMORY));
        return false;
    }
    span_to_str(id, m->exclude[m->n_exclude].req, sizeof m->exclude[0].req);
    m->exclude[m->n_exclude++].reason = copy;
    return true;
}

static void open_section(struct manifest_reader *r, const struct conf_line *line, size_t index)
{
    static const enum manifest_section sections[] = {SECTION_CAN, SECTION_JSON, SECTION_HA,
                                                     SECTION_MAP, SECTION_EXCLUDE};
    struct conf_cursor c = conf_cursor_of(r->file, line);
    const struct conf_token *name = conf_peek(&c);
    size_t which;

    r->section = SECTION_BAD;
    r->section_start = index + 1;
    for (size_t i = 0; i < index; i++) {
        const struct conf_line *other = &r->file->lines[i];
        if (conf_is_section(other) && span_eq(other->tokens[1].text, name->text)) {
            conf_fail(&c, "duplicate section (first at line %u)", (unsigned)other->number);
            return;
        }
    }
    if (!conf_take_known(&c, "section", section_words, &which) || !conf_expect(&c, "]") ||
        !conf_expect_end(&c))
        return;
    r->section = sections[which];
    r->m->has_can = r->m->has_can || r->section == SECTION_CAN;
    r->m->has_json = r->m->has_json || r->section == SECTION_JSON;
    r->m->has_ha = r->m->has_ha || r->section == SECTION_HA;
}

static bool is_duplicate(struct manifest_reader *r, size_t index)
{
    const struct conf_line *line = &r->file->lines[index];
    const struct conf_token *key = &line->tokens[0];

    if (r->section == SECTION_TOP &&
        (span_eq_str(key->text, "env") || span_eq_str(key->text, "config")))
        return false;
    for (size_t i = r->section_start; i < index; i++) {
        const struct conf_line *other = &r->file->lines[i];
        if (span_eq(other->tokens[0].text, key->text)) {
            conf_error_at(r->file, line->number, key->column,
                          "duplicate key '%.*s' (first at line %u)", (int)key->text.n,
                          (const char *)key->text.p, (unsigned)other->number);
            return true;
        }
    }
    return false;
}

void manifest_read_line(struct manifest_reader *r, size_t index)
{
    const struct conf_line *line = &r->file->lines[index];
    struct conf_cursor c = conf_cursor_of(r->file, line);
    bool ok = false;

    if (conf_is_section(line)) {
        open_section(r, line, index);
        return;
    }
    if (r->section == SECTION_BAD || is_duplicate(r, index))
        return;
    switch (r->section) {
    case SECTION_TOP: ok = top_line(r, &c); break;
    case SECTION_CAN: ok = can_line(r, &c); break;
    case SECTION_JSON: ok = json_line(r, &c); break;
    case SECTION_HA: ok = ha_line(r, &c); break;
    case SECTION_MAP: ok = map_line(r, &c); break;
    case SECTION_EXCLUDE: ok = exclude_line(r, &c); break;
    case SECTION_BAD: break;
    }
    if (ok)
        conf_expect_end(&c);
}
