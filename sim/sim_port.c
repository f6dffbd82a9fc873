/* SPDX-License-Identifier: Apache-2.0
 *
 * The end of a simulated port that the client opens: made, made again when a real one was lost, and
 * pulled out like a USB adapter. A pulled adapter leaves no device: whoever has it open gets a
 * hang-up (PTY: read fails with EIO, poll says POLLHUP; TCP: the connection ends and no other is
 * taken), and its name is gone until it is put back.
 */
#include "sim/sim_private.h"

#include <string.h>

#define REOPEN_US US_PER_S

static void on_bytes(void *ctx, struct span bytes)
{
    sim_hear(ctx, bytes);
}

static void on_event(void *ctx, enum tty_event event)
{
    struct sim *sim = ctx;

    switch (event) {
    case TTY_OPENED:
        sim->noted_baud = 0;
        sim_note(sim, "client", "opened");
        return;
    case TTY_CLOSED:
        sim_note(sim, "client", "closed");
        if (sim->reopens)
            loop_timer_after(sim->reopen, REOPEN_US);
        return;
    case TTY_SPEED: sim_note_speed(sim); return;
    }
}

/* ---- opening ---- */

/* A port that was picked is kept: the client knows no other when the adapter is back. */
static enum err listen_tcp(struct sim *sim, uint16_t port, const struct tty_handler *handler)
{
    enum err e = tty_listen(sim->loop, port != 0 ? port : sim->port, handler, &sim->tty);

    if (e == ERR_OK)
        sim->port = tty_port(sim->tty);
    return e;
}

static enum err open_tty(struct sim *sim)
{
    const struct tty_handler handler = {.on_bytes = on_bytes, .on_event = on_event, .ctx = sim};
    struct span where = span_str(sim->where);
    int64_t port;

    sim->reopens = false;
    if (span_eq_str(where, "pty"))
        return tty_open_pty(sim->loop, NULL, &handler, &sim->tty);
    if (span_starts(where, "pty:"))
        return where.n == 4 ? ERR_USAGE
                            : tty_open_pty(sim->loop, sim->where + 4, &handler, &sim->tty);
    if (span_starts(where, "tcp:") && parse_i64(span_sub(where, 4, where.n), 0, 65535, &port))
        return listen_tcp(sim, (uint16_t)port, &handler);
    sim->reopens = true;
    return tty_open(sim->loop, sim->where, sim->baud, &handler, &sim->tty);
}

void sim_reopen(void *ctx)
{
    struct sim *sim = ctx;

    tty_delete(sim->tty);
    sim->tty = NULL;
    if (open_tty(sim) != ERR_OK)
        loop_timer_after(sim->reopen, REOPEN_US);
}

enum err sim_open(struct sim *sim, const char *where)
{
    if (sim->tty != NULL || sim->pulled)
        return ERR_EXISTS;
    if (strlen(where) >= sizeof sim->where)
        return ERR_RANGE;
    span_to_str(span_str(where), sim->where, sizeof sim->where);
    enum err e = open_tty(sim);
    if (e != ERR_OK)
        sim->tty = NULL;
    return e;
}

const char *sim_path(const struct sim *sim)
{
    return sim->tty == NULL ? NULL : tty_path(sim->tty);
}

/* ---- the adapter ---- */

static bool is_real(const struct sim *sim)
{
    return sim->reopens && !span_starts(span_str(sim->where), "tcp:");
}

enum err sim_pull_adapter(struct sim *sim)
{
    if (is_real(sim))
        return ERR_UNSUPPORTED;
    if (sim->pulled)
        return ERR_OK;
    if (sim->tty == NULL && !sim->reopens)
        return ERR_USAGE;
    sim->pulled = true;
    loop_timer_stop(sim->reopen);
    tty_delete(sim->tty);
    sim->tty = NULL;
    sim_note(sim, "adapter", "pulled");
    return ERR_OK;
}

enum err sim_put_adapter_back(struct sim *sim)
{
    enum err e = open_tty(sim);

    if (e != ERR_OK) {
        sim->tty = NULL;
        return e;
    }
    sim->pulled = false;
    sim_note(sim, "adapter", "back");
    return ERR_OK;
}
