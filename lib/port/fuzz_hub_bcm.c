/* SPDX-License-Identifier: Apache-2.0
 *
 * Any messages to a broadcast manager, with frames on the bus in between: what it sends and tells
 * has a length, and it survives. A step of the input is a byte: odd, and a frame follows (16
 * bytes); even, and a message follows, of as many bytes as the next two say.
 */
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "port/can_hub_bcm.h"
#include "port/can_hub_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sums {
    unsigned depth, sum;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void enter(void *ctx)
{
    ((struct sums *)ctx)->depth++;
}

static void leave(void *ctx)
{
    must(((struct sums *)ctx)->depth-- > 0);
}

static void on_send(void *ctx, const struct can_frame *frame)
{
    ((struct sums *)ctx)->sum += frame->can_id + frame->len;
}

static void on_tell(void *ctx, const struct bcm_msg_head *head, const struct can_frame *frames,
                    uint32_t flags)
{
    struct sums *s = ctx;

    must(head->opcode >= TX_STATUS && head->opcode <= RX_CHANGED);
    must(head->nframes <= HUB_BCM_FRAMES + 1);
    for (uint32_t i = 0; i < head->nframes; i++)
        s->sum += frames[i].can_id + frames[i].data[7] + flags;
}

static bool step(struct hub_bcm *bcm, struct span *rest)
{
    uint8_t kind;
    uint16_t n;
    struct can_frame frame;

    if (!rd_u8(rest, &kind))
        return false;
    if ((kind & 1) != 0) {
        if (rest->n < sizeof frame)
            return false;
        memcpy(&frame, rest->p, sizeof frame);
        *rest = span_sub(*rest, sizeof frame, rest->n);
        hub_bcm_frame(bcm, &frame, kind & HUB_FROM_HOST);
        return true;
    }
    if (!rd_u16le(rest, &n))
        return false;
    const struct span message = span_sub(*rest, 0, n);
    *rest = span_sub(*rest, message.n, rest->n);
    hub_bcm_take(bcm, kind >> 1, message.p, message.n);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = span_of(data, size);
    struct sums sums = {0};
    struct hub_bcm_host host = {
        .enter = enter, .leave = leave, .send = on_send, .tell = on_tell, .ctx = &sums};

    must(loop_new(&host.loop) == ERR_OK);
    struct hub_bcm *bcm = hub_bcm_new(&host);
    must(bcm != NULL);
    while (step(bcm, &rest))
        loop_turn(host.loop, loop_now(host.loop)); /* what is due */
    must(sums.depth == 0);
    hub_bcm_delete(bcm);
    loop_delete(host.loop);
    return 0;
}
