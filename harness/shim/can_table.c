/* SPDX-License-Identifier: Apache-2.0
 *
 * Descriptor number -> CAN socket. Read without a lock, changed under one with signals held back.
 * The memory of a socket is reused but never given back, so a reader that raced with a close looks
 * at an old socket at worst, and the inode tells.
 *
 * A child between vfork and exec runs in its parent's memory: it sees the table and must not change
 * it, whatever it closes. Descriptors that came through exec are recognised by their peer.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"
#include "harness/shim/time_real.h"

enum { CHUNK = 1024, CHUNKS = 1024 }; /* a million descriptors, the kernel's default limit */

struct chunk {
    struct can_socket *_Atomic socket[CHUNK];
};

static struct {
    pthread_mutex_t lock;
    struct chunk *_Atomic chunks[CHUNKS];
    struct can_socket *free;
    _Atomic pid_t owner; /* the process whose memory this is */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- reading ---- */

static ino_t inode_of(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

static struct can_socket *slot_value(int fd)
{
    if (fd < 0 || fd >= CHUNK * CHUNKS)
        return NULL;
    struct chunk *chunk = table.chunks[fd / CHUNK];
    return chunk != NULL ? chunk->socket[fd % CHUNK] : NULL;
}

struct can_socket *can_socket_at(int fd)
{
    struct can_socket *s = slot_value(fd);

    return s != NULL && s->inode == inode_of(fd) ? s : NULL;
}

/* ---- changing ---- */

void can_lock(sigset_t *ret_before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, ret_before);
    pthread_mutex_lock(&table.lock);
}

void can_unlock(const sigset_t *before)
{
    pthread_mutex_unlock(&table.lock);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static bool is_ours_to_change(void)
{
    return table.owner == (pid_t)time_real()->syscall(SYS_getpid);
}

static void put(int fd, struct can_socket *s)
{
    if (fd < 0 || fd >= CHUNK * CHUNKS)
        return;
    struct chunk *chunk = table.chunks[fd / CHUNK];
    if (chunk == NULL) {
        chunk = calloc(1, sizeof *chunk);
        if (chunk == NULL)
            return;
        table.chunks[fd / CHUNK] = chunk;
    }
    chunk->socket[fd % CHUNK] = s;
}

static struct can_socket *take_memory(void)
{
    struct can_socket *s = table.free;

    if (s != NULL)
        table.free = s->next_free;
    else
        s = calloc(1, sizeof *s);
    return s;
}

static void set_defaults(struct can_socket *s)
{
    static const struct can_filter all = {0};

    s->fds = 0;
    s->bound = false;
    s->ifindex = 0;
    s->connected_to = 0;
    for (unsigned i = 0; i < CAN_MAX_INTERFACES; i++)
        s->link[i] = -1;
    s->own = false;
    s->loopback = true;
    s->join_filters = false;
    s->fd_frames = false;
    s->err_mask = 0;
    s->stamp_s = 0;
    s->stamp_ns = 0;
    free(s->ops);
    s->ops = NULL;
    s->n_ops = 0;
    free(s->filters);
    s->filters = malloc(sizeof all);
    s->n_filters = s->filters != NULL ? 1 : 0;
    if (s->filters != NULL)
        *s->filters = all;
}

struct can_socket *can_socket_add(int fd, bool broadcast)
{
    struct can_socket *s = take_memory();

    if (s == NULL)
        return NULL;
    set_defaults(s);
    s->broadcast = broadcast;
    s->inode = inode_of(fd);
    can_socket_share(fd, s);
    return s;
}

void can_socket_share(int fd, struct can_socket *s)
{
    if (!is_ours_to_change())
        return;
    can_socket_forget(fd);
    s->fds++;
    put(fd, s);
}

void can_socket_forget(int fd)
{
    struct can_socket *s = slot_value(fd);

    if (s == NULL || !is_ours_to_change())
        return;
    put(fd, NULL);
    if (--s->fds > 0)
        return;
    for (unsigned i = 0; i < CAN_MAX_INTERFACES; i++)
        if (s->link[i] >= 0)
            real()->close(s->link[i]);
    s->inode = 0;
    s->next_free = table.free;
    table.free = s;
}

bool can_socket_refresh(int fd, struct can_socket *s)
{
    s->inode = inode_of(fd);
    return s->inode != 0;
}

/* ---- start, fork, exec ---- */

static void adopt(int fd)
{
    struct sockaddr_un peer = {0};
    socklen_t n = sizeof peer;
    int type = 0;
    socklen_t type_n = sizeof type;

    if (inode_of(fd) == 0 || real()->getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) != 0 ||
        type != SOCK_SEQPACKET || real()->getpeername(fd, (struct sockaddr *)&peer, &n) != 0 ||
        peer.sun_family != AF_UNIX)
        return;
    peer.sun_path[sizeof peer.sun_path - 1] = '\0';
    const struct can_interface *interface = can_interface_by_path(peer.sun_path);
    struct can_socket *s = interface != NULL ? can_socket_add(fd, false) : NULL;
    if (s == NULL)
        return;
    s->ifindex = interface->ifindex;
    s->connected_to = interface->ifindex;
    s->bound = true;
}

static void before_fork(void)
{
    pthread_mutex_lock(&table.lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&table.lock);
}

static void after_fork_in_child(void)
{
    table.owner = (pid_t)time_real()->syscall(SYS_getpid);
    pthread_mutex_unlock(&table.lock);
}

/* Whatever a program inherits has a small number. */
__attribute__((constructor)) static void start(void)
{
    table.owner = (pid_t)time_real()->syscall(SYS_getpid);
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
    if (can_interface_count() == 0)
        return;
    for (int fd = 0; fd < CHUNK; fd++)
        adopt(fd);
}
