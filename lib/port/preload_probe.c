/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that knows nothing of hubs: it uses AF_CAN raw sockets on the interface it is given,
 * and checks what net/can/raw.c promises. Run natively on vcan0 it checks the expectations against
 * the kernel, run under the preload library it checks the library against the same expectations.
 *
 *     preload_probe INTERFACE [INTERFACE2]
 *
 * Prints each line that failed; exit status 0 when none did.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned failures; /* this is a program of one file, with threads that do not touch it */

static void check(bool ok, const char *text, int line)
{
    if (ok)
        return;
    printf("line %d: %s (errno %s)\n", line, text, strerror(errno));
    failures++;
}
#define CHECK(condition) check((condition), #condition, __LINE__)

/* ---- helpers ---- */

static int open_can(int flags)
{
    int fd = socket(PF_CAN, SOCK_RAW | flags, CAN_RAW);
    CHECK(fd >= 0);
    return fd;
}

static bool bind_to(int fd, unsigned ifindex)
{
    struct sockaddr_can addr = {.can_family = AF_CAN, .can_ifindex = (int)ifindex};
    return bind(fd, (struct sockaddr *)&addr, sizeof addr) == 0;
}

static int open_on(const char *interface)
{
    int fd = open_can(SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK(bind_to(fd, if_nametoindex(interface)));
    return fd;
}

static void set_flag(int fd, int option, int value)
{
    CHECK(setsockopt(fd, SOL_CAN_RAW, option, &value, sizeof value) == 0);
}

static bool put(int fd, canid_t id, uint8_t byte)
{
    struct can_frame f = {.can_id = id, .len = 1, .data = {byte}};
    return write(fd, &f, sizeof f) == (ssize_t)sizeof f;
}

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 1 && (p.revents & POLLIN) != 0;
}

/* The next frame, waited for; an impossible id when none comes. */
static canid_t next(int fd)
{
    struct can_frame f = {.can_id = 0};

    if (!readable(fd, 2000) || read(fd, &f, sizeof f) != (ssize_t)sizeof f)
        return 0xFFFFFFFF;
    return f.can_id;
}

static bool silent(int fd)
{
    return !readable(fd, 30);
}

/* ---- checks ---- */

static void check_names(const char *interface)
{
    struct ifreq ifr = {0};
    char name[IF_NAMESIZE] = "";
    int fd = open_can(0);

    strncpy(ifr.ifr_name, interface, IFNAMSIZ - 1);
    CHECK(ioctl(fd, SIOCGIFINDEX, &ifr) == 0);
    int ifindex = ifr.ifr_ifindex;
    CHECK((unsigned)ifindex == if_nametoindex(interface));
    CHECK(if_indextoname((unsigned)ifindex, name) != NULL && strcmp(name, interface) == 0);
    memset(&ifr, 0, sizeof ifr);
    ifr.ifr_ifindex = ifindex;
    CHECK(ioctl(fd, SIOCGIFNAME, &ifr) == 0 && strcmp(ifr.ifr_name, interface) == 0);
    CHECK(ioctl(fd, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP) != 0);
    CHECK(ioctl(fd, SIOCGIFHWADDR, &ifr) == 0 && ifr.ifr_hwaddr.sa_family == 280);
    CHECK(ioctl(fd, SIOCGIFMTU, &ifr) == 0 && (ifr.ifr_mtu == 16 || ifr.ifr_mtu == 72));
    int inet = socket(AF_INET, SOCK_DGRAM, 0); /* any socket will do */
    CHECK(ioctl(inet, SIOCGIFINDEX, &ifr) == 0 && ifr.ifr_ifindex == ifindex);
    strcpy(ifr.ifr_name, "lo");
    CHECK(ioctl(inet, SIOCGIFINDEX, &ifr) == 0 && ifr.ifr_ifindex == (int)if_nametoindex("lo"));
    strcpy(ifr.ifr_name, "nosuchif0");
    CHECK(ioctl(fd, SIOCGIFINDEX, &ifr) == -1 && errno == ENODEV);
    CHECK(if_nametoindex("nosuchif0") == 0);
    close(inet);
    close(fd);
}

