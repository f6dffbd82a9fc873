/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON that battery bridges publish for Victron's GX and for home automation, written straight
 * from fixed-point numbers: no floating point, no locale, no allocation, so no NaN, no decimal
 * comma, no null.
 *
 *   nested  what the Venus OS driver dbus-mqtt-battery (1.0.10 .. 1.0.12) takes
 *   flat    the names of the YamBMS design note, for Home Assistant templates and Node-RED
 *   union   both in one object
 *
 * Every message carries the full object: a consumer keeps a key that vanished for ever. Alarms are
 * 0 ok, 1 warning, 2 alarm.
 */
#ifndef PROTO_VICTRON_JSON_H
#define PROTO_VICTRON_JSON_H

#include "base/span.h"
#include "battery/bank.h"

enum victron_form { VICTRON_NESTED, VICTRON_FLAT, VICTRON_UNION };

enum { VICTRON_JSON_MAX = 6144 }; /* bytes that always suffice */

bool victron_form_find(const char *name, enum victron_form *ret);
const char *victron_form_name(enum victron_form form);

/* Appends the object, without a terminating NUL. ERR_INCOMPLETE (nothing written) when Dc.Power,
 * Dc.Voltage or Soc cannot be given, when not all three limits are known, or when CVL is not
 * positive. ERR_SPACE: it does not fit, nothing written. Unknown values are left out, never null.
 *
 * Cells are written when the bank is one battery whose cells are known and at most 24: the driver
 * has no Cell25 and would add up a part of the battery. Places are "04" in a bank of one battery,
 * "0204" (battery, cell) else. TimeToGo is the time until empty, 30 days when not discharging.
 * bank->life is not looked at: when to stop publishing is the caller's business. */
enum err victron_json_encode(enum victron_form form, const struct bank *bank, struct buf *out);

#endif
