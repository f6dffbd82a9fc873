/* SPDX-License-Identifier: Apache-2.0
 *
 * Every recorded frame: decoded to the values its source states, and back to the same bytes.
 */
#include <string.h>

#include "proto/jk_frame/jk_battery.h"
#include "proto/jk_frame/test_jk_support.h"

struct tally {
    size_t frames, values;
};

/* Some recordings have an acknowledge glued behind the frame. */
static struct span frame_of(const struct jk_vector *v)
{
    return span_sub(v->bytes, 0, JK_FRAME);
}

static void same_bytes(const struct jk_vector *v, enum err err, const struct buf *out)
{
    if (err != ERR_OK || !TESTING_BYTES_EQ(buf_span(out), frame_of(v)))
        TESTING_FAIL("%s: not the same bytes again", v->name);
}

static bool decodes(const struct jk_vector *v, struct decoded d)
{
    if (d.code != ERR_OK)
        TESTING_FAIL("%s: %s at %u", v->name, err_text(d.code), (unsigned)d.offset);
    return d.code == ERR_OK;
}

/* ---- cells ---- */

static void check_jk04_cells(const struct jk_vector *v, struct tally *tally)
{
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk04_cells c;
    struct battery b;

    if (!decodes(v, jk04_cells_decode(frame_of(v), &c)))
        return;
    tally->values += jk_expect_numbers(v, jk_look_cells04, &c);
    same_bytes(v, jk04_cells_encode(&c, &out), &out);
    battery_clear(&b);
    CU_ASSERT_EQUAL(jk04_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT(battery_knows(&b, FIELD_PACK_MV | FIELD_CELLS | FIELD_CELL_MIN_MAX));
    CU_ASSERT_FALSE(battery_knows(&b, FIELD_SOC_PM));
}

static void check_jk02_cells(const struct jk_vector *v, enum jk_layout layout, struct tally *tally)
{
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_cells c;
    struct battery b;
    const char *why = "";

    if (!decodes(v, jk_cells_decode(frame_of(v), layout, &c)))
        return;
    tally->values += jk_expect_numbers(v, jk_look_cells, &c);
    same_bytes(v, jk_cells_encode(&c, &out), &out);
    battery_clear(&b);
    if (!jk_cells_plausible(&c, &why))
        TESTING_FAIL("%s: %s", v->name, why);
    CU_ASSERT_EQUAL(jk_cells_to_battery(&c, &b), ERR_OK);
    CU_ASSERT(battery_knows(&b, JK_CELLS_FIELDS & ~(uint32_t)FIELD_BALANCING));
    CU_ASSERT_EQUAL(b.protections, 0); /* no public capture has one */
}

static void check_cells(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    enum jk_layout layout = jk_layout_of(frame_of(v));

    if (layout == JK_LAYOUT_UNKNOWN || (v->layout != JK_LAYOUT_UNKNOWN && v->layout != layout)) {
        TESTING_FAIL("%s: taken for layout %d", v->name, (int)layout);
        return;
    }
    tally->frames++;
    if (layout == JK04)
        check_jk04_cells(v, tally);
    else
        check_jk02_cells(v, layout, tally);
}

static void run(const char *file, void (*fn)(const struct jk_vector *v, void *ctx),
                struct tally want)
{
    struct tally tally = {0, 0};

    if (!jk_vectors_each(file, fn, &tally))
        return;
    CU_ASSERT_EQUAL(tally.frames, want.frames);
    CU_ASSERT_EQUAL(tally.values, want.values);
}

static void test_cells_24s(void)
{
    run("ble_jk02_24s.json", check_cells, (struct tally){15, 117});
}

static void test_cells_32s(void)
{
    run("ble_jk02_32s.json", check_cells, (struct tally){18, 169});
}

static void test_cells_jk04(void)
{
    run("ble_jk04.json", check_cells, (struct tally){10, 16});
}

/* ---- settings ---- */

static void check_settings(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk04_settings s04;
    struct jk_settings s;
    struct battery b;

    tally->frames++;
    battery_clear(&b);
    if (v->layout == JK04) {
        if (!decodes(v, jk04_settings_decode(frame_of(v), &s04)))
            return;
        tally->values += jk_expect_numbers(v, jk_look_settings04, &s04);
        same_bytes(v, jk04_settings_encode(&s04, &out), &out);
        CU_ASSERT_EQUAL(jk04_settings_to_battery(&s04, &b), ERR_OK);
        CU_ASSERT_EQUAL(b.cell_count, 16);
        return;
    }
    /* the one without a layout is of firmware 10.02 */
    if (!decodes(v,
                 jk_settings_decode(frame_of(v), v->layout == JK02_32S ? JK02_32S : JK02_24S, &s)))
        return;
    tally->values += jk_expect_numbers(v, jk_look_settings, &s);
    same_bytes(v, jk_settings_encode(&s, &out), &out);
    CU_ASSERT_EQUAL(jk_settings_to_battery(&s, &b), ERR_OK);
    CU_ASSERT(battery_knows(&b, FIELD_CCL | FIELD_DCL | FIELD_DVL));
    CU_ASSERT_EQUAL(battery_knows(&b, FIELD_CVL), s.charge_mv != 0);
    CU_ASSERT(!battery_knows(&b, FIELD_CVL) || b.cvl_mv > b.dvl_mv);
}

static void test_settings(void)
{
    run("ble_settings.json", check_settings, (struct tally){18, 8});
}

/* ---- information ---- */

static void check_text(const struct jk_vector *v, const char *key, struct span field,
                       struct tally *tally)
{
    char path[64] = "expected.";
    struct buf out = buf_of(path, sizeof path - 1);
    char got[40];

    out.n = 9;
    buf_str(&out, key);
    buf_str(&out, ".value");
    path[out.n] = '\0';
    const char *want = json_string(json_path(v->whole, path));
    if (want == NULL)
        return;
    jk_text(field, got, sizeof got);
    tally->values++;
    if (strcmp(got, want) != 0)
        TESTING_FAIL("%s: %s is \"%s\", not \"%s\"", v->name, key, got, want);
}

static void check_info(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_info i;
    struct battery b;
    unsigned major = 0;

    tally->frames++;
    if (!decodes(v, jk_info_decode(frame_of(v), &i)))
        return;
    tally->values += jk_expect_numbers(v, jk_look_info, &i);
    check_text(v, "model", span_of(i.model, sizeof i.model), tally);
    check_text(v, "hw", span_of(i.hardware, sizeof i.hardware), tally);
    check_text(v, "sw", span_of(i.software, sizeof i.software), tally);
    check_text(v, "name", span_of(i.name, sizeof i.name), tally);
    check_text(v, "passcode", span_of(i.passcode, sizeof i.passcode), tally);
    check_text(v, "serial8", span_of(i.serial, 8), tally);
    same_bytes(v, jk_info_encode(&i, &out), &out);
    CU_ASSERT(jk_info_major(&i, &major));
    CU_ASSERT(major >= 3 && major <= 21);
    battery_clear(&b);
    jk_info_to_battery(&i, &b);
    CU_ASSERT(battery_knows(&b, FIELD_MODEL | FIELD_FIRMWARE));
    CU_ASSERT_EQUAL(battery_knows(&b, FIELD_SERIAL), major > 3);
}

static void test_info(void)
{
    run("ble_deviceinfo.json", check_info, (struct tally){18, 54});
}

/* ---- logbook, commands ---- */

static void check_log(const struct jk_vector *v, void *ctx)
{
    const struct json *entry = json_first(json_path(v->whole, "expected.entries.value"));
    struct tally *tally = ctx;
    uint8_t memory[JK_FRAME];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_log log;

    tally->frames++;
    if (!decodes(v, jk_log_decode(frame_of(v), &log)))
        return;
    CU_ASSERT_EQUAL(log.count, json_size(json_path(v->whole, "expected.entries.value")));
    for (size_t i = 0; i < log.count && entry != NULL; i++, entry = json_next(entry)) {
        int64_t time = -1;
        int64_t code = -1;
        json_integer(json_first(entry), &time);
        json_integer(json_next(json_first(entry)), &code);
        CU_ASSERT_EQUAL(log.entries[i].time_s, time);
        CU_ASSERT_EQUAL(log.entries[i].code, code);
        tally->values += 2;
    }
    same_bytes(v, jk_log_encode(&log, &out), &out);
}

static void test_log(void)
{
    run("ble_logbook.json", check_log, (struct tally){1, 8});
}

static void check_command(const struct jk_vector *v, void *ctx)
{
    struct tally *tally = ctx;
    struct span bytes = span_sub(v->bytes, 0, JK_COMMAND); /* some have "AT\r\n" behind them */
    uint8_t memory[JK_COMMAND];
    struct buf out = buf_of(memory, sizeof memory);
    struct jk_command c;
    double number = 0;

    tally->frames++;
    if (!decodes(v, jk_command_decode(bytes, &c)))
        return;
    CU_ASSERT(json_number(json_path(v->whole, "expected.reg.value"), &number));
    CU_ASSERT_EQUAL(c.number, (uint8_t)number);
    CU_ASSERT_EQUAL(jk_command_encode(&c, &out), ERR_OK);
    TESTING_BYTES_EQ(buf_span(&out), bytes);
    if (v->bytes.n > JK_COMMAND)
        TESTING_BYTES_EQ(span_sub(v->bytes, JK_COMMAND, 4), jk_at_noise);
}

static void test_commands(void)
{
    run("ble_commands.json", check_command, (struct tally){21, 0});
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"cells of 24S", test_cells_24s},   {"cells of 32S", test_cells_32s},
        {"cells of JK04", test_cells_jk04}, {"settings", test_settings},
        {"device information", test_info},  {"logbook", test_log},
        {"commands", test_commands},        {0},
    };
    return testing_main(argc, argv, "jk_shared", cases);
}
