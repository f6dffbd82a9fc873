/* SPDX-License-Identifier: Apache-2.0
 *
 * The source `jk-modbus` against paper packs: what it asks, what it publishes, and what it does
 * when the line or a pack misbehaves. Failure numbers are those of jk-failures.md.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/jk_modbus_source.h"
#include "bridge/source/test_jk_rig.h"

/* ---- the packs ---- */

static struct jk_modbus_source *modbus(struct jk_rig *rig)
{
    return rig->source.self;
}

/* Answers function 03 like a pack: byte addresses, word counts, silence for others. Anything else
 * than a whole read request fails the test: the source sends nothing else. */
static void device(struct jk_rig *rig, struct span telegram)
{
    uint8_t memory[RIG_PIECE], block[0x120];
    struct buf out = buf_of(memory, sizeof memory);

    CU_ASSERT_EQUAL_FATAL(telegram.n, 8);
    CU_ASSERT_EQUAL(telegram.p[1], 3);
    CU_ASSERT_EQUAL(rig_crc(telegram.p, 6), telegram.p[6] | telegram.p[7] << 8);
    unsigned unit = telegram.p[0];
    unsigned address = (unsigned)telegram.p[2] << 8 | telegram.p[3];
    unsigned words = (unsigned)telegram.p[4] << 8 | telegram.p[5];
    CU_ASSERT_FATAL(unit >= 1 && unit <= 15);
    CU_ASSERT(words >= 1 && words <= 40);
    const struct paper_pack *p = &rig->packs[unit];
    if (!p->there)
        return;
    switch (address & 0xFF00) {
    case 0x1000: paper_settings(p, block); break;
    case 0x1200: paper_status(p, block); break;
    case 0x1400: paper_info(p, block); break;
    default: TESTING_FAIL("register %04X", address); return;
    }
    CU_ASSERT_FATAL((address & 0xFF) + 2 * words <= sizeof block);
    buf_u8(&out, (uint8_t)unit);
    buf_u8(&out, 3);
    buf_u8(&out, (uint8_t)(2 * words));
    buf_put(&out, span_of(block + (address & 0xFF), 2 * words));
    rig_seal(&out);
    rig_answer(rig, buf_span(&out));
}

static struct jk_rig *new_rig(struct jk_modbus_source *s, uint16_t units)
{
    struct jk_rig *rig = rig_new();
    struct jk_modbus_config config;

    jk_modbus_config_init(&config, "rack");
    if (units != 0) {
        config.units.mask = units;
        config.units.listed = true;
    }
    jk_modbus_source_init(s, &config, &rig->log);
    rig->source = jk_modbus_as_source(s);
    rig->device = device;
    for (unsigned i = 1; i < RIG_UNITS; i++) {
        rig->packs[i] = paper_pack();
        rig->packs[i].there = units == 0 ? i == 1 : (units >> i & 1) != 0;
    }
    return rig;
}

/* ---- values ---- */

static void test_first_reading(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    CU_ASSERT_EQUAL(rig->source.capacity, 1);
    CU_ASSERT_EQUAL(rig->source.ops->first_speed(&s), 115200);
    rig_open(rig);
    rig_run(rig, RIG_S(2));
    CU_ASSERT_FATAL(rig->updates[0] > 0);
    const struct battery *b = &rig->got[0];
    CU_ASSERT_EQUAL(b->pack_mv, 52800);
    CU_ASSERT_EQUAL(b->current_ma, 12345);
    CU_ASSERT_EQUAL(b->soc_pm, 750);
    CU_ASSERT_EQUAL(b->remaining_mah, 210000);
    CU_ASSERT_EQUAL(b->full_mah, 280000);
    CU_ASSERT_EQUAL(b->cell_count, 16);
    CU_ASSERT(battery_knows(b, FIELD_CELLS | FIELD_TEMP_MIN_MAX | FIELD_ENABLES));
    CU_ASSERT_EQUAL(b->cell_mv[15], 3300);
    CU_ASSERT_EQUAL(b->ccl_ma, 100000);
    CU_ASSERT_EQUAL(b->dcl_ma, 120000);
    CU_ASSERT_EQUAL(b->cvl_mv, 55200); /* 16 x 3.45 V */
    CU_ASSERT_EQUAL(b->dvl_mv, 43200); /* 16 x 2.70 V */
    CU_ASSERT_EQUAL(b->temp_max_dc, 210);
    CU_ASSERT_EQUAL(b->warnings | b->protections, 0);
    CU_ASSERT(b->charge_enable && b->discharge_enable && !b->force_charge);
    rig_run(rig, RIG_S(10));
    CU_ASSERT_STRING_EQUAL(rig->got[0].serial, "40112233445566");
    CU_ASSERT_STRING_EQUAL(rig->got[0].model, "JK_PB2A16S20P");
    CU_ASSERT(rig->updates[0] >= 10 && rig->updates[0] <= 13);
    CU_ASSERT(rig->least_gap_us >= RIG_MS(100)); /* 57 */
    CU_ASSERT_TRUE(rig->source.ops->ready(&s));
    CU_ASSERT_EQUAL(rig->source.ops->present(&s), 1);
    rig_delete(rig);
}

