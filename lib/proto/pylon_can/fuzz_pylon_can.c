/* SPDX-License-Identifier: Apache-2.0
 *
 * A candump log into every dialect: no line may crash the reader, and a bank that can be sent is
 * read back without complaint, within one step of every number.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/pylon_can/pylon_can.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* Frames as sent are frames as read: same set, same bytes, also the second time. */
static void send_and_read(const struct pylon_can_dialect *dialect, const struct bank *bank)
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    size_t n = 0;
    enum err err = pylon_can_encode(dialect, bank, NULL, msgs, &n);

    must(err == ERR_OK || (err == ERR_INCOMPLETE && n == 0));
    must(n <= PYLON_CAN_MAX_FRAMES);
    for (size_t i = 0; i < n; i++) {
        struct bank copy = *bank;
        struct decoded verdict = pylon_can_decode(dialect, &msgs[i], &copy);

        must(msgs[i].dlc <= 8 && msgs[i].id <= 0x7FF && !msgs[i].extended);
        /* what came in through another dialect's wider range may be out of this one's */
        must(verdict.code == ERR_OK || verdict.code == ERR_RANGE ||
             verdict.code == ERR_IMPLAUSIBLE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
        const struct pylon_can_dialect *dialect = pylon_can_find(*name);
        struct span text = span_of(data, size);
        struct span line;
        struct bank bank;

        memset(&bank, 0, sizeof bank);
        while (span_line(&text, &line)) {
            struct can_log_line log;
            struct bank before;

            memcpy(&before, &bank, sizeof bank);
            if (can_log_parse(line, &log) != ERR_OK) {
                continue;
            }
            struct decoded verdict = pylon_can_decode(dialect, &log.msg, &bank);
            bool refused = verdict.code == ERR_NOT_FOUND || verdict.code == ERR_SHORT ||
                           verdict.code == ERR_LAYOUT;
            must(!refused || memcmp(&before, &bank, sizeof bank) == 0);
            must(verdict.offset <= 8);
        }
        send_and_read(dialect, &bank);
    }
    return 0;
}
