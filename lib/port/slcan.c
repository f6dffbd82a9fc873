/* SPDX-License-Identifier: Apache-2.0
 *
 * Lawicel ASCII to frames and back.
 */
#include "port/slcan.h"

#include <linux/can.h>
#include <linux/can/error.h>
#include <string.h>

/* ---- frames ---- */

static bool take_hex(struct span *s, size_t digits, uint64_t max, uint64_t *ret)
{
    if (s->n < digits || !parse_hex(span_sub(*s, 0, digits), max, ret))
        return false;
    rd_skip(s, digits);
    return true;
}

static bool take_data(struct span *s, struct can_msg *msg)
{
    for (unsigned i = 0; i < msg->dlc; i++) {
        uint64_t byte;
        if (!take_hex(s, 2, 0xFF, &byte))
            return false;
        msg->data[i] = (uint8_t)byte;
    }
    return true;
}

/* tiiildd.., Tiiiiiiiildd.., riiil, Riiiiiiiil, each with an optional time stamp of 4 digits. */
static bool parse_frame(struct span line, struct can_msg *ret)
{
    const char type = (char)line.p[0];
    struct can_msg msg = {.extended = type == 'T' || type == 'R',
                          .remote = type == 'r' || type == 'R'};
    uint64_t id, dlc, stamp;

    rd_skip(&line, 1);
    if (!take_hex(&line, msg.extended ? 8 : 3, msg.extended ? 0x1FFFFFFF : 0x7FF, &id) ||
        !take_hex(&line, 1, 8, &dlc))
        return false;
    msg.id = (uint32_t)id;
    msg.dlc = (uint8_t)dlc;
    if (!msg.remote && !take_data(&line, &msg))
        return false;
    if (line.n != 0 && !(take_hex(&line, 4, 0xFFFF, &stamp) && line.n == 0))
        return false;
    *ret = msg;
    return true;
}

/* ---- what the adapter says about its controller ---- */

/* sa, sw, sp, sb and two counters of three decimal digits, receive errors first. */
static bool parse_state(struct span line, struct slcan_item *ret)
{
    struct can_msg msg = {.error = true, .dlc = CAN_ERR_DLC, .id = CAN_ERR_CRTL | CAN_ERR_CNT};
    enum can_state state = CAN_UP;
    int64_t rx, tx;

    if (line.n != 8 || !parse_i64(span_sub(line, 2, 3), 0, 999, &rx) ||
        !parse_i64(span_sub(line, 5, 3), 0, 999, &tx))
        return false;
    bool by_tx = tx > rx;
    switch (line.p[1]) {
    case 'a': msg.data[1] = CAN_ERR_CRTL_ACTIVE; break;
    case 'w': msg.data[1] = by_tx ? CAN_ERR_CRTL_TX_WARNING : CAN_ERR_CRTL_RX_WARNING; break;
    case 'p':
        state = CAN_ERROR_PASSIVE;
        msg.data[1] = by_tx ? CAN_ERR_CRTL_TX_PASSIVE : CAN_ERR_CRTL_RX_PASSIVE;
        break;
    case 'b':
        state = CAN_BUS_OFF;
        msg.id = CAN_ERR_BUSOFF;
        break;
    default: return false;
    }
    if (state != CAN_BUS_OFF) {
        msg.data[6] = (uint8_t)clamp_i64(tx, 0, 255);
        msg.data[7] = (uint8_t)clamp_i64(rx, 0, 255);
    }
    *ret = (struct slcan_item){.kind = SLCAN_STATE, .msg = msg, .state = state};
    return true;
}

static bool add_error(struct can_msg *msg, char letter)
{
    const uint32_t on_bus = CAN_ERR_BUSERROR | CAN_ERR_PROT;

    switch (letter) {
    case 'a':
        msg->id |= on_bus | CAN_ERR_ACK;
        msg->data[3] |= CAN_ERR_PROT_LOC_ACK;
        return true;
    case 'b':
        msg->id |= on_bus;
        msg->data[2] |= CAN_ERR_PROT_BIT0;
        return true;
    case 'B':
        msg->id |= on_bus;
        msg->data[2] |= CAN_ERR_PROT_BIT1;
        return true;
    case 'c':
        msg->id |= on_bus;
        msg->data[2] |= CAN_ERR_PROT_BIT;
        msg->data[3] |= CAN_ERR_PROT_LOC_CRC_SEQ;
        return true;
    case 'f':
        msg->id |= on_bus;
        msg->data[2] |= CAN_ERR_PROT_FORM;
        return true;
    case 's':
        msg->id |= on_bus;
        msg->data[2] |= CAN_ERR_PROT_STUFF;
        return true;
    case 'o':
        msg->id |= on_bus | CAN_ERR_CRTL;
        msg->data[1] |= CAN_ERR_CRTL_RX_OVERFLOW;
        return true;
    case 'O':
        msg->id |= on_bus | CAN_ERR_CRTL;
        msg->data[1] |= CAN_ERR_CRTL_TX_OVERFLOW;
        return true;
    default: return false;
    }
}

