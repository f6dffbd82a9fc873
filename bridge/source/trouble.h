/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes wrong with a battery's answers, said in the log in one form by all sources: each kind
 * at most once a minute, with how often it happened meanwhile.
 */
#ifndef BRIDGE_SOURCE_TROUBLE_H
#define BRIDGE_SOURCE_TROUBLE_H

#include <stdarg.h>

#include "base/log.h"

enum { TROUBLE_NO_UNIT = -1 };

/* `limit` belongs to this kind of trouble of this source. */
void source_trouble(const struct log *log, struct log_limit *limit, const char *battery,
                    const char *kind, int unit, uint64_t now_us, const char *format, va_list args)
    __attribute__((format(printf, 7, 0)));

#endif
