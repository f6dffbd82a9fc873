/* SPDX-License-Identifier: Apache-2.0
 *
 * Which advertisements are batteries.
 */
#include <string.h>

#include "bridge/scan.h"
#include "testing/testing.h"

static void expect(const struct bluez_found *found, const char *source, const char *why)
{
    const char *got_why = NULL;
    const char *got = scan_recognise(found, &got_why);

    if (source == NULL) {
        CU_ASSERT_PTR_NULL(got);
        return;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_STRING_EQUAL(got, source);
    CU_ASSERT_STRING_EQUAL(got_why, why);
}

static void test_recognise(void)
{
    struct bluez_found found = {.address = "C8:47:8C:12:34:56", .name = "garage", .rssi = -70};

    expect(&found, NULL, NULL);
    found.has_maker = true;
    found.maker = 0x004C;
    expect(&found, NULL, NULL);
    found.maker = 0x0B65;
    expect(&found, "jk-ble", "manufacturer data of JK");
    found.maker = 0x4B4A;
    expect(&found, "jk-ble", "manufacturer data of JK");
    found.has_maker = false;
    span_to_str(span_str("JK_PB2A16S20P-01"), found.name, sizeof found.name);
    expect(&found, "jk-ble", "name of a JK BMS");
    span_to_str(span_str("JK-BD4A8S-4P"), found.name, sizeof found.name);
    expect(&found, "jk-ble", "name of a JK BMS");
    span_to_str(span_str("JKL"), found.name, sizeof found.name);
    expect(&found, NULL, NULL);
    found.n_uuids = 2; /* a garbled UUID before it */
    span_to_str(span_str("0000fee7ffe0-0000-1000-8000-00805f9b34"), found.uuids[0],
                sizeof found.uuids[0]);
    span_to_str(span_str("0000FFE0-0000-1000-8000-00805F9B34FB"), found.uuids[1],
                sizeof found.uuids[1]);
    expect(&found, "jk-ble", "serial module FFE0: perhaps a JK BMS");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"advertisements", test_recognise}, {0}};
    return testing_main(argc, argv, "scan", cases);
}
