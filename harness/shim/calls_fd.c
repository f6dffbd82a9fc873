/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls that make, copy and close descriptors, and those that ask about interfaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"
#include "harness/shim/time_shim.h"

/* ---- closing ---- */

static void forget(int fd)
{
    sigset_t before;

    if (can_socket_at(fd) == NULL)
        return;
    can_lock(&before);
    can_socket_forget(fd);
    can_unlock(&before);
}

PRELOAD_EXPORT int close(int fd)
{
    if (time_owns(fd)) {
        errno = EBADF;
        return -1;
    }
    time_timerfd_closed(fd);
    forget(fd);
    return real()->close(fd);
}

PRELOAD_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    enum { NO_CLOSING = 4 }; /* CLOSE_RANGE_CLOEXEC of linux/close_range.h */

    if (can_interface_count() > 0 && (flags & NO_CLOSING) == 0)
        for (unsigned fd = first; fd <= last && fd < 65536; fd++)
            forget((int)fd);
    if (real()->close_range == NULL) {
        errno = ENOSYS;
        return -1;
    }
    /* In parts, around what the library needs itself. */
    for (unsigned next; (next = time_next_owned(first, last)) <= last; first = next + 1) {
        if (next > first && real()->close_range(first, next - 1, flags) != 0)
            return -1;
        if (next == last)
            return 0;
    }
    return real()->close_range(first, last, flags);
}

/* ---- copying ---- */

/* `copy` was made of `fd` a moment ago, and may have replaced another descriptor. */
static int copied(int fd, int copy)
{
    struct can_socket *s = can_socket_at(fd);
    sigset_t before;

    time_timerfd_copied(fd, copy);
    if (copy < 0 || copy == fd || can_interface_count() == 0)
        return copy;
    can_lock(&before);
    if (s != NULL)
        can_socket_share(copy, s);
    else
        can_socket_forget(copy);
    can_unlock(&before);
    return copy;
}

PRELOAD_EXPORT int dup(int fd)
{
    return copied(fd, real()->dup(fd));
}

PRELOAD_EXPORT int dup2(int fd, int to)
{
    return copied(fd, real()->dup2(fd, to));
}

PRELOAD_EXPORT int dup3(int fd, int to, int flags)
{
    return copied(fd, real()->dup3(fd, to, flags));
}

static int after_fcntl(int fd, int command, int result)
{
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, result) : result;
}

/* Whatever the third argument is, it travels as a pointer-sized value, as it does in libc. */
PRELOAD_EXPORT int fcntl(int fd, int command, ...)
{
    va_list args;

    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    return after_fcntl(fd, command, real()->fcntl(fd, command, arg));
}

PRELOAD_EXPORT int fcntl64(int fd, int command, ...)
{
    va_list args;

    va_start(args, command);
    void *arg = va_arg(args, void *);
    va_end(args);
    return after_fcntl(fd, command, real()->fcntl64(fd, command, arg));
}

/* ---- asking ---- */

PRELOAD_EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    int result;

    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);
    if (can_ioctl(fd, request, arg, &result))
        return result;
    return real()->ioctl(fd, request, arg);
}

PRELOAD_EXPORT unsigned if_nametoindex(const char *name)
{
    const struct can_interface *interface = can_interface_by_name(name);
    return interface != NULL ? (unsigned)interface->ifindex : real()->if_nametoindex(name);
}

PRELOAD_EXPORT char *if_indextoname(unsigned ifindex, char out[IF_NAMESIZE])
{
    const struct can_interface *interface = can_interface_by_index((int)ifindex);

    if (interface == NULL)
        return real()->if_indextoname(ifindex, out);
    memcpy(out, interface->name, sizeof interface->name);
    return out;
}
