/* SPDX-License-Identifier: Apache-2.0
 *
 * The battery on CAN without packs, line or loop: which frames at which time, byte by byte as the
 * captures of docs/protocols/pylon-can.md have them, and what firmwares do differently.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/pylon_can/pylon_can.h"
#include "sim/can_image.h"
#include "sim/device/pylon_can_battery.h"
#include "sim/device/pylon_can_knobs.h"
#include "sim/device/recording.h"
#include "testing/testing.h"

enum { BENCH_TEXT = 16384 };

struct bench {
    struct device *device;
    struct stack stack;
    uint64_t now_us;
    char said[BENCH_TEXT]; /* "351#1402.. " of each frame, or "1020:351#.. " with its time in ms */
    bool timed;
    char notes[512];
    unsigned recorded;
};

static void append(char *text, size_t cap, const char *more)
{
    struct buf out = buf_of(text, cap - 1);

    out.n = strlen(text);
    buf_str(&out, more);
    text[out.n] = '\0';
}

static void bench_stack(void *ctx, struct stack *ret)
{
    *ret = ((const struct bench *)ctx)->stack;
}

static void bench_reply(void *ctx, const struct device_reply *r)
{
    struct bench *b = ctx;
    char text[64];
    struct buf out = buf_of(text, sizeof text - 1);
    struct can_msg msg = {0};

    CU_ASSERT_EQUAL(r->kind, DEVICE_ANSWER);
    CU_ASSERT_TRUE(r->whole);
    CU_ASSERT_EQUAL(r->delay_us, 0);
    CU_ASSERT_TRUE(can_image_get(r->bytes, &msg));
    if (b->timed)
        buf_printf(&out, "%u:", (unsigned)(b->now_us / US_PER_MS));
    can_msg_format(&msg, &out);
    buf_str(&out, " ");
    text[out.n] = '\0';
    append(b->said, sizeof b->said, text);
    b->recorded += r->recorded ? 1 : 0;
    /* a reply answers to its id */
    uint64_t id = 0;
    CU_ASSERT_TRUE(parse_hex(r->command, 0x1FFFFFFF, &id));
    CU_ASSERT_EQUAL(id, msg.id);
}

static void bench_note(void *ctx, const char *kind, const char *text)
{
    struct bench *b = ctx;

    append(b->notes, sizeof b->notes, kind);
    append(b->notes, sizeof b->notes, ": ");
    append(b->notes, sizeof b->notes, text);
    append(b->notes, sizeof b->notes, "\n");
}

static void bench_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    CU_ASSERT_EQUAL(baud, 500000);
}

/* [port] with these lines; the device is on from 0 on, its first set comes after one period. */
static void bench_open(struct bench *b, const char *keys)
{
    struct sim_config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;
    const struct device_host host = {.stack = bench_stack,
                                     .reply = bench_reply,
                                     .note = bench_note,
                                     .baud = bench_baud,
                                     .ctx = b};

    if (config == NULL || conf_parse("test", span_str(keys), &file) != ERR_OK)
        abort();
    memset(b, 0, sizeof *b);
    sim_config_init(config);
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        if (!sim_config_port_key(config, &c)) {
            conf_print_errors(file, stderr);
            TESTING_FAIL("refused: %s", keys);
        }
    }
    CU_ASSERT_EQUAL_FATAL(device_new(config, &host, &b->device), ERR_OK);
    CU_ASSERT_EQUAL(b->device->ops->baud(b->device), 500000);
    b->device->ops->power_up(b->device, 0);
    conf_delete(file);
    free(config);
}

static void bench_close(struct bench *b)
{
    device_delete(b->device);
}

static void bench_until(struct bench *b, uint64_t ms)
{
    for (;;) {
        uint64_t next_us = b->device->ops->next_deadline(b->device);
        if (next_us > ms * US_PER_MS)
            break;
        if (next_us > b->now_us)
            b->now_us = next_us;
        b->device->ops->on_deadline(b->device, b->now_us);
    }
    b->now_us = ms * US_PER_MS;
}

static void bench_hear(struct bench *b, const char *frame)
{
    uint8_t bytes[CAN_IMAGE_MAX];
    struct buf image = buf_of(bytes, sizeof bytes);
    struct can_msg msg;

    CU_ASSERT_TRUE_FATAL(can_msg_parse(span_str(frame), &msg));
    CU_ASSERT_TRUE_FATAL(can_image_put(&msg, &image));
    b->device->ops->on_bytes(b->device, buf_span(&image), b->now_us);
}

