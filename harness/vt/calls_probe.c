/* SPDX-License-Identifier: Apache-2.0
 *
 * An ordinary program that calls everything that waits, and checks how long it took. It knows
 * nothing of virtual time: with a unit of milliseconds it runs in real time, with a unit of minutes
 * in virtual time, and must say the same.
 *
 *     calls_probe UNIT_MS TOLERANCE_MS [NAME]
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
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t unit_ns, tolerance_ns;
static const char *current;
static int failures;
static _Atomic int handled, served;

static int64_t now_of(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct timespec spec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static struct timespec after(clockid_t clock, int64_t ns)
{
    return spec(now_of(clock) + ns);
}

static void fail(const char *what, long long got, long long expected)
{
    printf("FAIL %s: %s: %lld, expected %lld\n", current, what, got, expected);
    failures++;
}

static void equal(const char *what, long long got, long long expected)
{
    if (got != expected)
        fail(what, got, expected);
}

/* `units` have gone by since `began`: never less, and hardly more. */
static void took(const char *what, int64_t began, int64_t units)
{
    int64_t ns = now_of(CLOCK_MONOTONIC) - began;

    if (ns < units * unit_ns - 1000000 || ns > units * unit_ns + tolerance_ns)
        fail(what, ns / 1000000, units * unit_ns / 1000000);
}

#define BEGIN int64_t began = now_of(CLOCK_MONOTONIC)

static void on_signal(int signum)
{
    (void)signum;
    handled++;
}

static void handle(int signum)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(signum, &action, NULL);
}

/* ---- threads that do something a unit later ---- */

struct later {
    void (*fn)(void *);
    void *arg;
    int64_t units;
};

static void *run_later(void *arg)
{
    const struct later *l = arg;
    struct timespec ts = spec(l->units * unit_ns);

    nanosleep(&ts, NULL);
    l->fn(l->arg);
    return NULL;
}

static pthread_t later(struct later *l)
{
    pthread_t thread;
    equal("pthread_create", pthread_create(&thread, NULL, run_later, l), 0);
    return thread;
}

static void write_byte(void *arg)
{
    ssize_t n = write(*(int *)arg, "x", 1);
    (void)n;
}

static void post(void *arg)
{
    sem_post(arg);
}

static void nothing(void *arg)
{
    (void)arg;
}

/* ---- clocks ---- */

static void test_clocks(void)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME,         CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
                                       CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME,  CLOCK_TAI,
                                       CLOCK_REALTIME_COARSE};
    enum { N = sizeof clocks / sizeof *clocks };
    int64_t before[N];
    struct timespec ts = spec(2 * unit_ns);
    struct timeval tv;
    struct sysinfo info;

    for (int i = 0; i < N; i++)
        before[i] = now_of(clocks[i]);
    nanosleep(&ts, NULL);
    for (int i = 0; i < N; i++) {
        int64_t ns = now_of(clocks[i]) - before[i];
        if (ns < 2 * unit_ns - 10000000 || ns > 2 * unit_ns + tolerance_ns + 10000000)
            fail("a clock moved by ms", ns / 1000000, 2 * unit_ns / 1000000);
    }
    gettimeofday(&tv, NULL);
    clock_gettime(CLOCK_REALTIME, &ts);
    if (ts.tv_sec - tv.tv_sec > 1 || ts.tv_sec - time(NULL) > 1)
        fail("gettimeofday, time", tv.tv_sec, ts.tv_sec);
    sysinfo(&info);
    if (llabs((long long)info.uptime - now_of(CLOCK_BOOTTIME) / 1000000000) > 1)
        fail("sysinfo", info.uptime, now_of(CLOCK_BOOTTIME) / 1000000000);
    double uptime = 0;
    FILE *f = fopen("/proc/uptime", "r");
    if (f == NULL || fscanf(f, "%lf", &uptime) != 1 ||
        llabs((long long)uptime - now_of(CLOCK_BOOTTIME) / 1000000000) > 1)
        fail("/proc/uptime", (long long)uptime, now_of(CLOCK_BOOTTIME) / 1000000000);
    if (f != NULL)
        fclose(f);
    equal("clock_getres", clock_getres(CLOCK_MONOTONIC, &ts), 0);
}

/* ---- sleeping ---- */

