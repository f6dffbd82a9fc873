/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine's name. Programs put it into client ids and log lines, so with $BMSRIG_VT_SEED it is
 * the same on every machine, like pids and random numbers (time_identity.c). The name leads to this
 * machine, as one's own name should.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { HOST_ID = 0x007f0101 }; /* what glibc makes of 127.0.1.1 */

int __gethostname_chk(char *ret, size_t n, size_t size);

PRELOAD_EXPORT int uname(struct utsname *ret)
{
    int result = (int)time_real()->syscall(SYS_uname, ret);

    if (result == 0 && time_seeded()) {
        memset(ret->nodename, 0, sizeof ret->nodename);
        memcpy(ret->nodename, TIME_HOST_NAME, sizeof TIME_HOST_NAME);
    }
    return result;
}

PRELOAD_EXPORT int gethostname(char *ret, size_t n)
{
    struct utsname name;

    if (uname(&name) != 0)
        return -1;
    size_t size = strlen(name.nodename) + 1;
    memcpy(ret, name.nodename, size < n ? size : n);
    if (size <= n)
        return 0;
    errno = ENAMETOOLONG; /* as glibc: cut, and an error */
    return -1;
}

PRELOAD_EXPORT int __gethostname_chk(char *ret, size_t n, size_t size)
{
    return n <= size ? gethostname(ret, n) : time_real()->__gethostname_chk(ret, n, size);
}

PRELOAD_EXPORT long gethostid(void)
{
    return time_seeded() ? HOST_ID : time_real()->gethostid();
}

static const char *reachable(const char *name)
{
    return name != NULL && time_seeded() && strcmp(name, TIME_HOST_NAME) == 0 ? "localhost" : name;
}

PRELOAD_EXPORT int getaddrinfo(const char *restrict name, const char *restrict service,
                               const struct addrinfo *restrict hints,
                               struct addrinfo **restrict ret)
{
    return time_real()->getaddrinfo(reachable(name), service, hints, ret);
}

PRELOAD_EXPORT struct hostent *gethostbyname(const char *name)
{
    return time_real()->gethostbyname(reachable(name));
}
