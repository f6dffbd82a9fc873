/* SPDX-License-Identifier: Apache-2.0
 *
 * The libuv backend's own struct, shared by os_loop_uv.c (loop, descriptors, signals) and
 * os_loop_uv_proc.c (children, lookups).
 *
 * Every uv handle that belongs to a loop_* handle has that handle's memory in its `data`; closing
 * frees it. So deleting from any callback is safe: libuv closes at the end of the turn and calls
 * nothing in between.
 */
#ifndef BASE_OS_LOOP_UV_H
#define BASE_OS_LOOP_UV_H

#include <uv.h>

#include "base/loop_backend.h"

struct uv_lookup;

struct uv_backend {
    struct loop loop; /* first */
    uv_loop_t uv;
    int timer_fd;
    uv_poll_t timer_poll;
    uv_prepare_t prepare;
    uv_check_t check;
    uint64_t turn_deadline_us;
    uint64_t armed_us; /* what timer_fd waits for */
    struct uv_lookup *lookups;
};

static inline struct uv_backend *backend_of(struct loop *loop)
{
    return (struct uv_backend *)loop;
}

/* Closes a handle and frees what its `data` points to. */
void uv_backend_close(uv_handle_t *handle);

enum err uv_backend_child_spawn(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                                void *ctx, struct loop_child **ret);
enum err uv_backend_child_kill(struct loop_child *child, int signum);
void uv_backend_child_delete(struct loop_child *child);
/* For a loop that ends: no zombie stays of a child that has ended or is about to. */
void uv_backend_child_collect(uv_handle_t *handle);
enum err uv_backend_lookup_new(struct loop *loop, const char *host, uint16_t port,
                               loop_lookup_fn fn, void *ctx, struct loop_lookup **ret);
void uv_backend_lookup_delete(struct loop_lookup *lookup);
/* Cancels what can be cancelled; the rest ends without calling anybody. */
void uv_backend_lookup_cancel_all(struct uv_backend *b);

#endif
