/* SPDX-License-Identifier: Apache-2.0
 *
 * Against the golden frames and the captures beside the project, where they are present: every
 * frame is read, and our own bytes are the same except where the table below says why not.
 */
#include <stdio.h>

#include "base/json.h"
#include "proto/pylon_can/test_pylon_can_fixture.h"

static struct span shared_file(const char *name)
{
    char path[512];
    const char *shared = testing_shared();

    if (shared == NULL) {
        testing_skip("captures and vectors are not here");
        return (struct span){0};
    }
    snprintf(path, sizeof path, "%s/%s", shared, name);
    struct span text = testing_read_file(path);
    if (text.p == NULL) {
        testing_skip("no %s", name);
    }
    return text;
}

/* ---- golden frames ---- */

/* Bytes of a golden frame that we send differently, and why. */
struct difference {
    const char *dialect; /* a prefix */
    unsigned id;
    uint8_t bytes; /* bit i: byte i */
};
static const struct difference differences[] = {
    {"pylon-1.3", 0x35A, 0xFF},   /* the capture of a stack has all zero, not AA */
    {"pylon-1.3", 0x35F, 0x4C},   /* version 1.3 and id 00AA of the capture */
    {"pylon-2.0.6", 0x35F, 0x0C}, /* firmware version: meaning open, we leave 0 */
    {"victron", 0x355, 0x30},     /* 85.37 %: a bank has 85.3 % */
    {"sma", 0x355, 0x30},
    {"goodwe", 0x355, 0x30},
    {"yambms", 0x355, 0x30},
    {"victron", 0x35F, 0x0C}, /* firmware version, see pylon_can_victron.c */
    {"yambms", 0x35F, 0x0C},
    {"victron", 0x35E, 0xFF},        /* default name: not BYD, see pylon_can_victron.c */
    {"luxpower", 0x35E, 0xFF},       /* default name: not YamBMS */
    {"yambms-victron", 0x35A, 0xFF}, /* as emitted: OK is 00b */
    {"growatt", 0x311, 0xC0},        /* status word: not in a bank */
    {"growatt", 0x312, 0x60},        /* manufacturer bytes */
    {"growatt", 0x314, 0x30},        /* spread of the cells */
    {"hybrid", 0x3DB, 0x0F},         /* whole degrees of 24.0 C there; places left out */
};

static uint8_t tolerated(const char *dialect, unsigned id)
{
    uint8_t bytes = 0;

    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        const struct difference *d = &differences[i];

        if (d->id == id && strncmp(dialect, d->dialect, strlen(d->dialect)) == 0) {
            bytes |= d->bytes;
        }
    }
    return bytes;
}

static void compare_golden(const char *dialect, const struct can_msg *golden)
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    struct bank bank = fixture_bank();
    uint8_t skip = tolerated(dialect, golden->id);
    size_t n = 0;

    CU_ASSERT_EQUAL(pylon_can_encode(pylon_can_find(dialect), &bank, NULL, msgs, &n), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        if (msgs[i].id != golden->id) {
            continue;
        }
        /* victron-pytes sends short frames, the golden set has its long ones */
        bool same_length = msgs[i].dlc == golden->dlc || strcmp(dialect, "victron-pytes") == 0;
        CU_ASSERT_TRUE(same_length);
        for (size_t b = 0; b < msgs[i].dlc; b++) {
            if (((skip >> b) & 1) == 0 && msgs[i].data[b] != golden->data[b] && same_length &&
                strcmp(dialect, "victron-pytes") != 0) {
                TESTING_FAIL("%s %03x byte %zu: %02x, golden %02x", dialect, (unsigned)golden->id,
                             b, msgs[i].data[b], golden->data[b]);
            }
        }
    }
}

static void golden_frame(const char *dialect, const struct json *frame)
{
    struct bank bank = fixture_bank();
    const char *hex = json_string(json_get(frame, "hex"));
    char text[40];

    CU_ASSERT_PTR_NOT_NULL_FATAL(hex);
    snprintf(text, sizeof text, "%s#%s", json_key(frame) + 2, hex);
    struct can_msg msg = fixture_msg(text);
    struct decoded verdict = pylon_can_decode(pylon_can_find(dialect), &msg, &bank);
    bool ours = verdict.code != ERR_NOT_FOUND; /* 0x300 of LuxPower goes to the battery */
    if (verdict.code != ERR_OK && ours) {
        TESTING_FAIL("%s %s: %s at %u", dialect, text, err_text(verdict.code),
                     (unsigned)verdict.offset);
    }
    if (ours) {
        compare_golden(dialect, &msg);
    }
}

