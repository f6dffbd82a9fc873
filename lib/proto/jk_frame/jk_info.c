/* SPDX-License-Identifier: Apache-2.0
 *
 * The device information record: the same places in all generations.
 */
#include <string.h>

#include "proto/jk_frame/jk_walk.h"

static void walk_identity(const struct jk_walk *w, struct jk_info *i)
{
    jk_walk_bytes(w, 6, i->model, sizeof i->model);
    jk_walk_bytes(w, 22, i->hardware, sizeof i->hardware);
    jk_walk_bytes(w, 30, i->software, sizeof i->software);
    jk_walk_u32(w, 38, &i->run_s);
    jk_walk_u32(w, 42, &i->power_on_count);
    jk_walk_bytes(w, 46, i->name, sizeof i->name);
    jk_walk_bytes(w, 62, i->passcode, sizeof i->passcode);
    jk_walk_bytes(w, 78, i->made, sizeof i->made);
    jk_walk_bytes(w, 86, i->serial, sizeof i->serial);
    jk_walk_bytes(w, 102, i->user_data, sizeof i->user_data);
    jk_walk_bytes(w, 118, i->settings_passcode, sizeof i->settings_passcode);
    jk_walk_bytes(w, 134, i->user_data2, sizeof i->user_data2);
}

static void walk_ports(const struct jk_walk *w, struct jk_info *i)
{
    jk_walk_u8(w, 184, &i->uart1_protocol);
    jk_walk_u8(w, 185, &i->can_protocol);
    jk_walk_bytes(w, 186, i->uart1_mask, sizeof i->uart1_mask);
    jk_walk_bytes(w, 202, i->can_mask, sizeof i->can_mask);
    jk_walk_u8(w, 218, &i->uart2_protocol);
    jk_walk_bytes(w, 219, i->uart2_mask, sizeof i->uart2_mask);
    jk_walk_u8(w, 234, &i->buzzer_source);
    jk_walk_u8(w, 235, &i->dry1_source);
    jk_walk_u8(w, 236, &i->dry2_source);
    jk_walk_u8(w, 237, &i->uart_library);
    jk_walk_i32(w, 238, &i->buzzer_on);
    jk_walk_i32(w, 242, &i->buzzer_off);
    jk_walk_i32(w, 246, &i->dry1_on);
    jk_walk_i32(w, 250, &i->dry1_off);
    jk_walk_i32(w, 254, &i->dry2_on);
    jk_walk_i32(w, 258, &i->dry2_off);
    jk_walk_i32(w, 262, &i->log_period);
    jk_walk_u8(w, 266, &i->charge_time);
    jk_walk_u8(w, 267, &i->float_time);
    jk_walk_u8(w, 268, &i->can_library);
    jk_walk_u8(w, 269, &i->emergency_min);
    jk_walk_u8(w, 270, &i->uart3_protocol);
    jk_walk_u8(w, 278, &i->rebulk_soc_pc);
}

static void walk(const struct jk_walk *w, struct jk_info *i)
{
    walk_identity(w, i);
    walk_ports(w, i);
}

void jk_info_from_body(const uint8_t *body, enum jk_order order, struct jk_info *ret)
{
    const struct jk_walk w = {.body = ret->other, .order = order};

    *ret = (struct jk_info){0};
    memcpy(ret->other, body, JK_BODY);
    walk(&w, ret);
}

void jk_info_to_body(const struct jk_info *info, enum jk_order order, uint8_t *ret_body)
{
    struct jk_info copy = *info;
    const struct jk_walk w = {.body = ret_body, .order = order, .write = true};

    memcpy(ret_body, info->other, JK_BODY);
    walk(&w, &copy);
}

struct decoded jk_info_decode(struct span frame, struct jk_info *ret)
{
    uint8_t body[JK_BODY];
    uint8_t counter;
    struct decoded d = jk_open(frame, JK_INFO, &counter, body);

    if (d.code != ERR_OK)
        return d;
    jk_info_from_body(body, JK_LITTLE, ret);
    ret->counter = counter;
    return d;
}

enum err jk_info_encode(const struct jk_info *info, struct buf *out)
{
    uint8_t body[JK_BODY];

    jk_info_to_body(info, JK_LITTLE, body);
    return jk_close(JK_INFO, info->counter, body, out);
}

void jk_text(struct span field, char *out, size_t cap)
{
    struct span text = span_sub(field, 0, span_find_byte(field, 0, 0));

    span_to_str(text, out, cap);
    for (size_t i = 0; out[i] != '\0'; i++) {
        if (out[i] < ' ' || out[i] > '~')
            out[i] = '?';
    }
}

bool jk_info_major(const struct jk_info *info, unsigned *ret)
{
    unsigned major = 0;
    size_t n = 0;

    while (n < sizeof info->software && info->software[n] >= '0' && info->software[n] <= '9') {
        major = major * 10 + (unsigned)(info->software[n] - '0');
        n++;
    }
    if (n == 0)
        return false;
    *ret = major;
    return true;
}