static void test_sleep(void)
{
    struct timespec ts = spec(unit_ns), past = {.tv_sec = 1};
    BEGIN;

    nanosleep(&ts, NULL);
    took("nanosleep", began, 1);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
    took("clock_nanosleep relative", began, 2);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
    took("clock_nanosleep absolute", began, 3);
    ts = after(CLOCK_REALTIME, unit_ns);
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &ts, NULL);
    took("clock_nanosleep wall", began, 4);
    usleep((useconds_t)(unit_ns / 1000));
    took("usleep", began, 5);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL);
    ts = spec(0);
    nanosleep(&ts, NULL);
    took("past and zero", began, 5);
    ts.tv_nsec = 1000000000;
    equal("bad nanosleep", nanosleep(&ts, NULL), -1);
    equal("its errno", errno, EINVAL);
}

static void signal_main(void *arg)
{
    pthread_kill(*(pthread_t *)arg, SIGUSR1);
}

static void test_interrupted_sleep(void)
{
    pthread_t self = pthread_self();
    struct later l = {signal_main, &self, 1};
    struct timespec ts = spec(4 * unit_ns), left = {0};
    BEGIN;

    handled = 0;
    handle(SIGUSR1);
    pthread_t thread = later(&l);
    equal("nanosleep", nanosleep(&ts, &left), -1);
    equal("errno", errno, EINTR);
    took("until the signal", began, 1);
    equal("handler", handled, 1);
    int64_t ns = (int64_t)left.tv_sec * 1000000000 + left.tv_nsec;
    if (ns > 3 * unit_ns || ns < 3 * unit_ns - tolerance_ns)
        fail("time left in ms", ns / 1000000, 3 * unit_ns / 1000000);
    pthread_join(thread, NULL);
}

/* ---- descriptors ---- */

static int ms(int64_t units)
{
    return (int)(units * unit_ns / 1000000);
}

static void test_poll(void)
{
    int pipefd[2];
    struct timespec ts = spec(unit_ns);
    BEGIN;

    equal("pipe", pipe(pipefd), 0);
    struct pollfd p[2] = {{.fd = -1}, {.fd = pipefd[0], .events = POLLIN}};
    equal("poll", poll(p, 2, ms(1)), 0);
    took("poll", began, 1);
    equal("ppoll", ppoll(p, 2, &ts, NULL), 0);
    took("ppoll", began, 2);
    equal("poll zero", poll(p, 2, 0), 0);
    took("poll zero", began, 2);
    struct later l = {write_byte, &pipefd[1], 1};
    pthread_t thread = later(&l);
    equal("poll ready", poll(p, 2, -1), 1);
    took("poll ready", began, 3);
    equal("revents", p[1].revents, POLLIN);
    pthread_join(thread, NULL);
    close(pipefd[0]);
    close(pipefd[1]);
}

static void test_select(void)
{
    int pipefd[2];
    struct timespec ts = spec(unit_ns);
    struct timeval tv = {.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    fd_set set;
    BEGIN;

    equal("pipe", pipe(pipefd), 0);
    FD_ZERO(&set);
    FD_SET(pipefd[0], &set);
    equal("select", select(pipefd[0] + 1, &set, NULL, NULL, &tv), 0);
    took("select", began, 1);
    equal("timeout is used up", tv.tv_sec * 1000000 + tv.tv_usec, 0);
    equal("set is empty", FD_ISSET(pipefd[0], &set), 0);
    FD_SET(pipefd[0], &set);
    equal("pselect", pselect(pipefd[0] + 1, &set, NULL, NULL, &ts, NULL), 0);
    took("pselect", began, 2);
    struct later l = {write_byte, &pipefd[1], 1};
    pthread_t thread = later(&l);
    FD_SET(pipefd[0], &set);
    equal("select ready", select(pipefd[0] + 1, &set, NULL, NULL, NULL), 1);
    took("select ready", began, 3);
    pthread_join(thread, NULL);
    close(pipefd[0]);
    close(pipefd[1]);
}

static void test_epoll(void)
{
    int pipefd[2], set = epoll_create1(0);
    struct timespec ts = spec(unit_ns);
    struct epoll_event e = {.events = EPOLLIN};
    BEGIN;

    equal("pipe", pipe(pipefd), 0);
    epoll_ctl(set, EPOLL_CTL_ADD, pipefd[0], &e);
    equal("epoll_wait", epoll_wait(set, &e, 1, ms(1)), 0);
    took("epoll_wait", began, 1);
    equal("epoll_pwait", epoll_pwait(set, &e, 1, ms(1), NULL), 0);
    took("epoll_pwait", began, 2);
    equal("epoll_pwait2", epoll_pwait2(set, &e, 1, &ts, NULL), 0);
    took("epoll_pwait2", began, 3);
    struct later l = {write_byte, &pipefd[1], 1};
    pthread_t thread = later(&l);
    equal("epoll_wait ready", epoll_wait(set, &e, 1, -1), 1);
    took("epoll_wait ready", began, 4);
    pthread_join(thread, NULL);
    close(pipefd[0]);
    close(pipefd[1]);
    close(set);
}

static void test_masked_wait(void)
{
    sigset_t none, block;
    pthread_t self = pthread_self();
    struct later l = {signal_main, &self, 1};
    BEGIN;

    handle(SIGUSR1);
    handled = 0;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &block, NULL);
    pthread_t thread = later(&l);
    equal("ppoll", ppoll(NULL, 0, NULL, &none), -1);
    equal("errno", errno, EINTR);
    took("ppoll with a mask", began, 1);
    equal("handler", handled, 1);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_UNBLOCK, &block, NULL);
}

