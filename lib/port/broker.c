/* SPDX-License-Identifier: Apache-2.0
 *
 * Starting, watching and hurting a mosquitto 2.0.
 *
 * Its traps: `listener 0 127.0.0.1` does not pick a port but makes a unix socket of that name, so a
 * free port is found by bind(0) and the start repeated when somebody was faster; a broker on a port
 * that is taken exits with 1, and a client would happily talk to the stranger there, hence the
 * private socket; as root it changes its user unless told not to; its output says little until it
 * fails, and goes into the log.
 */
#define _GNU_SOURCE
#include "port/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/mqtt.h"

#define READY_US (15 * US_PER_S) /* measured: 7 ms; a loaded machine needs more */

enum { PORT_TRIES = 5 };

struct broker {
    struct loop *loop;
    struct broker_handler handler;
    char program[PATH_MAX];
    char setpriv[PATH_MAX]; /* empty: there is none */
    char config[PATH_MAX], socket[PATH_MAX], log[PATH_MAX];
    long log_from; /* where this start's output begins */
    char *extra;
    uint16_t port;
    unsigned tries_left; /* other ports may still be tried */
    struct loop_child *child;
    struct loop_timer *timer;
    struct mqtt *probe;
    bool ready;
    bool killed;  /* by us: its end is no failure */
    bool restart; /* as soon as the old one has ended */
    unsigned depth;
    bool deleted;
};

/* ---- paths, port, configuration ---- */

static bool put_path(char *out, size_t cap, struct span folder, const char *name)
{
    struct buf b = buf_of(out, cap);

    return buf_put(&b, folder) && buf_str(&b, "/") && buf_str(&b, name) && buf_u8(&b, 0);
}

/* PATH, and /usr/sbin, where Debian has mosquitto and users have no PATH. */
static bool find_program(const char *name, char *out, size_t cap)
{
    struct span rest = span_str(getenv("PATH"));

    if (strchr(name, '/') != NULL) {
        span_to_str(span_str(name), out, cap);
        return access(out, X_OK) == 0;
    }
    while (rest.n > 0) {
        size_t end = span_find_byte(rest, 0, ':');
        if (put_path(out, cap, span_sub(rest, 0, end), name) && access(out, X_OK) == 0)
            return true;
        rest = span_sub(rest, end + 1, SIZE_MAX);
    }
    return put_path(out, cap, span_str("/usr/sbin"), name) && access(out, X_OK) == 0;
}

bool broker_find(const char *name, char *out, size_t cap)
{
    return find_program(name, out, cap);
}

static enum err find_port(uint16_t *ret)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_from_errno(errno);
    bool ok = bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0 &&
              getsockname(fd, (struct sockaddr *)&addr, &n) == 0;
    enum err e = ok ? ERR_OK : err_from_errno(errno);
    close(fd);
    if (ok)
        *ret = ntohs(addr.sin_port);
    return e;
}

/* per_listener_settings must come first. The private socket stays open to us whatever `extra` does
 * to the TCP listener. */
static enum err write_config(const struct broker *b)
{
    FILE *f = fopen(b->config, "we");

    if (f == NULL)
        return err_from_errno(errno);
    fprintf(f,
            "per_listener_settings true\n"
            "persistence false\n"
            "log_dest stderr\n"
            "log_type all\n"
            "set_tcp_nodelay true\n"
            "max_queued_messages 0\n"
            "sys_interval 1\n"
            "%s"
            "listener 0 %s\n"
            "allow_anonymous true\n"
            "listener %u 127.0.0.1\n"
            "allow_anonymous true\n"
            "%s\n",
            geteuid() == 0 ? "user root\n" : "", b->socket, (unsigned)b->port, b->extra);
    return fclose(f) == 0 ? ERR_OK : err_from_errno(errno);
}

/* ---- telling ---- */

static void enter(struct broker *b)
{
    b->depth++;
}

static void release(struct broker *b)
{
    free(b->extra);
    free(b);
}

static void leave(struct broker *b)
{
    b->depth--;
    if (b->depth == 0 && b->deleted)
        release(b);
}

