/* SPDX-License-Identifier: Apache-2.0
 *
 * A TCP relay on loopback that can be slow: everything that comes in leaves on the other side after
 * a delay, in order, both ways. Clients connect to relay_port() instead of the real server.
 */
#ifndef PORT_RELAY_H
#define PORT_RELAY_H

#include "base/loop.h"

struct relay;

/* Listens on a free port of 127.0.0.1 and connects each client on to 127.0.0.1:target_port. */
enum err relay_new(struct loop *loop, uint16_t target_port, struct relay **ret);
void relay_delete(struct relay *relay);
uint16_t relay_port(const struct relay *relay);
/* From now on bytes wait this long on each way; what is under way keeps its time. 0: at once. */
void relay_set_delay(struct relay *relay, uint64_t delay_us);

#endif
