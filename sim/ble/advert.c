/* SPDX-License-Identifier: Apache-2.0
 *
 * See advert.h.
 */
#include "sim/ble/advert.h"

#include <string.h>

enum {
    AD_FLAGS = 0x01,
    AD_UUIDS_16 = 0x03,
    AD_UUIDS_128 = 0x07,
    AD_SHORT_NAME = 0x08,
    AD_NAME = 0x09,
    AD_MAKER = 0xFF,
    GENERAL_LE_ONLY = 0x06, /* general discoverable, no BR/EDR */
    AD_HEADER = 2,
};

/* Two 16-bit UUIDs sent as the head of one of 128 bits. */
static const uint8_t garbled[] = {0x9B, 0x5F, 0x80, 0x00, 0x00, 0x80, 0x00, 0x10,
                                  0x00, 0x00, 0xE0, 0xFF, 0xE7, 0xFE, 0x00, 0x00};

struct room {
    struct buf data, response;
};

static bool put_into(struct buf *b, uint8_t type, struct span value)
{
    if (value.n + AD_HEADER > b->cap - b->n)
        return false;
    buf_u8(b, (uint8_t)(value.n + 1));
    buf_u8(b, type);
    return buf_put(b, value);
}

static bool put(struct room *r, uint8_t type, struct span value)
{
    return put_into(&r->data, type, value) || put_into(&r->response, type, value);
}

static void put_name(struct room *r, const char *name)
{
    struct span text = span_str(name);

    if (text.n > 0 && !put(r, AD_NAME, text))
        put_into(&r->response, AD_SHORT_NAME,
                 span_sub(text, 0, r->response.cap - r->response.n - AD_HEADER));
}

static void put_services(struct room *r, const struct ble_traits *t)
{
    uint8_t memory[2 * BLE_SERVICES_MAX];
    struct buf list = buf_of(memory, sizeof memory);

    for (size_t i = 0; i < BLE_SERVICES_MAX && t->advertised[i] != 0; i++)
        buf_u16le(&list, t->advertised[i]);
    if (list.n > 0)
        put(r, AD_UUIDS_16, buf_span(&list));
}

static void put_maker(struct room *r, const struct ble_traits *t)
{
    uint8_t memory[2 + BLE_MAKER_MAX];
    struct buf value = buf_of(memory, sizeof memory);

    if (!t->has_maker)
        return;
    buf_u16le(&value, t->maker);
    buf_put(&value, span_of(t->maker_data, t->maker_n));
    put(r, AD_MAKER, buf_span(&value));
}

void advert_of(const struct ble_traits *traits, struct advert *ret)
{
    static const uint8_t flags[] = {GENERAL_LE_ONLY};

    memset(ret, 0, sizeof *ret);
    struct room r = {buf_of(ret->data, ADVERT_MAX), buf_of(ret->response, ADVERT_MAX)};
    put(&r, AD_FLAGS, span_of(flags, sizeof flags));
    put_services(&r, traits);
    put_name(&r, traits->name);
    put_maker(&r, traits);
    if (traits->garbled_uuid)
        put(&r, AD_UUIDS_128, span_of(garbled, sizeof garbled));
    ret->n = (uint8_t)r.data.n;
    ret->response_n = (uint8_t)r.response.n;
}