/* The first error of this start, else the last line of all. */
static void last_words(const struct broker *b, char *out, size_t cap)
{
    static const long tail = 512;
    char bytes[4096];
    struct span rest, line, words = span_str("no output");
    FILE *f = fopen(b->log, "re");

    if (f == NULL) {
        span_to_str(words, out, cap);
        return;
    }
    fseek(f, b->log_from, SEEK_SET);
    rest = span_of(bytes, fread(bytes, 1, sizeof bytes, f));
    while (span_line(&rest, &line))
        if (span_find(line, 0, span_str("Error")) < line.n) {
            fclose(f);
            span_to_str(line, out, cap);
            return;
        }
    if (fseek(f, -tail, SEEK_END) != 0)
        rewind(f);
    rest = span_of(bytes, fread(bytes, 1, sizeof bytes, f));
    fclose(f);
    while (span_line(&rest, &line))
        words = line;
    span_to_str(words, out, cap);
}

static void fail(struct broker *b, enum err why)
{
    char text[256];

    last_words(b, text, sizeof text);
    if (!b->deleted && b->handler.on_failed != NULL)
        b->handler.on_failed(b->handler.ctx, why, text);
}

/* ---- one life of the child ---- */

static enum err spawn(struct broker *b);

static void forget_child(struct broker *b)
{
    mqtt_delete(b->probe);
    b->probe = NULL;
    loop_child_delete(b->child);
    b->child = NULL;
    b->ready = false;
    loop_timer_stop(b->timer);
}

static bool port_was_taken(const struct broker *b)
{
    char text[256];

    last_words(b, text, sizeof text);
    return strstr(text, "in use") != NULL;
}

static void start_again(struct broker *b)
{
    enum err e = spawn(b);

    if (e != ERR_OK)
        fail(b, e);
}

static void on_exit_status(void *ctx, int status, int signum)
{
    struct broker *b = ctx;
    bool was_ready = b->ready;

    (void)status;
    (void)signum;
    enter(b);
    forget_child(b);
    if (b->restart) {
        b->restart = false;
        start_again(b);
    } else if (b->killed) {
        b->killed = false;
    } else if (!was_ready && b->tries_left > 0 && port_was_taken(b) &&
               find_port(&b->port) == ERR_OK) {
        b->tries_left--;
        start_again(b);
    } else {
        fail(b, was_ready ? ERR_CLOSED : port_was_taken(b) ? ERR_BUSY : ERR_REFUSED);
    }
    leave(b);
}

/* The broker has answered on its private socket, so both its listeners stand. */
static void on_probe_connected(void *ctx)
{
    struct broker *b = ctx;

    enter(b);
    mqtt_delete(b->probe);
    b->probe = NULL;
    loop_timer_stop(b->timer);
    b->ready = true;
    b->tries_left = 0; /* the port is known to others from now on */
    if (b->handler.on_ready != NULL)
        b->handler.on_ready(b->handler.ctx);
    leave(b);
}

static void on_timer(void *ctx)
{
    struct broker *b = ctx;

    enter(b);
    broker_kill(b);
    fail(b, ERR_TIMEOUT);
    leave(b);
}

static enum err start_probe(struct broker *b)
{
    char url[PATH_MAX + 8];
    struct buf text = buf_of(url, sizeof url);
    const struct mqtt_handler handler = {.on_connected = on_probe_connected, .ctx = b};
    const struct mqtt_options options = {
        .url = url,
        .client_id = BROKER_PROBE_ID,
        .backoff_min_us = US_PER_MS,
        .backoff_max_us = 10 * US_PER_MS,
    };

    if (!buf_printf(&text, "unix:%s", b->socket) || !buf_u8(&text, 0))
        return ERR_RANGE;
    return mqtt_new(b->loop, &options, &handler, &b->probe, NULL);
}

/* With setpriv, so that the broker dies with us even when we are killed. */
static enum err spawn_child(struct broker *b, int log)
{
    const char *argv[] = {b->setpriv, "--pdeathsig", "KILL",    "--",
                          b->program, "-c",          b->config, NULL};
    const char *const *args = b->setpriv[0] != '\0' ? argv : argv + 4;
    const struct loop_spawn child = {
        .file = args[0], .argv = args, .stdin_fd = -1, .stdout_fd = log, .stderr_fd = log};

