/* SPDX-License-Identifier: Apache-2.0
 *
 * See can_image.h.
 */
#include "sim/can_image.h"

#include <string.h>

static const uint32_t extended_flag = 0x80000000, remote_flag = 0x40000000;

bool can_image_put(const struct can_msg *frame, struct buf *out)
{
    uint32_t id =
        frame->id | (frame->extended ? extended_flag : 0) | (frame->remote ? remote_flag : 0);
    const uint8_t head[CAN_IMAGE_HEAD] = {(uint8_t)(id >> 24), (uint8_t)(id >> 16),
                                          (uint8_t)(id >> 8), (uint8_t)id, frame->dlc};

    buf_put(out, span_of(head, sizeof head));
    buf_put(out, span_of(frame->data, frame->remote ? 0 : frame->dlc));
    return !out->overflow;
}

bool can_image_get(struct span piece, struct can_msg *ret)
{
    if (piece.n < CAN_IMAGE_HEAD || piece.p[4] > 8)
        return false;
    uint32_t id = (uint32_t)piece.p[0] << 24 | (uint32_t)piece.p[1] << 16 |
                  (uint32_t)piece.p[2] << 8 | piece.p[3];
    struct can_msg m = {.id = id & 0x1FFFFFFF,
                        .extended = (id & extended_flag) != 0,
                        .remote = (id & remote_flag) != 0,
                        .dlc = piece.p[4]};
    size_t n = piece.n - CAN_IMAGE_HEAD;

    if (!m.extended && m.id > 0x7FF)
        return false;
    if (!m.remote && n < m.dlc)
        m.dlc = (uint8_t)n;
    memcpy(m.data, piece.p + CAN_IMAGE_HEAD, m.remote ? 0 : m.dlc);
    *ret = m;
    return true;
}
