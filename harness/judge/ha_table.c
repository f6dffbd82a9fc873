/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of entities that a battery has at Home Assistant: reading, finding, dimensions.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/judge/ha.h"
#include "harness/judge/ha_private.h"

struct ha_table {
    struct ha_row *rows;
    const char **names; /* of the rows, NULL at the end */
    size_t n;
};

/* "-" stands for nothing. */
static bool take_field(struct span *rest, char *out, size_t cap)
{
    struct span word;
    if (!span_token(rest, &word) || word.n >= cap)
        return false;
    span_to_str(span_eq_str(word, "-") ? span_of("", 0) : word, out, cap);
    return true;
}

static bool take_row(struct span line, struct ha_row *row)
{
    struct span rest = line, more;
    return take_field(&rest, row->name, sizeof row->name) &&
           take_field(&rest, row->platform, sizeof row->platform) &&
           take_field(&rest, row->device_class, sizeof row->device_class) &&
           take_field(&rest, row->unit, sizeof row->unit) &&
           take_field(&rest, row->state_class, sizeof row->state_class) &&
           !span_token(&rest, &more);
}

static void add_row(struct ha_table *t, const struct ha_row *row)
{
    struct ha_row *rows = realloc(t->rows, (t->n + 1) * sizeof *rows);
    if (!rows)
        abort();
    t->rows = rows;
    t->rows[t->n++] = *row;
}

enum err ha_table_parse(const char *name, struct span text, FILE *diag, struct ha_table **ret)
{
    struct ha_table *t = calloc(1, sizeof *t);
    unsigned number = 0;
    if (!t)
        return ERR_MEMORY;
    for (size_t at = 0; at < text.n;) {
        size_t end = span_find_byte(text, at, '\n');
        struct span line = span_trim(span_sub(text, at, end - at));
        struct ha_row row = {0};
        at = end + 1;
        number++;
        if (!line.n || line.p[0] == '#')
            continue;
        if (!take_row(line, &row)) {
            if (diag)
                fprintf(diag,
                        "%s:%u: expected NAME PLATFORM DEVICE-CLASS UNIT STATE-CLASS, - for none\n",
                        name, number);
            ha_table_delete(t);
            return ERR_SYNTAX;
        }
        add_row(t, &row);
    }
    t->names = calloc(t->n + 1, sizeof *t->names);
    if (!t->names)
        abort();
    for (size_t i = 0; i < t->n; i++)
        t->names[i] = t->rows[i].name;
    *ret = t;
    return ERR_OK;
}

enum { TABLE_MAX = 65536 };

enum err ha_table_load(const char *path, FILE *diag, struct ha_table **ret)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return ERR_NOT_FOUND;
    char *text = malloc(TABLE_MAX);
    if (!text)
        abort();
    size_t n = fread(text, 1, TABLE_MAX, f);
    fclose(f);
    enum err err = ha_table_parse(path, span_of(text, n), diag, ret);
    free(text);
    return err;
}

void ha_table_delete(struct ha_table *t)
{
    if (!t)
        return;
    free(t->rows);
    free(t->names);
    free(t);
}

/* "cell_5_voltage" is "cell_#_voltage". */
static bool matches(const char *pattern, const char *name)
{
    while (*pattern) {
        if (*pattern == '#') {
            if (*name < '1' || *name > '9')
                return false;
            while (*name >= '0' && *name <= '9')
                name++;
            pattern++;
        } else if (*pattern++ != *name++) {
            return false;
        }
    }
    return !*name;
}

const struct ha_row *ha_table_find(const struct ha_table *t, const char *name)
{
    for (size_t i = 0; i < t->n; i++)
        if (matches(t->rows[i].name, name))
            return &t->rows[i];
    return NULL;
}

const char *ha_table_nearest(const struct ha_table *t, const char *name)
{
    struct ha_target target;
    if (!ha_target_parse(name, &target))
        return NULL;
    return conf_nearest(span_str(target.entity), t->names);
}

bool ha_unit_find(const char *unit, enum dim *ret_dim, int64_t *ret_scale_micro)
{
    static const char degree[] = "\302\260";
    size_t skip = strncmp(unit, degree, 2) == 0 ? 2 : 0;
    return unit_find(span_str(unit + skip), ret_dim, ret_scale_micro);
}

bool ha_signal_dim(const struct ha_table *t, const char *signal, enum dim *ret)
{
    struct ha_target target;
    int64_t scale;
    if (!ha_target_parse(signal, &target))
        return false;
    const struct ha_row *row = ha_table_find(t, target.entity);
    if (!row)
        return false;
    *ret = DIM_NONE;
    if (target.attribute == HA_EXPIRE_AFTER)
        *ret = DIM_TIME;
    else if (target.attribute == HA_VALUE && row->unit[0])
        (void)ha_unit_find(row->unit, ret, &scale);
    return true;
}

/* ---- signals ---- */

static const char *const attributes[] = {
    [HA_VALUE] = "value", /* not written */
    [HA_EXPIRE_AFTER] = "expire_after",
    [HA_UNIT] = "unit",
    [HA_DEVICE_CLASS] = "device_class",
    [HA_STATE_CLASS] = "state_class",
    [HA_PLATFORM] = "platform",
    [HA_RETAINED] = "retained",
};

static bool take_attribute(struct span word, enum ha_attribute *ret)
{
    for (size_t i = HA_EXPIRE_AFTER; i < sizeof attributes / sizeof *attributes; i++)
        if (span_eq_str(word, attributes[i])) {
            *ret = (enum ha_attribute)i;
            return true;
        }
    return false;
}

/* [bmsN.]ENTITY[.ATTRIBUTE] */
bool ha_target_parse(const char *signal, struct ha_target *ret)
{
    struct span rest = span_str(signal);
    int64_t n = 0;
    *ret = (struct ha_target){0};
    size_t dot = span_find_byte(rest, 0, '.');
    struct span first = span_sub(rest, 0, dot);
    if (dot < rest.n && span_starts(first, "bms") &&
        parse_i64(span_sub(first, 3, first.n), 1, 99, &n)) {
        ret->battery = (unsigned)n;
        rest = span_sub(rest, dot + 1, rest.n);
        dot = span_find_byte(rest, 0, '.');
    }
    if (dot == 0 || dot >= sizeof ret->entity)
        return false;
    span_to_str(span_sub(rest, 0, dot), ret->entity, sizeof ret->entity);
    return dot == rest.n || take_attribute(span_sub(rest, dot + 1, rest.n), &ret->attribute);
}
