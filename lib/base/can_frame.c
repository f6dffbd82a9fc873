/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN frames as text, after can-utils lib.c (parse_canframe, sprint_canframe) and its log format:
 * three hex digits are an 11 bit id, eight a 29 bit id or, with bit 29 set, an error frame.
 */
#include "base/can_frame.h"

#include <string.h>

#define STD_ID_MAX 0x7FFU
#define EXT_ID_MAX 0x1FFFFFFFU
#define ERR_FLAG   0x20000000U /* CAN_ERR_FLAG of linux/can.h, the way candump -L prints it */

bool can_msg_eq(const struct can_msg *a, const struct can_msg *b)
{
    return a->id == b->id && a->dlc == b->dlc && a->extended == b->extended &&
           a->remote == b->remote && a->error == b->error &&
           (a->remote || memcmp(a->data, b->data, a->dlc <= 8 ? a->dlc : 8) == 0);
}

static bool put_msg(const struct can_msg *msg, struct buf *out)
{
    bool ok;

    if (msg->error)
        ok = buf_printf(out, "%08X#", (unsigned)((msg->id & EXT_ID_MAX) | ERR_FLAG));
    else if (msg->extended)
        ok = buf_printf(out, "%08X#", (unsigned)(msg->id & EXT_ID_MAX));
    else
        ok = buf_printf(out, "%03X#", (unsigned)(msg->id & STD_ID_MAX));
    unsigned dlc = msg->dlc <= 8 ? msg->dlc : 8;
    if (msg->remote)
        return ok && buf_u8(out, 'R') && (dlc == 0 || buf_printf(out, "%u", dlc));
    for (unsigned i = 0; i < dlc; i++)
        ok = ok && buf_printf(out, "%02X", (unsigned)msg->data[i]);
    return ok;
}

bool can_msg_format(const struct can_msg *msg, struct buf *out)
{
    size_t start = out->n;
    bool ok = put_msg(msg, out);
    if (!ok)
        out->n = start; /* dropped whole, as every buf writer does */
    return ok;
}

static bool parse_id(struct span text, struct can_msg *msg)
{
    uint64_t id;

    if (text.n == 3) {
        if (!parse_hex(text, STD_ID_MAX, &id))
            return false;
    } else if (text.n == 8) {
        if (!parse_hex(text, EXT_ID_MAX | ERR_FLAG, &id))
            return false;
        msg->error = (id & ERR_FLAG) != 0;
        msg->extended = !msg->error;
    } else {
        return false;
    }
    msg->id = (uint32_t)(id & EXT_ID_MAX);
    return true;
}

static bool parse_data(struct span text, struct can_msg *msg)
{
    while (text.n > 0) {
        uint64_t byte;
        if (msg->dlc > 0 && text.p[0] == '.') /* can-utils allows one dot between bytes */
            rd_skip(&text, 1);
        if (msg->dlc == 8 || text.n < 2 || !parse_hex(span_sub(text, 0, 2), 0xFF, &byte))
            return false;
        msg->data[msg->dlc++] = (uint8_t)byte;
        rd_skip(&text, 2);
    }
    return true;
}

bool can_msg_parse(struct span text, struct can_msg *ret)
{
    size_t hash = span_find_byte(text, 0, '#');
    struct can_msg msg = {0};

    if (hash == text.n || !parse_id(span_sub(text, 0, hash), &msg))
        return false;
    struct span payload = span_sub(text, hash + 1, text.n);
    if (payload.n > 0 && (payload.p[0] == 'R' || payload.p[0] == 'r')) {
        int64_t dlc = 0;
        payload = span_sub(payload, 1, payload.n);
        if (msg.error || payload.n > 1 || (payload.n == 1 && !parse_i64(payload, 0, 8, &dlc)))
            return false;
        msg.remote = true;
        msg.dlc = (uint8_t)dlc;
    } else if (!parse_data(payload, &msg)) {
        return false;
    }
    *ret = msg;
    return true;
}

bool can_log_format(const struct can_log_line *line, struct buf *out)
{
    size_t start = out->n;
    bool ok =
        buf_printf(out, "(%010llu.%06llu) %s ", (unsigned long long)(line->wall_us / 1000000U),
                   (unsigned long long)(line->wall_us % 1000000U), line->interface) &&
        can_msg_format(&line->msg, out);
    if (!ok)
        out->n = start;
    return ok;
}

/* "(1436509053.850870)" */
static enum err parse_stamp(struct span token, uint64_t *ret)
{
    int64_t us;

    if (token.n < 3 || token.p[0] != '(' || token.p[token.n - 1] != ')' || token.p[1] == '-')
        return ERR_SYNTAX;
    if (!parse_fixed(span_sub(token, 1, token.n - 2), 6, &us))
        return ERR_SYNTAX;
    *ret = (uint64_t)us;
    return ERR_OK;
}

/* Tokens are cut at blanks; a NUL or another control character inside is no name. */
static bool is_name(struct span token)
{
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] < 0x20 || token.p[i] == 0x7f)
            return false;
    }
    return true;
}

enum err can_log_parse(struct span text, struct can_log_line *ret)
{
    struct can_log_line line = {0};
    struct span token;

    if (!span_token(&text, &token) || parse_stamp(token, &line.wall_us) != ERR_OK)
        return ERR_SYNTAX;
    if (!span_token(&text, &token))
        return ERR_SHORT;
    if (token.n >= sizeof line.interface)
        return ERR_RANGE;
    if (!is_name(token))
        return ERR_SYNTAX;
    span_to_str(token, line.interface, sizeof line.interface);
    if (!span_token(&text, &token))
        return ERR_SHORT;
    if (!can_msg_parse(token, &line.msg))
        return ERR_SYNTAX;
    /* Newer candump versions append the direction; it says nothing about the frame. */
    if (span_token(&text, &token) && !span_eq_str(token, "R") && !span_eq_str(token, "T"))
        return ERR_SYNTAX;
    if (span_trim(text).n > 0)
        return ERR_SYNTAX;
    *ret = line;
    return ERR_OK;
}
