/* SPDX-License-Identifier: Apache-2.0
 *
 * The bridge under test as a child process: configuration from the manifest's template, environment
 * with the preload library where the bus is a hub, output into a log of its own.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/run/locale.h"
#include "harness/run/paths.h"
#include "harness/run/world_priv.h"
#include "harness/scenario/files.h"

extern char **environ;

/* "15 A" of the scenario's [limits]; NULL: not limited. */
static const char *limit_text(const struct quantity *limit, char room[LIMIT_TEXT])
{
    struct buf b = buf_of(room, LIMIT_TEXT - 1);

    if (limit->micro == 0 || !quantity_format(*limit, &b))
        return NULL;
    room[b.n] = 0;
    return room;
}

static void fill_values(struct world *w, const char *bin, struct manifest_fill *fill)
{
    unsigned batteries = 0;
    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++)
        batteries += w->scenario->sim.battery[i].used;
    *fill = (struct manifest_fill){.tty = w->battery[0] == '/' ? w->battery : NULL,
                                   .battery = w->battery,
                                   .source = w->scenario->sim.kind->name,
                                   .can = w->can_name,
                                   .broker = w->broker_url,
                                   .host = w->broker_host,
                                   .port = w->broker_port,
                                   .dir = w->dir,
                                   .config = w->dut_config,
                                   .bin = bin,
                                   .batteries = batteries};
    fill->ccl = limit_text(&w->scenario->limits.ccl, w->limit_texts[0]);
    fill->dcl = limit_text(&w->scenario->limits.dcl, w->limit_texts[1]);
    fill->cvl = limit_text(&w->scenario->limits.cvl, w->limit_texts[2]);
    fill->dvl = limit_text(&w->scenario->limits.dvl, w->limit_texts[3]);
}

typedef enum err (*expander)(const struct manifest *m, const char *text,
                             const struct manifest_fill *fill, struct buf *out,
                             const char **ret_bad);

/* Expands a text with one of manifest.h's two; NULL after world_fail(). */
static char *expand_by(struct world *w, expander by, const struct manifest_fill *fill,
                       const char *text, size_t cap)
{
    const char *bad = NULL;
    char *out = calloc(1, cap + 1);
    if (!out)
        abort();
    struct buf b = buf_of(out, cap);
    if (by(w->manifest, text, fill, &b, &bad) == ERR_OK)
        return out;
    world_fail(w, "%s: cannot fill in %.60s", w->manifest->path, bad ? bad : text);
    free(out);
    return NULL;
}

/* Expands one text of the manifest. */
static char *expand(struct world *w, const struct manifest_fill *fill, const char *text, size_t cap)
{
    return expand_by(w, manifest_expand, fill, text, cap);
}

/* Scenarios that need ha may have a template of their own: elsewhere that output stays off. */
static const char *template_of(const struct world *w)
{
    for (size_t i = 0; w->manifest->ha_config && i < w->scenario->n_needs; i++)
        if (span_starts(span_str(w->scenario->needs[i]), "ha"))
            return w->manifest->ha_config;
    return manifest_config(w->manifest, w->scenario->sim.kind->name);
}

bool dut_prepare(struct world *w)
{
    char bin[512];
    struct manifest_fill fill;
    enum err made = w->scenario->dut_comma ? locale_make(w->dir) : ERR_OK;
    if (made != ERR_OK) {
        world_fail(w, "cannot make a locale in %s: %s", w->dir, err_text(made));
        return false;
    }
    snprintf(w->dut_config, sizeof w->dut_config, "%s/dut.conf", w->dir);
    const char *config = template_of(w);
    if (!config)
        return true;
    path_bin(bin, sizeof bin);
    fill_values(w, bin, &fill);
    struct span raw;
    char path[1024]; /* what a manifest names is beside it */
    bool absolute = config[0] == '/';
    snprintf(path, sizeof path, "%s%s%s", absolute ? "" : w->manifest->dir, absolute ? "" : "/",
             config);
    enum err err = file_read(path, &raw);
    if (err != ERR_OK) {
        world_fail(w, "the DUT's configuration template %s: %s", path, err_text(err));
        return false;
    }
    char *template = calloc(1, raw.n + 1);
    if (!template)
        abort();
    span_to_str(raw, template, raw.n + 1);
    char *text = expand_by(w, manifest_expand_lines, &fill, template, 2 * raw.n + 4096);
    free((void *)(uintptr_t)raw.p);
    free(template);
    if (!text)
        return false;
    FILE *f = fopen(w->dut_config, "wb");
    bool ok = f && fputs(text, f) >= 0;
    if (f)
        ok = fclose(f) == 0 && ok;
    free(text);
    if (!ok)
        world_fail(w, "cannot write %s", w->dut_config);
    return ok;
}

enum { ENV_MAX = 512, HUB_NAME_MAX = 800 };

