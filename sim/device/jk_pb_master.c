/* SPDX-License-Identifier: Apache-2.0
 *
 * The JK master, DIP address 0: asks everybody from 1 to 15 for cells and who answers for settings
 * as well (260 ms each), waits 220 ms for those that do not, then sends its own cells and settings
 * unasked. A cycle of about 4.4 s. It does not listen before it talks.
 */
#include "sim/device/jk_pb_private.h"

#define FIRST_WAIT_US (500 * US_PER_MS)
#define STEP_US       (130 * US_PER_MS)
#define ABSENT_US     (220 * US_PER_MS)
#define BROADCAST_US  (220 * US_PER_MS)

enum { LAST_ADDRESS = 15 };

static bool has_master(const struct jk_pb *pb)
{
    return jk_pb_units_at(pb, &pb->stack, 0) != 0;
}

void jk_pb_master_start(struct jk_pb *pb, uint64_t now_us)
{
    bool possible = false;

    for (unsigned i = 0; i < SIM_MAX_BATTERIES; i++)
        possible = possible || jk_pb_address(&pb->knobs, i) == 0;
    pb->master = (struct jk_pb_master){
        .at = 1,
        .next_us = possible ? now_us + FIRST_WAIT_US : NEVER_US,
        .cycle_us = now_us + FIRST_WAIT_US,
    };
}

static void ask(struct jk_pb *pb, uint8_t unit, enum jk_type type, uint64_t now_us)
{
    uint8_t memory[JK_BUS_REQUEST_BYTES];
    struct buf request = buf_of(memory, sizeof memory);
    bool collides = now_us < pb->busy_until_us;

    jk_pb_trigger(unit, type, &request);
    if (collides) { /* two senders: nobody understands it */
        jk_pb_note(pb, "collision", "the master asked while somebody sent");
        for (size_t i = 0; i < request.n; i++)
            memory[i] &= 0x55;
    }
    jk_pb_send(pb, DEVICE_ECHO, span_of(NULL, 0), buf_span(&request), now_us);
    if (!collides)
        jk_pb_heard(pb, buf_span(&request), pb->busy_until_us, now_us);
}

static void ask_next(struct jk_pb *pb, uint64_t now_us)
{
    struct jk_pb_master *m = &pb->master;
    bool there = jk_pb_units_at(pb, &pb->stack, m->at) != 0;

    ask(pb, m->at, m->settings ? JK_SETTINGS : JK_CELLS, now_us);
    m->next_us += there || m->settings ? STEP_US : ABSENT_US;
    if (there && !m->settings) {
        m->settings = true;
        return;
    }
    m->settings = false;
    m->at++;
}

/* Its own records, as if somebody had asked unit 0. */
static void broadcast(struct jk_pb *pb, enum jk_type type, uint64_t now_us)
{
    uint8_t memory[JK_BUS_REQUEST_BYTES], reply[JK_PB_REPLY_MAX];
    struct buf request = buf_of(memory, sizeof memory);
    struct buf out = buf_of(reply, sizeof reply);

    jk_pb_trigger(0, type, &request);
    if (jk_pb_answer(pb, buf_span(&request), &pb->stack, &out) == JK_PB_DATA)
        jk_pb_send(pb, DEVICE_ANSWER, buf_span(&request), buf_span(&out), now_us);
}

static void broadcast_next(struct jk_pb *pb, uint64_t now_us)
{
    struct jk_pb_master *m = &pb->master;

    if (pb->knobs.master_broadcast)
        broadcast(pb, m->settings ? JK_SETTINGS : JK_CELLS, now_us);
    if (!m->settings) {
        m->settings = true;
        m->next_us += BROADCAST_US;
        return;
    }
    uint64_t end_us = m->next_us + BROADCAST_US;
    m->cycle_us += pb->knobs.cycle_us;
    if (m->cycle_us < end_us)
        m->cycle_us = end_us;
    m->next_us = m->cycle_us;
    m->settings = false;
    m->at = 1;
}

void jk_pb_master_step(struct jk_pb *pb, uint64_t now_us)
{
    struct jk_pb_master *m = &pb->master;

    pb->base.host.stack(pb->base.host.ctx, &pb->stack);
    if (now_us > m->next_us + US_PER_S) { /* it was frozen: a cycle begins */
        m->at = 1;
        m->settings = false;
        m->next_us = m->cycle_us = now_us;
    }
    if (!has_master(pb)) { /* out of the stack: starts anew when it is back */
        m->at = 1;
        m->settings = false;
        m->next_us += US_PER_S;
        m->cycle_us = m->next_us;
        return;
    }
    if (m->at <= LAST_ADDRESS)
        ask_next(pb, now_us);
    else
        broadcast_next(pb, now_us);
}
