/* SPDX-License-Identifier: Apache-2.0
 *
 * The common half of every CAN handle.
 */
#include "port/can.h"

#include <linux/can/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/can_priv.h"

/* ---- life ---- */

enum err can_new(struct loop *loop, size_t size, const char *name, const struct can_ops *ops,
                 const struct can_handler *handler, struct can **ret)
{
    if (strlen(name) >= sizeof(*ret)->name)
        return ERR_RANGE;
    struct can *can = calloc(1, size);
    if (can == NULL)
        return ERR_MEMORY;
    can->loop = loop;
    can->ops = ops;
    can->handler = *handler;
    can->state = CAN_UP;
    span_to_str(span_str(name), can->name, sizeof can->name);
    *ret = can;
    return ERR_OK;
}

enum err can_open(struct loop *loop, const char *name, const struct can_options *options,
                  const struct can_handler *handler, struct can **ret)
{
    static const struct can_options defaults = {0};

    if (options == NULL)
        options = &defaults;
    if (strncmp(name, "hub:", 4) == 0)
        return can_member_open(loop, name, options, handler, ret);
    if (strncmp(name, "slcan:", 6) == 0)
        return can_slcan_open(loop, name, options, handler, ret);
    return can_socket_open(loop, name, options, handler, ret);
}

void can_delete(struct can *can)
{
    if (can == NULL || can->deleted)
        return;
    can->deleted = true;
    can->ops->close(can);
    if (can->depth == 0)
        free(can);
}

void can_enter(struct can *can)
{
    can->depth++;
}

void can_leave(struct can *can)
{
    can->depth--;
    if (can->depth == 0 && can->deleted)
        free(can);
}

/* ---- in and out ---- */

void can_take(struct can *can, const struct can_msg *msg, uint64_t t_us, bool own)
{
    uint64_t now = loop_now(can->loop);

    if (t_us > now)
        t_us = now;
    if (t_us < can->last_t_us)
        t_us = can->last_t_us;
    can->last_t_us = t_us;
    if (!can->deleted)
        can->handler.on_frame(can->handler.ctx, msg, t_us, own);
}

void can_change_state(struct can *can, enum can_state state)
{
    if (can->state == state || can->deleted)
        return;
    can->state = state;
    if (can->handler.on_state != NULL)
        can->handler.on_state(can->handler.ctx, state);
}

enum err can_send(struct can *can, const struct can_msg *msg)
{
    if (msg->dlc > CAN_MAX_DLEN || msg->id > (msg->extended ? CAN_EFF_MASK : CAN_SFF_MASK))
        return ERR_USAGE;
    return can->ops->send(can, msg);
}

enum err can_restart(struct can *can)
{
    return can->ops->restart != NULL ? can->ops->restart(can) : ERR_UNSUPPORTED;
}

enum err can_set_link(struct can *can, bool up)
{
    return can->ops->set_link != NULL ? can->ops->set_link(can, up) : ERR_UNSUPPORTED;
}

enum can_state can_state_now(const struct can *can)
{
    return can->state;
}

const char *can_name(const struct can *can)
{
    return can->name;
}

unsigned can_refused(const struct can *can)
{
    return can->refused;
}

bool can_kernel_supported(void)
{
    int fd = socket(PF_CAN, SOCK_RAW | SOCK_CLOEXEC, CAN_RAW);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* ---- the kernel's form ---- */

void can_to_kernel(const struct can_msg *msg, struct can_frame *ret)
{
    *ret = (struct can_frame){.can_id = msg->id, .len = msg->dlc};
    if (msg->error)
        ret->can_id |= CAN_ERR_FLAG;
    else if (msg->extended)
        ret->can_id |= CAN_EFF_FLAG;
    if (msg->remote)
        ret->can_id |= CAN_RTR_FLAG;
    else
        memcpy(ret->data, msg->data, msg->dlc);
}

bool can_from_kernel(const struct can_frame *frame, struct can_msg *ret)
{
    struct can_msg msg = {.dlc = frame->len};

    if (frame->len > CAN_MAX_DLEN)
        return false;
    msg.error = (frame->can_id & CAN_ERR_FLAG) != 0;
    msg.extended = !msg.error && (frame->can_id & CAN_EFF_FLAG) != 0;
    msg.remote = !msg.error && (frame->can_id & CAN_RTR_FLAG) != 0;
    msg.id = frame->can_id & (msg.error || msg.extended ? CAN_EFF_MASK : CAN_SFF_MASK);
    if (!msg.remote)
        memcpy(msg.data, frame->data, frame->len);
    *ret = msg;
    return true;
}

bool can_state_from_error(const struct can_msg *msg, enum can_state *ret)
{
    const uint8_t passive = CAN_ERR_CRTL_RX_PASSIVE | CAN_ERR_CRTL_TX_PASSIVE;
    const uint8_t better = CAN_ERR_CRTL_ACTIVE | CAN_ERR_CRTL_RX_WARNING | CAN_ERR_CRTL_TX_WARNING;

    if (!msg->error)
        return false;
    if ((msg->id & CAN_ERR_BUSOFF) != 0)
        *ret = CAN_BUS_OFF;
    else if ((msg->id & CAN_ERR_RESTARTED) != 0)
        *ret = CAN_UP;
    else if ((msg->id & CAN_ERR_CRTL) != 0 && (msg->data[1] & passive) != 0)
        *ret = CAN_ERROR_PASSIVE;
    else if ((msg->id & CAN_ERR_CRTL) != 0 && (msg->data[1] & better) != 0)
        *ret = CAN_UP;
    else
        return false;
    return true;
}

/* linux/can/error.h; the most telling first, as several may stand in one frame. */
const char *can_error_text(const struct can_msg *msg)
{
    static const struct {
        uint32_t class;
        const char *text;
    } texts[] = {
        {CAN_ERR_BUSOFF, "bus-off"},           {CAN_ERR_RESTARTED, "the controller was restarted"},
        {CAN_ERR_ACK, "nobody acknowledges"},  {CAN_ERR_TX_TIMEOUT, "sending takes too long"},
        {CAN_ERR_LOSTARB, "lost arbitration"}, {CAN_ERR_TRX, "the transceiver reports a fault"},
        {CAN_ERR_PROT, "a frame was damaged"}, {CAN_ERR_BUSERROR, "an error on the bus"},
    };
    const uint8_t overflow = CAN_ERR_CRTL_RX_OVERFLOW | CAN_ERR_CRTL_TX_OVERFLOW;
    const uint8_t passive = CAN_ERR_CRTL_RX_PASSIVE | CAN_ERR_CRTL_TX_PASSIVE;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if ((msg->id & texts[i].class) != 0)
            return texts[i].text;
    if ((msg->id & CAN_ERR_CRTL) == 0)
        return "unknown";
    return (msg->data[1] & overflow) != 0              ? "the controller lost frames"
           : (msg->data[1] & passive) != 0             ? "error passive"
           : (msg->data[1] & CAN_ERR_CRTL_ACTIVE) != 0 ? "few errors again"
                                                       : "many errors";
}
