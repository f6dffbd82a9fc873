/* SPDX-License-Identifier: Apache-2.0
 *
 * Any file as a recording: it is refused, or each command it claims to hold has an answer.
 */
#include <stdlib.h>

#include "sim/device/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recording *r;

    if (recording_new(&r) != ERR_OK)
        return 0;
    enum err e = recording_add(r, "x/y_pwr-1.txt", span_of(data, size));
    for (size_t i = 0; e == ERR_OK && i < recording_count(r); i++) {
        struct span answer;
        if (!recording_find(r, recording_command(r, i), &answer) || answer.n == 0)
            abort();
        recording_next(r, recording_command(r, i));
    }
    recording_delete(r);
    return 0;
}
