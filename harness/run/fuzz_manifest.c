/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a manifest; what is accepted must expand.
 */
#include <stdlib.h>

#include "harness/run/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct manifest_fill fill = {
        .tty = "t", .can = "c", .broker = "b", .host = "h", .dir = "d", .config = "f", .bin = "n"};
    struct manifest *m = NULL;
    FILE *nowhere = fopen("/dev/null", "w");
    char text[4096];

    if (nowhere == NULL)
        return 0;
    if (manifest_parse("dir/fuzz.dut", span_of(data, size), nowhere, &m) == ERR_OK) {
        for (size_t i = 0; i < m->n_run; i++) {
            struct buf b = buf_of(text, sizeof text);
            if (manifest_expand(m, m->run[i], &fill, &b, NULL) != ERR_OK)
                abort();
        }
    }
    manifest_delete(m);
    fclose(nowhere);
    return 0;
}
