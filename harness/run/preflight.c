/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking before leaping. What cannot be known before a scenario's world stands (a broker that does
 * not answer, a bus that goes down) is left to the scenario.
 */
#include "harness/run/preflight.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/run/paths.h"
#include "port/broker.h"
#include "port/can.h"
#include "port/mqtt.h"
#include "port/tty.h"

/* ---- programs ---- */

/* The word with {bin} and {manifest} filled in; the rest is known when the world is. */
static bool expand_word(const struct manifest *m, const char *word, char *out, size_t cap)
{
    char bin[512];
    path_bin(bin, sizeof bin);
    const struct manifest_fill fill = {.bin = bin};
    struct buf b = buf_of(out, cap - 1);
    if (manifest_expand(m, word, &fill, &b, NULL) != ERR_OK)
        return false;
    out[b.n] = 0;
    return true;
}

static bool executable(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool in_path(const char *name)
{
    char path[1200];
    struct span rest = span_str(getenv("PATH"));
    while (rest.n > 0) {
        size_t end = span_find_byte(rest, 0, ':');
        struct span folder = span_sub(rest, 0, end);
        snprintf(path, sizeof path, "%.*s/%s", (int)folder.n, (const char *)folder.p, name);
        if (executable(path))
            return true;
        rest = span_sub(rest, end + 1, SIZE_MAX);
    }
    return false;
}

/* The bridge starts in its manifest's folder, so its program is looked for from there. */
static bool dut_ready(const struct manifest *m, FILE *diag)
{
    char name[600], path[1200];
    if (m->attach || m->n_run == 0 || !expand_word(m, m->run[0], name, sizeof name))
        return true;
    if (!strchr(name, '/')) {
        if (in_path(name))
            return true;
        fprintf(diag,
                "bmsrig run: the bridge's program '%s' is nowhere in PATH\n"
                "  install it, or give its path in `run` of %s (./%s is beside the manifest)\n",
                name, m->path, name);
        return false;
    }
    snprintf(path, sizeof path, "%s%s%s", name[0] == '/' ? "" : m->dir, name[0] == '/' ? "" : "/",
             name);
    if (executable(path))
        return true;
    struct stat st;
    if (stat(path, &st) != 0)
        fprintf(diag,
                "bmsrig run: the bridge's program %s: %s\n"
                "  build it, or correct `run` of %s (a relative path is beside the manifest)\n",
                path, strerror(errno), m->path);
    else
        fprintf(diag,
                "bmsrig run: the bridge's program %s is not executable\n"
                "  chmod +x it, or put its interpreter first in `run` of %s\n",
                path, m->path);
    return false;
}

/* ---- ports ---- */

static void ignore_bytes(void *ctx, struct span bytes)
{
    (void)ctx;
    (void)bytes;
}

static const char *port_advice(enum err err, const char *where)
{
    if (strncmp(where, "pty:", 4) == 0)
        return "write pty:LINK with the path of a link in a folder where it can be made";
    if (strncmp(where, "tcp:", 4) == 0)
        return err == ERR_BUSY ? "another program listens there: take another number"
                               : "write tcp:PORT with a number from 1 to 65535";
    if (err == ERR_NOT_FOUND)
        return "is the adapter plugged in? ls /dev/serial/by-id shows which are";
    if (err == ERR_DENIED)
        return "add yourself to its group (dialout) and log in again, or run as root";
    if (err == ERR_BUSY)
        return "end the program that has it open: fuser -v shows which one";
    return "give a serial port such as /dev/ttyUSB0, pty:LINK or tcp:PORT";
}

/* Opens what the simulator will open, and lets go of it. */
static enum err try_port(struct loop *loop, const char *where)
{
    const struct tty_handler handler = {.on_bytes = ignore_bytes};
    struct tty *tty = NULL;
    int64_t number;
    enum err err = ERR_OK;
    if (strncmp(where, "pty:", 4) == 0)
        err = where[4] ? tty_open_pty(loop, where + 4, &handler, &tty) : ERR_USAGE;
    else if (strncmp(where, "tcp:", 4) != 0)
        err = tty_open(loop, where, 115200, &handler, &tty);
    else if (parse_i64(span_str(where + 4), 1, UINT16_MAX, &number))
        err = tty_listen(loop, (uint16_t)number, &handler, &tty);
    else
        err = ERR_USAGE;
    tty_delete(tty);
    return err;
}

static bool tty_ready(const struct manifest *m, const struct run_options *o, FILE *diag)
{
    const char *where = o->tty ? o->tty : m->attach && m->tty[0] ? m->tty : NULL;
    struct loop *loop = NULL;
    if (!where)
        return true;
    enum err err = loop_new(&loop);
    if (err == ERR_OK)
        err = try_port(loop, where);
    loop_delete(loop);
    if (err != ERR_OK)
        fprintf(diag, "bmsrig run: port %s: %s\n  %s\n", where, err_text(err),
                port_advice(err, where));
    return err == ERR_OK;
}

static void ignore_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    (void)ctx;
    (void)msg;
    (void)t_us;
    (void)own;
}

