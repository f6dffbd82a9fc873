/* SPDX-License-Identifier: Apache-2.0
 *
 * The preload library: what an unmodified program calls, looked at before libc gets it. The files
 * calls_*.c define the exported functions and ask the concerns (can_*.c) in turn; the real
 * functions are found once and kept in one table.
 *
 * State at file scope is unavoidable here, since the program calls us without an argument of ours;
 * it is kept to one object a file. Everything may be called from several threads, from signal
 * handlers, after fork, and (by a program between vfork and exec) in somebody else's memory.
 */
#ifndef HARNESS_SHIM_PRELOAD_H
#define HARNESS_SHIM_PRELOAD_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#define PRELOAD_EXPORT __attribute__((visibility("default")))

struct mmsghdr;

/* result, name, parameters */
#define PRELOAD_FUNCTIONS(X)                                                                       \
    X(int, socket, (int, int, int))                                                                \
    X(int, bind, (int, const struct sockaddr *, socklen_t))                                        \
    X(int, connect, (int, const struct sockaddr *, socklen_t))                                     \
    X(int, accept, (int, struct sockaddr *, socklen_t *))                                          \
    X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                                    \
    X(int, getsockname, (int, struct sockaddr *, socklen_t *))                                     \
    X(int, getpeername, (int, struct sockaddr *, socklen_t *))                                     \
    X(int, setsockopt, (int, int, int, const void *, socklen_t))                                   \
    X(int, getsockopt, (int, int, int, void *, socklen_t *))                                       \
    X(ssize_t, send, (int, const void *, size_t, int))                                             \
    X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t))       \
    X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                         \
    X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))                                       \
    X(ssize_t, recv, (int, void *, size_t, int))                                                   \
    X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))               \
    X(ssize_t, recvmsg, (int, struct msghdr *, int))                                               \
    X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *))                    \
    X(ssize_t, read, (int, void *, size_t))                                                        \
    X(ssize_t, readv, (int, const struct iovec *, int))                                            \
    X(ssize_t, write, (int, const void *, size_t))                                                 \
    X(ssize_t, writev, (int, const struct iovec *, int))                                           \
    X(ssize_t, __read_chk, (int, void *, size_t, size_t))                                          \
    X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))                                     \
    X(ssize_t, __recvfrom_chk, (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *)) \
    X(int, close, (int))                                                                           \
    X(int, dup, (int))                                                                             \
    X(int, dup2, (int, int))                                                                       \
    X(int, dup3, (int, int, int))                                                                  \
    X(int, fcntl, (int, int, ...))                                                                 \
    X(int, fcntl64, (int, int, ...))                                                               \
    X(int, ioctl, (int, unsigned long, ...))                                                       \
    X(int, close_range, (unsigned, unsigned, int))                                                 \
    X(unsigned, if_nametoindex, (const char *))                                                    \
    X(char *, if_indextoname, (unsigned, char *))                                                  \
    X(int, clock_gettime, (clockid_t, struct timespec *))

struct preload_real {
#define PRELOAD_FIELD(result, name, parameters) result(*name) parameters;
    PRELOAD_FUNCTIONS(PRELOAD_FIELD)
#undef PRELOAD_FIELD
};

/* libc's own; never NULL for a function that this libc has. */
const struct preload_real *real(void);

#endif