static void check_socket(const char *interface)
{
    struct sockaddr_can addr = {.can_family = AF_CAN, .can_ifindex = 987654};
    socklen_t n = sizeof addr;
    int value = 0;
    socklen_t value_n = sizeof value;

    CHECK(socket(PF_CAN, SOCK_STREAM, CAN_RAW) == -1);
    int fd = open_can(SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    CHECK(bind(fd, (struct sockaddr *)&addr, n) == -1 && errno == ENODEV);
    CHECK(bind(fd, (struct sockaddr *)&addr, 4) == -1 && errno == EINVAL);
    addr.can_family = AF_INET;
    CHECK(bind(fd, (struct sockaddr *)&addr, n) == -1 && errno == EINVAL);
    struct can_frame f = {.can_id = 0x123};
    CHECK(recv(fd, &f, sizeof f, 0) == -1 && errno == EAGAIN);
    CHECK(write(fd, &f, sizeof f) == -1 && errno == ENXIO); /* bound to nothing */
    CHECK(bind_to(fd, if_nametoindex(interface)));
    CHECK(getsockname(fd, (struct sockaddr *)&addr, &n) == 0);
    CHECK(addr.can_family == AF_CAN && addr.can_ifindex == (int)if_nametoindex(interface));
    CHECK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &value_n) == 0 && value == AF_CAN);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &value_n) == 0 && value == SOCK_RAW);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &value_n) == 0 && value == 0);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &value_n) == 0 && value == 0);
    CHECK(connect(fd, (struct sockaddr *)&addr, n) == -1 && errno == EOPNOTSUPP);
    CHECK(write(fd, &f, 5) == -1 && errno == EINVAL);
    f.len = 9;
    CHECK(write(fd, &f, sizeof f) == -1 && errno == EINVAL);
    close(fd);
    CHECK(write(fd, &f, sizeof f) == -1 && errno == EBADF);
}

static void check_options(const char *interface)
{
    struct can_filter filters[2] = {{0x351, CAN_SFF_MASK}, {0x355, CAN_SFF_MASK}};
    struct can_filter got[4];
    socklen_t n = sizeof got;
    int fd = open_on(interface);
    int value = 7;
    socklen_t value_n = sizeof value;
    can_err_mask_t errors = CAN_ERR_BUSOFF;

    CHECK(getsockopt(fd, SOL_CAN_RAW, CAN_RAW_LOOPBACK, &value, &value_n) == 0 && value == 1);
    CHECK(getsockopt(fd, SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, &value, &value_n) == 0 && value == 0);
    CHECK(getsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, got, &n) == 0 && n == sizeof got[0]);
    CHECK(got[0].can_id == 0 && got[0].can_mask == 0);
    CHECK(setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, filters, sizeof filters) == 0);
    n = sizeof got;
    CHECK(getsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, got, &n) == 0 && n == sizeof filters);
    CHECK(memcmp(got, filters, sizeof filters) == 0);
    CHECK(setsockopt(fd, SOL_CAN_RAW, CAN_RAW_FILTER, filters, 5) == -1 && errno == EINVAL);
    CHECK(setsockopt(fd, SOL_CAN_RAW, CAN_RAW_LOOPBACK, filters, 8) == -1 && errno == EINVAL);
    CHECK(setsockopt(fd, SOL_CAN_RAW, 99, &value, 4) == -1 && errno == ENOPROTOOPT);
    CHECK(setsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof errors) == 0);
    value_n = sizeof value;
    CHECK(getsockopt(fd, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &value, &value_n) == 0 &&
          value == CAN_ERR_BUSOFF);
    set_flag(fd, CAN_RAW_FD_FRAMES, 1);
    close(fd);
}