/* What was said since the last time. */
static void expect(struct bench *b, const char *want)
{
    char got[BENCH_TEXT];

    span_to_str(span_trim(span_str(b->said)), got, sizeof got);
    if (strcmp(got, want) != 0)
        TESTING_FAIL("\n  got  %s\n  want %s", got, want);
    b->said[0] = '\0';
}

/* A module like those of capture 01, with its share of the current. */
static struct battery *add_module(struct bench *b, unsigned n, int32_t mv, int32_t ma, int32_t mah)
{
    struct stack_module *m = &b->stack.module[n - 1];
    struct battery *v = &m->battery;

    *m = (struct stack_module){.present = true, .product = product_find("pylontech.us5000")};
    CU_ASSERT_PTR_NOT_NULL_FATAL(m->product);
    v->pack_mv = mv;
    v->current_ma = ma;
    v->full_mah = mah;
    v->remaining_mah = mah / 2;
    v->cell_count = 15;
    v->cell_min_id = 4;
    v->cell_max_id = 6;
    v->cell_min_mv = 3320;
    v->cell_max_mv = 3330;
    v->temp_count = 2;
    v->temp_known = 3;
    v->temp_dc[0] = v->temp_dc[1] = 363;
    v->cvl_mv = 53250;
    v->dvl_mv = 45000;
    v->ccl_ma = v->dcl_ma = 80000;
    v->charge_enable = v->discharge_enable = true;
    return v;
}

/* capture 01 */
static void stack_of_6(struct bench *b)
{
    for (unsigned n = 1; n <= 6; n++) {
        struct battery *v = add_module(b, n, 49860, -4500, 95000);
        v->soc_pm = 880;
        v->soh_pm = 940;
    }
}

/* ---- bytes ---- */

static void test_capture_01(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\n");
    stack_of_6(&b);
    bench_until(&b, 999);
    expect(&b, "");
    b.timed = true;
    bench_until(&b, 1999);
    expect(&b, "1000:359#0000000006504E 1000:351#1402C012C012C201 1000:355#58005E00 "
               "1000:356#7A13F2FE6B01 1000:35C#C000 1000:35E#50594C4F4E202020");
    bench_until(&b, 2000);
    expect(&b, "2000:359#0000000006504E 2000:351#1402C012C012C201 2000:355#58005E00 "
               "2000:356#7A13F2FE6B01 2000:35C#C000 2000:35E#50594C4F4E202020");
    bench_close(&b);
}

/* capture 02: the same stack with V1.3, 572 Ah */
static void test_capture_02(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\ndialect pylon-1.3\n");
    for (unsigned n = 1; n <= 6; n++) {
        struct battery *v = add_module(&b, n, 49870, -4650, n < 6 ? 95000 : 97000);
        v->soc_pm = 840;
        v->soh_pm = 960;
        v->cvl_mv = 52800;
    }
    bench_until(&b, 1000);
    expect(&b, "351#1002C012C012C201 355#540060000000 356#7B13E9FE6B01 35A#0000000000000000 "
               "35E#50594C4F4E202020 35F#4C4901033C02AA00");
    bench_close(&b);
}

/* capture 06: two modules of a Cubix 100, 21 ms from frame to frame. Byte for byte but 371 and 376,
 * where the capture contradicts itself about the coldest sensor, and 35F, whose meaning is open. */
static void test_capture_06(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\ndialect pylon-2.0.6\n");
    for (unsigned n = 1; n <= 2; n++) {
        struct battery *v = add_module(&b, n, 52410, 0, 100000);
        v->soc_pm = 300;
        v->soh_pm = 1000;
        v->cvl_mv = 58400;
        v->dvl_mv = 44800;
        v->ccl_ma = v->dcl_ma = 100000;
        v->temp_dc[0] = 113;
        v->temp_dc[1] = 113;
        v->cell_min_mv = 3276;
        v->cell_max_mv = 3277;
    }
    struct battery *second = &b.stack.module[1].battery;
    second->temp_dc[0] = 108;
    second->temp_dc[1] = 118;
    second->cell_min_mv = 3274;
    second->cell_max_mv = 3279;
    b.timed = true;
    bench_until(&b, 1400);
    expect(&b, "1000:351#4802D007D007C001 1021:355#1E00640000000000 1042:356#7914000071000000 "
               "1063:359#0000000002504E00 1084:35C#C000000000000000 1105:35E#50594C4F4E202020 "
               "1126:35F#00000000C8000000 1147:370#76006C00CF0CCA0C 1168:371#0202010206020402 "
               "1189:372#0200000000000000 1210:373#CA0CCF0C1B011C01 1231:374#3032303400000000 "
               "1252:375#3032303600000000 1273:376#3032303100000000 1294:377#3032303200000000 "
               "1315:379#C800000000000000");
    bench_close(&b);
}

