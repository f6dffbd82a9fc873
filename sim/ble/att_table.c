/* SPDX-License-Identifier: Apache-2.0
 *
 * The attributes of a peripheral (Core 5.3, Vol 3 Part G 3.1 to 3.3; GAP service: Part C 12).
 */
#include <string.h>

#include "sim/ble/att.h"

enum {
    UUID_SERVICE = 0x2800,
    UUID_DECLARATION = 0x2803,
    UUID_CONFIGURATION = 0x2902,
    UUID_GAP = 0x1800,
    UUID_NAME = 0x2A00,
    UUID_APPEARANCE = 0x2A01,
};

static bool add(struct att_table *t, struct att_attribute a)
{
    if (t->n == ATT_ATTRIBUTES_MAX || a.handle == 0 ||
        (t->n > 0 && t->attributes[t->n - 1].handle >= a.handle))
        return false;
    t->attributes[t->n++] = a;
    return true;
}

/* The last attribute so far belongs to the service at `first`. */
static void close_service(struct att_table *t, size_t first)
{
    t->attributes[first].points = t->attributes[t->n - 1].handle;
}

static bool add_gap(struct att_table *t, uint16_t handle)
{
    const uint16_t h = handle;
    const struct att_attribute rows[ATT_GAP_ATTRIBUTES] = {
        {h, UUID_SERVICE, ATT_SERVICE, UUID_GAP, 0, 0, 0},
        {(uint16_t)(h + 1), UUID_DECLARATION, ATT_DECLARATION, UUID_NAME, (uint16_t)(h + 2),
         BLE_READ, 0},
        {(uint16_t)(h + 2), UUID_NAME, ATT_GAP_NAME, UUID_NAME, 0, BLE_READ, 0},
        {(uint16_t)(h + 3), UUID_DECLARATION, ATT_DECLARATION, UUID_APPEARANCE, (uint16_t)(h + 4),
         BLE_READ, 0},
        {(uint16_t)(h + 4), UUID_APPEARANCE, ATT_GAP_APPEARANCE, UUID_APPEARANCE, 0, BLE_READ, 0}};
    size_t first = t->n;

    for (size_t i = 0; i < ATT_GAP_ATTRIBUTES; i++)
        if (!add(t, rows[i]))
            return false;
    close_service(t, first);
    return true;
}

static bool add_characteristic(struct att_table *t, const struct ble_characteristic *c,
                               uint8_t index)
{
    const uint16_t h = c->handle;
    const uint8_t p = c->properties;

    if (h == 0 || h == UINT16_MAX || c->value.n > ATT_VALUE_MAX)
        return false;
    return add(t, (struct att_attribute){(uint16_t)(h - 1), UUID_DECLARATION, ATT_DECLARATION,
                                         c->uuid, h, p, index}) &&
           add(t, (struct att_attribute){h, c->uuid, ATT_VALUE, c->uuid, 0, p, index}) &&
           ((p & BLE_NOTIFY) == 0 ||
            add(t, (struct att_attribute){(uint16_t)(h + 1), UUID_CONFIGURATION, ATT_CONFIGURATION,
                                          c->uuid, 0, p, index}));
}

static bool add_service(struct att_table *t, const struct ble_service *s, uint8_t *index)
{
    size_t first = t->n;

    if (s->n > BLE_CHARACTERISTICS_MAX ||
        !add(t, (struct att_attribute){s->handle, UUID_SERVICE, ATT_SERVICE, s->uuid, 0, 0, 0}))
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (!add_characteristic(t, &s->characteristics[i], (*index)++))
            return false;
    close_service(t, first);
    return true;
}

/* The GAP service stands in front where there is room, as on the modules that were recorded, else
 * behind. */
enum err att_table_init(struct att_table *t, const struct ble_traits *traits)
{
    bool in_front = traits->n == 0 || traits->services[0].handle > ATT_GAP_ATTRIBUTES;
    uint8_t index = 0;

    *t = (struct att_table){.traits = *traits};
    t->traits.mtu = (uint16_t)clamp_i64(traits->mtu, BLE_MTU_MIN, BLE_MTU_MAX);
    if (traits->n > BLE_SERVICES_MAX || (in_front && !add_gap(t, 1)))
        return ERR_RANGE;
    for (size_t i = 0; i < traits->n; i++)
        if (!add_service(t, &traits->services[i], &index))
            return ERR_RANGE;
    if (in_front)
        return ERR_OK;
    uint16_t last = t->attributes[t->n - 1].handle;
    if (last > UINT16_MAX - ATT_GAP_ATTRIBUTES || !add_gap(t, (uint16_t)(last + 1)))
        return ERR_RANGE;
    return ERR_OK;
}

const struct att_attribute *att_table_find(const struct att_table *t, uint16_t handle)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->attributes[i].handle == handle)
            return &t->attributes[i];
    return NULL;
}

void att_table_value(const struct att_table *t, const struct att_attribute *a, struct buf *out)
{
    switch (a->kind) {
    case ATT_SERVICE: buf_u16le(out, a->uuid); return;
    case ATT_DECLARATION:
        buf_u8(out, a->properties);
        buf_u16le(out, a->points);
        buf_u16le(out, a->uuid);
        return;
    case ATT_VALUE: buf_put(out, ble_characteristic(&t->traits, a->index)->value); return;
    case ATT_GAP_NAME: buf_str(out, t->traits.name); return;
    case ATT_GAP_APPEARANCE: buf_u16le(out, 0); return; /* unknown */
    case ATT_CONFIGURATION: return;
    }
}