static void check_traffic(const char *interface)
{
    int a = open_on(interface), b = open_on(interface);

    CHECK(put(a, 0x351, 1) && put(a, 0x1FFFFFFF | CAN_EFF_FLAG, 2) &&
          put(a, 0x305 | CAN_RTR_FLAG, 0));
    CHECK(next(b) == 0x351);
    CHECK(next(b) == (0x1FFFFFFF | CAN_EFF_FLAG));
    CHECK(next(b) == (0x305 | CAN_RTR_FLAG));
    CHECK(silent(a)); /* not its own */
    set_flag(a, CAN_RAW_RECV_OWN_MSGS, 1);
    CHECK(put(b, 0x100, 0) && put(a, 0x101, 0) && put(b, 0x102, 0));
    CHECK(next(a) == 0x100 && next(a) == 0x101 && next(a) == 0x102);
    CHECK(next(b) == 0x101 && silent(b));
    set_flag(a, CAN_RAW_LOOPBACK, 0); /* not to other sockets of this host */
    CHECK(put(a, 0x103, 0));
    CHECK(silent(b));
    set_flag(a, CAN_RAW_LOOPBACK, 1);
    CHECK(put(a, 0x104, 0));
    CHECK(next(b) == 0x104);
    close(a);
    close(b);
}

static void check_filters(const char *interface)
{
    int a = open_on(interface), b = open_on(interface);
    struct can_filter one = {0x350, 0x7F0};
    struct can_filter both[2] = {{0x350, 0x7F0}, {0x001, 0x001}};
    struct can_filter not_351 = {0x351 | CAN_INV_FILTER, CAN_SFF_MASK};
    can_err_mask_t errors = CAN_ERR_BUSOFF;

    CHECK(setsockopt(b, SOL_CAN_RAW, CAN_RAW_FILTER, &one, sizeof one) == 0);
    CHECK(put(a, 0x305, 0) && put(a, 0x355, 0) && put(a, 0x400, 0) && put(a, 0x35E, 0));
    CHECK(next(b) == 0x355 && next(b) == 0x35E && silent(b));
    CHECK(setsockopt(b, SOL_CAN_RAW, CAN_RAW_FILTER, both, sizeof both) == 0);
    CHECK(put(a, 0x351, 0)); /* matches both, arrives once */
    CHECK(next(b) == 0x351 && silent(b));
    set_flag(b, CAN_RAW_JOIN_FILTERS, 1);
    CHECK(put(a, 0x352, 0) && put(a, 0x353, 0) && put(a, 0x401, 0));
    CHECK(next(b) == 0x353 && silent(b));
    set_flag(b, CAN_RAW_JOIN_FILTERS, 0);
    CHECK(setsockopt(b, SOL_CAN_RAW, CAN_RAW_FILTER, &not_351, sizeof not_351) == 0);
    CHECK(put(a, 0x351, 0) && put(a, 0x356, 0));
    CHECK(next(b) == 0x356 && silent(b));
    CHECK(setsockopt(b, SOL_CAN_RAW, CAN_RAW_FILTER, NULL, 0) == 0);
    CHECK(put(a, 0x351, 0) && put(a, CAN_ERR_FLAG | CAN_ERR_BUSOFF, 0));
    CHECK(silent(b));
    CHECK(setsockopt(b, SOL_CAN_RAW, CAN_RAW_ERR_FILTER, &errors, sizeof errors) == 0);
    CHECK(put(a, CAN_ERR_FLAG | CAN_ERR_ACK, 0) && put(a, CAN_ERR_FLAG | CAN_ERR_BUSOFF, 0));
    CHECK(next(b) == (CAN_ERR_FLAG | CAN_ERR_BUSOFF) && silent(b));
    close(a);
    close(b);
}

