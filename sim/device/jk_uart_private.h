/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the JK BMS on its UART: jk_uart_device.c (frames and time), jk_uart_say.c (tokens).
 */
#ifndef SIM_DEVICE_JK_UART_PRIVATE_H
#define SIM_DEVICE_JK_UART_PRIVATE_H

#include "proto/jk_uart/jk_uart.h"
#include "sim/device/device.h"
#include "sim/device/jk_state.h"
#include "sim/device/jk_uart_knobs.h"

struct jk_uart_bms {
    struct device base;
    struct sim_jk_uart knobs;
    struct jk_unit unit;
    struct stack stack; /* of the answer in hand */
    struct jk_uart_reader reader;
    uint64_t heard_us; /* newest byte */
    uint64_t deaf_until_us;
    bool awake;
    bool unlocked; /* the password was sent */
};

/* Everything there is to say. Pure. */
void jk_uart_say(const struct sim_jk_uart *knobs, const struct jk_scene *scene,
                 struct jk_uart_values *ret);

#endif