/* One alarm after the other, in the bits of the document. */
static void test_alarms(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\nomit 351 355 356 35C 35E\n");
    stack_of_6(&b);
    b.stack.module[3].battery.protections = COND_BIT(COND_DISCHARGE_OVERCURRENT);
    bench_until(&b, 1000);
    expect(&b, "359#8000000006504E");
    b.stack.module[3].battery.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    b.stack.module[5].battery.warnings = COND_BIT(COND_CHARGE_OVERCURRENT);
    bench_until(&b, 2000);
    expect(&b, "359#0200000106504E");
    bench_close(&b);
}

static void test_module_leaves(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\nomit 355 35C 35E\n");
    stack_of_6(&b);
    b.stack.module[4].present = false;
    b.stack.module[2].battery.charge_enable = false;
    bench_until(&b, 1000);
    expect(&b, "359#0000000005504E 351#1402A00FA00FC201 356#7A131FFF6B01");
    bench_close(&b);
    bench_open(&b, "device pylon-can\ndialect victron\nomit 351 355 356 35A 35E 35F 360 370 371 "
                   "373 374 375 376 377\n");
    stack_of_6(&b);
    b.stack.module[4].present = false;
    b.stack.module[2].battery.charge_enable = false;
    bench_until(&b, 1000);
    expect(&b, "372#0500010000000100 379#DB01000000000000");
    bench_close(&b);
}

/* ---- lengths, order, quirks ---- */

static void test_lengths(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\nlengths full\n");
    stack_of_6(&b);
    bench_until(&b, 1000);
    expect(&b, "359#0000000006504E00 351#1402C012C012C201 355#58005E0000000000 "
               "356#7A13F2FE6B010000 35C#C000000000000000 35E#50594C4F4E202020");
    bench_close(&b);
    bench_open(&b, "device pylon-can\nlengths short\n");
    stack_of_6(&b);
    bench_until(&b, 1000);
    expect(&b, "359#0000000006504E 351#1402C012C012 355#58005E00 356#7A13F2FE6B01 35C#C0 "
               "35E#50594C4F4E202020");
    bench_close(&b);
}

static void test_order(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\norder reversed\nomit 355 356 35C\n");
    stack_of_6(&b);
    bench_until(&b, 1000);
    expect(&b, "35E#50594C4F4E202020 351#1402C012C012C201 359#0000000006504E");
    bench_close(&b);
    bench_open(&b, "device pylon-can\norder rotating\ngap 100 ms\nomit 355 356 35C\n");
    stack_of_6(&b);
    b.timed = true;
    bench_until(&b, 2999);
    expect(&b, "1000:359#0000000006504E 1100:351#1402C012C012C201 1200:35E#50594C4F4E202020 "
               "2000:351#1402C012C012C201 2100:35E#50594C4F4E202020 2200:359#0000000006504E");
    bench_close(&b);
}

static void test_quirks(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\npn off\ndeci-volt on\nfixed-count on\n"
                   "temperature-sensor off\nmaker PYLONDIY\nomit 351 355 35C\necho-keepalive on\n");
    stack_of_6(&b);
    bench_until(&b, 1000);
    expect(&b, "359#00000000010000 356#F301F2FE24FA 35E#50594C4F4E444959 305#2100000000000000");
    bench_close(&b);
}

/* BYD: venus issue 469 */
static void test_slow_frames(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\ndialect victron-byd\nslow-frames on\n"
                   "omit 356 35A 35F 360 370 371 372 373 374 375 376 377 379\n");
    stack_of_6(&b);
    b.timed = true;
    bench_until(&b, 11000);
    expect(&b, "1000:351#1402C012C012C201 1000:355#58005E0060220000 1000:35E#4259440000000000 "
               "3000:351#1402C012C012C201 5000:351#1402C012C012C201 7000:351#1402C012C012C201 "
               "9000:351#1402C012C012C201 11000:351#1402C012C012C201 11000:355#58005E0060220000");
    bench_until(&b, 60999);
    b.said[0] = '\0';
    bench_until(&b, 61000);
    expect(&b, "61000:351#1402C012C012C201 61000:355#58005E0060220000 61000:35E#4259440000000000");
    bench_close(&b);
}