#define BUS_ENV "DBUS_SYSTEM_BUS_ADDRESS"

/* "BMSRIG_CAN_HUB=vcan0=SOCKET,vcan1=SOCKET": the inverter's bus and the battery's, where they are
 * hubs. */
static void name_hubs(const struct world *w, char *out, size_t cap)
{
    struct buf b = buf_of(out, cap - 1);
    const char *comma = "";

    buf_str(&b, HUB_ENV "=");
    if (w->hub) {
        buf_printf(&b, "%s=%s", w->can_name, w->can_sock);
        comma = ",";
    }
    if (w->battery_sock[0])
        buf_printf(&b, "%s%s=%s", comma, w->battery, w->battery_sock);
    out[b.n] = 0;
}

static bool is_locale(const char *variable)
{
    return strncmp(variable, "LC_", 3) == 0 || strncmp(variable, "LOCPATH=", 8) == 0;
}

static void add_locale(const struct world *w, char **env, size_t *n, char **owned, size_t *n_owned)
{
    char *path = calloc(1, 600), *numeric = calloc(1, sizeof LOCALE_NUMERIC);
    if (!path || !numeric)
        abort();
    snprintf(path, 600, "LOCPATH=%s", w->dir);
    memcpy(numeric, LOCALE_NUMERIC, sizeof LOCALE_NUMERIC);
    env[(*n)++] = owned[(*n_owned)++] = path;
    env[(*n)++] = owned[(*n_owned)++] = numeric;
}

/* Our environment, the manifest's additions, the preload library for a hub, and the D-Bus of a
 * battery on Bluetooth. Returns the count. */
static size_t make_env(struct world *w, const struct manifest_fill *fill, char **env, char **owned,
                       size_t *ret_owned)
{
    size_t n = 0, o = 0;
    for (char **e = environ; *e && n < ENV_MAX - MANIFEST_ENVS - 6; e++)
        if (strncmp(*e, "LD_PRELOAD=", 11) != 0 &&
            strncmp(*e, BUS_ENV "=", strlen(BUS_ENV) + 1) != 0 &&
            strncmp(*e, HUB_ENV "=", strlen(HUB_ENV) + 1) != 0 &&
            !(w->scenario->dut_comma && is_locale(*e)))
            env[n++] = *e;
    if (w->scenario->dut_comma)
        add_locale(w, env, &n, owned, &o);
    for (size_t i = 0; i < w->manifest->n_env; i++) {
        char *text = expand(w, fill, w->manifest->env[i], 2048);
        if (text)
            env[n++] = owned[o++] = text;
    }
    if (w->hub || w->battery_sock[0]) {
        char lib[512];
        char *preload = calloc(1, 600), *hubs = calloc(1, 2 * HUB_NAME_MAX);
        if (!preload || !hubs)
            abort();
        path_preload(lib, sizeof lib);
        snprintf(preload, 600, "LD_PRELOAD=%s", lib);
        name_hubs(w, hubs, 2 * HUB_NAME_MAX);
        env[n++] = owned[o++] = preload;
        env[n++] = owned[o++] = hubs;
    }
    if (sim_bus(w->sim)) {
        char *bus = calloc(1, 700);
        if (!bus)
            abort();
        snprintf(bus, 700, BUS_ENV "=%s", sim_bus(w->sim));
        env[n++] = owned[o++] = bus;
    }
    env[n] = NULL;
    *ret_owned = o;
    return n;
}

static void dut_event(struct world *w, const char *text)
{
    struct event e = {.kind = EVENT_DUT, .t_us = world_t(w, loop_now(w->loop)), .text = text};
    events_add(&w->events, &e);
}

static void on_exit_(void *ctx, int status, int signal)
{
    struct world *w = ctx;
    char text[80];
    if (signal)
        snprintf(text, sizeof text, "ended by signal %d", signal);
    else
        snprintf(text, sizeof text, "exited with status %d", status);
    dut_event(w, text);
    dut_on_gone(w);
}

/* The command: wrapper words (valgrind ...) and a line of the manifest. */
static size_t make_argv(struct world *w, const struct manifest_fill *fill, char *const *words,
                        size_t n_words, char **argv)
{
    size_t n = 0;
    struct span wrap = w->options.wrap, word;
    while (n < 8 && span_token(&wrap, &word)) {
        argv[n] = calloc(1, word.n + 1);
        if (!argv[n])
            abort();
        span_to_str(word, argv[n++], word.n + 1);
    }
    for (size_t i = 0; i < n_words; i++) {
        argv[n] = expand(w, fill, words[i], 2048);
        if (argv[n])
            n++;
    }
    argv[n] = NULL;
    return n;
}

