/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of calls_probe share. State at file scope: it is a probe, not a library.
 */
#ifndef HARNESS_CALLS_PROBE_H
#define HARNESS_CALLS_PROBE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

extern int64_t unit_ns, tolerance_ns;
extern const char *current;
extern int failures;
extern _Atomic int handled; /* signals since it was set to 0 */

int64_t now_of(clockid_t clock);
struct timespec spec(int64_t ns);
struct timespec after(clockid_t clock, int64_t ns);
int ms(int64_t units);
void fail(const char *what, long long got, long long expected);
void equal(const char *what, long long got, long long expected);
/* `units` have gone by since `began`: never less, and hardly more. */
void took(const char *what, int64_t began, int64_t units);
/* `got` expirations of a timer of one unit that was started after `began`, `before` of them already
 * counted: at least so many, and no more than have gone by. */
void ticked(const char *what, long long got, long long least, int64_t began, long long before);
void handle(int signum); /* counts it in `handled` */

#define BEGIN int64_t began = now_of(CLOCK_MONOTONIC)

/* A thread that does something some units later. */
struct later {
    void (*fn)(void *);
    void *arg;
    int64_t units;
};
pthread_t later(struct later *l);
void write_byte(void *arg);  /* int *: to this descriptor */
void post(void *arg);        /* sem_t * */
void signal_main(void *arg); /* pthread_t *: SIGUSR1 */

void test_poll(void);
void test_select(void);
void test_epoll(void);
void test_masked_wait(void);
void test_timerfd(void);
void test_timerfd_wall(void);
void test_sockets(void);
void test_tty(void);
void test_semaphore(void);
void test_condition(void);
void test_mutex(void);
void test_rwlock(void);
void test_join(void);
void test_queue(void);
void test_futex(void);
void test_interval_timers(void);
void test_posix_timers(void);
void test_sigtimedwait(void);
void test_c11(void);
void test_fork(void);
void test_exec(void);
void meet_at_barrier(void);
void deadlock(void);

#endif
