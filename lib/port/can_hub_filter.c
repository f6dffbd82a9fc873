/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's filter rules, one filter at a time.
 */
#include "port/can_hub_filter.h"

static bool one_matches(const struct can_filter *f, canid_t id)
{
    canid_t mask = f->can_mask;
    canid_t value = f->can_id & ~CAN_INV_FILTER;

    if ((mask & CAN_ERR_FLAG) != 0 || (id & CAN_ERR_FLAG) != 0)
        return (mask & CAN_ERR_FLAG) != 0 && (id & CAN_ERR_FLAG) != 0 &&
               (id & mask & CAN_ERR_MASK) != 0;
    /* A filter for standard frames only compares no more than a standard frame has. */
    if ((mask & CAN_EFF_FLAG) != 0 && (value & CAN_EFF_FLAG) == 0)
        mask &= CAN_SFF_MASK | CAN_EFF_FLAG | CAN_RTR_FLAG;
    bool equal = ((id ^ value) & mask) == 0;
    return (f->can_id & CAN_INV_FILTER) != 0 ? !equal : equal;
}

bool hub_filter_match(const struct hub_filter *want, canid_t id)
{
    size_t matching = 0;

    if ((id & CAN_ERR_FLAG) != 0 && (id & want->err_mask) != 0)
        return true;
    for (size_t i = 0; i < want->n; i++)
        matching += one_matches(&want->filters[i], id) ? 1U : 0U;
    return want->all_must_match ? want->n > 0 && matching == want->n : matching > 0;
}
