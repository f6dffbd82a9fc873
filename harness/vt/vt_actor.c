/* SPDX-License-Identifier: Apache-2.0
 *
 * The threads of the programs: what they say, and whose turn it is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/vt/vt_priv.h"

/* What a turn of a program takes. Not a measure of anything: it keeps causes before effects. */
enum { TURN_NS = 1000 };

enum { BACKLOG = 512, WATCH_EVERY_MS = 20, THREAD_END_TRIES = 400, THREAD_END_US = 25 };

/* ---- coming and going ---- */

enum err vt_listen(struct vt_loop *v)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    memcpy(addr.sun_path, v->path, sizeof addr.sun_path);
    unlink(v->path);
    v->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (v->listener < 0 || bind(v->listener, (const struct sockaddr *)&addr, sizeof addr) != 0 ||
        listen(v->listener, BACKLOG) != 0)
        return err_from_errno(errno);
    return ERR_OK;
}

void vt_accept(struct vt_loop *v)
{
    int fd;

    while ((fd = accept4(v->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct vt_actor *a = calloc(1, sizeof *a);
        if (a == NULL)
            abort();
        a->fd = fd;
        a->number = ++v->last_number;
        a->state = VT_RUNS;
        a->deadline_ns = VT_NEVER;
        struct vt_actor **end = &v->actors;
        while (*end != NULL)
            end = &(*end)->next;
        *end = a;
        v->stats.actors++;
    }
}

static void drop_fds(struct vt_actor *a)
{
    for (unsigned i = 0; i < a->n_fds; i++)
        close(a->fds[i].fd);
    a->n_fds = 0;
}

/* A thread has gone when the kernel has let go of it: whoever joins it then does not wait. */
static void await_thread_end(const struct vt_actor *a)
{
    const struct timespec nap = {.tv_nsec = THREAD_END_US * 1000};

    if (a->tid == 0 || a->tid == a->process->pid)
        return;
    for (int i = 0; i < THREAD_END_TRIES; i++) {
        if (syscall(SYS_tgkill, a->process->pid, a->tid, 0) != 0)
            return;
        nanosleep(&nap, NULL);
    }
}

/* Who joins a thread may have looked between its last word and its end in the kernel, when a wait
 * outside has let two of them run at once. */
static void wake_joiners(struct vt_loop *v, const struct vt_process *p)
{
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (!a->gone && a->process == p && a->state == VT_WAITS && strstr(a->call, "join") != NULL)
            a->notified = true;
}

static void actor_gone(struct vt_loop *v, struct vt_actor *a)
{
    struct vt_process *p = a->process;

    drop_fds(a);
    close(a->fd);
    a->fd = -1;
    a->gone = true;
    a->state = VT_WAITS;
    if (p == NULL)
        return;
    if (--p->threads > 0) {
        await_thread_end(a);
        wake_joiners(v, p);
    } else if (p->state == VT_ALIVE)
        vt_process_set(p, VT_COMING); /* it ended, or is about to be another program */
}

void vt_sweep(struct vt_loop *v)
{
    for (struct vt_actor **link = &v->actors; *link != NULL;) {
        struct vt_actor *a = *link;
        if (!a->gone) {
            link = &a->next;
            continue;
        }
        *link = a->next;
        free(a);
    }
}

/* ---- what they say ---- */

static void belongs(struct vt_loop *v, struct vt_actor *a, const struct vt_packet *p)
{
    if (p->tid != 0)
        a->tid = p->tid;
    if (p->pid == 0 || (a->process != NULL && a->process->pid == p->pid))
        return;
    struct vt_process *process = vt_process_expect(v, p->pid);
    a->process = process;
    process->threads++;
    vt_process_set(process, VT_ALIVE);
}

static void welcome(struct vt_loop *v, struct vt_actor *a)
{
    struct vt_packet packet = {.kind = VT_WELCOME};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec iov = {&packet, sizeof packet};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    *c = (struct cmsghdr){
        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(c), &v->memory, sizeof v->memory);
    sendmsg(a->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_hello(struct vt_loop *v, struct vt_actor *a, const struct vt_packet *p)
{
    belongs(v, a, p);
    if (p->pid == 0)
        return;
    memcpy(a->process->name, p->call, sizeof a->process->name - 1);
    welcome(v, a);
}

static void on_block(struct vt_loop *v, struct vt_actor *a, const struct vt_packet *p)
{
    bool was_outside = a->state == VT_OUTSIDE;

    belongs(v, a, p);
    a->state = VT_WAITS;
    a->turn = p->turn;
    a->deadline_ns = p->deadline_ns;
    a->object = p->object;
    a->resumes = false;
    a->signalled = false;
    /* Somebody notified while it was on its way to us: it had better look. One that comes from
     * outside ran beside the others, so what it looked at may have been half done. */
    a->notified = a->object != 0 && a->process != NULL &&
                  (was_outside || (int32_t)(a->process->generation - p->generation) > 0);
    memcpy(a->call, p->call, sizeof a->call - 1);
    a->starts = strcmp(a->call, "start") == 0;
}

void vt_notify(struct vt_loop *v, const struct vt_process *p, uint64_t object, uint32_t count)
{
    for (struct vt_actor *a = v->actors; a != NULL && count > 0; a = a->next) {
        if (a->process != p || a->state != VT_WAITS || a->object != object || a->notified)
            continue;
        a->notified = true;
        count--;
    }
}

static void on_signalled(struct vt_loop *v, pid_t pid)
{
    pid_t to = pid > 0 ? pid : -1;
    v->signals_to = v->signals_to == 0 || v->signals_to == to ? to : -1;
}

static void answer_timer(struct vt_actor *a, int index)
{
    const struct vt_packet packet = {.kind = VT_TIMER, .object = (uint64_t)(int64_t)index};
    send(a->fd, &packet, sizeof packet, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take(struct vt_loop *v, struct vt_actor *a, const struct vt_packet *p, const int *fds,
                 unsigned n)
{
    switch ((enum vt_kind)p->kind) {
    case VT_HELLO: on_hello(v, a, p); break;
    case VT_BLOCK: on_block(v, a, p); break;
    case VT_RESUME: a->resumes = a->state == VT_WAITS && p->turn == a->turn; break;
    case VT_NOTIFY:
        if (a->process == NULL)
            break;
        a->process->generation = p->generation;
        vt_notify(v, a->process, p->object, p->count);
        break;
    case VT_EXPECT: vt_process_expect(v, p->pid); break;
    case VT_SIGNALLED: on_signalled(v, p->pid); break;
    case VT_TIMER_NEW:
        answer_timer(a, vt_timer_new(v, p->pid, p->signum, n > 0 ? fds[0] : -1));
        break;
    case VT_TIMER_DROP: vt_timer_drop(v, (unsigned)p->object); break;
    case VT_WELCOME:
    case VT_WAKE:
    case VT_TIMER: break; /* ours to send */
    }
}

static unsigned descriptors_in(struct msghdr *msg, int *fds)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);

    if (c == NULL || c->cmsg_type != SCM_RIGHTS)
        return 0;
    size_t bytes = c->cmsg_len - CMSG_LEN(0);
    memcpy(fds, CMSG_DATA(c), bytes);
    return (unsigned)(bytes / sizeof *fds);
}

/* A wait's descriptors stay with us until it ends; a timer's is the timer's. */
static void keep_fds(struct vt_actor *a, const struct vt_packet *p, const struct vt_fd *events,
                     const int *fds, unsigned n)
{
    if (p->kind == VT_TIMER_NEW)
        return;
    if (p->kind == VT_BLOCK)
        drop_fds(a);
    for (unsigned i = 0; i < n; i++)
        if (p->kind == VT_BLOCK)
            a->fds[a->n_fds++] = (struct pollfd){.fd = fds[i], .events = (short)events[i].events};
        else
            close(fds[i]);
}

/* One packet; false when there is none. */
bool vt_receive_one(struct vt_loop *v, struct vt_actor *a)
{
    struct vt_packet packet;
    struct vt_fd events[VT_MAX_FDS];
    int fds[VT_MAX_FDS];
    union {
        char bytes[CMSG_SPACE(VT_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov[2] = {{&packet, sizeof packet}, {events, sizeof events}};
    struct msghdr msg = {.msg_iov = iov,
                         .msg_iovlen = 2,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(a->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < (ssize_t)sizeof packet) {
        actor_gone(v, a);
        return false;
    }
    unsigned count = descriptors_in(&msg, fds);
    keep_fds(a, &packet, events, fds, count);
    take(v, a, &packet, fds, count);
    return true;
}

/* Who waits has nothing more to say; what a signal handler says is found by polling. */
void vt_receive(struct vt_loop *v, struct vt_actor *a)
{
    do {
        if (!vt_receive_one(v, a))
            return;
    } while (!a->gone && a->state != VT_WAITS);
}

/* ---- coming to rest ---- */

static bool is_unsettled(const struct vt_process *p)
{
    return p->state == VT_COMING || p->state == VT_ENDING;
}

/* Collects whom to wait for; 0: nobody. */
static size_t collect_running(struct vt_loop *v)
{
    v->n_set = 0;
    for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (!a->gone && a->state == VT_RUNS)
            a->poll_at = vt_add(v, a->fd, POLLIN);
    for (const struct vt_process *p = v->processes; p != NULL; p = p->next)
        if (is_unsettled(p))
            vt_add(v, p->pidfd, POLLIN);
    if (v->n_set > 0)
        vt_add(v, v->listener, POLLIN);
    return v->n_set;
}

static void check_dead(struct vt_loop *v)
{
    struct vt_process *next;

    for (struct vt_process *p = v->processes; p != NULL; p = next) {
        next = p->next;
        struct pollfd dead = {.fd = p->pidfd, .events = POLLIN};
        if (is_unsettled(p) && poll(&dead, 1, 0) > 0)
            vt_process_gone(v, p);
    }
}

void vt_settle(struct vt_loop *v)
{
    size_t n;

    while ((n = collect_running(v)) > 0) {
        int ready = poll(v->set, (nfds_t)n, WATCH_EVERY_MS);
        if (ready > 0) {
            bool more = v->set[n - 1].revents != 0;
            for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
                if (!a->gone && a->state == VT_RUNS && v->set[a->poll_at].revents != 0)
                    vt_receive(v, a);
            if (more)
                vt_accept(v);
            check_dead(v);
        } else {
            vt_watch_running(v);
        }
    }
}

/* ---- turns ---- */

bool vt_has_something(const struct vt_loop *v, const struct vt_actor *a)
{
    if (a->gone || a->state != VT_WAITS || (a->process != NULL && a->process->frozen))
        return false;
    if (a->notified || a->resumes || a->signum != 0 || a->deadline_ns <= vt_now(v))
        return true;
    for (unsigned i = 0; i < a->n_fds; i++)
        if (v->set[a->poll_at + i].revents != 0)
            return true;
    return false;
}

static enum vt_why reason_of(const struct vt_loop *v, const struct vt_actor *a)
{
    if (a->signum != 0)
        return VT_SIGNAL;
    if (a->resumes)
        return VT_RESUMED;
    if (a->signalled)
        return VT_READY;
    for (unsigned i = 0; i < a->n_fds; i++)
        if (v->set[a->poll_at + i].revents != 0)
            return VT_READY;
    return a->notified ? VT_READY : VT_TIMEOUT;
}

void vt_wake(struct vt_loop *v, struct vt_actor *a)
{
    const struct vt_packet packet = {
        .kind = VT_WAKE, .why = reason_of(v, a), .turn = a->turn, .signum = a->signum};

    v->shared->now_ns += TURN_NS;
    v->stats.virtual_us += TURN_NS / VT_NS_PER_US;
    drop_fds(a);
    a->state = VT_RUNS;
    a->notified = false;
    a->signalled = false;
    a->resumes = false;
    a->signum = 0;
    a->ran_us = 0; /* the watch looks at it when it takes long */
    v->stats.wakes++;
    if (send(a->fd, &packet, sizeof packet, MSG_NOSIGNAL) < 0)
        vt_receive(v, a); /* it is dead: take its last words */
}

int64_t vt_earliest_deadline(const struct vt_loop *v)
{
    int64_t earliest = VT_NEVER;

    for (const struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (!a->gone && a->state == VT_WAITS && a->deadline_ns < earliest &&
            (a->process == NULL || !a->process->frozen))
            earliest = a->deadline_ns;
    return earliest;
}
