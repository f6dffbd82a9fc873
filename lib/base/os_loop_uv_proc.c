/* SPDX-License-Identifier: Apache-2.0
 *
 * Child processes and host names on libuv.
 *
 * A child leads a session and process group of its own, so that a signal reaches what it started
 * as well. Numeric addresses are answered without libuv's thread pool: most brokers are given by
 * address, and a program that never needs a thread should not have one.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/os_loop_uv.h"

enum { COLLECT_TRIES = 200, COLLECT_EVERY_MS = 1 };

/* ---- children ---- */

struct uv_child {
    struct loop_child child; /* first */
    uv_process_t process;
    bool killed; /* by SIGKILL */
};

static void on_exit(uv_process_t *process, int64_t status, int signum)
{
    struct uv_child *c = process->data;

    c->child.running = false;
    if (c->child.fn ==
        NULL) /* deleted while it ran; only its exit status was still to be fetched */
        uv_backend_close((uv_handle_t *)process);
    else
        c->child.fn(c->child.ctx, signum != 0 ? -1 : (int)status, signum);
}

enum err uv_backend_child_spawn(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                                void *ctx, struct loop_child **ret)
{
    struct uv_backend *b = backend_of(loop);
    struct uv_child *c = calloc(1, sizeof *c);
    const int fds[3] = {spawn->stdin_fd, spawn->stdout_fd, spawn->stderr_fd};
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}}; /* for standard input: /dev/null */

    if (c == NULL)
        return ERR_MEMORY;
    for (int i = 0; i < 3; i++) {
        if (i == 0 && fds[i] < 0)
            continue;
        stdio[i].flags = UV_INHERIT_FD;
        stdio[i].data.fd = fds[i] < 0 ? i : fds[i];
    }
    const uv_process_options_t options = {
        .exit_cb = on_exit,
        .file = spawn->file,
        .args = (char **)spawn->argv, /* libuv does not write to them */
        .env = (char **)spawn->env,
        .cwd = spawn->cwd,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    c->child = (struct loop_child){.loop = loop, .fn = fn, .ctx = ctx};
    c->process.data = c;
    int e = uv_spawn(&b->uv, &c->process, &options);
    if (e != 0) {
        uv_backend_close((uv_handle_t *)&c->process);
        return err_from_errno(-e);
    }
    c->child.pid = c->process.pid;
    c->child.running = true;
    *ret = &c->child;
    return ERR_OK;
}

enum err uv_backend_child_kill(struct loop_child *child, int signum)
{
    if (kill(-child->pid, signum) != 0)
        return err_from_errno(errno);
    ((struct uv_child *)child)->killed |= signum == SIGKILL;
    return ERR_OK;
}

void uv_backend_child_collect(uv_handle_t *handle)
{
    const struct uv_child *c = handle->data;
    const struct timespec nap = {.tv_nsec = COLLECT_EVERY_MS * 1000000L};

    for (int i = 0; c->child.running && i < COLLECT_TRIES; i++) {
        if (waitpid(c->child.pid, NULL, WNOHANG) != 0 || !c->killed)
            return;
        nanosleep(&nap, NULL);
    }
}

void uv_backend_child_delete(struct loop_child *child)
{
    uv_handle_t *handle = (uv_handle_t *)&((struct uv_child *)child)->process;

    if (!child->running) {
        uv_backend_close(handle);
        return;
    }
    child->fn = NULL; /* stays until the child ends, or nobody would collect its exit status */
    uv_unref(handle);
}

/* ---- host names ---- */

struct uv_lookup {
    struct loop_lookup lookup; /* first */
    struct uv_lookup *next, *prev;
    uv_getaddrinfo_t request;
    uv_timer_t timer; /* delivers a numeric address from the loop */
    struct loop_addr addr;
    uint16_t port;
    bool numeric;
    bool calling; /* inside fn */
};

static void unlink_lookup(struct uv_lookup *l)
{
    if (l->prev != NULL)
        l->prev->next = l->next;
    else
        backend_of(l->lookup.loop)->lookups = l->next;
    if (l->next != NULL)
        l->next->prev = l->prev;
}

/* Exactly one of the two ends a lookup's life, after fn. */
static void release(struct uv_lookup *l)
{
    if (l->numeric)
        uv_backend_close((uv_handle_t *)&l->timer);
    else
        free(l);
}

