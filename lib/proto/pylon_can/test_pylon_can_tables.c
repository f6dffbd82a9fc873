/* SPDX-License-Identifier: Apache-2.0
 *
 * The dialects as tables: they are found by name, well formed, and what one says it can read back.
 */
#include "proto/pylon_can/pylon_can_table.h"
#include "proto/pylon_can/test_pylon_can_fixture.h"

static void test_names(void)
{
    size_t n = 0;

    for (const char *const *name = pylon_can_names(); *name != NULL; name++, n++) {
        const struct pylon_can_dialect *d = pylon_can_find(*name);

        CU_ASSERT_PTR_NOT_NULL_FATAL(d);
        CU_ASSERT_STRING_EQUAL(pylon_can_name(d), *name);
        CU_ASSERT_PTR_NOT_NULL(pylon_can_default_maker(d));
        CU_ASSERT(strlen(pylon_can_default_maker(d)) <= 8);
        CU_ASSERT(pylon_can_period_ms(d) >= 500 && pylon_can_period_ms(d) <= 2000);
    }
    CU_ASSERT_EQUAL(n, 17);
    CU_ASSERT_PTR_NULL(pylon_can_find("pylon-9.9"));
    CU_ASSERT_PTR_NULL(pylon_can_find(""));
    CU_ASSERT_PTR_NULL(pylon_can_find("Pylon-1.2"));
}

static void test_properties(void)
{
    const struct pylon_can_dialect *v12 = pylon_can_find("pylon-1.2");
    const struct pylon_can_dialect *growatt = pylon_can_find("growatt-lv-1.04");

    CU_ASSERT_EQUAL(pylon_can_period_ms(v12), 1000);
    CU_ASSERT_EQUAL(pylon_can_keepalive_id(v12), 0x305);
    CU_ASSERT_EQUAL(pylon_can_keepalive_id(growatt), 0x301);
    CU_ASSERT_STRING_EQUAL(pylon_can_default_maker(v12), "PYLON");
    CU_ASSERT_TRUE(pylon_can_complete(v12));
    CU_ASSERT_TRUE(pylon_can_complete(pylon_can_find("pylon-1.3")));
    CU_ASSERT_TRUE(pylon_can_complete(pylon_can_find("victron")));
    CU_ASSERT_TRUE(pylon_can_complete(pylon_can_find("sma")));
    CU_ASSERT_FALSE(pylon_can_complete(growatt));
    CU_ASSERT_FALSE(pylon_can_complete(pylon_can_find("sol-ark-1.3")));
    CU_ASSERT_FALSE(pylon_can_complete(pylon_can_find("yambms-pylon12")));
}

/* The fields of V1.2's frames, and a frame that is known but never sent. */
static void test_frames(void)
{
    static const struct pylon_can_frame want[] = {
        {0x359, 7, FIELD_PROTECTIONS | FIELD_WARNINGS},
        {0x351, 8, FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_DVL},
        {0x355, 4, FIELD_SOC_PM | FIELD_SOH_PM},
        {0x356, 6, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_TEMPS},
        {0x35C, 2, FIELD_ENABLES | FIELD_REQUESTS},
        {0x35E, 8, FIELD_MAKER},
    };
    const struct pylon_can_dialect *v12 = pylon_can_find("pylon-1.2");
    const struct pylon_can_dialect *victron = pylon_can_find("victron");
    struct pylon_can_frame frame;

    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        CU_ASSERT_TRUE_FATAL(pylon_can_frame_at(v12, i, &frame));
        CU_ASSERT_EQUAL(frame.id, want[i].id);
        CU_ASSERT_EQUAL(frame.dlc, want[i].dlc);
        CU_ASSERT_EQUAL(frame.fields, want[i].fields);
    }
    CU_ASSERT_FALSE(pylon_can_frame_at(v12, 6, &frame));
    CU_ASSERT_TRUE(pylon_can_frame_at(victron, 4, &frame));
    CU_ASSERT_EQUAL(frame.id, 0x35B);
    CU_ASSERT_EQUAL(frame.dlc, 0);
    CU_ASSERT_EQUAL(frame.fields, 0);
    for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
        CU_ASSERT_FALSE(pylon_can_frame_at(pylon_can_find(*name), PYLON_CAN_MAX_IDS, &frame));
    }
}

/* Largest value that the bank has room for. */
static int64_t room_for(enum pcan_number number)
{
    switch (number) {
    case PCAN_TEMPERATURE:
    case PCAN_TEMP_MIN:
    case PCAN_TEMP_MAX: return INT16_MAX;
    case PCAN_CELL_MIN:
    case PCAN_CELL_MAX: return UINT16_MAX;
    case PCAN_ONLINE:
    case PCAN_OFFLINE:
    case PCAN_BLOCKING_CHARGE:
    case PCAN_BLOCKING_DISCHARGE:
    case PCAN_CELLS_TOTAL: return UINT8_MAX;
    case PCAN_CVL:
    case PCAN_DVL:
    case PCAN_CCL:
    case PCAN_DCL:
    case PCAN_SOC:
    case PCAN_SOH:
    case PCAN_VOLTAGE:
    case PCAN_CURRENT:
    case PCAN_CYCLES:
    case PCAN_FULL:
    case PCAN_REMAINING: return INT32_MAX;
    }
    return 0;
}

