/* SPDX-License-Identifier: Apache-2.0
 *
 * The table behind the grammar of stimuli: one row per verb and per fault, shared by the reader
 * (stimulus.c) and the printer (stimulus_format.c). Not for users of sim/stimulus.h.
 */
#ifndef SIM_STIMULUS_GRAMMAR_H
#define SIM_STIMULUS_GRAMMAR_H

#include "sim/stimulus.h"

/* What follows the verb. */
enum stimulus_form {
    FORM_NONE,       /* plug */
    FORM_UNPLUG,     /* unplug [adapter] */
    FORM_PATH,       /* release PATH */
    FORM_PATH_VALUE, /* set PATH VALUE */
    FORM_RAMP,       /* ramp PATH Q -> Q over TIME */
    FORM_TIME,       /* reboot TIME: duration_us */
    FORM_DELAY,      /* broker slow TIME: value */
    FORM_FAULT,      /* fault KIND [AMOUNT] for (TIME | N replies) */
    FORM_TEXT,       /* type "login debug" */
    FORM_HEX,        /* send "7E32" */
    FORM_REPLAY,     /* replay "FILE" [speed N] */
    FORM_FRAME,      /* inverter send "305#00" */
    FORM_KEEPALIVE,  /* inverter keepalive (off | "305#00" every TIME) */
};

struct stimulus_row {
    const char *word;
    enum stimulus_actor actor;
    enum stimulus_form form;
};

struct fault_row {
    const char *word;
    bool has_amount;
    enum dim dim;
    int64_t min_micro, max_micro; /* of the amount, both allowed */
};

extern const struct stimulus_row stimulus_rows[STIM_COUNT];
extern const struct fault_row fault_rows[FAULT_COUNT];
extern const char
    *const stimulus_actors[]; /* in the order of enum stimulus_actor, NULL at the end */

#endif
