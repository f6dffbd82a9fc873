/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated port: joins device, batteries, line and wire on one loop. Here are its life, the wire
 * in both directions and the one timer that drives it; nothing runs while nothing is due.
 */
#include "sim/sim_private.h"

#include <stdlib.h>
#include <string.h>

#include "sim/device/uart.h"

enum { HEARD_MAX = 4096 }; /* garbage of one read, at most */

/* ---- the stack ---- */

static int32_t rated_mah(const struct sim *sim, unsigned i)
{
    int32_t configured = sim->config.battery[i].capacity_mah;
    return configured > 0 ? configured : pack_product(sim->pack[i])->capacity_mah;
}

void sim_stack(struct sim *sim, struct stack *ret)
{
    const struct clock *clock = loop_clock(sim->loop);

    ret->now_us = clock_now_us(clock);
    ret->wall_us = clock_wall_us(clock);
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        struct stack_module *m = &ret->module[i];
        if (sim->pack[i] == NULL) {
            *m = (struct stack_module){0};
            continue;
        }
        pack_step(sim->pack[i], ret->now_us);
        m->present = sim->present[i];
        m->product = pack_product(sim->pack[i]);
        m->overlay = sim->overlay[i];
        m->rated_mah = rated_mah(sim, i);
        m->clock_skew_s = sim->config.battery[i].clock_skew_s;
        pack_view(sim->pack[i], &m->battery);
        pack_counters(sim->pack[i], &m->counters);
    }
}

/* What was written is what the BMS acts by. */
static void device_owner(void *ctx, unsigned unit, const struct owner_settings *settings)
{
    struct sim *sim = ctx;

    if (sim->pack[unit] == NULL)
        return;
    pack_step(sim->pack[unit], clock_now_us(loop_clock(sim->loop)));
    pack_set_owner(sim->pack[unit], settings);
}

/* ---- talking to the owner ---- */

void sim_note(const struct sim *sim, const char *kind, const char *text)
{
    log_msg(sim->log, LOG_DEBUG, "sim", "event=%s text=\"%s\"", kind, text);
    if (sim->handler.on_note != NULL)
        sim->handler.on_note(sim->handler.ctx, kind, text);
}

static void tell_wire(struct sim *sim, enum sim_direction dir, struct span bytes, uint64_t t_us,
                      uint64_t late_us)
{
    if (sim->handler.on_wire != NULL && bytes.n > 0)
        sim->handler.on_wire(sim->handler.ctx, dir, bytes, t_us, late_us);
}

/* ---- to the client ---- */

/* The rate the device really talks at: its own, or the one a fault makes it use. */
static uint32_t device_baud(const struct sim *sim)
{
    uint32_t fault = line_fault_baud(sim->line, loop_now(sim->loop));
    return fault != 0 ? fault : sim->baud;
}

/* The rate the client has set. A real wire makes the garbage itself, and a client that nobody can
 * ask is taken to be right. */
static uint32_t client_baud(const struct sim *sim)
{
    uint32_t client = sim->wire != NULL && sim->wire->ops->client_rate != NULL
                          ? sim->wire->ops->client_rate(sim->wire)
                          : 0;
    return client != 0 ? client : sim->baud;
}

/* Writes what has passed the line; returns whether the client can have understood it. (What a rate
 * fault garbles is garbled in the line already.) */
static bool put_on_wire(struct sim *sim, const struct line_out *out, uint64_t late_us)
{
    uint32_t client = client_baud(sim);
    bool garbled = !uart_rates_agree(client, sim->baud);
    struct buf heard = buf_of(sim->heard, sizeof sim->heard);
    struct span bytes = out->bytes;

    if (sim->unplugged || sim->wire == NULL)
        return false;
    if (garbled) {
        uart_misread(bytes, sim->baud, client, &heard);
        bytes = buf_span(&heard);
    }
    tell_wire(sim, SIM_TO_CLIENT, bytes, out->due_us, late_us);
    enum err e = sim->wire->ops->write(sim->wire, bytes);
    if (e != ERR_OK)
        log_msg(sim->log, LOG_WARN, "sim", "event=write-failed bytes=%zu reason=\"%s\"", bytes.n,
                err_text(e));
    return !garbled && e == ERR_OK && sim->wire->ops->connected(sim->wire);
}

static void serve_line(struct sim *sim)
{
    struct line_out out;
    uint64_t now = loop_now(sim->loop);

    while (line_take(sim->line, now, &out)) {
        uint64_t late_us = now > out.due_us ? now - out.due_us : 0;
        bool understood = put_on_wire(sim, &out, late_us);
        sim_lands(sim, out.done_id, out.damaged || !understood, out.due_us, late_us);
    }
}

