/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the generations: how they are told apart, registers, floats.
 */
#include "proto/jk_frame/test_jk_support.h"

/* ---- registers ---- */

static const struct {
    enum jk_layout layout;
    uint8_t number, length;
    enum jk_type record;
    uint16_t at;
    int bit;
} registers[] = {
    {JK02_24S, 0x01, 4, JK_SETTINGS, 6, -1},   {JK02_32S, 0x09, 4, JK_SETTINGS, 38, -1},
    {JK02_32S, 0x0C, 4, JK_SETTINGS, 50, -1},  {JK02_24S, 0x14, 4, JK_SETTINGS, 82, -1},
    {JK02_32S, 0x1C, 4, JK_SETTINGS, 114, -1}, {JK02_24S, 0x20, 4, JK_SETTINGS, 130, -1},
    {JK02_24S, 0x25, 4, JK_SETTINGS, 134, -1}, {JK02_24S, 0x26, 4, JK_SETTINGS, 138, -1},
    {JK02_32S, 0x21, 4, JK_SETTINGS, 134, -1}, {JK02_32S, 0x22, 4, JK_SETTINGS, 138, -1},
    {JK02_32S, 0x25, 4, JK_SETTINGS, 274, -1}, {JK02_32S, 0x27, 4, JK_SETTINGS, 282, 0},
    {JK02_32S, 0x2A, 4, JK_SETTINGS, 282, 3},  {JK02_32S, 0x36, 4, JK_SETTINGS, 282, 15},
    {JK02_32S, 0x39, 1, JK_SETTINGS, 286, -1}, {JK02_32S, 0x3B, 1, JK_SETTINGS, 297, -1},
    {JK02_32S, 0xA6, 2, JK_INFO, 185, -1},     {JK02_32S, 0xB3, 1, JK_INFO, 266, -1},
    {JK02_32S, 0xB6, 2, JK_INFO, 270, -1},     {JK02_32S, 0xB7, 1, JK_INFO, 278, -1},
    {JK02_32S, 0x6C, 4, JK_SETTINGS, 0, -1},   {JK02_32S, 0x64, 4, JK_SETTINGS, 0, -1},
    {JK04, 0x1C, 2, JK_SETTINGS, 34, -1},      {JK04, 0x20, 4, JK_SETTINGS, 38, -1},
    {JK04, 0x44, 4, JK_SETTINGS, 74, -1},      {JK04, 0x58, 4, JK_SETTINGS, 98, -1},
    {JK04, 0x64, 4, JK_SETTINGS, 106, -1},     {JK04, 0x68, 4, JK_SETTINGS, 110, -1},
    {JK04, 0x6C, 1, JK_SETTINGS, 114, -1},
};

static void test_registers(void)
{
    struct jk_register reg;

    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        CU_ASSERT_EQUAL(jk_register_find(registers[i].layout, registers[i].number, &reg), ERR_OK);
        CU_ASSERT_EQUAL(reg.length, registers[i].length);
        CU_ASSERT_EQUAL(reg.at, registers[i].at);
        CU_ASSERT_EQUAL(reg.bit, registers[i].bit);
        CU_ASSERT(reg.at == 0 || reg.record == registers[i].record);
    }
}

