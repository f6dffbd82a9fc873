/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN frame as the bytes that pass through a simulated port's line: the identifier in four bytes,
 * most significant first, with the flags of Linux (0x80000000 extended, 0x40000000 remote), the
 * length, and the data (none in a remote frame). So a fault that cuts a piece short makes a frame
 * that is shorter.
 */
#ifndef SIM_CAN_IMAGE_H
#define SIM_CAN_IMAGE_H

#include "base/can_frame.h"

enum { CAN_IMAGE_HEAD = 5, CAN_IMAGE_MAX = CAN_IMAGE_HEAD + 8 };

bool can_image_put(const struct can_msg *frame, struct buf *out);
/* False when there is not even an identifier, or it is none of a frame. A piece with less data than
 * its length says is a frame with what is there. */
bool can_image_get(struct span piece, struct can_msg *ret);

#endif