void sim_drop_replies(struct sim *sim)
{
    line_clear(sim->line);
    sim_cancel_flights(sim);
}

/* ---- time ---- */

static uint64_t next_deadline(const struct sim *sim)
{
    uint64_t next = line_deadline(sim->line);

    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++)
        next = deadline_min(next, sim->back[i].at_us);
    if (sim->off)
        next = deadline_min(next, sim->power_at_us);
    else if (!sim->frozen)
        next = deadline_min(next, sim->device->ops->next_deadline(sim->device));
    return next;
}

void sim_reschedule(struct sim *sim)
{
    loop_timer_at(sim->timer, next_deadline(sim));
}

void sim_unit_up(struct sim *sim, unsigned unit)
{
    const struct device_ops *ops = sim->device->ops;

    sim->present[unit] = true;
    if (ops->unit_power_up != NULL)
        ops->unit_power_up(sim->device, unit, loop_now(sim->loop));
}

static void bring_modules_back(struct sim *sim, uint64_t now_us)
{
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        if (now_us < sim->back[i].at_us)
            continue;
        const struct tracker t = {
            .kind = TRACK_PRESENCE, .tag = sim->back[i].tag, .battery = i + 1};
        sim->back[i].at_us = NEVER_US;
        sim_unit_up(sim, i);
        sim_track(sim, &t);
    }
}

static void on_timer(void *ctx)
{
    struct sim *sim = ctx;
    uint64_t now = loop_now(sim->loop);

    bring_modules_back(sim, now);
    if (sim->off && now >= sim->power_at_us)
        sim_power(sim, true);
    if (!sim->off && !sim->frozen && now >= sim->device->ops->next_deadline(sim->device))
        sim->device->ops->on_deadline(sim->device, now);
    serve_line(sim);
    sim_reschedule(sim);
}

/* ---- power ---- */

void sim_power(struct sim *sim, bool on)
{
    sim->power_at_us = NEVER_US;
    sim->off = !on;
    if (sim->wire != NULL && sim->wire->ops->power != NULL)
        sim->wire->ops->power(sim->wire, on);
    if (!on) {
        sim_drop_replies(sim);
        sim_untrack_answers(sim);
        return;
    }
    sim->device->ops->power_up(sim->device, loop_now(sim->loop));
    sim_note(sim, "power", "the device is up");
}

/* ---- what the device says ---- */

/* Kept for the second look: a clock that ticks between the two would look like a change. */
static void device_stack(void *ctx, struct stack *ret)
{
    struct sim *sim = ctx;
    sim_stack(sim, &sim->now);
    *ret = sim->now;
}

/* While the fault `addr` is active, another battery answers: the device is asked about that one and
 * the client gets it as if it were the answer to what it asked. */
static struct span readdress(struct sim *sim, const struct device_reply *r, struct buf *out)
{
    const struct device_ops *ops = sim->device->ops;
    uint8_t memory[320], addr;
    struct buf command = buf_of(memory, sizeof memory);

    if (ops->readdress == NULL || !line_fault_addr(sim->line, loop_now(sim->loop), &addr) ||
        !r->whole || r->recorded || !ops->readdress(sim->device, r->command, addr, &command) ||
        command.overflow)
        return r->bytes;
    if (ops->render(sim->device, buf_span(&command), &sim->now, out) != ERR_OK || out->n == 0)
        return r->bytes;
    return buf_span(out);
}

static void device_reply(void *ctx, const struct device_reply *r)
{
    struct sim *sim = ctx;
    struct buf other = buf_of(sim->addressed_reply, sizeof sim->addressed_reply);
    struct span bytes = r->kind == DEVICE_ECHO ? r->bytes : readdress(sim, r, &other);
    unsigned id = r->kind == DEVICE_ECHO ? 0 : sim_takes_off(sim, r);

    enum err e = line_send(sim->line, r->command, bytes, loop_now(sim->loop), r->delay_us, id);
    if (e != ERR_OK) {
        log_msg(sim->log, LOG_WARN, "sim", "event=reply-dropped bytes=%zu reason=\"%s\"", bytes.n,
                err_text(e));
        sim_lands(sim, id, true, 0, 0);
    }
}

static void device_note(void *ctx, const char *kind, const char *text)
{
    sim_note(ctx, kind, text);
}

static void device_changes_baud(void *ctx, uint32_t baud)
{
    struct sim *sim = ctx;

    if (baud == sim->baud)
        return;
    sim->baud = baud;
    if (sim->line != NULL)
        line_set_baud(sim->line, baud);
    if (sim->wire != NULL && sim->wire->ops->set_rate != NULL)
        sim->wire->ops->set_rate(sim->wire, baud);
}

