/* SPDX-License-Identifier: Apache-2.0
 *
 * What one hub member wants to get: the rules of the kernel's raw sockets (net/can/af_can.c,
 * can_rx_register and can_rcv_filter; Documentation/networking/can.rst section 4.1).
 */
#ifndef PORT_CAN_HUB_FILTER_H
#define PORT_CAN_HUB_FILTER_H

#include <linux/can.h>
#include <stdbool.h>
#include <stddef.h>

struct hub_filter {
    const struct can_filter *filters;
    size_t n;
    bool all_must_match; /* CAN_RAW_JOIN_FILTERS; else any */
    can_err_mask_t err_mask;
};

/* No filters match nothing. Error frames pass by the error mask, or by a filter whose mask holds
 * CAN_ERR_FLAG; such a filter matches no data frame. */
bool hub_filter_match(const struct hub_filter *want, canid_t id);

#endif
