/* SPDX-License-Identifier: Apache-2.0
 *
 * The connection between an actor (a thread) and the controller, and the wait on it that all other
 * waits are made of.
 *
 * While an actor waits it sleeps in ppoll() on its connection and nowhere else, so that signals
 * find it as they would find the real call. A handler that ran ends the wait: the actor asks for
 * its turn (VT_RESUME) before it goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { HIDDEN_FROM = 880, SPIN_MAX = 2000, OWNED_MAX = 65536, LOST = 111 };

static struct {
    pthread_once_t once;
    _Atomic bool active;
    struct vt_shared *shared;
    struct sockaddr_un address;
    pthread_key_t key;
    _Atomic pid_t pid;
    _Atomic uint32_t generation;
    _Atomic uint32_t waiters;         /* threads that wait for objects */
    _Atomic uint8_t owned[OWNED_MAX]; /* by descriptor: ours */
} control = {.once = PTHREAD_ONCE_INIT};

/* This thread's end. */
static __thread __attribute__((tls_model("initial-exec"))) struct {
    int fd; /* + 1, so that 0 is none */
    uint32_t turn;
    uint32_t waiting;       /* the turn whose VT_WAKE has not come; 0: runs */
    struct vt_packet woken; /* came while a handler waited for something else */
    uint32_t spins;
    int32_t tid;
    int endings; /* destructors seen */
} self;

/* Without the controller there is no time; the run is over and so are we. */
static void lost(void)
{
    _exit(LOST);
}

static pid_t real_pid(void)
{
    return (pid_t)time_real()->syscall(SYS_getpid);
}

/* ---- packets ---- */

