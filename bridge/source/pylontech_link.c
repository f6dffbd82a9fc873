/* SPDX-License-Identifier: Apache-2.0
 *
 * The session's state machine. The order of attempts of the search is in pylontech_search.c.
 */
#include "bridge/source/pylontech_link.h"

#include <string.h>

#include "bridge/source/pylontech_search.h"

enum { USUAL_BAUD = 115200 };

static const uint64_t drain_us = 50 * US_PER_MS;          /* specification 15, rule 1 */
static const uint64_t after_timeout_us = 300 * US_PER_MS; /* a late answer may still be coming */
static const uint64_t inactivity_us = US_PER_S;           /* specification 10 */
static const uint64_t sync_limit_us = 3 * US_PER_S;
static const uint64_t log_period_us = 60 * US_PER_S;

void pylontech_link_init(struct pylontech_link *l, const struct pylontech_link_config *config,
                         const struct pylontech_link_events *events, const struct log *log)
{
    *l = (struct pylontech_link){
        .config = *config,
        .events = *events,
        .log = log,
        .deadline_us = NEVER_US,
        .limit_us = NEVER_US,
        .lost = true,
    };
    l->speed = pylontech_link_first_speed(l);
    pylon_reader_init(&l->reader, l->text, sizeof l->text);
}

uint32_t pylontech_link_first_speed(const struct pylontech_link *l)
{
    if (l->proven_speed != 0)
        return l->proven_speed;
    return l->config.baud != 0 ? l->config.baud : USUAL_BAUD;
}

uint64_t pylontech_link_wire_us(const struct pylontech_link *l, size_t bytes)
{
    return bytes * 10 * US_PER_S / l->speed;
}

/* The whole of a command at most: 3 s, or 8 s on a slow line (specification 10). */
static uint64_t absolute_us(const struct pylontech_link *l)
{
    return l->speed < 57600 ? 8 * US_PER_S : 3 * US_PER_S;
}

/* ---- output ---- */

static void put(struct pylontech_link *l, struct span bytes)
{
    struct buf out = {l->output.bytes, l->output.n, sizeof l->output.bytes, false};

    if (buf_put(&out, bytes))
        l->output.n = out.n;
}

static void put_command(struct pylontech_link *l, struct console_command command)
{
    char room[CONSOLE_COMMAND_TEXT];

    put(l, console_command_text(command, room));
    put(l, SPAN_LIT("\r"));
}

static void set_speed(struct pylontech_link *l, uint32_t speed)
{
    l->speed = speed;
    if (l->config.serial)
        l->output.speed = speed;
}

bool pylontech_link_take_output(struct pylontech_link *l, struct source_output *ret)
{
    if (l->output.n == 0 && l->output.speed == 0)
        return false;
    *ret = l->output;
    l->output = (struct source_output){0};
    return true;
}

/* ---- states ---- */

static void enter_sync(struct pylontech_link *l, uint64_t quiet_us, uint64_t now_us)
{
    l->state = LINK_SYNC;
    l->deadline_us = now_us + inactivity_us + pylontech_link_wire_us(l, 2);
    l->limit_us = now_us + sync_limit_us;
    l->quiet_us = quiet_us;
    l->prompt_last = false;
    l->disturbed = false;
    l->stats.syncs++;
    pylon_reader_reset(&l->reader);
    put_command(l, (struct console_command){.verb = SAY_ENTER});
}

static void enter_wake(struct pylontech_link *l, uint64_t now_us)
{
    l->state = LINK_WAKE;
    l->limit_us = NEVER_US;
    l->stats.wakeups++;
    set_speed(l, PYLONTECH_FRAME_BAUD);
    put(l, pylon_wakeup_frame);
    l->deadline_us = now_us + pylontech_link_wire_us(l, pylon_wakeup_frame.n) + drain_us;
}