/* ---- timerfd ---- */

static uint64_t read_timer(int fd)
{
    uint64_t n = 0;
    ssize_t got = read(fd, &n, sizeof n);
    return got == (ssize_t)sizeof n ? n : 0;
}

static void test_timerfd(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec it = {.it_value = spec(unit_ns)}, left;
    struct timespec ts = spec(3 * unit_ns + unit_ns / 2);
    BEGIN;

    timerfd_settime(fd, 0, &it, NULL);
    timerfd_gettime(fd, &left);
    if (left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0)
        fail("timerfd_gettime", 0, 1);
    equal("expirations", (long long)read_timer(fd), 1);
    took("relative", began, 1);
    it.it_value = after(CLOCK_MONOTONIC, unit_ns);
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
    equal("absolute", (long long)read_timer(fd), 1);
    took("absolute", began, 2);
    it = (struct itimerspec){.it_value = spec(unit_ns), .it_interval = spec(unit_ns)};
    timerfd_settime(fd, 0, &it, NULL);
    nanosleep(&ts, NULL);
    equal("three at once", (long long)read_timer(fd), 3);
    equal("the next", (long long)read_timer(fd), 1);
    took("periodic", began, 6);
    it = (struct itimerspec){.it_value = {.tv_nsec = 1}};
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    equal("past", poll(&p, 1, 1000), 1);
    equal("past", (long long)read_timer(fd), 1);
    it.it_value.tv_nsec = 0;
    timerfd_settime(fd, 0, &it, NULL);
    equal("off", poll(&p, 1, ms(1)), 0);
    took("off", began, 7);
    close(fd);
}

static void test_timerfd_wall(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), set = epoll_create1(0);
    struct itimerspec it = {.it_value = after(CLOCK_REALTIME, unit_ns)};
    struct epoll_event e = {.events = EPOLLIN};
    uint64_t n;
    BEGIN;

    timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
    equal("nothing yet", read(fd, &n, sizeof n), -1);
    equal("errno", errno, EAGAIN);
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
    equal("epoll", epoll_wait(set, &e, 1, -1), 1);
    took("epoll", began, 1);
    equal("expirations", (long long)read_timer(fd), 1);
    close(fd);
    close(set);
}

/* ---- blocking input and output ---- */