    return loop_child_spawn(b->loop, &child, on_exit_status, b, &b->child);
}

static enum err spawn(struct broker *b)
{
    enum err e = write_config(b);

    if (e != ERR_OK)
        return e;
    int log = open(b->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0)
        return err_from_errno(errno);
    b->log_from = (long)lseek(log, 0, SEEK_END);
    b->killed = false;
    e = spawn_child(b, log);
    close(log);
    if (e != ERR_OK)
        return e;
    loop_timer_after(b->timer, READY_US);
    return start_probe(b);
}

/* ---- the owner's side ---- */

static enum err set_paths(struct broker *b, const struct broker_options *options)
{
    struct span dir = span_str(options->dir);

    if (!put_path(b->config, sizeof b->config, dir, "mosquitto.conf") ||
        !put_path(b->socket, sizeof b->socket, dir, "mq.sock") ||
        !put_path(b->log, sizeof b->log, dir, "mosquitto.log") ||
        strlen(b->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return ERR_RANGE;
    if (!find_program(options->program != NULL ? options->program : "mosquitto", b->program,
                      sizeof b->program))
        return ERR_NOT_FOUND;
    if (!find_program("setpriv", b->setpriv, sizeof b->setpriv))
        b->setpriv[0] = '\0';
    b->extra = strdup(options->extra != NULL ? options->extra : "");
    return b->extra != NULL ? ERR_OK : ERR_MEMORY;
}

enum err broker_new(struct loop *loop, const struct broker_options *options,
                    const struct broker_handler *handler, struct broker **ret)
{
    struct broker *b = calloc(1, sizeof *b);

    if (b == NULL)
        return ERR_MEMORY;
    b->loop = loop;
    b->handler = *handler;
    b->port = options->port;
    enum err e = set_paths(b, options);
    if (e == ERR_OK && b->port == 0) {
        b->tries_left = PORT_TRIES;
        e = find_port(&b->port);
    }
    if (e == ERR_OK)
        e = loop_timer_new(loop, on_timer, b, &b->timer);
    if (e == ERR_OK)
        e = spawn(b);
    if (e != ERR_OK) {
        broker_delete(b);
        return e;
    }
    *ret = b;
    return ERR_OK;
}

void broker_delete(struct broker *b)
{
    if (b == NULL || b->deleted)
        return;
    b->deleted = true;
    if (b->child != NULL) {
        loop_child_kill(b->child, SIGKILL);
        forget_child(b);
    }
    loop_timer_delete(b->timer);
    unlink(b->socket);
    if (b->depth == 0)
        release(b);
}

enum err broker_kill(struct broker *b)
{
    b->restart = false;
    if (b->child == NULL)
        return ERR_OK;
    b->killed = true;
    b->ready = false;
    mqtt_delete(b->probe);
    b->probe = NULL;
    loop_timer_stop(b->timer);
    return loop_child_kill(b->child, SIGKILL);
}

enum err broker_start(struct broker *b)
{
    if (b->child == NULL)
        return spawn(b);
    if (!b->killed)
        return ERR_EXISTS;
    b->restart = true;
    return ERR_OK;
}

enum err broker_freeze(struct broker *b)
{
    return b->child != NULL ? loop_child_kill(b->child, SIGSTOP) : ERR_CLOSED;
}

enum err broker_thaw(struct broker *b)
{
    return b->child != NULL ? loop_child_kill(b->child, SIGCONT) : ERR_CLOSED;
}

bool broker_running(const struct broker *b)
{
    return b->child != NULL && !b->killed;
}

pid_t broker_pid(const struct broker *b)
{
    return b->child != NULL ? loop_child_pid(b->child) : 0;
}

uint16_t broker_port(const struct broker *b)
{
    return b->port;
}

const char *broker_socket(const struct broker *b)
{
    return b->socket;
}

const char *broker_log_path(const struct broker *b)
{
    return b->log;
}
