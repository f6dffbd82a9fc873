/* SPDX-License-Identifier: Apache-2.0
 *
 * calls_probe: locks, queues, processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "harness/vt/calls_probe.h"

extern char **environ;

/* ---- semaphores, conditions, locks ---- */

void test_semaphore(void)
{
    sem_t sem;
    struct later l = {post, &sem, 1};
    BEGIN;

    sem_init(&sem, 0, 0);
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("sem_timedwait", sem_timedwait(&sem, &ts), -1);
    equal("errno", errno, ETIMEDOUT);
    took("sem_timedwait", began, 1);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("sem_clockwait", sem_clockwait(&sem, CLOCK_MONOTONIC, &ts), -1);
    took("sem_clockwait", began, 2);
    ts = spec(0);
    equal("past", sem_timedwait(&sem, &ts), -1);
    equal("errno", errno, ETIMEDOUT);
    pthread_t thread = later(&l);
    equal("sem_wait", sem_wait(&sem), 0);
    took("sem_wait", began, 3);
    pthread_join(thread, NULL);
    sem_destroy(&sem);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static cnd_t c11_cond;
static bool flag;

static void set_flag(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    flag = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

void test_condition(void)
{
    pthread_condattr_t attr;
    pthread_cond_t mono;
    struct later l = {set_flag, NULL, 1};
    BEGIN;

    flag = false;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&mono, &attr);
    pthread_mutex_lock(&mutex);
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("wall", pthread_cond_timedwait(&cond, &mutex, &ts), ETIMEDOUT);
    took("wall", began, 1);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("monotonic", pthread_cond_timedwait(&mono, &mutex, &ts), ETIMEDOUT);
    took("monotonic", began, 2);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("clock", pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
    took("clock", began, 3);
    pthread_t thread = later(&l);
    while (!flag)
        pthread_cond_wait(&cond, &mutex);
    took("signalled", began, 4);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&mono);
}

/* Two threads that meet: one has the lock, and lets it go a unit after it is told to. */
struct meeting {
    sem_t held, release;
};

static void *hold_mutex(void *arg)
{
    struct meeting *m = arg;
    struct timespec ts = spec(unit_ns);

    pthread_mutex_lock(&mutex);
    sem_post(&m->held);
    sem_wait(&m->release);
    nanosleep(&ts, NULL);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

void test_mutex(void)
{
    struct meeting m;
    pthread_t thread;
    BEGIN;

    sem_init(&m.held, 0, 0);
    sem_init(&m.release, 0, 0);
    pthread_create(&thread, NULL, hold_mutex, &m);
    sem_wait(&m.held);
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("timedlock", pthread_mutex_timedlock(&mutex, &ts), ETIMEDOUT);
    took("timedlock", began, 1);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("clocklock", pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
    took("clocklock", began, 2);
    sem_post(&m.release);
    equal("lock", pthread_mutex_lock(&mutex), 0);
    took("lock", began, 3);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *hold_rwlock(void *arg)
{
    struct meeting *m = arg;
    struct timespec ts = spec(unit_ns);

    pthread_rwlock_wrlock(&rwlock);
    sem_post(&m->held);
    sem_wait(&m->release);
    nanosleep(&ts, NULL);
    pthread_rwlock_unlock(&rwlock);
    return NULL;
}

void test_rwlock(void)
{
    struct meeting m;
    pthread_t thread;
    BEGIN;

    sem_init(&m.held, 0, 0);
    sem_init(&m.release, 0, 0);
    pthread_create(&thread, NULL, hold_rwlock, &m);
    sem_wait(&m.held);
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("timedrdlock", pthread_rwlock_timedrdlock(&rwlock, &ts), ETIMEDOUT);
    took("timedrdlock", began, 1);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("clockwrlock", pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
    took("clockwrlock", began, 2);
    sem_post(&m.release);
    equal("rdlock", pthread_rwlock_rdlock(&rwlock), 0);
    took("rdlock", began, 3);
    pthread_rwlock_unlock(&rwlock);
    pthread_join(thread, NULL);
}

static void *end_later(void *arg)
{
    struct timespec ts = spec(unit_ns);

    sem_wait(arg);
    nanosleep(&ts, NULL);
    return NULL;
}

void test_join(void)
{
    pthread_t thread;
    sem_t release;
    BEGIN;

    sem_init(&release, 0, 0);
    equal("pthread_create", pthread_create(&thread, NULL, end_later, &release), 0);
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("timedjoin", pthread_timedjoin_np(thread, NULL, &ts), ETIMEDOUT);
    took("timedjoin", began, 1);
    sem_post(&release);
    equal("join", pthread_join(thread, NULL), 0);
    took("join", began, 2);
}

void test_queue(void)
{
    char name[32], bytes[16];
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = sizeof bytes};

    snprintf(name, sizeof name, "/probe-%d", (int)getpid());
    mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
    mq_unlink(name);
    if (q == (mqd_t)-1) {
        printf("skip queue: %s\n", strerror(errno));
        return;
    }
    BEGIN;
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("receive", mq_timedreceive(q, bytes, sizeof bytes, NULL, &ts), -1);
    equal("errno", errno, ETIMEDOUT);
    took("receive", began, 1);
    mq_send(q, "a", 1, 0);
    mq_send(q, "b", 1, 0);
    ts = after(CLOCK_REALTIME, unit_ns);
    equal("send", mq_timedsend(q, "c", 1, 0, &ts), -1);
    took("send", began, 2);
    equal("receive", mq_receive(q, bytes, sizeof bytes, NULL), 1);
    mq_close(q);
}

static _Atomic uint32_t word;

static void wake_word(void *arg)
{
    (void)arg;
    word = 1;
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void test_futex(void)
{
    struct timespec ts = spec(unit_ns);
    struct later l = {wake_word, NULL, 1};
    BEGIN;

    word = 0;
    equal("wait", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0), -1);
    equal("errno", errno, ETIMEDOUT);
    took("wait", began, 1);
    equal("changed", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 7, NULL, NULL, 0), -1);
    equal("errno", errno, EAGAIN);
    pthread_t thread = later(&l);
    while (word == 0)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    took("woken", began, 2);
    pthread_join(thread, NULL);
}

/* ---- C11 ---- */

static int c11_later(void *arg)
{
    struct timespec ts = spec(unit_ns);

    thrd_sleep(&ts, NULL);
    mtx_lock(arg);
    flag = true;
    cnd_signal(&c11_cond);
    mtx_unlock(arg);
    return 7;
}

void test_c11(void)
{
    struct timespec ts = spec(unit_ns);
    thrd_t thread;
    mtx_t lock;
    int result = 0;
    BEGIN;

    equal("thrd_sleep", thrd_sleep(&ts, NULL), 0);
    took("thrd_sleep", began, 1);
    mtx_init(&lock, mtx_timed);
    cnd_init(&c11_cond);
    mtx_lock(&lock);
    ts = after(CLOCK_REALTIME, unit_ns);
    equal("cnd_timedwait", cnd_timedwait(&c11_cond, &lock, &ts), thrd_timedout);
    took("cnd_timedwait", began, 2);
    flag = false;
    equal("thrd_create", thrd_create(&thread, c11_later, &lock), thrd_success);
    while (!flag)
        cnd_wait(&c11_cond, &lock);
    mtx_unlock(&lock);
    equal("thrd_join", thrd_join(thread, &result), thrd_success);
    equal("its result", result, 7);
    took("thrd_join", began, 3);
    mtx_destroy(&lock);
    cnd_destroy(&c11_cond);
}

/* ---- processes ---- */

void test_fork(void)
{
    struct timespec ts = spec(unit_ns);
    int status = 0;
    BEGIN;

    pid_t pid = fork();
    if (pid == 0) {
        nanosleep(&ts, NULL);
        _exit(7);
    }
    equal("waitpid", waitpid(pid, &status, 0), pid);
    equal("status", WEXITSTATUS(status), 7);
    took("child", began, 1);
    pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    nanosleep(&ts, NULL);
    kill(pid, SIGKILL);
    equal("wait", wait(&status), pid);
    equal("signal", WTERMSIG(status), SIGKILL);
    took("killed child", began, 2);
}

void test_exec(void)
{
    char command[64], text[64] = "";
    pid_t pid;
    int status = 0;

    snprintf(command, sizeof command, "sleep %.3f; echo done", (double)unit_ns / 1e9);
    char sleep_name[] = "sleep", seconds[32];
    snprintf(seconds, sizeof seconds, "%.3f", (double)unit_ns / 1e9);
    char *const argv[] = {sleep_name, seconds, NULL};
    BEGIN;
    equal("spawn", posix_spawnp(&pid, "sleep", NULL, NULL, argv, environ), 0);
    waitpid(pid, &status, 0);
    equal("status", status, 0);
    took("posix_spawnp", began, 1);
    equal("system", system(command) >> 8, 0);
    took("system", began, 2);
    FILE *f = popen(command, "r");
    if (f == NULL || fgets(text, sizeof text, f) == NULL || strcmp(text, "done\n") != 0)
        fail("popen", 0, 1);
    equal("pclose", f != NULL ? pclose(f) : -1, 0);
    took("popen", began, 3);
    pid = vfork();
    if (pid == 0) {
        execvp("sleep", argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    equal("status", status, 0);
    took("vfork and exec", began, 4);
}

static pthread_barrier_t barrier;

static void pass_barrier(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&barrier);
}

void meet_at_barrier(void)
{
    struct later l = {pass_barrier, NULL, 1};
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread = later(&l);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

void deadlock(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}
