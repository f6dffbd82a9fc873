/* SPDX-License-Identifier: Apache-2.0
 *
 * The discovery document of a device. Home Assistant refuses a whole document for one key at its
 * root that it does not know, so there are only those of its schema; availability is always the
 * list form, because the list and the single topic exclude each other.
 */
#include "proto/ha_discovery/ha_private.h"

static const char origin_name[] = "bms-bridge";

/* ---- the head ---- */

static void put_identity(struct ha_json *w, const struct battery *b)
{
    if (battery_knows(b, FIELD_MAKER))
        ha_json_text(w, "mf", b->maker);
    if (battery_knows(b, FIELD_MODEL))
        ha_json_text(w, "mdl", b->model);
    if (battery_knows(b, FIELD_SERIAL))
        ha_json_text(w, "sn", b->serial);
    if (battery_knows(b, FIELD_FIRMWARE))
        ha_json_text(w, "sw", b->firmware);
}

static void put_device(struct ha_json *w, const struct ha_device *d, const struct battery *identity)
{
    ha_json_object(w, "dev");
    ha_json_array(w, "ids");
    ha_json_text(w, NULL, d->id);
    ha_json_end(w, ']');
    ha_json_text(w, "name", d->name);
    if (identity != NULL)
        put_identity(w, identity);
    if (d->via != NULL)
        ha_json_text(w, "via_device", d->via);
    ha_json_end(w, '}');
    ha_json_object(w, "o");
    ha_json_text(w, "name", origin_name);
    ha_json_text(w, "sw", d->version);
    ha_json_end(w, '}');
}

static void put_availability(struct ha_json *w, const char *status, const char *own)
{
    const char *const topics[] = {status, own};

    ha_json_array(w, "avty");
    for (size_t i = 0; i < 2; i++) {
        if (topics[i] == NULL)
            continue;
        ha_json_object(w, NULL);
        ha_json_text(w, "t", topics[i]);
        ha_json_end(w, '}');
    }
    ha_json_end(w, ']');
}

/* ---- components ---- */

static void put_component(struct ha_json *w, const struct ha_device *d, const struct ha_row *row)
{
    char text[256];
    struct buf b = buf_of(text, sizeof text - 1);

    ha_json_object(w, row->key);
    ha_json_text(w, "p", row->platform == HA_SENSOR ? "sensor" : "binary_sensor");
    buf_printf(&b, "%s_%s", d->id, row->key);
    text[b.n] = '\0';
    ha_json_text(w, "uniq_id", text);
    ha_json_text(w, "name", row->name);
    ha_json_text(w, "dev_cla", row->device_class);
    ha_json_text(w, "unit_of_meas", row->unit);
    ha_json_text(w, "stat_cla", row->state_class);
    if (row->precision >= 0)
        ha_json_fixed(w, "sug_dsp_prc", row->precision, 0);
    if (row->diagnostic)
        ha_json_text(w, "ent_cat", "diagnostic");
}

/* An entity that reads the device's state. */
static void put_value(struct ha_json *w, const struct ha_device *d, const struct ha_row *row)
{
    char text[96];
    struct buf b = buf_of(text, sizeof text - 1);

    put_component(w, d, row);
    ha_json_fixed(w, "exp_aft", d->expire_s, 0);
    buf_printf(&b, "{{ value_json.%s }}", row->key);
    text[b.n] = '\0';
    ha_json_text(w, "val_tpl", text);
    if (d->bank && row->bridges_own)
        put_availability(w, d->status_topic, NULL);
    ha_json_end(w, '}');
}

/* The connection is itself what availability is for the others, so it must not go away with it. It
 * changes seldom and does not expire: a bridge that dies is reported by its last will. */
static void put_connectivity(struct ha_json *w, const struct ha_device *d)
{
    const struct ha_row *row = &ha_rows[HA_CONNECTIVITY];

    put_component(w, d, row);
    ha_json_text(w, "stat_t", d->bank ? d->status_topic : d->availability_topic);
    ha_json_text(w, "pl_on", "online");
    ha_json_text(w, "pl_off", "offline");
    put_availability(w, d->bank ? NULL : d->status_topic, NULL);
    ha_json_end(w, '}');
}

/* Home Assistant drops a component that comes with nothing but its platform. */
static void put_gone(struct ha_json *w, const struct ha_row *row)
{
    ha_json_object(w, row->key);
    ha_json_text(w, "p", row->platform == HA_SENSOR ? "sensor" : "binary_sensor");
    ha_json_end(w, '}');
}

static void put_row(struct ha_json *w, const struct ha_device *d, const struct ha_row *row,
                    bool gone)
{
    if (gone)
        put_gone(w, row);
    else
        put_value(w, d, row);
}

static void put_alarms(struct ha_json *w, const struct ha_device *d, const struct ha_entities *e,
                       bool protection, bool gone)
{
    uint32_t mask = protection ? e->protections : e->warnings;

    for (unsigned i = 0; i < COND_COUNT; i++) {
        struct ha_text text = {0};
        if ((mask >> i & 1u) == 0)
            continue;
        struct ha_row row = ha_alarm_row(protection, (enum battery_condition)i, &text);
        put_row(w, d, &row, gone);
    }
}

/* All of `e`; cells and sensors from the given numbers on. */
static void put_entities(struct ha_json *w, const struct ha_device *d, const struct ha_entities *e,
                         unsigned first_cell, unsigned first_temp, bool gone)
{
    struct ha_text text = {0};

    for (unsigned i = 0; i < HA_ENTITY_COUNT; i++) {
        if ((e->fixed >> i & 1u) == 0)
            continue;
        if (i == HA_CONNECTIVITY && !gone)
            put_connectivity(w, d);
        else
            put_row(w, d, &ha_rows[i], gone);
    }
    for (unsigned i = first_cell; i < e->cells; i++) {
        struct ha_row row = ha_cell_row(i, &text);
        put_row(w, d, &row, gone);
    }
    for (unsigned i = first_temp; i < e->temps; i++) {
        struct ha_row row = ha_temp_row(e, i, &text);
        put_row(w, d, &row, gone);
    }
    put_alarms(w, d, e, false, gone);
    put_alarms(w, d, e, true, gone);
}

enum err ha_discovery_encode(const struct ha_device *device, const struct ha_entities *have,
                             const struct ha_entities *gone, const struct battery *identity,
                             struct buf *out)
{
    struct buf scratch = *out; /* so that nothing is written when something does not fit */
    struct ha_json w = {.out = &scratch};

    scratch.overflow = false;
    ha_json_object(&w, NULL);
    put_device(&w, device, identity);
    put_availability(&w, device->status_topic, device->availability_topic);
    ha_json_text(&w, "avty_mode", "all");
    ha_json_text(&w, "stat_t", device->state_topic);
    ha_json_object(&w, "cmps");
    put_entities(&w, device, have, 0, 0, false);
    if (gone != NULL)
        put_entities(&w, device, gone, have->cells, have->temps, true);
    ha_json_end(&w, '}');
    ha_json_end(&w, '}');
    if (scratch.overflow)
        return ERR_SPACE;
    scratch.overflow = out->overflow;
    *out = scratch;
    return ERR_OK;
}
