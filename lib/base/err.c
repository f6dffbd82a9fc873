/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of the error codes, and the way from errno into them.
 */
#include "base/err.h"

#include <errno.h>

const char *err_text(enum err code)
{
    switch (code) {
    case ERR_OK: return "no error";
    case ERR_MEMORY: return "out of memory";
    case ERR_IO: return "input/output error";
    case ERR_USAGE: return "wrong use";
    case ERR_SYNTAX: return "syntax error";
    case ERR_RANGE: return "number out of range";
    case ERR_SHORT: return "input ends too early";
    case ERR_SPACE: return "no space left for the output";
    case ERR_CHECKSUM: return "checksum mismatch";
    case ERR_LAYOUT: return "unknown layout";
    case ERR_INCOMPLETE: return "incomplete";
    case ERR_MISMATCH: return "answer to another question";
    case ERR_IMPLAUSIBLE: return "implausible value";
    case ERR_REFUSED: return "refused by the other side";
    case ERR_NOT_FOUND: return "not found";
    case ERR_EXISTS: return "already exists";
    case ERR_BUSY: return "in use";
    case ERR_DENIED: return "permission denied";
    case ERR_TIMEOUT: return "timed out";
    case ERR_CLOSED: return "connection or device is gone";
    case ERR_AGAIN: return "not ready";
    case ERR_UNSUPPORTED: return "not supported here";
    case ERR_COUNT: break;
    }
    return "unknown error";
}

enum err err_from_errno(int number)
{
    if (number == EWOULDBLOCK) /* the same number as EAGAIN on Linux, so no case of its own */
        return ERR_AGAIN;
    switch (number) {
    case 0: return ERR_OK;
    case ENOMEM: return ERR_MEMORY;
    case EINVAL:
    case EFAULT:
    case EBADF:
    case ENAMETOOLONG:
    case EISDIR: return ERR_USAGE;
    case ERANGE:
    case EOVERFLOW: return ERR_RANGE;
    case ENOSPC:
    case ENOBUFS:
    case EMSGSIZE: return ERR_SPACE;
    case ECONNREFUSED: return ERR_REFUSED;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
    case ESRCH: return ERR_NOT_FOUND;
    case EEXIST: return ERR_EXISTS;
    case EBUSY:
    case EADDRINUSE:
    case ETXTBSY: return ERR_BUSY;
    case EACCES:
    case EPERM:
    case EROFS: return ERR_DENIED;
    case ETIMEDOUT: return ERR_TIMEOUT;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
    case ENOTCONN:
    case ESHUTDOWN:
    case ENETDOWN: return ERR_CLOSED;
    case EAGAIN:
    case EINTR:
    case EINPROGRESS:
    case EALREADY: return ERR_AGAIN;
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT: return ERR_UNSUPPORTED;
    default: return ERR_IO;
    }
}
