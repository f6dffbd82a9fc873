/* SPDX-License-Identifier: Apache-2.0
 *
 * What a serial line is set to: raw 8N1 at any integer speed, through termios2 (BOTHER), which the
 * C library's termios cannot express. Works on devices and on both ends of a PTY.
 */
#ifndef PORT_TTY_LINE_H
#define PORT_TTY_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What a UART has when nobody has set it: 9600. */
#define LINE_POWER_ON_BAUD 9600U

enum line_queue { LINE_INPUT, LINE_OUTPUT, LINE_BOTH };

/* Raw, 8 data bits, no parity, 1 stop bit, no flow control, modem lines ignored (CLOCAL).
 * ERR_RANGE for speed 0, ERR_UNSUPPORTED when the driver settled more than 3 % away from `baud`. */
enum err line_setup(int fd, uint32_t baud);
/* The output speed in force; 0 when fd is no line. */
uint32_t line_speed(int fd);
void line_flush(int fd, enum line_queue queue);
/* Asks the driver not to collect bytes (FTDI adapters wait 16 ms by default); refusal is normal. */
void line_low_latency(int fd);
/* TIOCEXCL, after checking that nobody else has it: root is not stopped by it in open(2).
 * ERR_BUSY when somebody has. */
enum err line_claim(int fd);
void line_unclaim(int fd);
/* What pulling the cable does to everybody who has the line open. ERR_DENIED without root. */
enum err line_hangup(int fd);

#endif
