/* SPDX-License-Identifier: Apache-2.0
 *
 * Physical numbers as people write them: "3.700 V", "-37.0 A", "200 ms", "97.0 %". A quantity is
 * an integer count of millionths of its base unit, so 200 ms is 200000 and a time in micro-units is
 * a time in microseconds. Every number of known dimension carries its unit; a bare one is an error.
 */
#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum dim {
    DIM_NONE,        /* a plain number: counts, flags */
    DIM_TIME,        /* us ms s min h d      base s   */
    DIM_VOLTAGE,     /* mV V                 base V   */
    DIM_CURRENT,     /* mA A                 base A   */
    DIM_TEMPERATURE, /* C (degrees Celsius)  base C   */
    DIM_RATIO,       /* %                    base %   */
    DIM_CAPACITY,    /* mAh Ah               base Ah  */
    DIM_POWER,       /* W kW                 base W   */
    DIM_ENERGY,      /* Wh kWh               base Wh  */
    DIM_FREQUENCY,   /* Hz kHz               base Hz  */
    DIM_BAUD,        /* baud                 base baud */
    DIM_BYTES,       /* B kB                 base B   */
    DIM_RESISTANCE,  /* mOhm Ohm             base Ohm */
    DIM_COUNT
};

struct quantity {
    int64_t micro; /* value x 10^6 in the base unit of dim */
    enum dim dim;
};

/* The dimension and scale of a unit word; false when unknown. scale_micro is what 1 unit is in
 * millionths of the base unit (ms: 1000). */
bool unit_find(struct span word, enum dim *ret_dim, int64_t *ret_scale_micro);
/* "s, ms, us, min, h, d" for messages. */
const char *dim_units(enum dim dim);
const char *dim_name(enum dim dim); /* "time", "voltage", ... */
const char *dim_base_unit(enum dim dim);

/* Builds a quantity from the number's text and a unit's scale; ERR_RANGE when it does not fit,
 * ERR_SYNTAX when the text is no decimal number. */
enum err quantity_make(struct span number, enum dim dim, int64_t scale_micro, struct quantity *ret);

/* Appends the shortest exact text with the unit people would choose: "200 ms", "3.7 V". */
bool quantity_format(struct quantity q, struct buf *out);

/* Micro-units to an integer count of `unit_micro` (1000 for mV, 100000 for 0.1 C), rounded half
 * away from zero. */
int64_t quantity_in(struct quantity q, int64_t unit_micro);

#endif
