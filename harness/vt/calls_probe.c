/* SPDX-License-Identifier: Apache-2.0
 *
 * An ordinary program that calls everything that waits, and checks how long it took. It knows
 * nothing of virtual time: with a unit of milliseconds it runs in real time, with a unit of minutes
 * in virtual time, and must say the same.
 *
 *     calls_probe [-t TRIES] UNIT_MS TOLERANCE_MS [NAME]
 *
 * In real time the machine may be busy with something else. Nothing here depends on two threads
 * being quick, a call may be TOLERANCE_MS late, and what fails is tried again. A call that returns
 * early fails at once: no load explains that.
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
#include <sys/times.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "harness/vt/calls_probe.h"

int64_t unit_ns, tolerance_ns;
const char *current;
int failures;
static bool early;
_Atomic int handled;

int64_t now_of(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct timespec spec(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

struct timespec after(clockid_t clock, int64_t ns)
{
    return spec(now_of(clock) + ns);
}

void fail(const char *what, long long got, long long expected)
{
    printf("FAIL %s: %s: %lld, expected %lld\n", current, what, got, expected);
    failures++;
}

void equal(const char *what, long long got, long long expected)
{
    if (got != expected)
        fail(what, got, expected);
}

/* `units` have gone by since `began`: never less, and hardly more. */
void took(const char *what, int64_t began, int64_t units)
{
    int64_t ns = now_of(CLOCK_MONOTONIC) - began;
    bool is_early = ns < units * unit_ns - 1000000;

    if (is_early || ns > units * unit_ns + tolerance_ns)
        fail(what, ns / 1000000, units * unit_ns / 1000000);
    early = early || is_early;
}

void ticked(const char *what, long long got, long long least, int64_t began, long long before)
{
    long long most = (now_of(CLOCK_MONOTONIC) - began) / unit_ns - before;

    if (got < least)
        fail(what, got, least);
    if (got > most)
        fail(what, got, most);
}

static void on_signal(int signum)
{
    (void)signum;
    handled++;
}

void handle(int signum)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(signum, &action, NULL);
}

/* ---- threads that do something a unit later ---- */

static void *run_later(void *arg)
{
    const struct later *l = arg;
    struct timespec ts = spec(l->units * unit_ns);

    nanosleep(&ts, NULL);
    l->fn(l->arg);
    return NULL;
}

pthread_t later(struct later *l)
{
    pthread_t thread;
    equal("pthread_create", pthread_create(&thread, NULL, run_later, l), 0);
    return thread;
}

void write_byte(void *arg)
{
    ssize_t n = write(*(int *)arg, "x", 1);
    (void)n;
}

void post(void *arg)
{
    sem_post(arg);
}

void signal_main(void *arg)
{
    pthread_kill(*(pthread_t *)arg, SIGUSR1);
}

/* A signal each unit until `stop`: one alone may come before the call that it should end. */
struct nagger {
    pthread_t to;
    _Atomic bool stop;
};

static void *nag(void *arg)
{
    struct nagger *n = arg;
    struct timespec ts = spec(unit_ns);

    for (nanosleep(&ts, NULL); !n->stop; nanosleep(&ts, NULL))
        pthread_kill(n->to, SIGUSR1);
    return NULL;
}

