/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop on libuv, in real time. libuv's own timers count milliseconds, so the heap's earliest
 * deadline goes into one timerfd; it is set at most once a turn, just before the loop waits.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/os_loop_uv.h"

struct uv_io {
    struct loop_io io; /* first */
    uv_poll_t poll;
    bool half_closed; /* the peer said so once; asking again would only spin */
};

struct uv_sig {
    struct loop_signal sig; /* first */
    uv_signal_t handle;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void uv_backend_close(uv_handle_t *handle)
{
    uv_close(handle, on_closed);
}

/* ---- time ---- */

/* Decides whether the timer descriptor keeps the loop alive; setting it waits for on_prepare. */
static void rearm(struct loop *loop, uint64_t deadline_us)
{
    struct uv_backend *b = backend_of(loop);

    if (deadline_min(deadline_us, b->turn_deadline_us) == NEVER_US)
        uv_unref((uv_handle_t *)&b->timer_poll);
    else
        uv_ref((uv_handle_t *)&b->timer_poll);
}

static void on_prepare(uv_prepare_t *handle)
{
    struct uv_backend *b = backend_of(handle->loop->data);
    uint64_t wanted = deadline_min(loop_timers_next(&b->loop.timers), b->turn_deadline_us);

    if (wanted == b->armed_us)
        return;
    struct itimerspec spec = {0}; /* zero disarms */
    if (wanted != NEVER_US) {
        spec.it_value.tv_sec = (time_t)(wanted / US_PER_S);
        spec.it_value.tv_nsec = (long)(wanted % US_PER_S * 1000U);
        if (wanted == 0)
            spec.it_value.tv_nsec = 1; /* long past all the same */
    }
    timerfd_settime(b->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
    b->armed_us = wanted;
}

/* Only wakes the loop up; on_check fires the timers. */
static void on_timer(uv_poll_t *handle, int status, int events)
{
    struct uv_backend *b = backend_of(handle->loop->data);
    uint64_t expirations;
    ssize_t n = read(b->timer_fd, &expirations, sizeof expirations);

    (void)n;
    (void)status;
    (void)events;
    b->armed_us = NEVER_US;
}

/* After the descriptors and signals of each turn. */
static void on_check(uv_check_t *handle)
{
    struct uv_backend *b = backend_of(handle->loop->data);

    if (loop_timers_next(&b->loop.timers) == NEVER_US)
        return;
    loop_timers_fire(&b->loop.timers, loop_now(&b->loop));
    rearm(&b->loop, loop_timers_next(&b->loop.timers));
}

static bool turn(struct loop *loop, uint64_t deadline_us)
{
    struct uv_backend *b = backend_of(loop);
    bool wait = deadline_us == NEVER_US || deadline_us > loop_now(loop);

    b->turn_deadline_us = wait ? deadline_us : NEVER_US;
    rearm(loop, loop_timers_next(&loop->timers));
    int alive = uv_run(&b->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    b->turn_deadline_us = NEVER_US;
    return alive != 0;
}

/* ---- descriptors ---- */

/* What poll(2) says right now: libuv does not pass POLLERR and POLLHUP through as they are. */
static unsigned state_of(const struct loop_io *io)
{
    struct pollfd p = {.fd = io->fd};
    unsigned got = 0;

    if ((io->events & LOOP_READ) != 0)
        p.events |= POLLIN;
    if ((io->events & LOOP_WRITE) != 0)
        p.events |= POLLOUT;
    if (poll(&p, 1, 0) <= 0)
        return 0;
    if ((p.revents & POLLIN) != 0)
        got |= LOOP_READ;
    if ((p.revents & POLLOUT) != 0)
        got |= LOOP_WRITE;
    if ((p.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
        got |= LOOP_ERROR;
    return got;
}

static void on_poll(uv_poll_t *handle, int status, int events);

static int start_poll(struct uv_io *io)
{
    int events = 0;

    if ((io->io.events & LOOP_READ) != 0)
        events |= UV_READABLE;
    if ((io->io.events & LOOP_WRITE) != 0)
        events |= UV_WRITABLE;
    if (events == 0 && !io->half_closed)
        events = UV_DISCONNECT; /* libuv watches nothing at all for 0: errors would be missed */
    return uv_poll_start(&io->poll, events, on_poll);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct uv_io *io = handle->data;
    unsigned got = 0;

    if (status < 0) {
        got = state_of(&io->io) | LOOP_ERROR;
        start_poll(io); /* libuv stops watching on POLLERR; a CAN socket lives on after it */
    } else if ((events & UV_DISCONNECT) != 0) {
        got = state_of(&io->io);
        io->half_closed = got == 0;
        if (io->half_closed)
            start_poll(io);
    } else {
        got |= (events & UV_READABLE) != 0 ? (unsigned)LOOP_READ : 0U;
        got |= (events & UV_WRITABLE) != 0 ? (unsigned)LOOP_WRITE : 0U;
    }
    if (got != 0)
        io->io.fn(io->io.ctx, got);
}

static enum err io_new(struct loop *loop, int fd, unsigned events, loop_io_fn fn, void *ctx,
                       struct loop_io **ret)
{
    struct uv_backend *b = backend_of(loop);
    struct uv_io *io = calloc(1, sizeof *io);

    if (io == NULL)
        return ERR_MEMORY;
    io->io = (struct loop_io){.loop = loop, .fn = fn, .ctx = ctx, .fd = fd, .events = events};
    int e = uv_poll_init(&b->uv, &io->poll, fd);
    if (e != 0) {
        free(io);
        return e == UV_EPERM ? ERR_UNSUPPORTED : err_from_errno(-e); /* EPERM: a regular file */
    }
    io->poll.data = io;
    e = start_poll(io);
    if (e != 0) {
        uv_backend_close((uv_handle_t *)&io->poll);
        return err_from_errno(-e);
    }
    *ret = &io->io;
    return ERR_OK;
}

static void io_want(struct loop_io *io, unsigned events)
{
    if (io->events == events)
        return;
    io->events = events;
    start_poll((struct uv_io *)io);
}

static void io_delete(struct loop_io *io)
{
    uv_backend_close((uv_handle_t *)&((struct uv_io *)io)->poll);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int signum)
{
    struct uv_sig *sig = handle->data;
    sig->sig.fn(sig->sig.ctx, signum);
}

static enum err signal_new(struct loop *loop, int signum, loop_signal_fn fn, void *ctx,
                           struct loop_signal **ret)
{
    struct uv_backend *b = backend_of(loop);
    struct uv_sig *sig = calloc(1, sizeof *sig);

    if (sig == NULL)
        return ERR_MEMORY;
    sig->sig = (struct loop_signal){.loop = loop, .fn = fn, .ctx = ctx};
    int e = uv_signal_init(&b->uv, &sig->handle);
    if (e != 0) {
        free(sig);
        return err_from_errno(-e);
    }
    sig->handle.data = sig;
    e = uv_signal_start(&sig->handle, on_signal, signum);
    if (e != 0) {
        uv_backend_close((uv_handle_t *)&sig->handle);
        return err_from_errno(-e);
    }
    *ret = &sig->sig;
    return ERR_OK;
}

static void signal_delete(struct loop_signal *sig)
{
    uv_backend_close((uv_handle_t *)&((struct uv_sig *)sig)->handle);
}

/* ---- life of the loop ---- */

static void close_open(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (uv_is_closing(handle))
        return;
    if (handle->type == UV_PROCESS)
        uv_backend_child_collect(handle);
    uv_backend_close(handle);
}

/* Waits for a lookup that is with the resolver at the moment: libuv cannot take it back. */
static void destroy(struct loop *loop)
{
    struct uv_backend *b = backend_of(loop);

    uv_backend_lookup_cancel_all(b);
    uv_walk(&b->uv, close_open, NULL);
    while (uv_run(&b->uv, UV_RUN_DEFAULT) != 0)
        ;
    uv_loop_close(&b->uv);
    close(b->timer_fd);
    free(b);
}

static const struct loop_ops uv_ops = {
    .destroy = destroy,
    .turn = turn,
    .rearm = rearm,
    .io_new = io_new,
    .io_want = io_want,
    .io_delete = io_delete,
    .signal_new = signal_new,
    .signal_delete = signal_delete,
    .child_spawn = uv_backend_child_spawn,
    .child_kill = uv_backend_child_kill,
    .child_delete = uv_backend_child_delete,
    .lookup_new = uv_backend_lookup_new,
    .lookup_delete = uv_backend_lookup_delete,
};

/* The timer descriptor and the hooks before and after each wait. None keeps the loop alive by
 * itself, and `data` stays NULL because they are part of the backend's memory. */
static int start_time(struct uv_backend *b)
{
    int e = uv_poll_init(&b->uv, &b->timer_poll, b->timer_fd);
    if (e != 0)
        return e;
    e = uv_poll_start(&b->timer_poll, UV_READABLE, on_timer);
    if (e != 0)
        return e;
    uv_unref((uv_handle_t *)&b->timer_poll);
    uv_prepare_init(&b->uv, &b->prepare);
    uv_prepare_start(&b->prepare, on_prepare);
    uv_unref((uv_handle_t *)&b->prepare);
    uv_check_init(&b->uv, &b->check);
    uv_check_start(&b->check, on_check);
    uv_unref((uv_handle_t *)&b->check);
    return 0;
}

enum err loop_new(struct loop **ret_loop)
{
    struct uv_backend *b = calloc(1, sizeof *b);

    if (b == NULL)
        return ERR_MEMORY;
    b->loop = (struct loop){.ops = &uv_ops, .clock = clock_system()};
    b->turn_deadline_us = NEVER_US;
    b->armed_us = NEVER_US;
    b->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (b->timer_fd < 0) {
        enum err e = err_from_errno(errno);
        free(b);
        return e;
    }
    int e = uv_loop_init(&b->uv);
    if (e != 0) {
        close(b->timer_fd);
        free(b);
        return err_from_errno(-e);
    }
    b->uv.data = &b->loop;
    e = start_time(b);
    if (e != 0) {
        destroy(&b->loop);
        return err_from_errno(-e);
    }
    *ret_loop = &b->loop;
    return ERR_OK;
}
