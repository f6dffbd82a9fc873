/* SPDX-License-Identifier: Apache-2.0
 *
 * The project's one set of error codes. Functions return an enum err; results leave through ret_*
 * pointers and are untouched on failure. A library function returns an error or logs it, not both.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>

enum err {
    ERR_OK = 0,
    ERR_MEMORY,      /* no memory */
    ERR_IO,          /* the operating system refused; errno has the reason */
    ERR_USAGE,       /* the caller or the user asked for something that makes no sense */
    ERR_SYNTAX,      /* text that does not follow its grammar */
    ERR_RANGE,       /* a number outside what its field or the plausible world allows */
    ERR_SHORT,       /* input ended before the value did */
    ERR_SPACE,       /* output buffer or table is full */
    ERR_CHECKSUM,    /* the check value does not match the bytes */
    ERR_LAYOUT,      /* a table, frame or document of an unknown shape */
    ERR_INCOMPLETE,  /* parts are missing: a row, a completion line, a mandatory key */
    ERR_MISMATCH,    /* a good answer, but to another question (echo, address, id) */
    ERR_IMPLAUSIBLE, /* well formed, yet the physics says no */
    ERR_REFUSED,     /* the other side answered with an error reply */
    ERR_NOT_FOUND,   /* no such file, device, name or row */
    ERR_EXISTS,      /* already there */
    ERR_BUSY,        /* in use by someone else */
    ERR_DENIED,      /* no permission */
    ERR_TIMEOUT,     /* a deadline passed */
    ERR_CLOSED,      /* the connection or device is gone */
    ERR_AGAIN,       /* not now: try when the descriptor is ready */
    ERR_UNSUPPORTED, /* valid, but not on this device, kernel or build */
    ERR_COUNT
};

/* A decoder's verdict: the code and, when it is not ERR_OK, the offset of the offending byte. */
struct decoded {
    enum err code;
    uint32_t offset;
};

/* A short lower-case phrase for messages ("no such device"); never NULL. */
const char *err_text(enum err code);

/* The enum err that best describes errno value `number` (ENODEV -> ERR_NOT_FOUND, ...). */
enum err err_from_errno(int number);

#endif