/* The source's first telegrams, byte for byte (CRC by the specification's polynomial). */
static void test_telegrams(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->mute = true;
    rig_open(rig);
    rig_run(rig, RIG_MS(500));
    CU_ASSERT_EQUAL_FATAL(rig->n_sent, 2);
    /* unit 1, function 03, 1004, 38 words; then not the same again */
    TESTING_BYTES_EQ(span_of(rig->sent[0].bytes, rig->sent[0].n),
                     SPAN_LIT("\x01\x03\x10\x04\x00\x26\x81\x11"));
    TESTING_BYTES_EQ(span_of(rig->sent[1].bytes, 6), SPAN_LIT("\x01\x03\x10\x04\x00\x27"));
    rig_delete(rig);
}

/* Nothing is published before the settings: no limits, no reading. */
static void test_limits_first(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->packs[1].uvp_mv = 4000; /* settings that cannot be true: above the over-voltage */
    rig_open(rig);
    rig_run(rig, RIG_S(8));
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    CU_ASSERT_TRUE(rig_logged(rig, "trouble=implausible"));
    CU_ASSERT_TRUE(rig_logged(rig, "no settings were read"));
    rig->packs[1].uvp_mv = 2600;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(12)));
    rig_delete(rig);
}

static void test_caps(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    modbus(rig)->config.caps = (struct jk_caps){
        .charge_ma = 50000, .discharge_ma = 500000, .charge_mv = 54400, .discharge_mv = 48000};
    rig_open(rig);
    CU_ASSERT_TRUE_FATAL(rig_until_update(rig, 0, RIG_S(3)));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 50000);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 120000); /* never raised */
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 54400);
    CU_ASSERT_EQUAL(rig->got[0].dvl_mv, 48000);
    rig_delete(rig);
}

/* RCV 0: the BMS asks for no voltage; the configured one counts, up to the OVP's release. */
static void test_no_charge_voltage(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->packs[1].charge_mv = 0;
    rig_open(rig);
    rig_run(rig, RIG_S(5));
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    CU_ASSERT_TRUE(rig_logged(rig, "'charge-voltage' is not configured"));
    modbus(rig)->config.caps.charge_mv = 56000;
    CU_ASSERT_TRUE_FATAL(rig_until_update(rig, 0, RIG_S(3)));
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 56000);
    modbus(rig)->config.caps.charge_mv = 60000;
    CU_ASSERT_TRUE_FATAL(rig_until_update(rig, 0, RIG_S(3)));
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 57600); /* 16 x 3.60 V */
    rig_delete(rig);
}

/* 32, 33, 36 and the MOSFETs' copy (34). */
static void test_temperatures(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->packs[1].t1_dc = -31;
    rig->packs[1].t2_dc = -2000;
    rig->packs[1].t4_dc = 150;
    rig->packs[1].t5_dc = -2000;
    rig->packs[1].mos_dc = 1050;
    rig_open(rig);
    rig_run(rig, RIG_S(3));
    CU_ASSERT_EQUAL(rig->got[0].temp_min_dc, -31);
    CU_ASSERT_EQUAL(rig->got[0].temp_max_dc, 150);
    CU_ASSERT_EQUAL(rig->got[0].temp_known, 0x0D); /* T1, MOSFETs, T4 */
    CU_ASSERT_EQUAL(rig->got[0].temp_dc[2], 1050);
    CU_ASSERT_EQUAL(rig->got[0].temp_role[2], ROLE_MOS);
    rig_delete(rig);
}

/* ---- protections ---- */

static void test_protections(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->packs[1].errors = 1u << 4; /* cell over-voltage */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].protections, COND_BIT(COND_CELL_OVERVOLTAGE));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 120000);
    CU_ASSERT_EQUAL(rig->got[0].cvl_mv, 52800); /* not above where it is */
    CU_ASSERT(!rig->got[0].charge_enable && rig->got[0].discharge_enable);
    rig->packs[1].errors = 1u << 11; /* cell under-voltage */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 100000);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 0);
    CU_ASSERT_TRUE(rig->got[0].force_charge);
    rig->packs[1].errors = 1u << 19; /* 30: only asks for another password */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].warnings | rig->got[0].protections, 0);
    rig->packs[1].errors = 1u << 30; /* nobody knows it */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].warnings, COND_BIT(COND_UNKNOWN_WORD));
    rig->packs[1].errors = 0;
    rig->packs[1].charge_on = 0; /* the MOSFETs decide, whatever the reason */
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    rig->packs[1].charge_on = 1;
    rig->packs[1].discharge_on = 0;
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT(rig->got[0].ccl_ma == 100000 && rig->got[0].dcl_ma == 0);
    rig_delete(rig);
}

