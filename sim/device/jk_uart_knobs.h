/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be chosen about a simulated JK BMS on its UART.
 */
#ifndef SIM_DEVICE_JK_UART_KNOBS_H
#define SIM_DEVICE_JK_UART_KNOBS_H

#include "base/clock.h"
#include "sim/config.h"
#include "sim/device/jk_traits.h"

/* SHORT: the tokens up to B7 of old firmware, whose current has another coding. */
enum jk_uart_tokens { JK_UART_TOKENS_BY_FIRMWARE, JK_UART_TOKENS_SHORT, JK_UART_TOKENS_FULL };

struct sim_jk_uart {
    struct jk_look look;
    uint32_t baud;
    uint64_t answer_delay_us;
    uint64_t least_gap_us; /* requests that come sooner after an answer are not heard */
    enum jk_uart_tokens tokens;
    bool unknown_token; /* one that nobody knows stands in front of C0 */
    bool asleep;        /* answers after command 01 only */
};

extern const struct device_kind jk_uart_kind;

/* The knobs of a configuration whose device is this one. */
static inline struct sim_jk_uart *jk_uart_knobs(struct sim_config *config)
{
    return (struct sim_jk_uart *)(void *)config->knobs;
}

#endif
