/* SPDX-License-Identifier: Apache-2.0
 *
 * bms-bridge scan: what batteries could be read from here. Bluetooth LE batteries nearby, serial
 * ports, and CAN buses with the dialect that is spoken on them, each with the line that a
 * configuration needs. It only listens: nothing is sent, no port is opened but CAN buses.
 */
#ifndef BRIDGE_SCAN_H
#define BRIDGE_SCAN_H

#include "port/bluez.h"

/* `argv` behind the word "scan"; returns the exit code of the program. */
int scan_main(int argc, char **argv);

/* Which source reads what advertises so; NULL: none that we know. *ret_why says by what it was
 * recognised. */
const char *scan_recognise(const struct bluez_found *found, const char **ret_why);

#endif