static void put(const struct vt_packet *packet, const struct pollfd *fds, unsigned n)
{
    struct vt_fd events[VT_MAX_FDS];
    union {
        char bytes[CMSG_SPACE(VT_MAX_FDS * sizeof(int))];
        struct cmsghdr align;
    } control_data;
    struct iovec iov[2] = {{(void *)packet, sizeof *packet}, {events, n * sizeof *events}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n > 0 ? 2 : 1};

    if (n > 0) {
        msg.msg_control = control_data.bytes;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS,
                              .cmsg_len = CMSG_LEN(n * sizeof(int))};
        for (unsigned i = 0; i < n; i++) {
            events[i].events = (uint32_t)(unsigned short)fds[i].events;
            memcpy(CMSG_DATA(c) + i * sizeof(int), &fds[i].fd, sizeof(int));
        }
    }
    while (real()->sendmsg(self.fd - 1, &msg, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            lost();
}

static void put_simple(const struct vt_packet *packet)
{
    put(packet, NULL, 0);
}

/* The next packet; false when a signal handler ran instead. */
static bool get(struct vt_packet *ret, const sigset_t *mask)
{
    struct pollfd p = {.fd = self.fd - 1, .events = POLLIN};

    if (time_real()->ppoll(&p, 1, NULL, mask) < 0)
        return false;
    ssize_t n = real()->recv(self.fd - 1, ret, sizeof *ret, MSG_DONTWAIT);
    if (n == (ssize_t)sizeof *ret)
        return true;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    lost();
    return false;
}

/* ---- connecting ---- */

static int dial(void)
{
    int fd = real()->socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    int high = real()->fcntl(fd, F_DUPFD_CLOEXEC, HIDDEN_FROM);
    if (high >= 0) {
        real()->close(fd);
        fd = high;
    }
    if (real()->connect(fd, (const struct sockaddr *)&control.address, sizeof control.address) !=
        0) {
        real()->close(fd);
        return -1;
    }
    if (fd < OWNED_MAX)
        control.owned[fd] = 1;
    return fd;
}

static void hang_up(int fd)
{
    if (fd < OWNED_MAX)
        control.owned[fd] = 0;
    real()->close(fd);
}

bool time_owns(int fd)
{
    return fd >= 0 && fd < OWNED_MAX && control.owned[fd] != 0;
}

unsigned time_next_owned(unsigned first, unsigned last)
{
    if (control.active)
        for (unsigned fd = first; fd <= last && fd < OWNED_MAX; fd++)
            if (control.owned[fd] != 0)
                return fd;
    return last == UINT32_MAX ? UINT32_MAX : last + 1;
}

static void say_hello(int fd, pid_t pid, pid_t tid)
{
    struct vt_packet hello = {.kind = VT_HELLO, .pid = pid, .tid = tid};

    strncpy(hello.call, program_invocation_short_name, sizeof hello.call - 1);
    while (real()->send(fd, &hello, sizeof hello, MSG_NOSIGNAL) < 0)
        if (errno != EINTR)
            lost();
}

/* The first of the process: brings the shared memory. */
static struct vt_shared *join(void)
{
    struct vt_packet welcome;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control_data;
    struct iovec iov = {&welcome, sizeof welcome};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control_data.bytes,
                         .msg_controllen = sizeof control_data.bytes};
    int memory = -1;
    ssize_t n;

    say_hello(self.fd - 1, real_pid(), (pid_t)time_real()->syscall(SYS_gettid));
    while ((n = real()->recvmsg(self.fd - 1, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
        ;
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (c != NULL && c->cmsg_type == SCM_RIGHTS)
        memcpy(&memory, CMSG_DATA(c), sizeof memory);
    if (memory < 0)
        return NULL;
    void *map = mmap(NULL, sizeof(struct vt_shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    real()->close(memory);
    return map != MAP_FAILED ? map : NULL;
}

/* A thread's last words. The other destructors may wait for something themselves, so ours goes
 * behind them: a destructor that sets its key again is called again, four times at most. */
static void on_thread_end(void *value)
{
    if (++self.endings < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(control.key, value);
        return;
    }
    if (self.fd == 0)
        return;
    time_object_notify((const volatile void *)pthread_self(), UINT32_MAX);
    hang_up(self.fd - 1);
    self.fd = 0;
}

static void start(void)
{
    const char *path = getenv(VT_ENV);

    if (path == NULL || *path == '\0' || strlen(path) >= sizeof control.address.sun_path)
        return;
    control.address.sun_family = AF_UNIX;
    memcpy(control.address.sun_path, path, strlen(path));
    control.pid = real_pid();
    int fd = dial();
    if (fd < 0)
        lost();
    self.fd = fd + 1;
    control.shared = join();
    if (control.shared == NULL || pthread_key_create(&control.key, on_thread_end) != 0)
        lost();
    control.active = true;
    const struct time_wait first = {.call = "start", .deadline_ns = time_now_ns()};
    time_block(&first);
}

bool time_active(void)
{
    if (control.active)
        return true;
    pthread_once(&control.once, start);
    return control.active;
}

bool time_running(void)
{
    return control.active;
}

__attribute__((constructor)) static void start_early(void)
{
    time_active();
}

/* A thread that nobody announced: made by clone(2), or alive before we were. */
static void introduce(void)
{
    int fd = dial();

    if (fd < 0)
        lost();
    self.fd = fd + 1;
    self.waiting = 0;
    self.tid = 0;
    control.pid = real_pid();
    say_hello(fd, 0, 0);
    pthread_setspecific(control.key, &control);
}

/* ---- time ---- */

struct vt_shared *time_shared(void)
{
    return control.shared;
}

int64_t time_now_ns(void)
{
    return control.shared->now_ns;
}

int64_t time_wall_offset_ns(void)
{
    return control.shared->wall_ns;
}

int64_t time_from_clock(clockid_t clock, const struct timespec *ts)
{
    int64_t ns = time_ns(ts);

    if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_ALARM && clock != CLOCK_TAI)
        return ns;
    return ns == VT_NEVER ? VT_NEVER : ns - time_wall_offset_ns();
}

/* ---- waiting ---- */

static bool is_ignored(int signum)
{
    struct sigaction now;

    if (sigaction(signum, NULL, &now) != 0)
        return true;
    if (now.sa_handler == SIG_DFL)
        return signum == SIGCHLD || signum == SIGURG || signum == SIGWINCH || signum == SIGCONT;
    return now.sa_handler == SIG_IGN;
}

/* Raises a signal that the controller sends, here and now. True when a handler has run. */
static bool take_signal(int signum, const sigset_t *mask)
{
    bool ignored = is_ignored(signum);
    sigset_t before, during;

    pthread_sigmask(SIG_SETMASK, mask, &before);
    pthread_sigmask(SIG_SETMASK, NULL, &during);
    time_real()->kill(real_pid(), signum); /* this thread first, if it may */
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    time_signalled(real_pid());
    return !ignored && sigismember(&during, signum) == 0;
}

/* Until the wake for `turn` is here. *ret_handler: a handler has run meanwhile. */
static struct vt_packet await(uint32_t turn, const sigset_t *mask, bool *ret_handler)
{
    struct vt_packet packet = {.kind = 0};
    const struct vt_packet resume = {.kind = VT_RESUME, .turn = turn};

    for (;;) {
        bool came = get(&packet, mask);
        if (self.woken.kind != 0 && self.woken.turn == turn) { /* a handler took it for us */
            if (came)
                self.waiting = 0;
            packet = self.woken;
            self.woken.kind = 0;
            *ret_handler = true;
            return packet;
        }
        if (came && packet.kind == VT_WAKE && packet.turn == turn)
            return packet;
        if (came || *ret_handler)
            continue;
        *ret_handler = true;
        put_simple(&resume);
        mask = NULL;
    }
}

/* We are in a signal handler that interrupted a wait, and want to wait ourselves. */
static void settle_outer(void)
{
    uint32_t outer = self.waiting;
    const struct vt_packet resume = {.kind = VT_RESUME, .turn = outer};
    struct vt_packet packet;

    put_simple(&resume);
    while (!get(&packet, NULL) || packet.turn != outer)
        ;
    self.woken = packet;
    self.waiting = 0;
}

static int32_t own_tid(void)
{
    if (self.tid == 0)
        self.tid = (int32_t)time_real()->syscall(SYS_gettid);
    return self.tid;
}

static enum vt_why block_once(const struct time_wait *wait)
{
    bool handler = false;
    struct vt_packet packet = {.kind = VT_BLOCK,
                               .pid = control.pid,
                               .tid = own_tid(),
                               .turn = ++self.turn,
                               .generation = wait->generation,
                               .object = (uint64_t)(uintptr_t)wait->object,
                               .deadline_ns = wait->deadline_ns,
                               .n_fds = wait->n_fds};

    strncpy(packet.call, wait->call, sizeof packet.call - 1);
    self.waiting = packet.turn;
    put(&packet, wait->fds, wait->n_fds);
    struct vt_packet wake = await(packet.turn, wait->mask, &handler);
    self.waiting = 0;
    if (wake.why == VT_SIGNAL) {
        handler = take_signal(wake.signum, wait->mask) || handler;
        if (!handler)
            return VT_READY; /* it is pending: for sigwait, or a signalfd */
    }
    if (wake.why == VT_READY || wake.why == VT_TIMEOUT)
        return (enum vt_why)wake.why;
    return handler ? VT_SIGNAL : VT_RESUMED;
}

enum vt_why time_block(const struct time_wait *wait)
{
    int number = errno;
    enum vt_why why;

    self.spins = 0;
    if (self.waiting != 0 && self.fd != 0)
        settle_outer();
    if (self.fd == 0 || control.pid != real_pid())
        introduce();
    do
        why = block_once(wait);
    while (why == VT_RESUMED); /* a signal that nobody handles */
    errno = number;
    return why;
}

enum vt_why time_block_until(const char *call, int64_t deadline_ns)
{
    const struct time_wait wait = {.call = call, .deadline_ns = deadline_ns};
    return time_block(&wait);
}

void time_spin(const char *call)
{
    if (++self.spins >= SPIN_MAX)
        time_block_until(call, time_after(TIME_NS_PER_MS));
}

void time_spin_end(void)
{
    self.spins = 0;
}

/* ---- objects ---- */

uint32_t time_object_enter(const volatile void *object)
{
    (void)object;
    control.waiters++;
    return control.generation;
}

void time_object_leave(void)
{
    control.waiters--;
}

void time_object_notify(const volatile void *object, uint32_t count)
{
    if (!control.active || control.waiters == 0)
        return;
    if (self.fd == 0)
        introduce();
    const struct vt_packet packet = {.kind = VT_NOTIFY,
                                     .generation = ++control.generation,
                                     .object = (uint64_t)(uintptr_t)object,
                                     .count = count};
    int number = errno;
    put_simple(&packet);
    errno = number;
}

/* ---- actors ---- */

int time_actor_prepare(void)
{
    int fd = dial();

    if (fd >= 0)
        say_hello(fd, 0, 0);
    return fd;
}

void time_actor_abandon(int connection)
{
    if (connection >= 0)
        hang_up(connection);
}

/* The connections of the other threads came along with fork, and keep none of them alive. */
static void drop_inherited(int keep)
{
    for (int fd = 0; fd < OWNED_MAX; fd++)
        if (control.owned[fd] != 0 && fd != keep)
            hang_up(fd);
}

void time_actor_begin(int connection, bool child)
{
    if (child) {
        drop_inherited(connection);
        control.pid = real_pid();
        control.waiters = 0;
    }
    self.fd = connection >= 0 ? connection + 1 : 0;
    self.turn = 0;
    self.tid = 0;
    self.waiting = 0;
    self.woken.kind = 0;
    if (self.fd == 0)
        introduce();
    else
        pthread_setspecific(control.key, &control);
    time_block_until("start", time_now_ns());
}

void time_expect(pid_t pid)
{
    const struct vt_packet packet = {.kind = VT_EXPECT, .pid = pid};

    if (self.fd == 0)
        introduce();
    put_simple(&packet);
}

void time_signalled(pid_t pid)
{
    const struct vt_packet packet = {.kind = VT_SIGNALLED, .pid = pid};

    if (self.fd != 0)
        put_simple(&packet);
}

int time_timer_new(int fd, int signum)
{
    const struct vt_packet packet = {
        .kind = VT_TIMER_NEW, .pid = control.pid, .signum = signum, .n_fds = fd >= 0 ? 1 : 0};
    const struct pollfd p = {.fd = fd};
    struct vt_packet answer;

    if (self.fd == 0)
        introduce();
    put(&packet, &p, packet.n_fds);
    while (!get(&answer, NULL) || answer.kind != VT_TIMER)
        ;
    return (int)(int64_t)answer.object;
}

void time_timer_drop(int index)
{
    const struct vt_packet packet = {.kind = VT_TIMER_DROP, .object = (uint64_t)index};

    if (self.fd == 0)
        introduce();
    put_simple(&packet);
}