/* Silence, or never a prompt: the next attempt of the search. */
static void next_attempt(struct pylontech_link *l, uint64_t now_us)
{
    unsigned missed = 0;
    struct search_attempt next = pylontech_search_next(l);

    if (!l->lost) {
        l->lost = true;
        l->stats.losses++;
        log_msg(l->log, LOG_WARN, "source", "battery=%s console does not answer", l->config.name);
    } else if (l->round > 0 && log_limit_ok(&l->limit_search, now_us, log_period_us, &missed)) {
        log_msg(l->log, LOG_WARN, "source", "battery=%s still no prompt, searching at %u baud",
                l->config.name, (unsigned)next.speed);
    }
    if (next.wake) {
        enter_wake(l, now_us);
        return;
    }
    if (next.speed != l->speed)
        set_speed(l, next.speed);
    enter_sync(l, drain_us, now_us);
}

static void enter_ready(struct pylontech_link *l, uint64_t now_us)
{
    bool fresh = l->lost;

    l->state = LINK_READY;
    l->deadline_us = NEVER_US;
    l->limit_us = NEVER_US;
    l->disturbed = false;
    l->lost = false;
    l->step = 0;
    l->round = 0;
    if (fresh) {
        log_msg(l->log, LOG_INFO, "source", "battery=%s prompt at %u baud", l->config.name,
                (unsigned)l->speed);
    }
    l->proven_speed = l->speed;
    l->events.on_ready(l->events.ctx, fresh, now_us);
}

void pylontech_link_opened(struct pylontech_link *l, uint64_t now_us)
{
    l->lost = true;
    l->step = 0;
    l->round = 0;
    l->output = (struct source_output){0};
    l->speed = pylontech_link_first_speed(l);
    enter_sync(l, drain_us, now_us);
}

void pylontech_link_closed(struct pylontech_link *l)
{
    l->state = LINK_CLOSED;
    l->deadline_us = NEVER_US;
    l->limit_us = NEVER_US;
    l->lost = true;
    l->output = (struct source_output){0};
}

bool pylontech_link_say(struct pylontech_link *l, struct console_command command, uint64_t now_us)
{
    if (l->state != LINK_READY)
        return false;
    if (l->disturbed) {
        enter_sync(l, drain_us, now_us);
        return false;
    }
    l->state = LINK_BUSY;
    l->command = command;
    l->limit_us = now_us + absolute_us(l);
    l->stats.commands++;
    pylon_reader_reset(&l->reader);
    pylon_reader_expect_text(&l->reader);
    put_command(l, command);
    l->deadline_us = now_us + inactivity_us + pylontech_link_wire_us(l, l->output.n);
    return true;
}

void pylontech_link_resync(struct pylontech_link *l, uint64_t now_us)
{
    if (l->state == LINK_READY || l->state == LINK_BUSY)
        enter_sync(l, drain_us, now_us);
}

/* ---- bytes ---- */

static void finish(struct pylontech_link *l, enum link_result result,
                   const struct pylon_answer *answer, uint64_t now_us)
{
    struct console_command command = l->command;

    l->state = LINK_READY;
    l->deadline_us = NEVER_US;
    l->limit_us = NEVER_US;
    l->disturbed = l->leftover;
    l->leftover = false;
    if (result != LINK_ANSWER)
        enter_sync(l, result == LINK_TIMEOUT ? after_timeout_us : drain_us, now_us);
    l->events.on_result(l->events.ctx, command, result, answer, now_us);
}

static void end_of_answer(struct pylontech_link *l, uint64_t now_us)
{
    char room[CONSOLE_COMMAND_TEXT];
    struct pylon_answer answer = {0};
    struct span command = console_command_text(l->command, room);
    enum err e = pylon_reader_answer(&l->reader, command, &answer).code;

    if (e == ERR_SPACE) {
        l->stats.overflows++;
        finish(l, LINK_OVERFLOW, NULL, now_us);
    } else if (e != ERR_OK || answer.status == PYLON_EMPTY) {
        l->stats.mismatches++;
        finish(l, LINK_MISMATCH, NULL, now_us);
    } else {
        l->stats.answers++;
        finish(l, LINK_ANSWER, &answer, now_us);
    }
}