/* e, how many, that many letters; an unknown letter makes the whole line garbage. */
static bool parse_errors(struct span line, struct can_msg *ret)
{
    struct can_msg msg = {.error = true, .dlc = CAN_ERR_DLC};
    uint64_t count;

    if (line.n < 3 || !parse_hex(span_sub(line, 1, 1), 9, &count) || line.n != count + 2)
        return false;
    for (size_t i = 2; i < line.n; i++)
        if (!add_error(&msg, (char)line.p[i]))
            return false;
    *ret = msg;
    return true;
}

/* ---- lines ---- */

static struct slcan_item parse_line(struct span line)
{
    struct slcan_item item = {.kind = SLCAN_GARBAGE};

    if (line.n == 0) {
        item.kind = SLCAN_OK;
        return item;
    }
    switch (line.p[0]) {
    case 't':
    case 'T':
    case 'r':
    case 'R':
        if (parse_frame(line, &item.msg))
            item.kind = SLCAN_FRAME;
        break;
    case 's': parse_state(line, &item); break;
    case 'e':
        if (parse_errors(line, &item.msg))
            item.kind = SLCAN_ERRORS;
        break;
    case 'z':
    case 'Z':
        if (line.n == 1)
            item.kind = SLCAN_OK;
        break;
    case 'V':
    case 'v':
    case 'N':
    case 'F': item.kind = SLCAN_INFO; break;
    default: break;
    }
    return item;
}

bool slcan_push(struct slcan_parser *p, uint8_t byte, struct slcan_item *ret)
{
    if (byte == '\a') { /* whatever line it interrupts is lost */
        *p = (struct slcan_parser){0};
        *ret = (struct slcan_item){.kind = SLCAN_REFUSED};
        return true;
    }
    if (byte == '\n' && p->n == 0)
        return false; /* some firmwares end lines with CR LF */
    if (byte != '\r') {
        if (p->n < sizeof p->line)
            p->line[p->n++] = (char)byte;
        else
            p->too_long = true;
        return false;
    }
    if (p->too_long)
        *ret = (struct slcan_item){.kind = SLCAN_GARBAGE};
    else
        *ret = parse_line(span_of(p->line, p->n));
    *p = (struct slcan_parser){0};
    return true;
}

/* ---- out ---- */

bool slcan_format(const struct can_msg *msg, struct buf *out)
{
    char text[32];
    struct buf b = buf_of(text, sizeof text);
    bool ok = !msg->error && msg->dlc <= 8;

    if (msg->extended)
        ok = ok && buf_printf(&b, "%c%08X%u", msg->remote ? 'R' : 'T',
                              (unsigned)(msg->id & CAN_EFF_MASK), (unsigned)msg->dlc);
    else
        ok = ok && buf_printf(&b, "%c%03X%u", msg->remote ? 'r' : 't',
                              (unsigned)(msg->id & CAN_SFF_MASK), (unsigned)msg->dlc);
    for (unsigned i = 0; ok && !msg->remote && i < msg->dlc; i++)
        ok = buf_printf(&b, "%02X", (unsigned)msg->data[i]);
    return ok && buf_u8(&b, '\r') && buf_put(out, buf_span(&b));
}

bool slcan_format_open(uint32_t bitrate, struct buf *out)
{
    /* Lawicel CAN232 manual, command S. Firmwares of the CANable family take S7 as 750 kbit/s. */
    static const uint32_t rates[] = {10000,  20000,  50000,  100000, 125000,
                                     250000, 500000, 800000, 1000000};

    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (rates[i] == bitrate)
            return buf_printf(out, "C\rS%u\rO\r", i);
    return false;
}