/* ---- the inverter ---- */

/* One that waits: 359 every 1.5 s; after a keep-alive whole sets, at once and for a while. */
static void test_on_request(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\nspeaks on-request\nrequest-hold 2 s\nomit 355 356 35C 35E\n");
    stack_of_6(&b);
    b.timed = true;
    bench_until(&b, 4500);
    expect(&b, "1000:359#0000000006504E 2500:359#0000000006504E 4000:359#0000000006504E");
    bench_hear(&b, "305#0102030405060708"); /* any content */
    bench_until(&b, 7499);
    expect(&b, "4500:359#0000000006504E 4500:351#1402C012C012C201 5500:359#0000000006504E "
               "5500:351#1402C012C012C201 6500:359#0000000006504E");
    CU_ASSERT_STRING_EQUAL(b.notes, "wake-up: the keep-alive was heard\n");
    /* what is no keep-alive */
    bench_hear(&b, "00000305#0000000000000000");
    bench_hear(&b, "305#R8");
    bench_hear(&b, "301#0000000000000000");
    bench_hear(&b, "351#R8");
    bench_until(&b, 8000);
    expect(&b, "8000:359#0000000006504E");
    /* each one keeps it awake */
    for (uint64_t ms = 9000; ms < 20000; ms += 1000) {
        bench_until(&b, ms);
        b.said[0] = '\0';
        bench_hear(&b, "305#");
    }
    bench_until(&b, 21000);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "351#"));
    bench_close(&b);
}

/* A bridge that sends its own set to the battery has its buses mixed up. */
static void test_frames_of_a_battery(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\n");
    stack_of_6(&b);
    bench_hear(&b, "351#1402C012C012C201");
    CU_ASSERT_STRING_EQUAL(b.notes, "forbidden: 351#1402C012C012C201\n");
    bench_hear(&b, "305#0000000000000000");
    bench_hear(&b, "307#1234567856494300");
    bench_hear(&b, "7DF#00");
    CU_ASSERT_STRING_EQUAL(b.notes, "forbidden: 351#1402C012C012C201\n");
    b.device->ops->on_bytes(b.device, SPAN_LIT("\x00\x00\x03"), 0); /* no frame at all */
    bench_close(&b);
}

/* ---- time ---- */

/* Stopped for a minute: it goes on in its rhythm and makes up for nothing. */
static void test_after_a_stop(void)
{
    struct bench b;

    bench_open(&b, "device pylon-can\ngap 20 ms\nomit 355 356 35C\n");
    stack_of_6(&b);
    b.timed = true;
    bench_until(&b, 1020);
    expect(&b, "1000:359#0000000006504E 1020:351#1402C012C012C201");
    b.now_us = 61500 * US_PER_MS;
    bench_until(&b, 62000);
    CU_ASSERT_PTR_NULL(strstr(b.said, "61500:359#0000000006504E 61500:359"));
    b.said[0] = '\0';
    bench_until(&b, 62999);
    expect(&b, "62020:351#1402C012C012C201 62040:35E#50594C4F4E202020");
    bench_until(&b, 63000);
    expect(&b, "63000:359#0000000006504E");
    bench_close(&b);
}

/* ---- what the host asks ---- */

static void test_render(void)
{
    struct bench b;
    uint8_t bytes[CAN_IMAGE_MAX];
    struct buf out = buf_of(bytes, sizeof bytes);
    struct can_msg msg = {0};
    const char *why = "";

    bench_open(&b, "device pylon-can\n");
    stack_of_6(&b);
    struct stack other = b.stack;
    other.module[0].battery.ccl_ma = 0;
    CU_ASSERT_EQUAL(b.device->ops->render(b.device, SPAN_LIT("351"), &other, &out), ERR_OK);
    CU_ASSERT_TRUE(can_image_get(buf_span(&out), &msg));
    CU_ASSERT_EQUAL(msg.data[2] | msg.data[3] << 8, 4000);
    static const char *const others[] = {"352", "", "x", "1351", "35A"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        buf_clear(&out);
        CU_ASSERT_EQUAL(b.device->ops->render(b.device, span_str(others[i]), &other, &out),
                        ERR_NOT_FOUND);
    }
    CU_ASSERT_TRUE(b.device->ops->accepts(b.device, BMS_PATH_SERIAL, "H123456", &why));
    CU_ASSERT_FALSE(b.device->ops->accepts(b.device, BMS_PATH_SERIAL, "12345678901234567", &why));
    CU_ASSERT_FALSE(b.device->ops->accepts(b.device, BMS_PATH_STATE_BASE, "Charge", &why));
    CU_ASSERT_STRING_EQUAL(why, "a battery on CAN has no such word");
    bench_close(&b);
}