/* BUSY: returns how much of `in` belonged to the answer. */
static size_t feed_busy(struct pylontech_link *l, struct span in, uint64_t now_us)
{
    size_t used = 0;

    switch (pylon_reader_feed(&l->reader, in, &used)) {
    case PYLON_READ_MORE: l->deadline_us = now_us + inactivity_us; break;
    case PYLON_READ_PAGER:
        l->deadline_us = now_us + inactivity_us;
        put_command(l, (struct console_command){.verb = SAY_ENTER});
        break;
    case PYLON_READ_DONE:
        /* the owner may send at once: what follows must not pass for that command's answer */
        l->leftover = used < in.n;
        end_of_answer(l, now_us);
        break;
    }
    return used;
}

static size_t feed_sync(struct pylontech_link *l, struct span in, uint64_t now_us)
{
    size_t used = 0;

    switch (pylon_reader_feed(&l->reader, in, &used)) {
    case PYLON_READ_MORE:
        l->prompt_last = false;
        pylontech_search_listen(l, now_us);
        break;
    case PYLON_READ_PAGER:
        l->prompt_last = false;
        put_command(l, (struct console_command){.verb = SAY_ENTER});
        break;
    case PYLON_READ_DONE:
        l->prompt_last = true;
        pylon_reader_reset(&l->reader);
        break;
    }
    l->deadline_us = now_us + (l->prompt_last ? l->quiet_us : inactivity_us);
    return used;
}

static void unasked(struct pylontech_link *l, uint64_t now_us)
{
    unsigned missed = 0;

    if (!l->disturbed) {
        l->stats.unasked++;
        if (log_limit_ok(&l->limit_unasked, now_us, log_period_us, &missed))
            log_msg(l->log, LOG_WARN, "source",
                    "battery=%s text that was not asked for: noise, a late answer, or another "
                    "program on this console (%u times not shown)",
                    l->config.name, missed);
    }
    l->disturbed = true;
}

void pylontech_link_bytes(struct pylontech_link *l, struct span bytes, uint64_t now_us)
{
    while (bytes.n > 0) {
        size_t used = bytes.n;

        switch (l->state) {
        case LINK_CLOSED: return;
        case LINK_SYNC: used = feed_sync(l, bytes, now_us); break;
        case LINK_WAKE: break; /* the frame's echo or answer at 1200 baud: of no interest */
        case LINK_READY: unasked(l, now_us); break;
        case LINK_BUSY: used = feed_busy(l, bytes, now_us); break;
        }
        bytes = span_sub(bytes, used, bytes.n);
    }
}

/* ---- time ---- */

static void time_out(struct pylontech_link *l, uint64_t now_us)
{
    l->stats.timeouts++;
    finish(l, LINK_TIMEOUT, NULL, now_us);
}

void pylontech_link_deadline(struct pylontech_link *l, uint64_t now_us)
{
    if (now_us < pylontech_link_next_deadline(l))
        return;
    switch (l->state) {
    case LINK_CLOSED:
    case LINK_READY: break;
    case LINK_SYNC:
        if (l->prompt_last && now_us >= l->deadline_us)
            enter_ready(l, now_us);
        else
            next_attempt(l, now_us);
        break;
    case LINK_WAKE:
        if (l->speed == PYLONTECH_FRAME_BAUD) { /* sent; now let the module switch */
            set_speed(l, USUAL_BAUD);
            l->deadline_us = now_us + PYLONTECH_SWITCH_US;
        } else {
            next_attempt(l, now_us);
        }
        break;
    case LINK_BUSY: time_out(l, now_us); break;
    }
}

uint64_t pylontech_link_next_deadline(const struct pylontech_link *l)
{
    return deadline_min(l->deadline_us, l->limit_us);
}
