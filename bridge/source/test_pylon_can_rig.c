/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_pylon_can_rig.h.
 */
#include "bridge/source/test_pylon_can_rig.h"

#include <stdlib.h>
#include <string.h>

const char rig_healthy[] = "359#0000000006504E 351#1402C012C012C201 355#58005E00 "
                           "356#7A13F2FE6B01 35C#C000 35E#50594C4F4E202020";

static void write_log(void *ctx, enum log_level level, const char *line)
{
    struct can_rig *rig = ctx;
    struct buf text = buf_of(rig->said, sizeof rig->said - 1);

    (void)level;
    text.n = strlen(rig->said);
    buf_str(&text, line);
    buf_str(&text, "\n");
    rig->said[text.n] = '\0';
}

static void settle(struct can_rig *rig)
{
    struct can_msg msg;
    unsigned index = 9;

    while (rig->source.ops->take_battery(&rig->can, &index, &rig->battery)) {
        CU_ASSERT_EQUAL(index, 0);
        rig->published++;
    }
    while (rig->source.ops->take_frame(&rig->can, &msg)) {
        static const uint8_t zeros[8] = {0};
        CU_ASSERT_TRUE(msg.dlc == 8 && !msg.extended && !msg.remote && !msg.error);
        CU_ASSERT_EQUAL(memcmp(msg.data, zeros, sizeof zeros), 0);
        if (rig->n_sent < RIG_SENT_MAX)
            rig->sent[rig->n_sent++] = msg.id;
    }
    CU_ASSERT(rig->source.ops->next_deadline(&rig->can) > rig->clock.now);
}

void rig_open_config(struct can_rig *rig, const struct pylon_can_source_config *config)
{
    *rig = (struct can_rig){0};
    manual_clock_init(&rig->clock, US_PER_S, 0);
    rig->log =
        (struct log){.level = LOG_INFO, .clock = &rig->clock.clock, .write = write_log, .ctx = rig};
    pylon_can_source_init(&rig->can, config, &rig->log);
    rig->source = pylon_can_as_source(&rig->can);
    CU_ASSERT_EQUAL(rig->source.wire, SOURCE_CAN);
    CU_ASSERT_EQUAL(rig->source.capacity, 1);
    rig->source.ops->opened(&rig->can, rig->clock.now);
    rig->source.ops->deadline(&rig->can, rig->clock.now);
    settle(rig);
}

void rig_open(struct can_rig *rig, const char *dialect)
{
    struct pylon_can_source_config config = {.name = "rack"};

    if (dialect != NULL)
        config.dialect = pylon_can_find(dialect);
    CU_ASSERT_TRUE_FATAL(dialect == NULL || config.dialect != NULL);
    rig_open_config(rig, &config);
}

void rig_until(struct can_rig *rig, uint64_t ms)
{
    uint64_t end_us = ms * US_PER_MS;

    CU_ASSERT_FATAL(end_us >= rig->clock.now);
    for (;;) {
        uint64_t next_us = rig->source.ops->next_deadline(&rig->can);
        if (next_us > end_us)
            break;
        rig->clock.now = next_us;
        rig->source.ops->deadline(&rig->can, next_us);
        settle(rig);
    }
    rig->clock.now = end_us;
}

void rig_frames(struct can_rig *rig, uint64_t ms, const char *frames)
{
    struct span rest = span_str(frames), text;
    struct can_msg msg;

    rig_until(rig, ms);
    while (span_token(&rest, &text)) {
        if (!can_msg_parse(text, &msg)) {
            TESTING_FAIL("the test's own frame is no frame: %s", frames);
            abort();
        }
        rig->source.ops->frame(&rig->can, &msg, rig->clock.now);
        settle(rig);
    }
}

bool rig_logged(const struct can_rig *rig, const char *text)
{
    return strstr(rig->said, text) != NULL;
}