/* Starts a program of the DUT; what it prints goes into its log. */
static enum err spawn(struct world *w, char *const *words, size_t n_words,
                      void (*on_exit)(void *ctx, int status, int signal), struct loop_child **ret)
{
    char bin[512], log[600];
    char *argv[MANIFEST_ARGS + 10], *env[ENV_MAX + 1], *owned[MANIFEST_ENVS + 6];
    size_t n_owned = 0;
    struct manifest_fill fill;
    path_bin(bin, sizeof bin);
    fill_values(w, bin, &fill);
    size_t n = make_argv(w, &fill, words, n_words, argv);
    make_env(w, &fill, env, owned, &n_owned);
    snprintf(log, sizeof log, "%s/dut.log", w->folder);
    if (w->dut_log_fd < 0)
        w->dut_log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct loop_spawn what = {.file = argv[0],
                              .argv = (const char *const *)argv,
                              .env = (const char *const *)env,
                              .cwd = w->manifest->dir,
                              .stdin_fd = -1,
                              .stdout_fd = w->options.verbose ? 2 : w->dut_log_fd,
                              .stderr_fd = w->options.verbose ? 2 : w->dut_log_fd};
    enum err err = n ? loop_child_spawn(w->loop, &what, on_exit, w, ret) : ERR_USAGE;
    if (err != ERR_OK)
        world_fail(w, "cannot start the DUT '%s': %s", n ? argv[0] : "", err_text(err));
    for (size_t i = 0; i < n; i++)
        free(argv[i]);
    for (size_t i = 0; i < n_owned; i++)
        free(owned[i]);
    return err;
}

bool dut_start(struct world *w)
{
    if (w->dut && loop_child_running(w->dut))
        return true;
    loop_child_delete(w->dut);
    w->dut = NULL;
    enum err err = spawn(w, w->manifest->run, w->manifest->n_run, on_exit_, &w->dut);
    if (err == ERR_OK)
        dut_event(w, "started");
    w->dut_expected_down = false;
    return err == ERR_OK;
}

/* A command that fails shows in what is left behind; its exit code is for the reader of the trace.
 */
static void on_cleaned(void *ctx, int status, int signal)
{
    if (signal)
        world_note(ctx, "cleaning ended by signal %d", signal);
    else
        world_note(ctx, "cleaning exited with status %d", status);
}

bool dut_clean(struct world *w)
{
    if (w->cleaner && loop_child_running(w->cleaner))
        return true;
    loop_child_delete(w->cleaner);
    w->cleaner = NULL;
    return spawn(w, w->manifest->clean, w->manifest->n_clean, on_cleaned, &w->cleaner) == ERR_OK;
}

unsigned dut_descriptors(const struct world *w)
{
    char path[64];
    unsigned n = 0;
    if (!w->dut || !loop_child_running(w->dut))
        return 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)loop_child_pid(w->dut));
    DIR *dir = opendir(path);
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

/* CPU time and peak memory of the DUT's process, from /proc, while it still runs. */
void dut_measure(struct world *w)
{
    char path[64], line[1024];
    long ticks = sysconf(_SC_CLK_TCK);
    unsigned long user = 0, system = 0;
    if (!w->dut || !loop_child_running(w->dut) || ticks <= 0)
        return;
    w->dut_fds = dut_descriptors(w);
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)loop_child_pid(w->dut));
    FILE *f = fopen(path, "r");
    if (f && fgets(line, sizeof line, f)) {
        const char *p =
            strrchr(line, ')'); /* the name may hold anything; fields 14 and 15 follow */
        for (int field = 2; p && field < 14; field++)
            p = strchr(p + 1, ' ');
        if (p) {
            user = strtoul(p, NULL, 10);
            p = strchr(p + 1, ' ');
            system = p ? strtoul(p, NULL, 10) : 0;
        }
    }
    if (f)
        fclose(f);
    w->result->dut_cpu_us = (int64_t)(user + system) * 1000000 / ticks;
    snprintf(path, sizeof path, "/proc/%ld/status", (long)loop_child_pid(w->dut));
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "VmHWM:", 6) == 0)
            w->result->dut_rss_kb = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
}

void dut_signal(struct world *w, int signum)
{
    if (signum == SIGTERM || signum == SIGKILL)
        w->dut_expected_down = true;
    if (w->dut && loop_child_running(w->dut))
        loop_child_kill(w->dut, signum);
}

void dut_close(struct world *w)
{
    if (w->dut && loop_child_running(w->dut))
        loop_child_kill(w->dut, SIGKILL);
    if (w->cleaner && loop_child_running(w->cleaner))
        loop_child_kill(w->cleaner, SIGKILL);
    loop_child_delete(w->cleaner);
    loop_child_delete(w->dut);
    w->cleaner = w->dut = NULL;
    if (w->dut_log_fd >= 0)
        close(w->dut_log_fd);
    w->dut_log_fd = -1;
}