int ms(int64_t units)
{
    return (int)(units * unit_ns / 1000000);
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
    const long long slack_s = 1 + tolerance_ns / 1000000000;

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
    if (ts.tv_sec - tv.tv_sec > slack_s || llabs((long long)(time(NULL) - ts.tv_sec)) > slack_s)
        fail("gettimeofday, time", tv.tv_sec, ts.tv_sec);
    sysinfo(&info);
    if (llabs((long long)info.uptime - now_of(CLOCK_BOOTTIME) / 1000000000) > slack_s)
        fail("sysinfo", info.uptime, now_of(CLOCK_BOOTTIME) / 1000000000);
    double uptime = 0;
    FILE *f = fopen("/proc/uptime", "r");
    if (f == NULL || fscanf(f, "%lf", &uptime) != 1 ||
        llabs((long long)uptime - now_of(CLOCK_BOOTTIME) / 1000000000) > slack_s)
        fail("/proc/uptime", (long long)uptime, now_of(CLOCK_BOOTTIME) / 1000000000);
    if (f != NULL)
        fclose(f);
    equal("clock_getres", clock_getres(CLOCK_MONOTONIC, &ts), 0);
    struct tms tms;
    clock_t ticks = times(&tms);
    ts = spec(unit_ns);
    nanosleep(&ts, NULL);
    int64_t ns = (times(&tms) - ticks) * (1000000000LL / sysconf(_SC_CLK_TCK));
    if (ns < unit_ns - 20000000 || ns > unit_ns + 20000000 + tolerance_ns)
        fail("times in ms", ns / 1000000, unit_ns / 1000000);
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

static void test_interrupted_sleep(void)
{
    struct nagger n = {.to = pthread_self()};
    struct timespec ts = spec(4 * unit_ns), left = {0};
    pthread_t thread;
    BEGIN;

    handled = 0;
    handle(SIGUSR1);
    equal("pthread_create", pthread_create(&thread, NULL, nag, &n), 0);
    int64_t slept = now_of(CLOCK_MONOTONIC);
    equal("nanosleep", nanosleep(&ts, &left), -1);
    equal("errno", errno, EINTR);
    n.stop = true;
    took("until the signal", began, 1);
    ticked("handler", handled, 1, began, 0);
    int64_t ns = (int64_t)left.tv_sec * 1000000000 + left.tv_nsec;
    int64_t least = 4 * unit_ns - (now_of(CLOCK_MONOTONIC) - slept) - 1000000;
    if (ns < least || ns > 3 * unit_ns + tolerance_ns || ns > 4 * unit_ns)
        fail("time left in ms", ns / 1000000, 3 * unit_ns / 1000000);
    pthread_join(thread, NULL);
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
    struct nagger n = {.to = pthread_self()};
    pthread_t thread;
    BEGIN;

    handle(SIGUSR1);
    equal("pthread_create", pthread_create(&thread, NULL, nag, &n), 0);
    equal("nanosleep", nanosleep(&ts, NULL), -1);
    n.stop = true;
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
    {"c11", test_c11},
    {"fork", test_fork},
    {"exec", test_exec},
    {"threads", test_threads},
    {"huge", test_huge},
    {"random", test_random},
};

/* True when it passed, at the latest in the last of so many tries. */
static bool passes(void (*fn)(void), long tries)
{
    for (long i = 1; i <= tries; i++) {
        failures = 0;
        early = false;
        fn();
        printf("%s %s\n", failures == 0 ? "ok" : early || i == tries ? "BAD" : "again", current);
        fflush(stdout);
        if (failures == 0 || early)
            break;
    }
    return failures == 0;
}

int main(int argc, char **argv)
{
    long tries = 1;
    bool good = true;

    for (int c; (c = getopt(argc, argv, "+t:")) != -1;) {
        if (c != 't')
            return 2;
        tries = strtol(optarg, NULL, 10);
    }
    if (argc < optind + 2)
        return 2;
    unit_ns = strtoll(argv[optind], NULL, 10) * 1000000;
    tolerance_ns = strtoll(argv[optind + 1], NULL, 10) * 1000000;
    const char *name = argv[optind + 2];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        current = tests[i].name;
        if (name == NULL || strcmp(name, current) == 0)
            good = passes(tests[i].fn, tries) && good;
    }
    for (size_t i = 0; name != NULL && i < sizeof extras / sizeof *extras; i++)
        if (strcmp(name, extras[i].name) == 0)
            extras[i].fn();
    return good ? 0 : 1;
}