static void test_golden_frames(void)
{
    struct span text = shared_file("vectors/pylon-can.json");
    struct json_doc *doc = NULL;
    unsigned dialects = 0;

    if (text.p == NULL) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(json_parse(text, &doc, NULL), ERR_OK);
    const struct json *dialect = json_first(json_root(doc));
    for (; dialect != NULL; dialect = json_next(dialect)) {
        const char *name = json_key(dialect);

        if (pylon_can_find(name) == NULL) {
            continue;
        }
        dialects++;
        const struct json *frame = json_first(dialect);
        for (; frame != NULL; frame = json_next(frame)) {
            golden_frame(name, frame);
        }
    }
    CU_ASSERT_EQUAL(dialects, 17);
    json_delete(doc);
}

/* ---- captures ---- */

/* Reads a log into the bank; the verdict of the first refused frame and its id. */
static enum err read_capture(const char *dialect, const char *name, struct bank *bank,
                             uint32_t *ret_id)
{
    char path[128];
    struct span line;
    enum err first = ERR_OK;

    snprintf(path, sizeof path, "captures/pylon-can/%s", name);
    struct span text = shared_file(path);
    memset(bank, 0, sizeof *bank);
    *ret_id = 0;
    while (span_line(&text, &line)) {
        struct can_log_line log;

        CU_ASSERT_EQUAL_FATAL(can_log_parse(line, &log), ERR_OK);
        struct decoded verdict = pylon_can_decode(pylon_can_find(dialect), &log.msg, bank);
        if (verdict.code != ERR_OK && first == ERR_OK) {
            first = verdict.code;
            *ret_id = log.msg.id;
        }
    }
    return first;
}

static bool have_captures(void)
{
    return shared_file("captures/pylon-can/captures.json").p != NULL;
}

/* Decode, encode again, get the capture back byte for byte. */
static void expect_same_again(const char *dialect, const char *name, const struct bank *bank)
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    char path[128];
    struct span line;
    size_t n = 0;

    snprintf(path, sizeof path, "captures/pylon-can/%s", name);
    struct span text = shared_file(path);
    CU_ASSERT_EQUAL(pylon_can_encode(pylon_can_find(dialect), bank, NULL, msgs, &n), ERR_OK);
    while (span_line(&text, &line)) {
        struct can_log_line log;
        bool found = false;

        CU_ASSERT_EQUAL_FATAL(can_log_parse(line, &log), ERR_OK);
        for (size_t i = 0; i < n; i++) {
            found = found || can_msg_eq(&msgs[i], &log.msg);
        }
        if (!found) {
            TESTING_FAIL("%s: frame %03x does not come back", name, (unsigned)log.msg.id);
        }
    }
}

static void test_capture_1_3(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    CU_ASSERT_EQUAL(read_capture("pylon-1.3", "02_pylon13_us5000_v13.log", &bank, &id), ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 52800);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 480000);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 840);
    CU_ASSERT_EQUAL(bank.sum.soh_pm, 960);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 49870);
    CU_ASSERT_EQUAL(bank.sum.current_ma, -27900);
    CU_ASSERT_EQUAL(bank.sum.temp_dc[0], 363);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 572000);
    expect_same_again("pylon-1.3", "02_pylon13_us5000_v13.log", &bank);
}

/* All but the firmware version in 35F, and 371, whose temperature half contradicts 376 and 377. */
static void test_capture_2_0_6(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    CU_ASSERT_EQUAL(read_capture("pylon-2.0.6", "06_pylonv2_ecoworthy_cubix100.log", &bank, &id),
                    ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 52410);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 300);
    CU_ASSERT_EQUAL(bank.sum.cell_min_mv, 3274);
    CU_ASSERT_EQUAL(bank.sum.cell_max_mv, 3279);
    CU_ASSERT_EQUAL(bank.sum.temp_min_dc, 108); /* of 370; 373 has whole degrees only */
    CU_ASSERT_EQUAL(bank.sum.temp_max_dc, 118);
    CU_ASSERT_EQUAL(bank.online, 2);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 200000);
    CU_ASSERT(bank.cell_min.battery == 2 && bank.cell_min.place == 4);
    CU_ASSERT(bank.cell_max.battery == 2 && bank.cell_max.place == 6);
    EXPECT_FRAME("pylon-2.0.6", &bank, "351#4802D007D007C001");
    EXPECT_FRAME("pylon-2.0.6", &bank, "373#CA0CCF0C1B011C01");
    EXPECT_FRAME("pylon-2.0.6", &bank, "376#3032303200000000");
    EXPECT_FRAME("pylon-2.0.6", &bank, "370#76006C00CF0CCA0C");
}

static void test_capture_bridge_1_2(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    /* that bridge sends the inverter's keepalive itself */
    CU_ASSERT_EQUAL(read_capture("pylon-1.2", "19_jkbms2pylon_armin.log", &bank, &id),
                    ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(id, 0x305);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 55200);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 50000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 80000);
    CU_ASSERT_EQUAL(bank.sum.current_ma, 400);
    EXPECT_FRAME("pylon-1.2", &bank, "351#2802F4012003E001");
    EXPECT_FRAME("pylon-1.2", &bank, "356#6C140400DC00");
    EXPECT_FRAME("pylon-1.2", &bank, "359#0000000001504E");
    EXPECT_FRAME("pylon-1.2", &bank, "35C#C000");
}

