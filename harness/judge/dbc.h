/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge's own reader of DBC files (harness/dbc, written from the specifications):
 * messages, signals, units, comments. It shares nothing with lib/proto, so that a bug there cannot
 * pass here. Values come out in millionths of the unit, exact.
 */
#ifndef HARNESS_DBC_H
#define HARNESS_DBC_H

#include <stdio.h>

#include "base/can_frame.h"
#include "base/quantity.h"

struct dbc_signal {
    char name[64];
    uint16_t start, length;
    bool little_endian;
    bool is_signed;
    int64_t scale_micro, offset_micro;
    int64_t min_micro, max_micro; /* equal: no range */
    enum dim dim;
    char unit[12];
};

struct dbc_message {
    uint32_t id;
    bool extended;
    char name[64];
    uint8_t dlc;
    bool from_battery; /* sent by the node BMS; the rest is the inverter's */
    struct dbc_signal *signals;
    size_t n_signals;
};

struct dbc {
    struct dbc_message *messages;
    size_t n_messages;
};

/* Prints what is wrong with line numbers to diag. ERR_NOT_FOUND when the file cannot be read. */
enum err dbc_load(const char *path, FILE *diag, struct dbc **ret);
enum err dbc_parse(const char *name, struct span text, FILE *diag, struct dbc **ret);
void dbc_delete(struct dbc *dbc);

const struct dbc_message *dbc_message(const struct dbc *dbc, uint32_t id, bool extended);
/* First signal of that name, with its message. Dots in the name count as underscores
 * (protection.cell_overvoltage). */
const struct dbc_signal *dbc_signal(const struct dbc *dbc, const char *name,
                                    const struct dbc_message **ret_message);
/* False when the frame is too short for the signal, or the value beyond what 64 bits of millionths
 * hold.
 */
bool dbc_decode(const struct dbc_signal *signal, const struct can_msg *msg, int64_t *ret_micro);
const char *dbc_nearest(const struct dbc *dbc, const char *name);

#endif
