/* SPDX-License-Identifier: Apache-2.0
 *
 * What a serial receiver makes of bytes that were sent at another rate. A PTY carries bytes
 * whatever the two ends have set, so the simulation must produce the garbage a real wire would: the
 * waveform of the sender (8N1, least significant bit first) sampled in the middle of the receiver's
 * bits.
 */
#ifndef SIM_DEVICE_UART_H
#define SIM_DEVICE_UART_H

#include "base/span.h"

/* Appends what arrives. Characters with a bad stop bit are dropped, as consoles drop them; whatever
 * does not fit into `out` is lost. Equal rates copy; rates within what 8N1 tolerates also arrive
 * whole. Both rates must be > 0. */
void uart_misread(struct span sent, uint32_t from_baud, uint32_t to_baud, struct buf *out);

/* Whether two ends set to these rates understand each other (at most 3 % apart). */
bool uart_rates_agree(uint32_t a, uint32_t b);

#endif
