/* SPDX-License-Identifier: Apache-2.0
 *
 * DUT manifests as a whole: read line by line (manifest_keys.c), then checked for what is missing
 * or does not go together.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/run/manifest_reader.h"

char *manifest_copy(const char *text, size_t n)
{
    char *copy = malloc(n + 1);

    if (copy != NULL) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

static void check_attach(struct manifest_reader *r, uint32_t line)
{
    const struct manifest *m = r->m;

    if (!m->attach) {
        if (m->tty[0] != '\0' || m->can[0] != '\0' || m->broker[0] != '\0')
            conf_error_at(r->file, line, 1,
                          "with 'run' the harness makes tty, can and broker: use {tty} {can} "
                          "{broker}");
        return;
    }
    if (m->tty[0] == '\0' && m->can[0] == '\0' && m->broker[0] == '\0') {
        conf_error_at(r->file, line, 1,
                      "no 'run': how is it started? (or 'tty', 'can', 'broker' to reach one that "
                      "runs)");
        return;
    }
    if (m->tty[0] == '\0')
        conf_error_at(r->file, line, 1, "no 'tty': where is the DUT's battery port?");
    if (m->has_can && m->can[0] == '\0')
        conf_error_at(r->file, line, 1, "[can] needs 'can', the interface to listen on");
    if (m->has_ha && !m->has_json && m->broker[0] == '\0')
        conf_error_at(r->file, line, 1, "[ha] needs 'broker', where the DUT publishes");
    if (m->has_json && m->broker[0] == '\0')
        conf_error_at(r->file, line, 1, "[json] needs 'broker', where the DUT publishes");
}

static bool is_source(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i], name) == 0)
            return true;
    return false;
}

static void check_whole(struct manifest_reader *r)
{
    struct manifest *m = r->m;
    uint32_t line = r->file->n_lines > 0 ? r->file->lines[0].number : 1;

    m->attach = m->n_run == 0;
    if (r->file->n_errors > 0)
        return; /* what is missing may be on a line that was not understood */
    if (m->id[0] == '\0')
        conf_error_at(r->file, line, 1, "no 'dut NAME'");
    if (m->n_sources == 0)
        conf_error_at(r->file, line, 1, "no 'sources': which batteries can it read?");
    if (!m->has_can && !m->has_json && !m->has_ha)
        conf_error_at(r->file, line, 1,
                      "neither [can] nor [json] nor [ha]: there is nothing to judge");
    if (m->has_ha && (m->ha_bank[0] == '\0' || m->ha_battery[0] == '\0'))
        conf_error_at(r->file, line, 1,
                      "[ha] needs 'bank' and 'battery': what their unique ids begin with");
    if (m->has_can && m->dialect[0] == '\0')
        conf_error_at(r->file, line, 1, "[can] has no 'dialect'");
    if (m->has_json && m->topic[0] == '\0')
        conf_error_at(r->file, line, 1, "[json] has no 'topic'");
    if (r->config_line != 0 && m->config == NULL && m->n_configs == 0 && m->ha_config == NULL)
        conf_error_at(r->file, r->config_line, r->config_column,
                      "{config} is used, but there is no 'config' template");
    for (size_t i = 0; i < m->n_configs; i++)
        if (!is_source(m, m->configs[i].source))
            conf_error_at(r->file, m->configs[i].line, 1,
                          "a template for '%s', which is not among the sources",
                          m->configs[i].source);
    if (r->offline_line != 0 && m->status_topic[0] == '\0')
        conf_error_at(r->file, r->offline_line, 1,
                      "stale by 'offline' needs the 'status' topic in [json]");
    check_attach(r, line);
}

static void set_defaults(struct manifest *m)
{
    m->boot_us = 5000000;
    m->stop_us = 2000000;
    m->can_period_us = 1000000;
    m->json_period_us = 1000000;
    span_to_str(SPAN_LIT("homeassistant"), m->ha_prefix, sizeof m->ha_prefix);
    span_to_str(SPAN_LIT("homeassistant/status"), m->ha_birth, sizeof m->ha_birth);
    span_to_str(SPAN_LIT("nested"), m->form, sizeof m->form);
    span_to_str(SPAN_LIT("online"), m->status_online, sizeof m->status_online);
    span_to_str(SPAN_LIT("offline"), m->status_offline, sizeof m->status_offline);
}

static enum err read_file(struct conf_file *file, FILE *diag, struct manifest **ret)
{
    struct manifest *m = calloc(1, sizeof *m);
    struct manifest_reader r = {.m = m, .file = file, .section = SECTION_TOP};

    if (m == NULL)
        return ERR_MEMORY;
    const char *slash = strrchr(file->name, '/');
    m->path = manifest_copy(file->name, strlen(file->name));
    if (slash == NULL)
        m->dir = manifest_copy(".", 1);
    else
        m->dir = manifest_copy(file->name, slash == file->name ? 1 : (size_t)(slash - file->name));
    if (m->path == NULL || m->dir == NULL) {
        manifest_delete(m);
        return ERR_MEMORY;
    }
    set_defaults(m);
    for (size_t i = 0; i < file->n_lines; i++)
        manifest_read_line(&r, i);
    check_whole(&r);
    conf_print_errors(file, diag);
    if (file->n_errors > 0) {
        manifest_delete(m);
        return ERR_SYNTAX;
    }
    *ret = m;
    return ERR_OK;
}

enum err manifest_load(const char *path, FILE *diag, struct manifest **ret)
{
    struct conf_file *file;
    enum err e = conf_load(path, &file);

    if (e != ERR_OK)
        return e;
    e = read_file(file, diag, ret);
    conf_delete(file);
    return e;
}

enum err manifest_parse(const char *name, struct span text, FILE *diag, struct manifest **ret)
{
    struct conf_file *file;
    enum err e = conf_parse(name, text, &file);

    if (e != ERR_OK)
        return e;
    e = read_file(file, diag, ret);
    conf_delete(file);
    return e;
}

void manifest_delete(struct manifest *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n_run; i++)
        free(m->run[i]);
    for (size_t i = 0; i < m->n_env; i++)
        free(m->env[i]);
    for (size_t i = 0; i < m->n_exclude; i++)
        free(m->exclude[i].reason);
    for (size_t i = 0; i < m->n_configs; i++)
        free(m->configs[i].path);
    for (size_t i = 0; i < m->n_clean; i++)
        free(m->clean[i]);
    free(m->ha_config);
    free(m->config);
    free(m->path);
    free(m->dir);
    free(m);
}

const char *manifest_config(const struct manifest *m, const char *source)
{
    for (size_t i = 0; i < m->n_configs; i++)
        if (strcmp(m->configs[i].source, source) == 0)
            return m->configs[i].path;
    return m->config;
}

const char *manifest_excluded(const struct manifest *m, const char *req)
{
    for (size_t i = 0; i < m->n_exclude; i++)
        if (strcmp(m->exclude[i].req, req) == 0)
            return m->exclude[i].reason;
    return NULL;
}