static void test_replay(void)
{
    static const char log[] = "(1000.000000) can0 351#1002C012C012C201\n"
                              "(1000.010000) can0 355#540060000000\n"
                              "(1000.020000) can0 7DF#R\n"
                              "(1001.000000) can0 351#10020000C012C201\n"
                              "(1002.000000) can0 00000123#01\n";
    struct bench b;
    struct recording *recording = NULL;

    CU_ASSERT_EQUAL_FATAL(recording_new(&recording), ERR_OK);
    CU_ASSERT_EQUAL(recording_add(recording, "capture.log", span_str(log)), ERR_OK);
    CU_ASSERT_EQUAL(recording_count(recording), 5);
    bench_open(&b, "device pylon-can\n");
    stack_of_6(&b);
    b.device->ops->replay(b.device, recording);
    bench_until(&b, 1000);
    expect(&b, "351#1002C012C012C201 355#540060000000 7DF#R 00000123#01");
    bench_until(&b, 2000);
    expect(&b, "351#10020000C012C201 355#540060000000 7DF#R 00000123#01");
    bench_until(&b, 3000); /* stays at the last */
    expect(&b, "351#10020000C012C201 355#540060000000 7DF#R 00000123#01");
    CU_ASSERT_EQUAL(b.recorded, 12);
    b.device->ops->replay(b.device, NULL);
    bench_until(&b, 4000);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.said, "359#0000000006504E"));
    bench_close(&b);
    recording_delete(recording);
}

/* ---- keys ---- */

static void test_dialect_names(void)
{
    const char *const *names = pylon_can_names();

    for (size_t i = 0; names[i] != NULL; i++) {
        struct bench b;
        char text[64];
        struct buf out = buf_of(text, sizeof text - 1);

        buf_printf(&out, "device pylon-can\ndialect %s\n", names[i]);
        text[out.n] = '\0';
        bench_open(&b, text);
        stack_of_6(&b);
        bench_until(&b, 3500);
        CU_ASSERT(strlen(b.said) > 60);
        bench_close(&b);
    }
}

static void bad_key(const char *line, uint32_t column, const char *message)
{
    struct sim_config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;
    char text[128];
    struct buf out = buf_of(text, sizeof text - 1);

    buf_printf(&out, "device pylon-can\n%s\n", line);
    text[out.n] = '\0';
    if (config == NULL || conf_parse("test", span_str(text), &file) != ERR_OK)
        abort();
    sim_config_init(config);
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        sim_config_port_key(config, &c);
    }
    if (file->n_errors != 1 || file->errors[0].column != column ||
        strstr(file->errors[0].message, message) == NULL)
        TESTING_FAIL("%s: %u errors, %u: %s", line, (unsigned)file->n_errors,
                     (unsigned)file->errors[0].column, file->errors[0].message);
    conf_delete(file);
    free(config);
}

static void test_bad_keys(void)
{
    bad_key("dialect pylon-1.4", 9, "unknown dialect");
    bad_key("maker \"TOOLONGNAME\"", 7, "");
    bad_key("maker NINECHARS", 7, "at most 8 characters");
    bad_key("speaks never", 8, "unknown mode");
    bad_key("omit 35G", 6, "expected the id of a frame in hex");
    bad_key("omit 1 2 3 4 5 6 7 8 9 A B C D E F 10 11", 39, "more than 16 ids");
    bad_key("layout P1", 1, "unknown key of [port] 'layout'");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"capture 01: V1.2, six modules", test_capture_01},
        {"capture 02: V1.3", test_capture_02},
        {"capture 06: V2.0.6, two modules", test_capture_06},
        {"alarms of any module", test_alarms},
        {"a module leaves", test_module_leaves},
        {"lengths", test_lengths},
        {"order", test_order},
        {"quirks", test_quirks},
        {"slow frames", test_slow_frames},
        {"on request", test_on_request},
        {"frames that only a battery sends", test_frames_of_a_battery},
        {"after a stop", test_after_a_stop},
        {"render", test_render},
        {"replay of a log", test_replay},
        {"every dialect", test_dialect_names},
        {"keys that are refused", test_bad_keys},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_battery", cases);
}
