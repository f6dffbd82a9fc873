/* SPDX-License-Identifier: Apache-2.0
 *
 * What the makers recommend for each product, for consoles that do not tell (`pwrsys` needs the
 * admin mode). `info` has the name and the hardware's limits; those are not operating limits.
 */
#ifndef BRIDGE_SOURCE_PYLONTECH_PRODUCT_H
#define BRIDGE_SOURCE_PYLONTECH_PRODUCT_H

#include <stddef.h>
#include <stdint.h>

struct pylontech_product {
    const char *name; /* as `info` prints it */
    uint8_t cells;
    int32_t capacity_mah;
    int32_t ccl_ma;      /* recommended charge current */
    int32_t ccl_full_ma; /* and near full */
    int32_t dcl_ma;
    int32_t cvl_mv;
    int32_t dvl_mv;
};

/* By device name; NULL when unknown. */
const struct pylontech_product *pylontech_product_find(const char *device_name);
/* The recommendation for a battery that is only known by its cells and capacity (0: unknown): the
 * same rule that all known products follow. */
struct pylontech_product pylontech_product_like(uint8_t cells, int32_t capacity_mah);

#endif
