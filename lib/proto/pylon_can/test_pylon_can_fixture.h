/* SPDX-License-Identifier: Apache-2.0
 *
 * The bank behind the golden frames of the specification (53.2 V, 37 A, 85.3 %, 51.23 V, -12.4 A,
 * 23.5 C, 3 modules), and small helpers of the tests in this folder.
 */
#ifndef PROTO_TEST_PYLON_CAN_FIXTURE_H
#define PROTO_TEST_PYLON_CAN_FIXTURE_H

#include <string.h>

#include "proto/pylon_can/pylon_can.h"
#include "testing/testing.h"

enum { FIXTURE_ALL_FIELDS = (1 << 25) - 1 };

static inline struct bank fixture_bank(void)
{
    struct bank bank;

    memset(&bank, 0, sizeof bank);
    bank.life = BANK_ONLINE;
    bank.online = 3;
    bank.lost = 1;
    bank.cells_per_battery = 16;
    bank.cell_min = (struct bank_place){2, 4};
    bank.cell_max = (struct bank_place){2, 9};
    bank.temp_min = (struct bank_place){2, 2};
    bank.temp_max = (struct bank_place){1, 4};
    struct battery *b = &bank.sum;
    b->known = FIXTURE_ALL_FIELDS;
    b->pack_mv = 51230;
    b->current_ma = -12400;
    b->soc_pm = 853;
    b->soh_pm = 980;
    b->full_mah = 300000;
    b->remaining_mah = 255000;
    b->cycles = 123;
    b->cell_min_mv = 3198;
    b->cell_max_mv = 3215;
    b->temp_count = 1;
    b->temp_known = 1;
    b->temp_role[0] = ROLE_CELL;
    b->temp_dc[0] = 235;
    b->temp_min_dc = 221;
    b->temp_max_dc = 248;
    b->cvl_mv = 53200;
    b->dvl_mv = 45000;
    b->ccl_ma = 37000;
    b->dcl_ma = 37000;
    b->charge_enable = true;
    b->discharge_enable = true;
    memcpy(b->model, "EXAMPLE BATTERY", 16);
    memcpy(b->serial, "SN1234567890", 13);
    return bank;
}

static inline struct can_msg fixture_msg(const char *text)
{
    struct can_msg msg = {0};

    if (!can_msg_parse(span_str(text), &msg)) {
        TESTING_FAIL("the test's own frame is no frame: %s", text);
    }
    return msg;
}

/* Encodes and gives the text of one frame; "" when it is not sent, "error N" when nothing is. */
static inline const char *fixture_frame(const char *dialect, const struct bank *bank,
                                        const char *maker, uint32_t id, char out[40])
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    struct buf text = buf_of(out, 39);
    size_t n = 0;
    enum err err = pylon_can_encode(pylon_can_find(dialect), bank, maker, msgs, &n);

    if (err != ERR_OK) {
        buf_printf(&text, "error %d", (int)err);
    }
    for (size_t i = 0; i < n; i++) {
        if (msgs[i].id == id) {
            can_msg_format(&msgs[i], &text);
        }
    }
    out[text.n] = '\0';
    return out;
}

/* Fails with both texts unless the bank is sent as `want`, which begins with the id: "351#..". */
static inline void fixture_expect_id(unsigned line, const char *dialect, const struct bank *bank,
                                     uint32_t id, const char *want)
{
    char got[40];

    fixture_frame(dialect, bank, NULL, id, got);
    if (strcmp(got, want) != 0) {
        testing_fail(__FILE__, line, "%s: got \"%s\", want \"%s\"", dialect, got, want);
    } else {
        CU_PASS("frame is as expected");
    }
}
#define EXPECT_FRAME(dialect, bank, want) \
    fixture_expect_id(__LINE__, (dialect), (bank), fixture_msg(want).id, (want))
#define EXPECT_ABSENT(dialect, bank, id) fixture_expect_id(__LINE__, (dialect), (bank), (id), "")

#endif