static void check_messages(const char *interface)
{
    int a = open_on(interface), b = open_on(interface);
    struct can_frame f = {.can_id = 0x200, .len = 8, .data = {1, 2, 3, 4, 5, 6, 7, 8}}, g = {0};
    struct iovec out[2] = {{&f, 8}, {f.data, 8}}, in[2] = {{&g, 3}, {(char *)&g + 3, 13}};
    struct sockaddr_can from = {0};
    const int on = 1;
    char control[200];
    struct msghdr msg = {.msg_iov = out, .msg_iovlen = 2};

    CHECK(setsockopt(b, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0);
    CHECK(sendmsg(a, &msg, 0) == 16);
    CHECK(readable(b, 2000));
    msg = (struct msghdr){.msg_iov = in,
                          .msg_iovlen = 2,
                          .msg_name = &from,
                          .msg_namelen = sizeof from,
                          .msg_control = control,
                          .msg_controllen = sizeof control};
    CHECK(recvmsg(b, &msg, MSG_PEEK) == 16);
    msg.msg_control = control;
    msg.msg_controllen = sizeof control;
    CHECK(recvmsg(b, &msg, 0) == 16 && memcmp(&f, &g, sizeof f) == 0);
    CHECK(from.can_family == AF_CAN && from.can_ifindex == (int)if_nametoindex(interface));
    CHECK((msg.msg_flags & MSG_DONTROUTE) != 0 && (msg.msg_flags & MSG_CONFIRM) == 0);
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    CHECK(c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS);
    if (c != NULL) {
        struct timespec stamp, now;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        clock_gettime(CLOCK_REALTIME, &now);
        CHECK(now.tv_sec - stamp.tv_sec >= 0 && now.tv_sec - stamp.tv_sec < 5);
    }
    struct timeval tv;
    CHECK(writev(a, out, 2) == 16 && readable(b, 2000) && readv(b, in, 2) == 16);
    CHECK(memcmp(&f, &g, sizeof f) == 0);
    int old = open_on(interface); /* the older way of stamping excludes the newer */
    CHECK(ioctl(old, SIOCGSTAMP_OLD, &tv) == -1 && errno == ENOENT); /* switches it on */
    CHECK(put(a, 0x201, 0) && next(b) == 0x201 && next(old) == 0x201);
    CHECK(ioctl(old, SIOCGSTAMP_OLD, &tv) == 0 && tv.tv_sec > 1500000000);
    close(old);

    set_flag(a, CAN_RAW_RECV_OWN_MSGS, 1);
    CHECK(put(a, 0x202, 0) && readable(a, 2000));
    msg.msg_control = NULL;
    msg.msg_controllen = 0;
    CHECK(recvmsg(a, &msg, 0) == 16);
    CHECK((msg.msg_flags & MSG_CONFIRM) != 0 && (msg.msg_flags & MSG_DONTROUTE) != 0);
    CHECK(next(b) == 0x202);

    uint8_t few[5];
    socklen_t from_n = sizeof from;
    CHECK(put(a, 0x203, 9) && readable(b, 2000));
    CHECK(recvfrom(b, few, sizeof few, 0, (struct sockaddr *)&from, &from_n) == 5);
    CHECK(few[0] == 0x03 && few[4] == 1 && silent(b)); /* cut; the rest is gone */
    close(a);
    close(b);
}

static void check_several_messages(const char *interface)
{
    int a = open_on(interface), b = open_on(interface);
    struct can_frame f[4], g[4];
    struct iovec out[4], in[4];
    struct mmsghdr msgs[4] = {0};

    for (unsigned i = 0; i < 4; i++) {
        f[i] = (struct can_frame){.can_id = 0x300 + i};
        out[i] = (struct iovec){&f[i], sizeof f[i]};
        in[i] = (struct iovec){&g[i], sizeof g[i]};
        msgs[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
    }
    CHECK(sendmmsg(a, msgs, 4, 0) == 4);
    CHECK(readable(b, 2000));
    struct pollfd none = {.fd = -1};
    poll(&none, 1, 50); /* until all four are there */
    for (unsigned i = 0; i < 4; i++)
        msgs[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    CHECK(recvmmsg(b, msgs, 4, MSG_DONTWAIT, NULL) == 4);
    CHECK(g[0].can_id == 0x300 && g[3].can_id == 0x303 && msgs[3].msg_len == 16);
    CHECK(recvmmsg(b, msgs, 4, MSG_DONTWAIT, NULL) == -1 && errno == EAGAIN);
    close(a);
    close(b);
}

static void check_waiting(const char *interface)
{
    int a = open_on(interface), b = open_can(0); /* blocking */
    struct timeval timeout = {.tv_usec = 30000};
    struct can_frame f;

    CHECK(setsockopt(b, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    CHECK(bind_to(b, if_nametoindex(interface)));
    CHECK(recv(b, &f, sizeof f, 0) == -1 && errno == EAGAIN);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = b};
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, b, &event) == 0);
    CHECK(epoll_wait(ep, &event, 1, 0) == 0);
    CHECK(put(a, 0x111, 0));
    CHECK(epoll_wait(ep, &event, 1, 2000) == 1 && event.data.fd == b);
    CHECK(recv(b, &f, sizeof f, 0) == 16 && f.can_id == 0x111);
    CHECK(epoll_wait(ep, &event, 1, 0) == 0);
    close(ep);
    close(a);
    close(b);
}

static void check_copies(const char *interface)
{
    int a = open_on(interface), b = open_on(interface);
    int copy = dup(b), low = fcntl(b, F_DUPFD, 100), high = dup2(b, 200);

    CHECK(copy >= 0 && low >= 100 && high == 200);
    close(b);
    CHECK(put(a, 0x120, 0) && next(copy) == 0x120);
    CHECK(put(a, 0x121, 0) && next(low) == 0x121);
    CHECK(put(high, 0x122, 0) && next(a) == 0x122);
    CHECK(dup3(a, copy, O_CLOEXEC) == copy); /* now the other one */
    CHECK(put(high, 0x123, 0) && next(copy) == 0x123);
    int null = open("/dev/null", O_RDWR);
    CHECK(dup2(null, copy) == copy); /* and now no socket at all */
    CHECK(write(copy, "plain", 5) == 5);
    close(null);
    close(copy);
    close(low);
    close(high);
    int pipes[2];
    CHECK(pipe(pipes) == 0 && write(pipes[1], "ab", 2) == 2); /* numbers that were CAN before */
    char two[2];
    CHECK(read(pipes[0], two, 2) == 2 && two[1] == 'b');
    close(pipes[0]);
    close(pipes[1]);
    close(a);
}

static void check_rebind(const char *interface, const char *second)
{
    int a = open_on(interface), b = open_on(second), s = open_on(interface);
    struct can_frame f = {.can_id = 0x130};
    struct sockaddr_can to = {.can_family = AF_CAN, .can_ifindex = (int)if_nametoindex(second)};
    struct sockaddr_can from = {0};
    socklen_t n = sizeof from;

    CHECK(put(a, 0x131, 0) && next(s) == 0x131);
    CHECK(sendto(s, &f, sizeof f, 0, (struct sockaddr *)&to, sizeof to) == 16); /* elsewhere */
    CHECK(next(b) == 0x130 && silent(a));
    CHECK(bind_to(s, if_nametoindex(second)));
    CHECK(put(b, 0x132, 0) && next(s) == 0x132);
    CHECK(put(a, 0x133, 0) && silent(s));
    CHECK(bind_to(s, 0)); /* all interfaces */
    CHECK(put(a, 0x134, 0) && next(s) == 0x134);
    CHECK(put(b, 0x135, 0) && readable(s, 2000));
    CHECK(recvfrom(s, &f, sizeof f, 0, (struct sockaddr *)&from, &n) == 16);
    CHECK(f.can_id == 0x135 && from.can_ifindex == to.can_ifindex);
    CHECK(write(s, &f, sizeof f) == -1 && errno == ENXIO);
    CHECK(sendto(s, &f, sizeof f, 0, (struct sockaddr *)&to, sizeof to) == 16);
    CHECK(next(b) == 0x135 && silent(a));
    struct can_filter one = {0x140, CAN_SFF_MASK};
    CHECK(setsockopt(s, SOL_CAN_RAW, CAN_RAW_FILTER, &one, sizeof one) == 0);
    CHECK(put(a, 0x141, 0) && put(a, 0x140, 0) && next(s) == 0x140 && silent(s));
    close(a);
    close(b);
    close(s);
}

static void check_processes(const char *interface, const char *self)
{
    int a = open_on(interface), b = open_on(interface);
    int status = -1;

    pid_t child = fork();
    if (child == 0) { /* a copy of the descriptor, and one of its own */
        int own = open_on(interface);
        bool ok =
            put(b, 0x150, 0) && next(own) == 0x150 && put(own, 0x151, 0) && next(own) == 0x152;
        _exit(ok && failures == 0 ? 0 : 1);
    }
    CHECK(next(a) == 0x150 && next(a) == 0x151);
    CHECK(put(a, 0x152, 0));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(next(b) == 0x151 && next(b) == 0x152);

    char number[12];
    fcntl(b, F_SETFD, 0);
    snprintf(number, sizeof number, "%d", b);
    child = fork();
    if (child == 0) {
        execl(self, self, "--inherited", number, (char *)NULL);
        _exit(127);
    }
    CHECK(next(a) == 0x160);
    CHECK(put(a, 0x161, 0));
    CHECK(waitpid(child, &status, 0) == child && status == 0);

    child = vfork();
    if (child == 0) { /* closes things in our memory */
        close(a);
        dup2(1, b);
        _exit(0);
    }
    waitpid(child, &status, 0);
    CHECK(put(a, 0x162, 0) && next(b) == 0x162);
    close(a);
    close(b);
}

/* What exec'ed programs find: a CAN socket on a number they were told. */
static int run_inherited(int fd)
{
    struct sockaddr_can addr = {0};
    socklen_t n = sizeof addr;

    CHECK(getsockname(fd, (struct sockaddr *)&addr, &n) == 0 && addr.can_family == AF_CAN);
    CHECK(put(fd, 0x160, 0) && next(fd) == 0x161);
    return failures == 0 ? 0 : 1;
}

/* Fewer frames than a socket's default queue holds (about 270). */
enum { THREADS = 4, FRAMES = 50 };

static void *sender(void *arg)
{
    int fd = open_on(arg);

    for (unsigned i = 0; i < FRAMES; i++)
        while (!put(fd, 0x170, (uint8_t)i))
            sched_yield();
    close(fd);
    return NULL;
}

static void check_threads(const char *interface)
{
    pthread_t threads[THREADS];
    unsigned got = 0;
    int fd = open_on(interface);

    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, sender, (void *)interface) == 0);
    while (got < THREADS * FRAMES && next(fd) == 0x170)
        got++;
    CHECK(got == THREADS * FRAMES);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 3000; i++) /* numbers are reused, and nothing is left of them */
        close(open_on(interface));
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--inherited") == 0)
        return run_inherited(atoi(argv[2]));
    if (argc < 2)
        return 2;
    check_names(argv[1]);
    check_socket(argv[1]);
    check_options(argv[1]);
    check_traffic(argv[1]);
    check_filters(argv[1]);
    check_messages(argv[1]);
    check_several_messages(argv[1]);
    check_waiting(argv[1]);
    check_copies(argv[1]);
    check_processes(argv[1], argv[0]);
    check_threads(argv[1]);
    if (argc > 2)
        check_rebind(argv[1], argv[2]);
    return failures == 0 ? 0 : 1;
}
