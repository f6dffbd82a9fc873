/* SPDX-License-Identifier: Apache-2.0
 *
 * Serial ports on the loop, three kinds behind one handle: a real device, the master side of a PTY
 * (with a stable symlink for the client), and one TCP connection (client, or a listening server
 * that serves one client at a time, as serial servers do). Bytes in by callback, bytes out through
 * a bounded queue. Nothing blocks.
 *
 * Facts a PTY user must know (measured on Linux 6.18): it does not pace bytes; parity is hidden;
 * the client's speed can be read through the master; writes with no reader stop at about 20 kB.
 */
#ifndef PORT_TTY_H
#define PORT_TTY_H

#include "base/log.h"
#include "base/loop.h"
#include "base/span.h"

struct tty;

enum tty_event {
    TTY_OPENED, /* PTY: a client opened the slave; TCP: connected; device: opened */
    TTY_CLOSED, /* PTY: the client closed it; TCP: peer gone; device: unplugged. The handle of a
                   device or TCP client is dead then: delete and open again. */
    TTY_SPEED,  /* PTY: the client set another speed (tty_speed) */
};

struct tty_handler {
    void (*on_bytes)(void *ctx, struct span bytes);
    void (*on_event)(void *ctx, enum tty_event event); /* may be NULL */
    void (*on_drained)(void *ctx);                     /* queue became empty; may be NULL */
    void *ctx;
};

/* `where` as users write it:
 *   /dev/ttyUSB0, /dev/serial/by-id/...   a device (raw 8N1, CLOCAL, exclusive)
 *   tcp:HOST:PORT                         a TCP client
 * A TCP client connects in the background: TTY_OPENED or TTY_CLOSED follows.
 * ERR_NOT_FOUND no such device, ERR_DENIED no permission, ERR_BUSY locked by another program,
 * ERR_UNSUPPORTED not a terminal or speed not possible. */
enum err tty_open(struct loop *loop, const char *where, uint32_t baud,
                  const struct tty_handler *handler, struct tty **ret);

/* A PTY whose slave has been made raw before anybody sees it. `link` (may be NULL) is a symlink put
 * in place with rename(), removed by tty_delete(); tty_path() is what a client should open. The
 * slave is held open, so clients may come and go without EIO. */
enum err tty_open_pty(struct loop *loop, const char *link, const struct tty_handler *handler,
                      struct tty **ret);

/* Listens on 127.0.0.1:port (0 picks one: tty_port()). A second client is refused while one is in.
 */
enum err tty_listen(struct loop *loop, uint16_t port, const struct tty_handler *handler,
                    struct tty **ret);

void tty_delete(struct tty *tty);

/* Queues bytes; ERR_SPACE (nothing queued) when more than 64 KiB would wait, ERR_CLOSED when dead.
 */
enum err tty_write(struct tty *tty, struct span bytes);
size_t tty_pending(const struct tty *tty); /* queued here, not yet taken by the kernel */
void tty_flush_input(struct tty *tty);

/* Device: sets the speed (any integer where the driver can, BOTHER). TCP: does nothing. */
enum err tty_set_speed(struct tty *tty, uint32_t baud);
/* PTY: the speed the client has set; 0 while no client has the slave open. Device: its own. */
uint32_t tty_speed(const struct tty *tty);
const char *tty_path(
    const struct tty *tty); /* link or /dev/pts/N, device, or "tcp:127.0.0.1:PORT" */
const char *tty_slave(const struct tty *tty); /* PTY: /dev/pts/N; else NULL */
uint16_t tty_port(const struct tty *tty);
bool tty_connected(const struct tty *tty); /* PTY: slave open by a client; TCP: peer there */

/* PTY: what pulling the cable does to the client: its descriptor is hung up (read 0, then EIO) and
 * the path stays. Needs root (TIOCVHANGUP); ERR_DENIED otherwise. */
enum err tty_hangup(struct tty *tty);

#endif
