/* SPDX-License-Identifier: Apache-2.0
 *
 * A mosquitto of one's own: started on a free loopback port and a private unix socket, with
 * everything that loses messages silently switched off, ready when it answers CONNACK on its own
 * socket (a foreign broker on the port cannot be mistaken for it). Nothing blocks: readiness and
 * exit come as callbacks.
 */
#ifndef PORT_BROKER_H
#define PORT_BROKER_H

#include "base/log.h"
#include "base/loop.h"

struct broker;

struct broker_handler {
    void (*on_ready)(void *ctx); /* after every start */
    /* It ended by itself (broker_kill and broker_delete do not call this), or never became ready.
     * `text` says what it printed last. */
    void (*on_failed)(void *ctx, enum err why, const char *text);
    void *ctx;
};

struct broker_options {
    const char *dir;     /* an existing private folder: config, socket and log go there */
    const char *program; /* NULL: "mosquitto" from PATH and /usr/sbin */
    uint16_t port;       /* 0: a free one */
    const char *extra;   /* more configuration lines, or NULL; they follow the TCP listener's, so a
                            listener's settings (password_file, acl_file, certfile) are its own */
};

/* The client id of the connection that waits for CONNACK; it shows up in the log. */
#define BROKER_PROBE_ID "bmsrig-ready"

/* The path of the program `name` ("mosquitto", or a path), or false when there is none. */
bool broker_find(const char *name, char *out, size_t cap);

/* ERR_NOT_FOUND when there is no mosquitto, ERR_RANGE when `dir` is too long for a unix socket. */
enum err broker_new(struct loop *loop, const struct broker_options *options,
                    const struct broker_handler *handler, struct broker **ret);
void broker_delete(struct broker *broker); /* kills it */

enum err broker_kill(struct broker *broker);  /* SIGKILL; sessions and retained messages are gone */
enum err broker_start(struct broker *broker); /* again, on the same port and socket */
enum err broker_freeze(struct broker *broker);
enum err broker_thaw(struct broker *broker);
bool broker_running(const struct broker *broker);
pid_t broker_pid(const struct broker *broker);

uint16_t broker_port(const struct broker *broker);
const char *broker_socket(const struct broker *broker); /* path of the unix socket */
/* The log of all starts; lines begin with epoch seconds ("1764000000: New client connected from ...
 * as ID ..."). */
const char *broker_log_path(const struct broker *broker);

#endif
