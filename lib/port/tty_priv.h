/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds of tty share: one descriptor, one bounded output queue, and the rule that the user
 * may delete the handle from any callback.
 */
#ifndef PORT_TTY_PRIV_H
#define PORT_TTY_PRIV_H

#include <limits.h>
#include <stdbool.h>

#include "port/tty.h"

#define TTY_QUEUE_MAX 65536U

/* What differs between the kinds. Entries may be NULL where noted. */
struct tty_ops {
    /* Closes everything that is not in struct tty. */
    void (*close)(struct tty *tty);
    /* The descriptor has something; runs before it is read. May be NULL. */
    void (*before_read)(struct tty *tty);
    /* End of file or an error on the descriptor. */
    void (*lost)(struct tty *tty);
    uint32_t (*speed)(const struct tty *tty);
    enum err (*set_speed)(struct tty *tty, uint32_t baud);
    enum err (*hangup)(struct tty *tty);         /* NULL: not possible */
    const char *(*slave)(const struct tty *tty); /* NULL: has none */
    bool socket;
    bool open_wire; /* bytes written while nobody is there are lost without an error */
};

/* First member of every kind's own struct. */
struct tty {
    struct loop *loop;
    const struct tty_ops *ops;
    struct tty_handler handler;
    int fd; /* -1: none at the moment */
    struct loop_io *io;
    struct loop_timer *timer; /* the kind's own use */
    struct buf out;
    uint8_t out_bytes[TTY_QUEUE_MAX];
    char path[PATH_MAX];
    uint16_t port;
    bool connected;
    bool dead;      /* lost for good */
    unsigned depth; /* callbacks running */
    bool deleted;   /* memory goes when depth is 0 */
};

/* Allocates `size` bytes whose first member is a struct tty; `timer_fn` gets the tty. */
enum err tty_new(struct loop *loop, size_t size, const struct tty_ops *ops,
                 const struct tty_handler *handler, loop_timer_fn timer_fn, struct tty **ret);
/* Starts to watch `fd`, which belongs to the tty from now on, success or not. */
enum err tty_watch(struct tty *tty, int fd);
/* Stops watching and closes the descriptor; drops what waits in the queue. */
void tty_unwatch(struct tty *tty);

/* Callbacks run between enter and leave; tty_leave is the last use of the handle. */
void tty_enter(struct tty *tty);
void tty_leave(struct tty *tty);
/* Tells the user, unless he has deleted the handle. */
void tty_emit(struct tty *tty, enum tty_event event);
/* Reads what is there now and hands it out. */
void tty_read_all(struct tty *tty);
/* The end: no descriptor, not connected, dead; tells the user. */
void tty_die(struct tty *tty);

enum err tty_device_open(struct loop *loop, const char *path, uint32_t baud,
                         const struct tty_handler *handler, struct tty **ret);
enum err tty_tcp_open(struct loop *loop, const char *where, const struct tty_handler *handler,
                      struct tty **ret);

#endif
