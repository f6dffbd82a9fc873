/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge's DBC reader against frames written out by hand from the Pylontech V1.2 document.
 */
#include <string.h>

#include "harness/judge/dbc.h"
#include "testing/testing.h"

static const char table[] = "VERSION \"\"\n"
                            "BU_: BMS INV\n"
                            "BO_ 849 limits: 8 BMS\n"
                            " SG_ cvl : 0|16@1+ (0.1,0) [40|63] \"V\" INV\n"
                            " SG_ ccl : 16|16@1- (0.1,0) [0|1200] \"A\" INV\n"
                            "BO_ 854 measurement: 6 BMS\n"
                            " SG_ voltage : 0|16@1- (0.01,0) [36|64] \"V\" INV\n"
                            " SG_ current : 16|16@1- (0.1,0) [-3276|3276] \"A\" INV\n"
                            " SG_ temperature : 32|16@1- (0.1,0) [-40|90] \"degC\" INV\n"
                            "BO_ 857 alarms: 7 BMS\n"
                            " SG_ protection_cell_overvoltage : 1|1@1+ (1,0) [0|1] \"\" INV\n"
                            " SG_ alarm_internal_communication : 27|1@1+ (1,0) [0|1] \"\" INV\n"
                            "BO_ 786 growatt: 8 BMS\n"
                            " SG_ big : 7|16@0- (0.1,0) [0|0] \"A\" INV\n"
                            "BO_ 2566834709 wide: 1 INV\n"
                            "CM_ BO_ 849 \"Pylontech V1.2\";\n";

static struct dbc *parse(const char *text)
{
    struct dbc *dbc = NULL;
    CU_ASSERT_EQUAL(dbc_parse("t.dbc", span_str(text), stderr, &dbc), ERR_OK);
    return dbc;
}

static int64_t value(const struct dbc *dbc, const char *name, const char *frame)
{
    struct can_msg msg;
    int64_t micro = INT64_MIN;
    const struct dbc_signal *s = dbc_signal(dbc, name, NULL);
    CU_ASSERT_FATAL(s && can_msg_parse(span_str(frame), &msg));
    return dbc_decode(s, &msg, &micro) ? micro : INT64_MIN;
}

static void test_values(void)
{
    struct dbc *dbc = parse(table);
    CU_ASSERT_EQUAL(value(dbc, "cvl", "351#140272017201C201"), 53200000);
    CU_ASSERT_EQUAL(value(dbc, "ccl", "351#140272017201C201"), 37000000);
    CU_ASSERT_EQUAL(value(dbc, "voltage", "356#031484FFEB00"), 51230000);
    CU_ASSERT_EQUAL(value(dbc, "current", "356#031484FFEB00"), -12400000);
    CU_ASSERT_EQUAL(value(dbc, "temperature", "356#031484FF85FF"), -12300000);
    CU_ASSERT_EQUAL(value(dbc, "protection.cell_overvoltage", "359#0200000003504E"), 1000000);
    CU_ASSERT_EQUAL(value(dbc, "protection_cell_overvoltage", "359#FD00000003504E"), 0);
    CU_ASSERT_EQUAL(value(dbc, "alarm.internal_communication", "359#0000000803504E"), 1000000);
    CU_ASSERT_EQUAL(value(dbc, "big", "312#FF84000000000000"), -12400000);
    dbc_delete(dbc);
}

static void test_short_frames(void)
{
    struct dbc *dbc = parse(table);
    CU_ASSERT_EQUAL(value(dbc, "ccl", "351#140272"), INT64_MIN);
    CU_ASSERT_EQUAL(value(dbc, "cvl", "351#1402"), 53200000);
    CU_ASSERT_EQUAL(value(dbc, "cvl", "351#14"), INT64_MIN);
    CU_ASSERT_EQUAL(value(dbc, "big", "312#FF"), INT64_MIN);
    dbc_delete(dbc);
}

/* Found by fuzzing: wide signals of a table that somebody else wrote. */
static void test_too_large(void)
{
    struct dbc *dbc = parse("BO_ 849 wide: 8 BMS\n"
                            " SG_ a : 0|62@1- (0.01,0) [0|0] \"\" INV\n"
                            " SG_ b : 0|62@1+ (0.000001,9000000000000) [0|0] \"\" INV\n");
    CU_ASSERT_EQUAL(value(dbc, "a", "351#FF00000000000000"), 2550000);
    CU_ASSERT_EQUAL(value(dbc, "a", "351#0000000000000020"), INT64_MIN);
    CU_ASSERT_EQUAL(value(dbc, "b", "351#0100000000000000"), 9000000000000000001);
    CU_ASSERT_EQUAL(value(dbc, "b", "351#FFFFFFFFFFFFFF1F"), INT64_MIN);
    dbc_delete(dbc);
}

static void test_messages(void)
{
    struct dbc *dbc = parse(table);
    const struct dbc_message *m = dbc_message(dbc, 849, false);
    CU_ASSERT_FATAL(m != NULL);
    CU_ASSERT_EQUAL(m->dlc, 8);
    CU_ASSERT(m->from_battery);
    CU_ASSERT_EQUAL(dbc_signal(dbc, "cvl", NULL)->dim, DIM_VOLTAGE);
    CU_ASSERT_EQUAL(dbc_signal(dbc, "temperature", NULL)->dim, DIM_TEMPERATURE);
    CU_ASSERT_PTR_NULL(dbc_message(dbc, 849, true));
    m = dbc_message(dbc, 2566834709u & 0x1FFFFFFF, true);
    CU_ASSERT(m && !m->from_battery);
    CU_ASSERT_PTR_NULL(dbc_signal(dbc, "cv", NULL));
    CU_ASSERT_STRING_EQUAL(dbc_nearest(dbc, "ccll"), "ccl");
    dbc_delete(dbc);
}

static void test_errors(void)
{
    static const char *const bad[] = {
        "",
        "BO_ x limits: 8 BMS\n",
        "BO_ 849 limits: 9 BMS\n",
        "BO_ 849 limits 8 BMS\n",
        " SG_ cvl : 0|16@1+ (0.1,0) [0|1] \"V\" INV\n",
        "BO_ 849 l: 8 BMS\n SG_ cvl 0|16@1+ (0.1,0) [0|1] \"V\" INV\n",
        "BO_ 849 l: 8 BMS\n SG_ cvl : 0|16@2+ (0.1,0) [0|1] \"V\" INV\n",
        "BO_ 849 l: 8 BMS\n SG_ cvl : 56|16@1+ (0.1,0) [0|1] \"V\" INV\n",
        "BO_ 849 l: 8 BMS\n SG_ cvl : 0|16@1+ (x,0) [0|1] \"V\" INV\n",
        "BO_ 849 l: 8 BMS\n SG_ cvl : 0|16@1+ (0.1,0) [0|1 \"V\" INV\n",
        "BO_ 849 l: 8 BMS\n SG_ cvl : 0|16@1+ (0.1,0) [0|1] V INV\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dbc *dbc = NULL;
        CU_ASSERT_EQUAL(dbc_parse("t.dbc", span_str(bad[i]), NULL, &dbc), ERR_SYNTAX);
        CU_ASSERT_PTR_NULL(dbc);
    }
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"values of the document's frames", test_values},
        {"a short frame gives no value", test_short_frames},
        {"a value beyond 64 bits is none", test_too_large},
        {"messages, nodes, units, names", test_messages},
        {"malformed lines are errors", test_errors},
        {0},
    };
    return testing_main(argc, argv, "dbc", cases);
}