/* Never before the layout is proven, and never a number that this layout does not have. */
static void test_refused_registers(void)
{
    struct jk_register reg;
    struct jk_command c;

    for (unsigned number = 0; number < 256; number++) {
        CU_ASSERT_EQUAL(jk_register_find(JK_LAYOUT_UNKNOWN, (uint8_t)number, &reg),
                        ERR_UNSUPPORTED);
        CU_ASSERT_EQUAL(jk_register_command(JK_LAYOUT_UNKNOWN, (uint8_t)number, 0, &c),
                        ERR_UNSUPPORTED);
    }
    CU_ASSERT_EQUAL(jk_register_find(JK02_24S, 0x6C, &reg), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(jk_register_find(JK02_24S, 0x27, &reg), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(jk_register_find(JK04, 0x04, &reg), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(jk_register_find(JK02_32S, 0x00, &reg), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(jk_register_command(JK02_32S, 0x39, 256, &c), ERR_RANGE);
    CU_ASSERT_EQUAL(jk_register_command(JK02_32S, 0xA5, 65536, &c), ERR_RANGE);
}

static void apply(enum jk_layout layout, uint8_t number, uint32_t value, enum err want,
                  uint8_t *frame)
{
    struct jk_command c;
    enum jk_type type;

    CU_ASSERT_EQUAL(jk_register_command(layout, number, value, &c), ERR_OK);
    CU_ASSERT_EQUAL(jk_register_apply(layout, &c, frame), want);
    CU_ASSERT_EQUAL(jk_frame_check(span_of(frame, JK_FRAME), &type).code, ERR_OK);
}

static void test_applied_registers(void)
{
    uint8_t f[JK_FRAME];
    const struct jk_command unknown = {.number = 0x9F};
    const struct jk_command ovp = {.number = 0x04, .length = 4};
    struct jk_settings s;
    struct jk_info i;

    jk_blank(f, JK_SETTINGS, 0);
    f[299] ^= 1; /* no frame */
    CU_ASSERT_EQUAL(jk_register_apply(JK02_32S, &ovp, f), ERR_MISMATCH);
    f[299] ^= 1;
    apply(JK02_32S, 0x04, 3650, ERR_OK, f);
    apply(JK02_32S, 0x2A, 1, ERR_OK, f);
    apply(JK02_32S, 0x36, 1, ERR_OK, f);
    apply(JK02_32S, 0x27, 1, ERR_OK, f);
    apply(JK02_32S, 0x27, 0, ERR_OK, f);
    apply(JK02_32S, 0x3A, 0xF6, ERR_OK, f);
    apply(JK02_32S, 0x65, 1, ERR_UNSUPPORTED, f); /* shown nowhere */
    apply(JK02_32S, 0xA6, 2, ERR_MISMATCH, f);    /* shown in the other record */
    CU_ASSERT_EQUAL(jk_register_apply(JK02_32S, &unknown, f), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(jk_settings_decode(span_of(f, JK_FRAME), JK02_32S, &s).code, ERR_OK);
    CU_ASSERT_EQUAL(s.cell_ovp_mv, 3650);
    CU_ASSERT_EQUAL(s.control, 0x8008);
    CU_ASSERT_EQUAL(s.discharge_utp_c, -10);
    jk_blank(f, JK_INFO, 0);
    apply(JK02_32S, 0xA6, 2, ERR_OK, f);
    CU_ASSERT_EQUAL(jk_info_decode(span_of(f, JK_FRAME), &i).code, ERR_OK);
    CU_ASSERT_EQUAL(i.can_protocol, 2);
    CU_ASSERT_EQUAL(i.uart1_mask[0], 0);
}

/* ---- generations ---- */

static void test_layouts(void)
{
    uint8_t f[JK_FRAME];

    jk_healthy_32s(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK02_32S);
    jk_healthy_24s(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK02_24S);
    jk_healthy_jk04(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK04);
    jk_blank(f, JK_CELLS, 0); /* not booted */
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    jk_blank(f, JK_INFO, 0);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, 299)), JK_LAYOUT_UNKNOWN);
    jk_healthy_32s(f);
    jk_poke(f, 150, 4, 54000); /* 2.3 % off */
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    jk_healthy_jk04(f);
    jk_poke(f, 6, 4, 0x3ECCCCCD); /* 0.4 V */
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    jk_poke(f, 6, 4, 0x40C00000); /* 6 V */
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    jk_poke(f, 6, 4, 0x7FC00000); /* NaN */
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    jk_healthy_32s(f);
    jk_poke(f, 150, 4, 53500); /* 1.3 % */
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK02_32S);
}

/* Both voltages fit: the mark decides. */
static void test_ambiguous_layout(void)
{
    uint8_t f[JK_FRAME];

    jk_blank(f, JK_CELLS, 0);
    for (unsigned i = 0; i < 16; i++)
        jk_poke(f, 6 + 2 * i, 2, 3300);
    jk_poke(f, 118, 4, 52800);
    jk_poke(f, 150, 4, 52800);
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK02_24S);
    f[287] = 0xFE;
    jk_seal(f);
    CU_ASSERT_EQUAL(jk_layout_of(span_of(f, JK_FRAME)), JK02_32S);
}

