/* SPDX-License-Identifier: Apache-2.0
 *
 * calls_probe: descriptors, timers, signals.
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

#include "harness/vt/calls_probe.h"

static _Atomic int served;

/* ---- descriptors ---- */

void test_poll(void)
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

void test_select(void)
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

void test_epoll(void)
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

void test_masked_wait(void)
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

void test_timerfd(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec it = {.it_value = spec(unit_ns)}, left;
    struct timespec ts = spec(3 * unit_ns + unit_ns / 2);
    BEGIN;

    timerfd_settime(fd, 0, &it, NULL);
    timerfd_gettime(fd, &left);
    if (left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0 &&
        now_of(CLOCK_MONOTONIC) - began < unit_ns)
        fail("timerfd_gettime", 0, 1);
    equal("expirations", (long long)read_timer(fd), 1);
    took("relative", began, 1);
    it.it_value = after(CLOCK_MONOTONIC, unit_ns);
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
    equal("absolute", (long long)read_timer(fd), 1);
    took("absolute", began, 2);
    it = (struct itimerspec){.it_value = spec(unit_ns), .it_interval = spec(unit_ns)};
    int64_t armed = now_of(CLOCK_MONOTONIC);
    timerfd_settime(fd, 0, &it, NULL);
    nanosleep(&ts, NULL);
    long long n = (long long)read_timer(fd);
    ticked("three at once", n, 3, armed, 0);
    ticked("the next", (long long)read_timer(fd), 1, armed, n);
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

void test_timerfd_wall(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), set = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN};
    uint64_t n;
    BEGIN;

    equal("nothing yet", read(fd, &n, sizeof n), -1);
    equal("errno", errno, EAGAIN);
    struct itimerspec it = {.it_value = after(CLOCK_REALTIME, unit_ns)};
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL);
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
    equal("epoll", epoll_wait(set, &e, 1, -1), 1);
    took("epoll", began, 1);
    equal("expirations", (long long)read_timer(fd), 1);
    close(fd);
    close(set);
}

/* ---- blocking input and output ---- */

void test_sockets(void)
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

void test_tty(void)
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

/* ---- signals ---- */

void test_interval_timers(void)
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
        while (handled < i)
            pause();
        took("setitimer", began, i);
    }
    it = (struct itimerval){.it_value = {0}};
    setitimer(ITIMER_REAL, &it, NULL);
    ticked("handler", handled, 3, began, 0);
    equal("alarm", alarm(1000), 0);
    long long left = alarm(0);
    if (left < 999 - tolerance_ns / 1000000000 || left > 1000)
        fail("alarm left", left, 1000);
}

static void on_timer(union sigval value)
{
    served += value.sival_int;
}

void test_posix_timers(void)
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
    int64_t armed = now_of(CLOCK_MONOTONIC);
    timer_settime(timer, 0, &it, NULL);
    do /* real threads may be late, and one may serve for two */
        nanosleep(&ts, NULL);
    while (served < 3 && now_of(CLOCK_MONOTONIC) - armed < tolerance_ns);
    timer_delete(timer);
    ticked("served", served, 3, armed, 0);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void test_sigtimedwait(void)
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