static bool row_is_sound(const struct pcan_frame *frame, const struct pcan_row *row)
{
    bool inside = row->byte + pcan_row_bytes(row) <= 8;
    bool in_a_byte = row->bits > 8 || row->bit + row->bits <= 8;
    bool whole = row->bits <= 8 || row->bit == 0;

    if (!inside || !in_a_byte || !whole || row->bits == 0 || frame->dlc > 8) {
        return false;
    }
    if (row->kind != PCAN_NUMBER) {
        return true;
    }
    return row->mul > 0 && row->div > 0 && row->min < row->max &&
           row->max <= room_for(row->is.number) && row->bits <= 32;
}

static void check_frame(const struct pylon_can_dialect *d, const struct pcan_frame *frame)
{
    if (frame->id > 0x7FF || frame->accepts == 0 || frame->accepts >> 9 != 0) {
        TESTING_FAIL("%s %03x: id or lengths", d->name, (unsigned)frame->id);
    }
    if (frame->kind != PCAN_READ && (frame->accepts & DLC(frame->dlc)) == 0) {
        TESTING_FAIL("%s %03x: sends what it would not take", d->name, (unsigned)frame->id);
    }
    for (size_t i = 0; i < frame->n; i++) {
        if (!row_is_sound(frame, &frame->rows[i])) {
            TESTING_FAIL("%s %03x row %zu", d->name, (unsigned)frame->id, i);
        }
    }
}

static void test_tables_are_sound(void)
{
    for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
        const struct pylon_can_dialect *d = pylon_can_find(*name);
        size_t sent = 0;

        for (size_t i = 0; i < d->n; i++) {
            check_frame(d, &d->frames[i]);
            sent += d->frames[i].kind != PCAN_READ;
            for (size_t j = 0; j < i; j++) {
                CU_ASSERT_NOT_EQUAL(d->frames[i].id, d->frames[j].id);
            }
        }
        CU_ASSERT(sent <= PYLON_CAN_MAX_FRAMES);
        CU_ASSERT(sent >= 5);
    }
}

/* What a dialect sends it reads without complaint, and says the same again. */
static void test_round_trip(void)
{
    for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
        const struct pylon_can_dialect *d = pylon_can_find(*name);
        struct can_msg first[PYLON_CAN_MAX_FRAMES];
        struct can_msg second[PYLON_CAN_MAX_FRAMES];
        struct bank bank = fixture_bank();
        struct bank back;
        size_t n = 0;
        size_t m = 0;

        memset(&back, 0, sizeof back);
        CU_ASSERT_EQUAL(pylon_can_encode(d, &bank, NULL, first, &n), ERR_OK);
        for (size_t i = 0; i < n; i++) {
            struct decoded verdict = pylon_can_decode(d, &first[i], &back);

            if (verdict.code != ERR_OK) {
                TESTING_FAIL("%s %03x: %s at %u", *name, (unsigned)first[i].id,
                             err_text(verdict.code), (unsigned)verdict.offset);
            }
        }
        back.cells_per_battery = bank.cells_per_battery;
        CU_ASSERT_EQUAL(pylon_can_encode(d, &back, NULL, second, &m), ERR_OK);
        CU_ASSERT_EQUAL(n, m);
        for (size_t i = 0; i < n && i < m; i++) {
            if (!can_msg_eq(&first[i], &second[i])) {
                TESTING_FAIL("%s %03x is another frame after a round trip", *name,
                             (unsigned)first[i].id);
            }
        }
    }
}

/* One field at a time unknown: never an error that is not ERR_INCOMPLETE, never a core frame less,
 * and the frames that are sent are still in order and readable. */
static void test_every_unknown_field(void)
{
    for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
        const struct pylon_can_dialect *d = pylon_can_find(*name);

        for (uint32_t field = 1; field < FIXTURE_ALL_FIELDS; field <<= 1) {
            struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
            struct bank bank = fixture_bank();
            struct bank back;
            size_t n = 0;

            memset(&back, 0, sizeof back);
            bank.sum.known &= ~field;
            enum err err = pylon_can_encode(d, &bank, NULL, msgs, &n);
            CU_ASSERT(err == ERR_OK ? n >= 3 : err == ERR_INCOMPLETE && n == 0);
            for (size_t i = 0; i < n; i++) {
                CU_ASSERT_EQUAL(pylon_can_decode(d, &msgs[i], &back).code, ERR_OK);
            }
        }
    }
}

/* Damaged input of every kind into every frame of every dialect: no verdict but the documented. */
static void test_extreme_payloads(void)
{
    static const uint8_t fills[] = {0x00, 0xFF, 0x80, 0x7F, 0x30, 0x39, 0x20, 0x01};

    for (const char *const *name = pylon_can_names(); *name != NULL; name++) {
        const struct pylon_can_dialect *d = pylon_can_find(*name);
        struct bank bank = fixture_bank();

        for (size_t i = 0; i < d->n * sizeof fills; i++) {
            struct can_msg msg = {.id = d->frames[i / sizeof fills].id, .dlc = 8};

            memset(msg.data, fills[i % sizeof fills], 8);
            enum err code = pylon_can_decode(d, &msg, &bank).code;
            CU_ASSERT(code == ERR_OK || code == ERR_RANGE || code == ERR_IMPLAUSIBLE ||
                      code == ERR_LAYOUT);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"dialects by name", test_names},
        {"properties of dialects", test_properties},
        {"frames of a dialect", test_frames},
        {"every table is sound", test_tables_are_sound},
        {"every dialect reads what it sends", test_round_trip},
        {"every field unknown in turn", test_every_unknown_field},
        {"extreme payloads", test_extreme_payloads},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_tables", cases);
}
