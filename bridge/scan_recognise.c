/* SPDX-License-Identifier: Apache-2.0
 *
 * Batteries by their advertisement. Source: docs/protocols/jk.md (advertising); manufacturer data
 * of JK: company 0x0B65, or 0x4B4A ("JK").
 */
#include <string.h>

#include "bridge/scan.h"

enum { JK_COMPANY = 0x0B65, JK_LETTERS = 0x4B4A, SERIAL_MODULE = 0xFFE0 };

static bool is_jk_name(const char *name)
{
    return strncmp(name, "JK-", 3) == 0 || strncmp(name, "JK_", 3) == 0;
}

/* The owner may have given it any name; then the module's company, or its service, is what is left.
 */
const char *scan_recognise(const struct bluez_found *found, const char **ret_why)
{
    char service[BLUEZ_UUID_MAX];

    bluez_uuid16(SERIAL_MODULE, service);
    if (found->has_maker && (found->maker == JK_COMPANY || found->maker == JK_LETTERS)) {
        *ret_why = "manufacturer data of JK";
        return "jk-ble";
    }
    if (is_jk_name(found->name)) {
        *ret_why = "name of a JK BMS";
        return "jk-ble";
    }
    if (bluez_found_has(found, service)) {
        *ret_why = "serial module FFE0: perhaps a JK BMS";
        return "jk-ble";
    }
    *ret_why = NULL;
    return NULL;
}