static void test_layout_is_kept(void)
{
    struct jk_layout_lock lock = {0};
    uint8_t wide[JK_FRAME], narrow[JK_FRAME], none[JK_FRAME], old[JK_FRAME];

    jk_healthy_32s(wide);
    jk_healthy_24s(narrow);
    struct span w = span_of(wide, JK_FRAME);
    struct span n = span_of(narrow, JK_FRAME);
    jk_blank(none, JK_CELLS, 0);
    jk_healthy_jk04(old);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, span_of(none, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, w), JK02_32S);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK_LAYOUT_UNKNOWN); /* one bad frame */
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, w), JK02_32S);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, span_of(old, JK_FRAME)), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK02_24S); /* the third in a row */
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, w), JK_LAYOUT_UNKNOWN);
    CU_ASSERT_EQUAL(jk_layout_follow(&lock, n), JK02_24S);
}

/* ---- floats: bits from IEEE 754 ---- */

static void is_float(uint32_t bits, unsigned decimals, int64_t want)
{
    int64_t got = 0;

    CU_ASSERT(jk_f32_to_fixed(bits, decimals, &got));
    if (got != want)
        TESTING_FAIL("%08x is %lld, not %lld", (unsigned)bits, (long long)got, (long long)want);
}

static void test_floats(void)
{
    int64_t v = 7;

    is_float(0x00000000, 3, 0);
    is_float(0x80000000, 3, 0);
    is_float(0x3F800000, 3, 1000);
    is_float(0xBF800000, 6, -1000000);
    is_float(0x40466666, 3, 3100);
    is_float(0x3C03126F, 6, 8000);  /* 0.008 */
    is_float(0xC0266666, 3, -2600); /* -2.6 A */
    is_float(0x3A03126F, 3, 1);     /* 0.0005: half away from zero, and a hair above it */
    is_float(0xBA000000, 3, 0);     /* -0.000488 */
    is_float(0x3F000000, 0, 1);     /* 0.5 */
    is_float(0xBF000000, 0, -1);    /* -0.5 */
    is_float(0x00000001, 6, 0);     /* the smallest subnormal */
    is_float(0x4EFFFFFF, 0, 2147483520);
    is_float(0x4B800000, 6, 16777216000000);
    CU_ASSERT_FALSE(jk_f32_to_fixed(0x4F000000, 0, &v)); /* 2^31 */
    CU_ASSERT_FALSE(jk_f32_to_fixed(0x7F800000, 0, &v)); /* infinity */
    CU_ASSERT_FALSE(jk_f32_to_fixed(0x7FC00000, 0, &v)); /* NaN */
    CU_ASSERT_EQUAL(v, 7);
}

static void test_floats_back(void)
{
    CU_ASSERT_EQUAL(jk_f32_from_fixed(0, 3), 0x00000000);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(1000, 3), 0x3F800000);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(-1, 0), 0xBF800000);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(3300, 3), 0x40533333);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(8, 3), 0x3C03126F);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(-2600, 3), 0xC0266666);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(16777217, 0), 0x4B800000); /* tie to even */
    CU_ASSERT_EQUAL(jk_f32_from_fixed(16777219, 0), 0x4B800002);
    CU_ASSERT_EQUAL(jk_f32_from_fixed(62427186000001, 6), 0x4C6E240D); /* a hair above the tie */
    CU_ASSERT_EQUAL(jk_f32_from_fixed(3300000000, 9), 0x454E4000); /* 6 decimals at most: 3300 */
    CU_ASSERT_EQUAL(jk_f32_from_fixed(33554431, 0), 0x4C000000);   /* carries into the exponent */
    CU_ASSERT_EQUAL(jk_f32_from_fixed(INT64_MIN, 0), 0xD9800000);  /* held at -2^52 */
    for (int64_t mv = -5000; mv <= 5000; mv++) {
        int64_t got = 0;
        CU_ASSERT(jk_f32_to_fixed(jk_f32_from_fixed(mv, 3), 3, &got));
        CU_ASSERT_EQUAL(got, mv);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"registers", test_registers},
        {"refused registers", test_refused_registers},
        {"applied registers", test_applied_registers},
        {"generations", test_layouts},
        {"both voltages fit", test_ambiguous_layout},
        {"a generation is kept", test_layout_is_kept},
        {"floats", test_floats},
        {"to floats", test_floats_back},
        {0},
    };
    return testing_main(argc, argv, "jk_generations", cases);
}
