/* SPDX-License-Identifier: Apache-2.0
 *
 * The real functions behind virtual time, as preload.h has them for sockets. Kept apart because
 * several of them exist in two versions of which dlsym finds the wrong one.
 */
#ifndef HARNESS_SHIM_TIME_REAL_H
#define HARNESS_SHIM_TIME_REAL_H

#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/shim/preload.h"

/* result, name, parameters */
#define TIME_FUNCTIONS(X)                                                                          \
    X(int, clock_gettime, (clockid_t, struct timespec *))                                          \
    X(int, clock_getres, (clockid_t, struct timespec *))                                           \
    X(int, clock_nanosleep, (clockid_t, int, const struct timespec *, struct timespec *))          \
    X(int, sysinfo, (struct sysinfo *))                                                            \
    X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))            \
    X(int, pselect,                                                                                \
      (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))              \
    X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))                   \
    X(int, timerfd_create, (int, int))                                                             \
    X(int, timerfd_settime, (int, int, const struct itimerspec *, struct itimerspec *))            \
    X(int, timerfd_gettime, (int, struct itimerspec *))                                            \
    X(int, sem_wait, (sem_t *))                                                                    \
    X(int, sem_timedwait, (sem_t *, const struct timespec *))                                      \
    X(int, sem_clockwait, (sem_t *, clockid_t, const struct timespec *))                           \
    X(int, sem_post, (sem_t *))                                                                    \
    X(int, pthread_mutex_lock, (pthread_mutex_t *))                                                \
    X(int, pthread_mutex_timedlock, (pthread_mutex_t *, const struct timespec *))                  \
    X(int, pthread_mutex_clocklock, (pthread_mutex_t *, clockid_t, const struct timespec *))       \
    X(int, pthread_mutex_unlock, (pthread_mutex_t *))                                              \
    X(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *))                               \
    X(int, pthread_cond_timedwait, (pthread_cond_t *, pthread_mutex_t *, const struct timespec *)) \
    X(int, pthread_cond_clockwait,                                                                 \
      (pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))                   \
    X(int, pthread_cond_signal, (pthread_cond_t *))                                                \
    X(int, pthread_cond_broadcast, (pthread_cond_t *))                                             \
    X(int, pthread_rwlock_rdlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_rwlock_wrlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t *, const struct timespec *))              \
    X(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t *, const struct timespec *))              \
    X(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t *, clockid_t, const struct timespec *))   \
    X(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t *, clockid_t, const struct timespec *))   \
    X(int, pthread_rwlock_unlock, (pthread_rwlock_t *))                                            \
    X(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))       \
    X(int, pthread_join, (pthread_t, void **))                                                     \
    X(int, pthread_timedjoin_np, (pthread_t, void **, const struct timespec *))                    \
    X(int, pthread_clockjoin_np, (pthread_t, void **, clockid_t, const struct timespec *))         \
    X(int, pthread_kill, (pthread_t, int))                                                         \
    X(int, sched_yield, (void))                                                                    \
    X(pid_t, fork, (void))                                                                         \
    X(int, posix_spawn,                                                                            \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,       \
       char *const[], char *const[]))                                                              \
    X(int, posix_spawnp,                                                                           \
      (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,       \
       char *const[], char *const[]))                                                              \
    X(int, waitid, (idtype_t, id_t, siginfo_t *, int))                                             \
    X(pid_t, wait4, (pid_t, int *, int, struct rusage *))                                          \
    X(int, kill, (pid_t, int))                                                                     \
    X(int, getitimer, (int, struct itimerval *))                                                   \
    X(int, setitimer, (int, const struct itimerval *, struct itimerval *))                         \
    X(int, timer_create, (clockid_t, struct sigevent *, timer_t *))                                \
    X(int, timer_settime, (timer_t, int, const struct itimerspec *, struct itimerspec *))          \
    X(int, timer_gettime, (timer_t, struct itimerspec *))                                          \
    X(int, timer_getoverrun, (timer_t))                                                            \
    X(int, timer_delete, (timer_t))                                                                \
    X(int, raise, (int))                                                                           \
    X(int, sigqueue, (pid_t, int, union sigval))                                                   \
    X(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *))                 \
    X(int, sigsuspend, (const sigset_t *))                                                         \
    X(int, mq_timedsend, (mqd_t, const char *, size_t, unsigned, const struct timespec *))         \
    X(ssize_t, mq_timedreceive, (mqd_t, char *, size_t, unsigned *, const struct timespec *))      \
    X(int, open, (const char *, int, ...))                                                         \
    X(int, open64, (const char *, int, ...))                                                       \
    X(int, openat, (int, const char *, int, ...))                                                  \
    X(int, openat64, (int, const char *, int, ...))                                                \
    X(FILE *, fopen, (const char *, const char *))                                                 \
    X(FILE *, fopen64, (const char *, const char *))                                               \
    X(FILE *, popen, (const char *, const char *))                                                 \
    X(int, pclose, (FILE *))                                                                       \
    X(int, fgetc, (FILE *))                                                                        \
    X(char *, fgets, (char *, int, FILE *))                                                        \
    X(size_t, fread, (void *, size_t, size_t, FILE *))                                             \
    X(ssize_t, getdelim, (char **, size_t *, int, FILE *))                                         \
    X(int, __gethostname_chk, (char *, size_t, size_t))                                            \
    X(long, gethostid, (void))                                                                     \
    X(int, getaddrinfo, (const char *, const char *, const struct addrinfo *, struct addrinfo **)) \
    X(struct hostent *, gethostbyname, (const char *))                                             \
    X(long, syscall, (long, ...))

struct time_real {
#define TIME_FIELD(result, name, parameters) result(*name) parameters;
    TIME_FUNCTIONS(TIME_FIELD)
#undef TIME_FIELD
};

/* libc's own; NULL for a function that this libc does not have. */
const struct time_real *time_real(void);

#endif
