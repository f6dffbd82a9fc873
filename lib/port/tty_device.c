/* SPDX-License-Identifier: Apache-2.0
 *
 * A real serial device: raw 8N1, exclusive by both customs there are (TIOCEXCL, and flock as
 * pyserial and picocom do it), so that a second program on the same wire is refused on either side.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "port/tty_line.h"
#include "port/tty_priv.h"

static void on_timer(void *ctx)
{
    struct tty *tty = ctx;

    tty_enter(tty);
    tty_emit(tty, TTY_OPENED);
    tty_leave(tty);
}

static void device_close(struct tty *tty)
{
    if (tty->fd >= 0)
        line_unclaim(tty->fd); /* a PTY's flag would outlive us while the other side holds it */
}

static uint32_t device_speed(const struct tty *tty)
{
    return tty->fd >= 0 ? line_speed(tty->fd) : 0;
}

static enum err device_set_speed(struct tty *tty, uint32_t baud)
{
    return tty->fd >= 0 ? line_setup(tty->fd, baud) : ERR_CLOSED;
}

static const struct tty_ops device_ops = {
    .close = device_close,
    .lost = tty_die,
    .speed = device_speed,
    .set_speed = device_set_speed,
};

/* Everything that can be wrong with the descriptor, before any handle exists. */
static enum err claim(int fd, uint32_t baud)
{
    if (isatty(fd) == 0)
        return ERR_UNSUPPORTED;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return ERR_BUSY;
    enum err e = line_claim(fd);
    if (e != ERR_OK)
        return e;
    e = line_setup(fd, baud);
    if (e != ERR_OK) {
        line_unclaim(fd);
        return e;
    }
    line_low_latency(fd);
    line_flush(fd, LINE_BOTH); /* what the last user left behind answers no question of ours */
    return ERR_OK;
}

enum err tty_device_open(struct loop *loop, const char *path, uint32_t baud,
                         const struct tty_handler *handler, struct tty **ret)
{
    struct tty *tty;
    int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return errno == EISDIR ? ERR_UNSUPPORTED : err_from_errno(errno);
    enum err e = claim(fd, baud);
    if (e == ERR_OK)
        e = tty_new(loop, sizeof *tty, &device_ops, handler, on_timer, &tty);
    if (e != ERR_OK) {
        close(fd);
        return e;
    }
    span_to_str(span_str(path), tty->path, sizeof tty->path);
    tty->connected = true;
    e = tty_watch(tty, fd);
    if (e != ERR_OK) {
        tty_delete(tty);
        return e;
    }
    loop_timer_at(tty->timer, loop_now(loop));
    *ret = tty;
    return ERR_OK;
}
