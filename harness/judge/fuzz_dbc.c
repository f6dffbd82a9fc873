/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a DBC file, and any frame decoded by what it defines.
 */
#include "harness/judge/dbc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dbc *dbc = NULL;
    if (dbc_parse("fuzz", span_of(data, size), NULL, &dbc) != ERR_OK)
        return 0;
    struct can_msg msg = {.dlc = 8};
    for (size_t i = 0; i < 8 && i < size; i++)
        msg.data[i] = data[size - 1 - i];
    for (size_t i = 0; i < dbc->n_messages; i++)
        for (size_t k = 0; k < dbc->messages[i].n_signals; k++) {
            int64_t micro;
            for (msg.dlc = 0; msg.dlc <= 8; msg.dlc++)
                (void)dbc_decode(&dbc->messages[i].signals[k], &msg, &micro);
        }
    dbc_delete(dbc);
    return 0;
}