static void test_sockets(void)
{
    int pair[2];
    char byte;
    struct timespec ts = spec(unit_ns);
    const struct timeval tv = {.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000};
    BEGIN;

    equal("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    equal("recv", recv(pair[0], &byte, 1, 0), -1);
    equal("errno", errno, EAGAIN);
    took("SO_RCVTIMEO", began, 1);
    struct later l = {write_byte, &pair[0], 1};
    pthread_t thread = later(&l);
    equal("read", read(pair[1], &byte, 1), 1);
    took("read", began, 2);
    pthread_join(thread, NULL);
    equal("MSG_DONTWAIT", recv(pair[1], &byte, 1, MSG_DONTWAIT), -1);
    took("MSG_DONTWAIT", began, 2);
    close(pair[0]);
    close(pair[1]);
}

static void test_tty(void)
{
    int master, slave;
    struct termios t = {.c_cflag = CS8 | CREAD | CLOCAL};
    char bytes[8];

    equal("openpty", openpty(&master, &slave, NULL, &t, NULL), 0);
    t.c_cc[VMIN] = 0;
    t.c_cc[VTIME] = 2;
    tcsetattr(slave, TCSANOW, &t);
    int64_t began = now_of(CLOCK_MONOTONIC);
    equal("VTIME", read(slave, bytes, sizeof bytes), 0);
    int64_t ns = now_of(CLOCK_MONOTONIC) - began;
    if (ns < 190000000 || ns > 200000000 + tolerance_ns)
        fail("VTIME in ms", ns / 1000000, 200);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    tcsetattr(slave, TCSANOW, &t);
    began = now_of(CLOCK_MONOTONIC);
    struct later l = {write_byte, &master, 1};
    pthread_t thread = later(&l);
    equal("VMIN", read(slave, bytes, sizeof bytes), 1);
    took("VMIN", began, 1);
    pthread_join(thread, NULL);
    close(master);
    close(slave);
}

/* ---- semaphores, conditions, locks ---- */

static void test_semaphore(void)
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
static bool flag;

static void set_flag(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    flag = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static void test_condition(void)
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

static void *hold_mutex(void *arg)
{
    struct timespec ts = spec(3 * unit_ns);
    pthread_mutex_lock(&mutex);
    sem_post(arg);
    nanosleep(&ts, NULL);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void test_mutex(void)
{
    pthread_t thread;
    sem_t held;

    sem_init(&held, 0, 0);
    pthread_create(&thread, NULL, hold_mutex, &held);
    sem_wait(&held);
    BEGIN;
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("timedlock", pthread_mutex_timedlock(&mutex, &ts), ETIMEDOUT);
    took("timedlock", began, 1);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("clocklock", pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
    took("clocklock", began, 2);
    equal("lock", pthread_mutex_lock(&mutex), 0);
    took("lock", began, 3);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *hold_rwlock(void *arg)
{
    struct timespec ts = spec(3 * unit_ns);
    pthread_rwlock_wrlock(&rwlock);
    sem_post(arg);
    nanosleep(&ts, NULL);
    pthread_rwlock_unlock(&rwlock);
    return NULL;
}

static void test_rwlock(void)
{
    pthread_t thread;
    sem_t held;

    sem_init(&held, 0, 0);
    pthread_create(&thread, NULL, hold_rwlock, &held);
    sem_wait(&held);
    BEGIN;
    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("timedrdlock", pthread_rwlock_timedrdlock(&rwlock, &ts), ETIMEDOUT);
    took("timedrdlock", began, 1);
    ts = after(CLOCK_MONOTONIC, unit_ns);
    equal("clockwrlock", pthread_rwlock_clockwrlock(&rwlock, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
    took("clockwrlock", began, 2);
    equal("rdlock", pthread_rwlock_rdlock(&rwlock), 0);
    took("rdlock", began, 3);
    pthread_rwlock_unlock(&rwlock);
    pthread_join(thread, NULL);
}

static void test_join(void)
{
    struct later l = {nothing, NULL, 2};
    pthread_t thread = later(&l);
    BEGIN;

    struct timespec ts = after(CLOCK_REALTIME, unit_ns);
    equal("timedjoin", pthread_timedjoin_np(thread, NULL, &ts), ETIMEDOUT);
    took("timedjoin", began, 1);
    equal("join", pthread_join(thread, NULL), 0);
    took("join", began, 2);
}

static void test_queue(void)
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

static void test_futex(void)
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

/* ---- signals ---- */

static void test_interval_timers(void)
{
    const struct timespec ts = spec(unit_ns);
    struct itimerval it = {
        .it_value = {.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000},
        .it_interval = {.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000},
    };
    BEGIN;

    handled = 0;
    handle(SIGALRM);
    setitimer(ITIMER_REAL, &it, NULL);
    for (int i = 1; i <= 3; i++) {
        pause();
        took("setitimer", began, i);
    }
    it = (struct itimerval){.it_value = {0}};
    setitimer(ITIMER_REAL, &it, NULL);
    equal("handler", handled, 3);
    equal("alarm", alarm(1000), 0);
    unsigned left = alarm(0);
    if (left < 999 || left > 1000)
        fail("alarm left", left, 1000);
}

static void on_timer(union sigval value)
{
    served += value.sival_int;
}

static void test_posix_timers(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    struct itimerspec it = {.it_value = spec(unit_ns)};
    struct timespec ts = spec(3 * unit_ns + unit_ns / 2);
    sigset_t set;
    int signum = 0;
    BEGIN;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    equal("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    timer_settime(timer, 0, &it, NULL);
    sigwait(&set, &signum);
    equal("sigwait", signum, SIGUSR2);
    took("sigwait", began, 1);
    timer_delete(timer);
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer};
    event.sigev_value.sival_int = 1;
    served = 0;
    equal("timer_create", timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    it.it_interval = spec(unit_ns);
    timer_settime(timer, 0, &it, NULL);
    nanosleep(&ts, NULL);
    timer_delete(timer);
    equal("served", served, 3);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void test_sigtimedwait(void)
{
    sigset_t set;
    struct timespec ts = spec(unit_ns);
    pthread_t self = pthread_self();
    struct later l = {signal_main, &self, 1};
    BEGIN;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    equal("none", sigtimedwait(&set, NULL, &ts), -1);
    equal("errno", errno, EAGAIN);
    took("none", began, 1);
    pthread_t thread = later(&l);
    equal("one", sigwaitinfo(&set, NULL), SIGUSR1);
    took("one", began, 2);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- processes ---- */

static void test_fork(void)
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

static void test_exec(void)
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

/* ---- many, and for long ---- */

static void *count_units(void *arg)
{
    struct timespec ts = spec(unit_ns);
    for (int i = 0; i < 5; i++)
        nanosleep(&ts, NULL);
    (*(_Atomic int *)arg)++;
    return NULL;
}

static void test_threads(void)
{
    pthread_t threads[8];
    _Atomic int done = 0;
    BEGIN;

    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, count_units, (void *)&done);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    equal("done", done, 8);
    took("side by side", began, 5);
}

static void test_huge(void)
{
    struct timespec ts = {.tv_sec = INT64_MAX / 2000000000};
    pthread_t self = pthread_self();
    struct later l = {signal_main, &self, 1};
    BEGIN;

    handle(SIGUSR1);
    pthread_t thread = later(&l);
    equal("nanosleep", nanosleep(&ts, NULL), -1);
    took("huge", began, 1);
    pthread_join(thread, NULL);
}

static void test_random(void)
{
    unsigned char a[16], b[16];

    equal("getrandom", getrandom(a, sizeof a, 0), sizeof a);
    equal("getentropy", getentropy(b, sizeof b), 0);
    if (memcmp(a, b, sizeof a) == 0)
        fail("equal", 0, 1);
    int fd = open("/dev/urandom", O_RDONLY);
    equal("/dev/urandom", read(fd, a, sizeof a), sizeof a);
    close(fd);
}

/* ---- only when asked for by name ---- */

static void spin(void)
{
    int64_t until = now_of(CLOCK_MONOTONIC) + unit_ns;
    while (now_of(CLOCK_MONOTONIC) < until)
        ;
}

static pthread_barrier_t barrier;

static void pass_barrier(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&barrier);
}

static void meet_at_barrier(void)
{
    struct later l = {pass_barrier, NULL, 1};
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t thread = later(&l);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

static void deadlock(void)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
}

static const struct {
    const char *name;
    void (*fn)(void);
} extras[] = {{"spin", spin}, {"barrier", meet_at_barrier}, {"deadlock", deadlock}};

static const struct {
    const char *name;
    void (*fn)(void);
} tests[] = {
    {"clocks", test_clocks},
    {"sleep", test_sleep},
    {"interrupted-sleep", test_interrupted_sleep},
    {"poll", test_poll},
    {"select", test_select},
    {"epoll", test_epoll},
    {"masked-wait", test_masked_wait},
    {"timerfd", test_timerfd},
    {"timerfd-wall", test_timerfd_wall},
    {"sockets", test_sockets},
    {"tty", test_tty},
    {"semaphore", test_semaphore},
    {"condition", test_condition},
    {"mutex", test_mutex},
    {"rwlock", test_rwlock},
    {"join", test_join},
    {"queue", test_queue},
    {"futex", test_futex},
    {"interval-timers", test_interval_timers},
    {"posix-timers", test_posix_timers},
    {"sigtimedwait", test_sigtimedwait},
    {"fork", test_fork},
    {"exec", test_exec},
    {"threads", test_threads},
    {"huge", test_huge},
    {"random", test_random},
};

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    unit_ns = strtoll(argv[1], NULL, 10) * 1000000;
    tolerance_ns = strtoll(argv[2], NULL, 10) * 1000000;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        current = tests[i].name;
        if (argc > 3 && strcmp(argv[3], current) != 0)
            continue;
        int before = failures;
        tests[i].fn();
        printf("%s %s\n", failures == before ? "ok" : "BAD", current);
        fflush(stdout);
    }
    for (size_t i = 0; argc > 3 && i < sizeof extras / sizeof *extras; i++)
        if (strcmp(argv[3], extras[i].name) == 0)
            extras[i].fn();
    return failures == 0 ? 0 : 1;
}