/* ---- from the client ---- */

void sim_type(struct sim *sim, struct span bytes)
{
    if (sim->off || sim->frozen)
        return;
    sim->device->ops->on_bytes(sim->device, bytes, loop_now(sim->loop));
    serve_line(sim);
    sim_reschedule(sim);
}

void sim_note_speed(struct sim *sim)
{
    char text[96];
    struct buf out = buf_of(text, sizeof text - 1);
    uint32_t client = sim->wire->ops->client_rate(sim->wire);

    if (client == sim->noted_baud)
        return;
    sim->noted_baud = client;
    buf_printf(&out, "%u baud", client);
    if (!uart_rates_agree(client, sim->baud))
        buf_printf(&out, ", the device has %u: each hears noise", sim->baud);
    text[out.n] = '\0';
    sim_note(sim, "speed", text);
}

void sim_hear(struct sim *sim, struct span bytes)
{
    uint32_t client = client_baud(sim), device = device_baud(sim);
    uint8_t memory[HEARD_MAX];
    struct buf heard = buf_of(memory, sizeof memory);

    if (sim->unplugged)
        return; /* nothing gets through a cable that is not there */
    tell_wire(sim, SIM_FROM_CLIENT, bytes, loop_now(sim->loop), 0);
    if (!uart_rates_agree(client, sim->baud))
        sim_note_speed(sim); /* a client that never set its rate makes no event */
    if (!uart_rates_agree(client, device)) {
        uart_misread(bytes, client, device, &heard);
        bytes = buf_span(&heard);
    }
    sim_type(sim, bytes);
}

/* ---- life ---- */

static enum err make_packs(struct sim *sim, uint64_t seed)
{
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++) {
        const struct sim_battery *b = &sim->config.battery[i];
        sim->back[i].at_us = NEVER_US;
        if (!b->used)
            continue;
        /* one seed a battery, or all of them would have the same cells */
        enum err e = pack_new(b, seed * SIM_MAX_BATTERIES + i, loop_now(sim->loop), &sim->pack[i]);
        if (e != ERR_OK)
            return e;
        sim->present[i] = !b->absent;
    }
    return sim->pack[0] == NULL ? ERR_USAGE : ERR_OK;
}

static enum err make_parts(struct sim *sim, uint64_t seed)
{
    const struct device_host host = {.stack = device_stack,
                                     .reply = device_reply,
                                     .note = device_note,
                                     .owner = device_owner,
                                     .baud = device_changes_baud,
                                     .ctx = sim};
    enum err e = make_packs(sim, seed);

    if (e == ERR_OK)
        e = loop_timer_new(sim->loop, on_timer, sim, &sim->timer);
    if (e == ERR_OK)
        e = loop_timer_new(sim->loop, sim_reopen, sim, &sim->reopen);
    if (e == ERR_OK)
        e = device_new(&sim->config, &host, &sim->device);
    if (e != ERR_OK)
        return e;
    sim->baud = sim->device->ops->baud(sim->device);
    e = line_new(seed, sim->config.pace, sim->baud, &sim->line);
    if (e == ERR_OK && sim->config.kind->wire == DEVICE_CAN)
        line_set_frames(sim->line);
    if (e == ERR_OK)
        sim->device->ops->power_up(sim->device, loop_now(sim->loop));
    return e;
}

enum err sim_new(struct loop *loop, const struct log *log, const struct sim_config *config,
                 uint64_t seed, const struct sim_handler *handler, struct sim **ret)
{
    struct sim *sim = calloc(1, sizeof *sim);

    if (sim == NULL)
        return ERR_MEMORY;
    sim->loop = loop;
    sim->log = log;
    sim->config = *config;
    if (handler != NULL)
        sim->handler = *handler;
    sim->power_at_us = NEVER_US;
    enum err e = make_parts(sim, seed);
    if (e != ERR_OK) {
        sim_delete(sim);
        return e;
    }
    *ret = sim;
    return ERR_OK;
}

void sim_delete(struct sim *sim)
{
    if (sim == NULL)
        return;
    sim->handler = (struct sim_handler){0};
    wire_delete(sim->wire);
    loop_timer_delete(sim->timer);
    loop_timer_delete(sim->reopen);
    sim_cancel_flights(sim);
    line_delete(sim->line);
    device_delete(sim->device);
    recording_delete(sim->recording);
    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++)
        pack_delete(sim->pack[i]);
    free(sim);
}
