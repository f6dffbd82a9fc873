/* SPDX-License-Identifier: Apache-2.0
 *
 * One answer of every kind as the bytes on the wire, written down from the specification's formats
 * with values from captures.
 */
#ifndef PROTO_PYLON_CONSOLE_TEST_FIXTURES_H
#define PROTO_PYLON_CONSOLE_TEST_FIXTURES_H

#include "base/span.h"

enum fixture_kind {
    FX_PWR,
    FX_BAT,
    FX_MODULE,
    FX_INFO,
    FX_STAT,
    FX_PWRSYS,
    FX_SOH,
    FX_GETPWR,
    FX_TIME,
    FX_LOG,
    FX_PLAIN, /* only the frame is read: help, login, error replies */
};

struct fixture {
    const char *name;
    const char *command;
    enum fixture_kind kind;
    struct span wire; /* from the echo to the prompt */
};

extern const struct fixture fixtures[];
extern const size_t fixtures_n;

/* NULL when there is none of that name. */
const struct fixture *fixture_find(const char *name);

#endif