/* The bus that was asked for by name; "auto" and "hub" are made when they are needed. */
static bool can_ready(const struct manifest *m, const struct run_options *o, FILE *diag)
{
    const struct can_handler handler = {.on_frame = ignore_frame};
    const char *name = o->can ? o->can : m->attach && m->can[0] ? m->can : "auto";
    struct loop *loop = NULL;
    struct can *can = NULL;
    if (!m->has_can || strcmp(name, "auto") == 0 || strcmp(name, "hub") == 0)
        return true;
    enum err err = loop_new(&loop);
    if (err == ERR_OK)
        err = can_open(loop, name, NULL, &handler, &can);
    can_delete(can);
    loop_delete(loop);
    if (err == ERR_OK)
        return true;
    fprintf(diag, "bmsrig run: CAN bus %s: %s\n  %s\n", name, err_text(err),
            strncmp(name, "slcan:", 6) == 0 ? "is the adapter plugged in? ls /dev/serial/by-id"
            : !can_kernel_supported()
                ? "this kernel has no CAN: use --can hub, or slcan:/dev/ttyACM0 with an adapter"
                : "ip link show type can lists the buses; ip link set can0 up type can bitrate "
                  "500000 starts one");
    return false;
}

static bool url_ready(const struct run_options *o, FILE *diag)
{
    struct mqtt_url url;
    const char *why = NULL;
    if (!o->broker || mqtt_url_parse(o->broker, &url, &why) == ERR_OK)
        return true;
    fprintf(diag, "bmsrig run: --broker %s: %s\n", o->broker, why ? why : "not a URL");
    return false;
}

/* ---- our own things ---- */

static bool needs_hub(const struct manifest *m, const struct run_options *o)
{
    const char *name = o->can ? o->can : "auto";
    if (!m->has_can || m->attach)
        return false;
    return o->tier == TIER_VIRTUAL || strcmp(name, "hub") == 0 ||
           (strcmp(name, "auto") == 0 && !can_kernel_supported());
}

static bool rig_ready(const struct manifest *m, const struct run_options *o, FILE *diag)
{
    char lib[600], program[600];
    path_preload(lib, sizeof lib);
    if ((needs_hub(m, o) || o->tier == TIER_VIRTUAL) && access(lib, R_OK) != 0) {
        fprintf(diag,
                "bmsrig run: no preload library at %s\n"
                "  build it (ninja bmsrig_preload), or say where it is: BMSRIG_PRELOAD=FILE\n",
                lib);
        return false;
    }
    bool own_broker = (m->has_json || m->has_ha) && !o->broker && !(m->attach && m->broker[0]);
    const char *wanted = path_mosquitto();
    if (own_broker && !broker_find(wanted, program, sizeof program)) {
        fprintf(diag,
                "bmsrig run: no broker: %s is not on this machine\n"
                "  apt-get install mosquitto, or use one that runs: --broker mqtt://HOST\n",
                wanted);
        return false;
    }
    return true;
}

enum preflight preflight_folder(const char *path, FILE *diag)
{
    struct stat st;
    int error = 0;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        error = errno;
    else if (stat(path, &st) != 0)
        error = errno;
    else if (!S_ISDIR(st.st_mode))
        error = ENOTDIR;
    else if (access(path, W_OK | X_OK) != 0)
        error = errno;
    if (error == 0)
        return PREFLIGHT_OK;
    fprintf(diag, "bmsrig run: report folder %s: %s\n  give another one: -o FOLDER\n", path,
            strerror(error));
    return PREFLIGHT_OUT;
}

enum preflight preflight(const struct manifest *m, const struct run_options *o, FILE *diag)
{
    if (!dut_ready(m, diag))
        return PREFLIGHT_DUT;
    if (!tty_ready(m, o, diag) || !can_ready(m, o, diag) || !url_ready(o, diag))
        return PREFLIGHT_PORT;
    return rig_ready(m, o, diag) ? PREFLIGHT_OK : PREFLIGHT_RIG;
}
