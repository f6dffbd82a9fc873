/* SPDX-License-Identifier: Apache-2.0
 *
 * See pylon_can_shape.h.
 */
#include "sim/device/pylon_can_shape.h"

#include <string.h>

/* ---- lengths ---- */

static void cut(struct can_msg *msg, uint8_t dlc)
{
    if (msg->dlc > dlc)
        msg->dlc = dlc;
    memset(msg->data + msg->dlc, 0, sizeof msg->data - msg->dlc);
}

static void set_length(enum pylon_can_lengths lengths, struct can_msg *msg)
{
    switch (lengths) {
    case PYLON_CAN_LENGTHS_OWN: return;
    case PYLON_CAN_LENGTHS_FULL: msg->dlc = 8; return;
    case PYLON_CAN_LENGTHS_SHORT:
        if (msg->id == 0x351)
            cut(msg, 6);
        else if (msg->id == 0x355)
            cut(msg, 4);
        else if (msg->id == 0x356)
            cut(msg, 6);
        else if (msg->id == 0x35C)
            cut(msg, 1);
        return;
    }
}

/* ---- quirks ---- */

static int16_t word_at(const struct can_msg *msg, size_t at)
{
    return (int16_t)(uint16_t)(msg->data[at] | msg->data[at + 1] << 8);
}

static void put_word(struct can_msg *msg, size_t at, int16_t value)
{
    msg->data[at] = (uint8_t)((uint16_t)value & 0xFF);
    msg->data[at + 1] = (uint8_t)((uint16_t)value >> 8);
}

static void twist_measurement(const struct sim_pylon_can *knobs, struct can_msg *msg)
{
    if (knobs->deci_volt)
        put_word(msg, 0, (int16_t)div_round(word_at(msg, 0), 10));
    if (knobs->no_temperature)
        put_word(msg, 4, -1500);
}

static void twist_alarms(const struct sim_pylon_can *knobs, struct can_msg *msg)
{
    if (knobs->no_pn)
        msg->data[5] = msg->data[6] = 0;
    if (knobs->fixed_count)
        msg->data[4] = 1;
}

void pylon_can_shape(const struct sim_pylon_can *knobs, struct can_msg *msg)
{
    if (msg->id == 0x356)
        twist_measurement(knobs, msg);
    if (msg->id == 0x359)
        twist_alarms(knobs, msg);
    if (msg->id == 0x35A && knobs->no_pairs)
        memset(msg->data, 0, sizeof msg->data);
    set_length(knobs->lengths, msg);
}

bool pylon_can_omits(const struct sim_pylon_can *knobs, uint32_t id)
{
    for (size_t i = 0; i < knobs->n_omit; i++) {
        if (knobs->omit[i] == id)
            return true;
    }
    return false;
}

/* ---- time ---- */

uint64_t pylon_can_gap_us(const struct sim_pylon_can *knobs)
{
    struct span dialect = span_str(knobs->dialect);

    if (knobs->gap_us != NEVER_US)
        return knobs->gap_us;
    if (span_eq_str(dialect, "pylon-2.0.6"))
        return 21 * US_PER_MS;
    if (span_starts(dialect, "yambms-") || span_starts(dialect, "goodwe-"))
        return 100 * US_PER_MS;
    return 0;
}

unsigned pylon_can_every(const struct sim_pylon_can *knobs, uint32_t id, uint64_t period_us)
{
    uint64_t slow_us = 10 * US_PER_S;

    if (!knobs->slow_frames)
        return 1;
    if (id == 0x351)
        slow_us = 2 * US_PER_S;
    if (id == 0x35E)
        slow_us = 60 * US_PER_S;
    return slow_us > period_us ? (unsigned)(slow_us / period_us) : 1;
}