/* A limit that the user lowers in the BMS counts as soon as it was read. */
static void test_settings_lowered(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_S(5));
    rig->packs[1].charge_max_ma = 20000;
    rig->packs[1].discharge_switch = 0;
    rig_run(rig, RIG_S(12));
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 20000);
    CU_ASSERT_EQUAL(rig->got[0].dcl_ma, 0);
    rig_delete(rig);
}

/* 28: 251 Ah of 320: the aged capacity is what the SOC is of. 29: a cell whose wire is off. */
static void test_wire_off(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_S(3));
    rig->packs[1].cell_mv[0] = 0;
    rig->packs[1].mask = 0xFFFE;
    rig->packs[1].pack_mv -= 3300;
    rig->packs[1].wires = 1;
    rig_run(rig, RIG_S(3));
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 49500);
    CU_ASSERT_EQUAL(rig->got[0].cell_count, 16);
    CU_ASSERT_FALSE(battery_knows(&rig->got[0], FIELD_CELLS));
    CU_ASSERT_EQUAL(rig->got[0].cell_min_mv, 3300);
    CU_ASSERT_EQUAL(rig->got[0].warnings, COND_BIT(COND_INTERNAL_FAULT));
    rig_delete(rig);
}

/* ---- what cannot be true ---- */

static void test_implausible(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_S(3));
    uint64_t before = rig->got[0].updated_us;
    rig->packs[1].pack_mv = 40000; /* 41: not the sum of the cells */
    rig->packs[1].errors = 1u << 4;
    rig_run(rig, RIG_S(3));
    CU_ASSERT_EQUAL(rig->got[0].updated_us, before);
    CU_ASSERT_EQUAL(rig->got[0].protections, 0);
    CU_ASSERT_TRUE(rig_logged(rig, "the pack voltage is not the sum of the cells"));
    rig->packs[1] = paper_pack();
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    rig_delete(rig);
}

/* A jump needs a second reading, which comes at once; what it warns of counts already. */
static void test_jump(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig_open(rig);
    rig_run(rig, RIG_S(3));
    unsigned before = rig->updates[0];
    uint64_t updated_us = rig->got[0].updated_us;
    for (unsigned i = 0; i < 16; i++)
        rig->packs[1].cell_mv[i] = 3660;
    rig->packs[1].pack_mv = 16 * 3660;
    rig->packs[1].errors = 1u << 4;
    CU_ASSERT_TRUE_FATAL(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->updates[0], before + 1);
    CU_ASSERT_EQUAL(rig->got[0].updated_us, updated_us); /* the old reading, made safer */
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 52800);
    CU_ASSERT_EQUAL(rig->got[0].ccl_ma, 0);
    uint64_t first_us = rig->now_us;
    CU_ASSERT_TRUE_FATAL(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].pack_mv, 58560);
    CU_ASSERT(rig->now_us - first_us < RIG_MS(400));
    rig_delete(rig);
}

/* 40: after its start the BMS says 0 % of a full battery for a while. */
static void test_booting(void)
{
    struct jk_modbus_source s;
    struct jk_rig *rig = new_rig(&s, 0x0002);

    rig->packs[1].soc_pc = 0;
    rig->packs[1].remaining_mah = 0;
    rig->packs[1].cycles = 0;
    rig_open(rig);
    rig_run(rig, RIG_S(15));
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    rig->packs[1] = paper_pack();
    CU_ASSERT_TRUE(rig_until_update(rig, 0, RIG_S(2)));
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 750);
    /* a new pack that is really empty */
    rig_delete(rig);
    rig = new_rig(&s, 0x0002);
    rig->packs[1].soc_pc = 0;
    rig->packs[1].remaining_mah = 0;
    rig->packs[1].cycles = 0;
    rig_open(rig);
    rig_run(rig, RIG_S(25));
    CU_ASSERT(rig->updates[0] > 0);
    CU_ASSERT_EQUAL(rig->got[0].soc_pm, 0);
    /* capacity 0: not started at all */
    rig_delete(rig);
    rig = new_rig(&s, 0x0002);
    rig->packs[1].full_mah = 0;
    rig_open(rig);
    rig_run(rig, RIG_S(30));
    CU_ASSERT_EQUAL(rig->updates[0], 0);
    rig_delete(rig);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"the first reading", test_first_reading},
        {"telegrams", test_telegrams},
        {"limits before readings", test_limits_first},
        {"configured limits only lower", test_caps},
        {"no charge voltage asked for", test_no_charge_voltage},
        {"temperatures", test_temperatures},
        {"protections and MOSFETs", test_protections},
        {"settings that are lowered", test_settings_lowered},
        {"a wire that is off", test_wire_off},
        {"implausible readings", test_implausible},
        {"a jump", test_jump},
        {"a BMS that starts", test_booting},
        {0},
    };
    return testing_main(argc, argv, "jk_modbus_source", cases);
}
