/* SPDX-License-Identifier: Apache-2.0
 *
 * The bridge put together: sources -> bank -> sinks, on one loop. Everything that decides is a
 * state machine elsewhere; here are only the ports, one timer, and the order of things.
 */
#ifndef BRIDGE_APP_H
#define BRIDGE_APP_H

#include "base/log.h"
#include "base/loop.h"
#include "bridge/config.h"

struct app;

/* Starts everything; a port, bus or broker that is not there yet is no error, it is tried again for
 * ever. What cannot heal is: ERR_MEMORY, ERR_USAGE (a broker URL), ERR_NOT_FOUND and ERR_DENIED
 * (certificate files); *ret_why says which. Keeps a copy of what it needs of config. */
enum err app_new(struct loop *loop, const struct config *config, const struct log *log,
                 struct app **ret, const char **ret_why);
/* Says goodbye to the brokers. */
void app_goodbye(struct app *app);
void app_delete(struct app *app);

#endif