static void deliver(struct uv_lookup *l, enum err err)
{
    unlink_lookup(l);
    l->calling = true;
    if (l->lookup.fn != NULL)
        l->lookup.fn(l->lookup.ctx, err, err == ERR_OK ? &l->addr : NULL);
    release(l);
}

static void on_numeric(uv_timer_t *timer)
{
    deliver(timer->data, ERR_OK);
}

static enum err err_from_resolver(int status)
{
    switch (status) {
    case 0: return ERR_OK;
    case UV_EAI_MEMORY: return ERR_MEMORY;
    case UV_EAI_AGAIN: return ERR_AGAIN;
    case UV_EAI_ADDRFAMILY:
    case UV_EAI_FAMILY: return ERR_UNSUPPORTED;
    case UV_EAI_NONAME:
    case UV_EAI_NODATA:
    case UV_EAI_FAIL: return ERR_NOT_FOUND;
    default: return ERR_IO;
    }
}

/* The caller gets one address. IPv4 is preferred: the devices and brokers of this field have it,
 * and "localhost" as ::1 misses a broker that listens on 127.0.0.1 only. */
static bool take_address(const struct addrinfo *list, uint16_t port, struct loop_addr *ret)
{
    const struct addrinfo *best = NULL;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        if (a->ai_family == AF_INET) {
            best = a;
            break;
        }
        if (a->ai_family == AF_INET6 && best == NULL)
            best = a;
    }
    if (best == NULL || best->ai_addrlen > sizeof ret->addr)
        return false;
    *ret = (struct loop_addr){.len = best->ai_addrlen};
    memcpy(&ret->addr, best->ai_addr, best->ai_addrlen);
    if (best->ai_family == AF_INET)
        ((struct sockaddr_in *)&ret->addr)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)&ret->addr)->sin6_port = htons(port);
    return true;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct uv_lookup *l = request->data;
    enum err e = err_from_resolver(status);

    if (e == ERR_OK && !take_address(list, l->port, &l->addr))
        e = ERR_NOT_FOUND;
    uv_freeaddrinfo(list);
    deliver(l, e);
}

static bool is_numeric(const char *host, uint16_t port, struct loop_addr *ret)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;

    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    bool ok = take_address(list, port, ret);
    freeaddrinfo(list);
    return ok;
}

enum err uv_backend_lookup_new(struct loop *loop, const char *host, uint16_t port,
                               loop_lookup_fn fn, void *ctx, struct loop_lookup **ret)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct uv_backend *b = backend_of(loop);
    struct uv_lookup *l = calloc(1, sizeof *l);

    if (l == NULL)
        return ERR_MEMORY;
    l->lookup = (struct loop_lookup){.loop = loop, .fn = fn, .ctx = ctx};
    l->port = port;
    l->numeric = is_numeric(host, port, &l->addr);
    if (l->numeric) {
        uv_timer_init(&b->uv, &l->timer);
        l->timer.data = l;
        uv_timer_start(&l->timer, on_numeric, 0, 0);
    } else {
        l->request.data = l;
        int e = uv_getaddrinfo(&b->uv, &l->request, on_resolved, host, NULL, &hints);
        if (e != 0) {
            free(l);
            return err_from_errno(-e);
        }
    }
    l->next = b->lookups;
    if (l->next != NULL)
        l->next->prev = l;
    b->lookups = l;
    *ret = &l->lookup;
    return ERR_OK;
}

void uv_backend_lookup_delete(struct loop_lookup *lookup)
{
    struct uv_lookup *l = (struct uv_lookup *)lookup;

    lookup->fn = NULL;
    if (l->calling)
        return; /* from its own callback: deliver() is about to release it */
    if (l->numeric) {
        unlink_lookup(l);
        release(l);
    } else {
        uv_cancel((uv_req_t *)&l->request); /* on_resolved comes in any case, and releases it */
    }
}

void uv_backend_lookup_cancel_all(struct uv_backend *b)
{
    for (struct uv_lookup *l = b->lookups, *next; l != NULL; l = next) {
        next = l->next;
        uv_backend_lookup_delete(&l->lookup);
    }
}