static void test_capture_victron(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    CU_ASSERT_EQUAL(read_capture("victron", "07_victron_ecoworthy.log", &bank, &id), ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 860);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 54460);
    CU_ASSERT_EQUAL(bank.sum.current_ma, 9000);
    CU_ASSERT_EQUAL(bank.sum.cell_min_mv, 3401);
    CU_ASSERT_EQUAL(bank.sum.temp_min_dc, 150);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 200000);
    CU_ASSERT_STRING_EQUAL(bank.sum.maker, "ECO-LFP4");
    CU_ASSERT_FALSE(battery_knows(&bank.sum, FIELD_PROTECTIONS));
}

static void test_capture_sma(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    /* 380, the serial number, does not belong to the set */
    CU_ASSERT_EQUAL(read_capture("sma", "14_sma_rec_bms.log", &bank, &id), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(id, 0x380);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 28700);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 70000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 100000);
    CU_ASSERT_EQUAL(bank.sum.dvl_mv, 23100);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 500);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 26100);
    CU_ASSERT_EQUAL(bank.sum.temp_dc[0], 295);
    CU_ASSERT_EQUAL(bank.sum.full_mah, 100000);
    CU_ASSERT_EQUAL(bank.sum.protections | bank.sum.warnings, 0);
    CU_ASSERT_STRING_EQUAL(bank.sum.maker, "REC-BMS");
}

/* The last of two 351 of a US2000C. */
static void test_capture_us2000c(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    CU_ASSERT_EQUAL(read_capture("pylon-1.2", "20_us2000c_351.log", &bank, &id), ERR_OK);
    CU_ASSERT_EQUAL(bank.sum.known, FIELD_CVL | FIELD_DVL | FIELD_CCL | FIELD_DCL);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 52800);
    CU_ASSERT_EQUAL(bank.sum.dvl_mv, 45000);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 37000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 37000);
}

/* Big endian; the keep-alive 301 is not the battery's. */
static void test_capture_growatt(void)
{
    struct bank bank;
    uint32_t id = 0;

    if (!have_captures()) {
        return;
    }
    CU_ASSERT_EQUAL(read_capture("growatt-lv-1.04", "21_growatt_none.log", &bank, &id),
                    ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(id, 0x301);
    CU_ASSERT_EQUAL(bank.sum.cvl_mv, 56000);
    CU_ASSERT_EQUAL(bank.sum.ccl_ma, 50000);
    CU_ASSERT_EQUAL(bank.sum.dcl_ma, 50000);
    CU_ASSERT_EQUAL(bank.sum.pack_mv, 52000);
    CU_ASSERT_EQUAL(bank.sum.current_ma, 10000);
    CU_ASSERT_EQUAL(bank.sum.temp_max_dc, 250);
    CU_ASSERT_EQUAL(bank.sum.soc_pm, 850);
    CU_ASSERT_EQUAL(bank.sum.soh_pm, 970);
}

struct bad_capture {
    const char *dialect;
    const char *name;
    uint32_t id;
    enum err code;
    uint32_t unknown; /* a field that must not be taken */
};

/* Recordings of buggy bridges: the codec must not swallow what they got wrong. */
static void test_captures_of_bugs(void)
{
    static const struct bad_capture cases[] = {
        {"pylon-1.2", "18_diybms_issue87.log", 0x351, ERR_RANGE, FIELD_DCL},
        {"yambms-pylon12", "16_yambms_issue168.log", 0x356, ERR_RANGE, FIELD_TEMPS},
        {"sma", "17_bmstoinverter_sma_issue34.log", 0x359, ERR_NOT_FOUND, FIELD_WARNINGS},
        {"victron", "13_victron_discover.log", 0x354, ERR_NOT_FOUND, FIELD_PACK_MV},
    };

    if (!have_captures()) {
        return;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bank bank;
        uint32_t id = 0;
        enum err code = read_capture(cases[i].dialect, cases[i].name, &bank, &id);

        if (code != cases[i].code || id != cases[i].id ||
            (bank.sum.known & cases[i].unknown) != 0) {
            TESTING_FAIL("%s: %s in %03x, known %x", cases[i].name, err_text(code), (unsigned)id,
                         (unsigned)bank.sum.known);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"golden frames of every dialect", test_golden_frames},
        {"capture: V1.3 stack, there and back", test_capture_1_3},
        {"capture: V2.0.6", test_capture_2_0_6},
        {"capture: a bridge that speaks V1.2", test_capture_bridge_1_2},
        {"capture: Victron set", test_capture_victron},
        {"capture: SMA set of a 24 V pack", test_capture_sma},
        {"capture: limits of a US2000C", test_capture_us2000c},
        {"vector: Growatt", test_capture_growatt},
        {"captures of buggy bridges", test_captures_of_bugs},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_shared", cases);
}
