/* SPDX-License-Identifier: Apache-2.0
 *
 * What is counted of announcements and states.
 */
#include <string.h>

#include "harness/judge/ha_home.h"

bool ha_is_availability(const struct ha_home *h, const char *topic)
{
    for (size_t i = 0; i < h->n_docs; i++)
        for (size_t k = 0; k < h->docs[i].doc.n; k++)
            for (size_t a = 0; a < h->docs[i].doc.at[k].n_availability; a++)
                if (strcmp(h->docs[i].doc.at[k].availability[a].topic, topic) == 0)
                    return true;
    return false;
}

/* The name behind the device's prefix, "soc" of "bms_shed_rack_1_soc"; NULL: not one of ours. */
static const char *name_in_table(const struct manifest *m, const char *unique_id)
{
    size_t n = strlen(m->ha_bank), k = strlen(m->ha_battery);
    const char *name = NULL;
    if (n && strncmp(unique_id, m->ha_bank, n) == 0 && unique_id[n] == '_')
        name = unique_id + n + 1;
    if (k && strncmp(unique_id, m->ha_battery, k) == 0 && unique_id[k] >= '1' &&
        unique_id[k] <= '9') {
        for (name = unique_id + k; *name >= '0' && *name <= '9';)
            name++;
        name = *name == '_' ? name + 1 : NULL;
    }
    for (size_t i = 0; name && i < m->n_map; i++)
        if (strncmp(m->map[i].name, "ha.", 3) == 0 && strcmp(m->map[i].path, name) == 0)
            return m->map[i].name + 3;
    return name;
}

/* A unit of the same dimension is as good: mV for V. */
static bool same_unit(const char *a, const char *b)
{
    enum dim da, db;
    int64_t scale;
    if (strcmp(a, b) == 0)
        return true;
    return ha_unit_find(a, &da, &scale) && ha_unit_find(b, &db, &scale) && da == db;
}

void ha_count_entity(struct ha_home *h, const struct ha_entity *e)
{
    const char *name = name_in_table(h->in->manifest, e->unique_id);
    const struct ha_row *row =
        name && h->in->entities ? ha_table_find(h->in->entities, name) : NULL;
    if (!row)
        h->counts.unknown++;
    else if (strcmp(row->platform, e->platform) != 0 ||
             strcmp(row->device_class, e->device_class) != 0 ||
             strcmp(row->state_class, e->state_class) != 0 || !same_unit(row->unit, e->unit))
        h->counts.mistyped++;
    /* what is itself somebody's availability is ended by the last will */
    if (!e->expire_us && !e->n_availability && !ha_is_availability(h, e->state_topic))
        h->counts.mortal++;
}

void ha_count_refused(struct ha_home *h, const char *topic, struct span payload,
                      const struct json *root)
{
    char text[HA_TEXT];
    for (size_t i = 0; i < h->n_docs; i++)
        for (size_t k = 0; k < h->docs[i].doc.n; k++) {
            const struct ha_entity *x = &h->docs[i].doc.at[k];
            if (strcmp(x->state_topic, topic) == 0 &&
                ha_value_of(x, payload, root, text, sizeof text) == -2)
                h->counts.refused++;
        }
}
