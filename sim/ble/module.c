/* SPDX-License-Identifier: Apache-2.0
 *
 * How a module cuts what the controller gives it.
 */
#include "sim/ble/module.h"

static size_t first_burst(const struct ble_module *module, size_t n)
{
    if (module->burst == 0 || n <= module->burst)
        return n;
    return module->burst + n % module->burst;
}

size_t ble_cut(const struct ble_module *module, size_t n, size_t payload, uint16_t *ret_sizes,
               size_t cap)
{
    size_t count = 0, burst = first_burst(module, n);

    while (n > 0 && count < cap) {
        size_t piece = burst < payload ? burst : payload;
        ret_sizes[count++] = (uint16_t)piece;
        n -= piece;
        burst -= piece;
        if (burst == 0)
            burst = module->burst != 0 && n > module->burst ? module->burst : n;
    }
    return count;
}
