/* SPDX-License-Identifier: Apache-2.0
 *
 * What is plugged in: serial ports and CAN interfaces of this machine, without opening them.
 */
#ifndef PORT_FIND_H
#define PORT_FIND_H

#include <stdbool.h>
#include <stddef.h>

enum { FOUND_NAME_MAX = 256 };

struct found_port {
    char name[FOUND_NAME_MAX];   /* "/dev/serial/by-id/usb-FTDI_...", "can0" */
    char target[FOUND_NAME_MAX]; /* what a by-id name leads to, "/dev/ttyUSB0"; else empty */
};

/* USB serial ports below `dev` ("/dev"), in the order of their names: those with a lasting name in
 * serial/by-id under that, then what else is ttyUSB* or ttyACM*. Returns how many there are; at
 * most `cap` are written. */
size_t find_serial(const char *dev, struct found_port *ret, size_t cap);
/* CAN interfaces below `net` ("/sys/class/net"), real or virtual, up or down. */
size_t find_can(const char *net, struct found_port *ret, size_t cap);

#endif
