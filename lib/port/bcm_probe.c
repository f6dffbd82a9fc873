/* SPDX-License-Identifier: Apache-2.0
 *
 * A program that knows nothing of hubs: it uses CAN_BCM sockets and checks what net/can/bcm.c and
 * Documentation/networking/can.rst section 4.2 promise, opcode by opcode. Run natively on vcan0 it
 * checks the expectations against the kernel; under the preload library, in real and in virtual
 * time, it checks the library.
 *
 *     bcm_probe [-v] UNIT_MS INTERFACE [INTERFACE2]
 *
 * Nothing may come early; a frame may be two seconds late. Prints each line that failed. Exit
 * status: 0 all is well, 1 something failed, which a busy machine may explain, 3 something was
 * early. With -v everything that was told and heard is printed, with the units of time since the
 * line before: two buses that are alike print the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LATE_MS = 2000, FRAMES_MAX = 300 };

static unsigned failures, early; /* a program, not a library */
static int64_t unit_ms;
static bool verbose;
static int64_t recorded_ms; /* when the record got its last line */

static void check(bool ok, const char *text, int line)
{
    if (ok)
        return;
    printf("line %d: %s (errno %s)\n", line, text, strerror(errno));
    failures++;
}
#define CHECK(condition) check((condition), #condition, __LINE__)

/* ---- helpers ---- */

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the record ---- */

static void record(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void record(const char *format, ...)
{
    va_list args;

    if (!verbose)
        return;
    int64_t now = now_ms();
    printf("+%lld  ",
           (long long)(recorded_ms == 0 ? 0 : (now - recorded_ms + unit_ms / 2) / unit_ms));
    recorded_ms = now;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static void record_frame(const char *what, const struct can_frame *f)
{
    char data[2 * CAN_MAX_DLEN + 1] = "";

    for (unsigned i = 0; i < f->len && i < CAN_MAX_DLEN; i++)
        snprintf(data + 2 * (size_t)i, 3, "%02X", (unsigned)f->data[i]);
    record("%s %08X#%s", what, (unsigned)f->can_id, data);
}

static void record_head(const char *what, const struct bcm_msg_head *head)
{
    int64_t ms1 = head->ival1.tv_sec * 1000 + head->ival1.tv_usec / 1000;
    int64_t ms2 = head->ival2.tv_sec * 1000 + head->ival2.tv_usec / 1000;

    record("%s opcode=%u flags=%04X count=%u ival1=%lld ival2=%lld id=%08X frames=%u", what,
           (unsigned)head->opcode, (unsigned)head->flags, (unsigned)head->count,
           (long long)(ms1 / unit_ms), (long long)(ms2 / unit_ms), (unsigned)head->can_id,
           (unsigned)head->nframes);
}

static void sleep_ms(int64_t ms)
{
    const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

static void check_time(int64_t began, int64_t units, int line)
{
    int64_t ms = now_ms() - began;

    if (ms >= units * unit_ms - 1 && ms <= units * unit_ms + LATE_MS)
        return;
    printf("line %d: after %lld ms, expected %lld\n", line, (long long)ms,
           (long long)(units * unit_ms));
    failures++;
    early += ms < units * unit_ms - 1 ? 1 : 0;
}
#define CHECK_TIME(began, units) check_time((began), (units), __LINE__)

static int open_raw(const char *interface)
{
    const struct sockaddr_can addr = {.can_family = AF_CAN,
                                      .can_ifindex = (int)if_nametoindex(interface)};
    int fd = socket(PF_CAN, SOCK_RAW | SOCK_NONBLOCK, CAN_RAW);

    CHECK(bind(fd, (const struct sockaddr *)&addr, sizeof addr) == 0);
    return fd;
}

static int open_bcm(const char *interface)
{
    const struct sockaddr_can addr = {.can_family = AF_CAN,
                                      .can_ifindex =
                                          interface != NULL ? (int)if_nametoindex(interface) : 0};
    int fd = socket(PF_CAN, SOCK_DGRAM | SOCK_NONBLOCK, CAN_BCM);

    CHECK(fd >= 0);
    CHECK(connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0);
    return fd;
}

static bool put(int fd, canid_t id, uint8_t n, uint8_t a, uint8_t b)
{
    const struct can_frame f = {.can_id = id, .len = n, .data = {a, b}};
    record_frame("put", &f);
    return write(fd, &f, sizeof f) == (ssize_t)sizeof f;
}

static bool readable(int fd, int64_t ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, (int)ms) == 1 && (p.revents & POLLIN) != 0;
}

static struct can_frame take(int fd)
{
    struct can_frame f = {.can_id = 0};

    if (!readable(fd, 10 * unit_ms + LATE_MS) || read(fd, &f, sizeof f) != (ssize_t)sizeof f)
        f.can_id = 0xFFFFFFFF;
    return f;
}

/* The next frame of a raw socket; an impossible id when none comes. */
static struct can_frame next(int fd)
{
    const struct can_frame f = take(fd);

    record_frame("frame", &f);
    return f;
}

/* The first frame with this byte, behind those that were on their way. */
static void skip_to(int fd, uint8_t byte)
{
    struct can_frame f;

    do
        f = take(fd);
    while (f.can_id != 0xFFFFFFFF && f.data[0] != byte);
    CHECK(f.data[0] == byte);
    record_frame("at last", &f);
}

/* ---- messages ---- */

static struct {
    struct can_frame frames[FRAMES_MAX];
} out, in;
static uint8_t bytes[sizeof(struct bcm_msg_head) + sizeof out];

static struct bcm_timeval units(int64_t n)
{
    return (struct bcm_timeval){.tv_sec = n * unit_ms / 1000, .tv_usec = n * unit_ms % 1000 * 1000};
}

static ssize_t tell_to(int fd, const struct bcm_msg_head *head, unsigned frames, int ifindex)
{
    const struct sockaddr_can to = {.can_family = AF_CAN, .can_ifindex = ifindex};
    size_t n = sizeof *head + frames * sizeof out.frames[0];

    memcpy(bytes, head, sizeof *head);
    memcpy(bytes + sizeof *head, out.frames, frames * sizeof out.frames[0]);
    ssize_t done = ifindex != 0 ? sendto(fd, bytes, n, 0, (const struct sockaddr *)&to, sizeof to)
                                : write(fd, bytes, n);
    int number = errno;
    record_head(done == (ssize_t)n ? "tell" : strerror(number), head);
    errno = number;
    return done;
}

static ssize_t tell(int fd, const struct bcm_msg_head *head)
{
    return tell_to(fd, head, head->nframes, 0);
}

static bool told(int fd, const struct bcm_msg_head *head)
{
    return tell(fd, head) == (ssize_t)(sizeof *head + head->nframes * sizeof out.frames[0]);
}

/* The next message, its frames in `in`; opcode 0 when none comes. */
static void hear(int fd, struct bcm_msg_head *ret)
{
    ssize_t n = readable(fd, 10 * unit_ms + LATE_MS) ? read(fd, bytes, sizeof bytes) : -1;

    memset(ret, 0, sizeof *ret);
    if (n < (ssize_t)sizeof *ret) {
        record("nothing heard");
        return;
    }
    memcpy(ret, bytes, sizeof *ret);
    memcpy(in.frames, bytes + sizeof *ret, (size_t)n - sizeof *ret);
    CHECK((size_t)n == sizeof *ret + ret->nframes * sizeof in.frames[0]);
    record_head("hear", ret);
    for (uint32_t i = 0; i < ret->nframes; i++)
        record_frame("    ", &in.frames[i]);
}

static bool hears(int fd, uint32_t opcode, canid_t id)
{
    struct bcm_msg_head head;

    hear(fd, &head);
    return head.opcode == opcode && head.can_id == id;
}

/* RX_CHANGED with these first bytes. */
static bool hears_change(int fd, canid_t id, uint8_t a, uint8_t b)
{
    return hears(fd, RX_CHANGED, id) && in.frames[0].can_id == id && in.frames[0].data[0] == a &&
           in.frames[0].data[1] == b;
}

/* Nothing now, and nothing that a hub has not handed on yet. */
static bool silent(int fd)
{
    bool ok = !readable(fd, 30);

    record(ok ? "silent" : "not silent");
    return ok;
}

/* Frames that were on their way; how many is a matter of chance. */
static void drain(int fd)
{
    while (readable(fd, 30))
        take(fd);
}

/* ---- the socket ---- */

static void check_socket(const char *interface)
{
    struct sockaddr_can addr = {.can_family = AF_CAN};
    const struct bcm_msg_head head = {.opcode = TX_DELETE, .can_id = 0x77};
    socklen_t n = sizeof addr;
    int value = 0;
    socklen_t value_n = sizeof value;
    char byte;

    CHECK(socket(PF_CAN, SOCK_RAW, CAN_BCM) == -1 && errno == EPROTOTYPE);
    int fd = socket(PF_CAN, SOCK_DGRAM | SOCK_NONBLOCK, CAN_BCM);
    CHECK(tell(fd, &head) == -1 && errno == ENOTCONN);
    CHECK(bind(fd, (struct sockaddr *)&addr, sizeof addr) == -1 && errno == EOPNOTSUPP);
    CHECK(connect(fd, (struct sockaddr *)&addr, 4) == -1 && errno == EINVAL);
    addr.can_ifindex = 987654;
    CHECK(connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1 && errno == ENODEV);
    addr.can_ifindex = (int)if_nametoindex(interface);
    CHECK(connect(fd, (struct sockaddr *)&addr, sizeof addr) == 0);
    CHECK(connect(fd, (struct sockaddr *)&addr, sizeof addr) == -1 && errno == EISCONN);
    CHECK(getsockname(fd, (struct sockaddr *)&addr, &n) == -1 && errno == EOPNOTSUPP);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &value_n) == 0 && value == SOCK_DGRAM);
    CHECK(read(fd, &byte, 1) == -1 && errno == EAGAIN);
    CHECK(write(fd, &byte, 1) == -1 && errno == EINVAL);
    close(fd);
}

static void refuse(int fd, uint32_t opcode, uint32_t flags, uint32_t n, int number, int line)
{
    const struct bcm_msg_head head = {
        .opcode = opcode, .flags = flags, .can_id = 0x123, .nframes = n};

    check(tell(fd, &head) == -1 && errno == number, "is refused", line);
}
#define REFUSE(opcode, flags, n, number) refuse(fd, (opcode), (flags), (n), (number), __LINE__)

static void check_refused(const char *interface)
{
    int fd = open_bcm(interface);
    struct bcm_msg_head head = {.opcode = TX_SETUP,
                                .flags = SETTIMER,
                                .ival2 = {.tv_usec = 1000000},
                                .can_id = 0x123,
                                .nframes = 1};

    memset(&out, 0, sizeof out);
    REFUSE(0, 0, 0, EINVAL);
    REFUSE(RX_CHANGED, 0, 0, EINVAL);
    REFUSE(TX_SETUP, 0, 0, EINVAL);
    REFUSE(TX_SETUP, 0, 257, EINVAL);
    REFUSE(RX_SETUP, 0, 258, EINVAL);
    REFUSE(RX_SETUP, RX_RTR_FRAME, 1, EINVAL); /* no remote id */
    REFUSE(TX_SEND, 0, 2, EINVAL);
    REFUSE(TX_DELETE, 0, 0, EINVAL); /* there is none */
    REFUSE(RX_DELETE, 0, 0, EINVAL);
    REFUSE(TX_READ, 0, 0, EINVAL);
    REFUSE(RX_READ, 0, 0, EINVAL);
    CHECK(tell(fd, &head) == -1 && errno == EINVAL); /* no time */
    head.ival2 = (struct bcm_timeval){.tv_sec = -1};
    CHECK(tell(fd, &head) == -1 && errno == EINVAL);
    head.flags = 0;
    out.frames[0].len = 9;
    CHECK(tell(fd, &head) == -1 && errno == EINVAL);
    out.frames[0].len = 0;
    head.nframes = 2;
    CHECK(tell_to(fd, &head, 1, 0) == -1 && errno == EFAULT); /* one frame is missing */
    CHECK(told(fd, &head));
    head.nframes = 3;
    CHECK(tell(fd, &head) == -1 && errno == E2BIG);
    close(fd);
}

/* ---- sending ---- */

static void check_send(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    const struct bcm_msg_head head = {.opcode = TX_SEND, .nframes = 1};

    out.frames[0] = (struct can_frame){.can_id = 0x351, .len = 2, .data = {1, 2}};
    CHECK(told(fd, &head));
    const struct can_frame f = next(raw);
    CHECK(f.can_id == 0x351 && f.len == 2 && f.data[1] == 2);
    CHECK(silent(raw) && silent(fd));
    close(fd);
    close(raw);
}

/* Two frames in turn, the first at once; changed on the way; read; stopped. */
static void check_cyclic(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    struct bcm_msg_head head = {.opcode = TX_SETUP,
                                .flags = SETTIMER | STARTTIMER | TX_CP_CAN_ID,
                                .ival2 = units(1),
                                .can_id = 0x305,
                                .nframes = 2};

    out.frames[0] = (struct can_frame){.can_id = 1, .len = 1, .data = {10}};
    out.frames[1] = (struct can_frame){.can_id = 2, .len = 1, .data = {11}};
    int64_t began = now_ms();
    CHECK(told(fd, &head));
    for (int i = 0; i < 4; i++) {
        const struct can_frame f = next(raw);
        CHECK(f.can_id == 0x305 && f.data[0] == 10 + i % 2);
        CHECK_TIME(began, i);
    }
    out.frames[0].data[0] = 20; /* new data, the same timer */
    out.frames[1].data[0] = 20;
    head.flags = TX_CP_CAN_ID;
    CHECK(told(fd, &head));
    skip_to(raw, 20);
    CHECK_TIME(began, 4);
    head.flags = TX_CP_CAN_ID | TX_ANNOUNCE; /* at once */
    out.frames[0].data[0] = 30;
    out.frames[1].data[0] = 30;
    CHECK(told(fd, &head));
    skip_to(raw, 30);
    head.opcode = TX_READ;
    head.nframes = 0;
    CHECK(told(fd, &head));
    hear(fd, &head);
    CHECK(head.opcode == TX_STATUS && head.can_id == 0x305 && head.nframes == 2);
    CHECK(head.ival2.tv_sec == units(1).tv_sec && head.ival2.tv_usec == units(1).tv_usec);
    CHECK(in.frames[1].can_id == 0x305 && in.frames[1].data[0] == 30);
    const struct bcm_msg_head stop = {.opcode = TX_DELETE, .can_id = 0x305};
    CHECK(told(fd, &stop));
    CHECK(tell(fd, &stop) == -1 && errno == EINVAL);
    drain(raw);
    sleep_ms(2 * unit_ms);
    CHECK(silent(raw));
    close(fd);
    close(raw);
}

/* Three at one interval, then at another; a notice in between. */
static void check_counted(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    struct bcm_msg_head head = {.opcode = TX_SETUP,
                                .flags = SETTIMER | STARTTIMER | TX_COUNTEVT,
                                .count = 3,
                                .ival1 = units(1),
                                .ival2 = units(2),
                                .can_id = 0x100,
                                .nframes = 1};

    out.frames[0] = (struct can_frame){.can_id = 0x100, .len = 0};
    int64_t began = now_ms();
    CHECK(told(fd, &head));
    static const int at[] = {0, 1, 2, 4, 6};
    for (int i = 0; i < 5; i++) {
        CHECK(next(raw).can_id == 0x100);
        CHECK_TIME(began, at[i]);
    }
    hear(fd, &head);
    CHECK(head.opcode == TX_EXPIRED && head.can_id == 0x100 && head.count == 0);
    CHECK((head.flags & TX_COUNTEVT) != 0 && head.nframes == 0 && silent(fd));
    head =
        (struct bcm_msg_head){.opcode = TX_SETUP, .flags = SETTIMER, .can_id = 0x100, .nframes = 1};
    CHECK(told(fd, &head)); /* times of zero stop it */
    drain(raw);
    sleep_ms(3 * unit_ms);
    CHECK(silent(raw));
    close(fd);
    close(raw);
}

/* Only so many, and which frame is next. */
static void check_index(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    struct bcm_msg_head head = {
        .opcode = TX_SETUP, .flags = TX_ANNOUNCE, .can_id = 0x110, .nframes = 3};

    for (unsigned i = 0; i < 3; i++)
        out.frames[i] = (struct can_frame){.can_id = 0x111 + i};
    CHECK(told(fd, &head) && told(fd, &head));
    CHECK(next(raw).can_id == 0x111 && next(raw).can_id == 0x112);
    head.flags = TX_ANNOUNCE | TX_RESET_MULTI_IDX;
    CHECK(told(fd, &head) && next(raw).can_id == 0x111);
    head.nframes = 2; /* another number starts again, too */
    head.flags = TX_ANNOUNCE;
    CHECK(told(fd, &head) && next(raw).can_id == 0x111);
    CHECK(told(fd, &head) && next(raw).can_id == 0x112 && silent(raw));
    close(fd);
    close(raw);
}

/* A socket that is closed has no timers. */
static void check_closed(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    const struct bcm_msg_head head = {.opcode = TX_SETUP,
                                      .flags = SETTIMER | STARTTIMER,
                                      .ival2 = units(1),
                                      .can_id = 0x120,
                                      .nframes = 1};

    out.frames[0] = (struct can_frame){.can_id = 0x120};
    CHECK(told(fd, &head) && next(raw).can_id == 0x120 && next(raw).can_id == 0x120);
    close(fd);
    drain(raw);
    sleep_ms(2 * unit_ms);
    CHECK(silent(raw));
    close(raw);
}

/* ---- filters ---- */

static void check_by_id(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    struct bcm_msg_head head = {.opcode = RX_SETUP, .flags = RX_FILTER_ID, .can_id = 0x355};
    struct sockaddr_can from = {0};
    socklen_t n = sizeof from;

    CHECK(told(fd, &head));
    CHECK(put(raw, 0x356, 0, 0, 0) && put(raw, 0x355, 2, 5, 6) && put(raw, 0x355, 2, 5, 6));
    CHECK(put(raw, 0x355 | CAN_EFF_FLAG, 0, 0, 0));
    CHECK(hears_change(fd, 0x355, 5, 6));
    CHECK(readable(fd, LATE_MS));
    CHECK(recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &n) ==
          (ssize_t)(sizeof head + sizeof in.frames[0]));
    CHECK(from.can_family == AF_CAN && from.can_ifindex == (int)if_nametoindex(interface));
    CHECK(silent(fd));
    head = (struct bcm_msg_head){.opcode = RX_READ, .can_id = 0x355};
    CHECK(told(fd, &head));
    hear(fd, &head);
    CHECK(head.opcode == RX_STATUS && (head.flags & RX_FILTER_ID) != 0 && head.nframes == 0);
    head = (struct bcm_msg_head){.opcode = RX_DELETE, .can_id = 0x355};
    CHECK(told(fd, &head) && put(raw, 0x355, 2, 7, 8) && silent(fd));
    CHECK(tell(fd, &head) == -1 && errno == EINVAL);
    close(fd);
    close(raw);
}

static void check_content(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    struct bcm_msg_head head = {.opcode = RX_SETUP, .can_id = 0x356, .nframes = 1};

    out.frames[0] = (struct can_frame){.len = 8, .data = {0xFF, 0x0F}};
    CHECK(told(fd, &head));
    CHECK(put(raw, 0x356, 2, 1, 1) && hears_change(fd, 0x356, 1, 1)); /* the first is news */
    CHECK(put(raw, 0x356, 2, 1, 0x21) && silent(fd));                 /* not in the mask */
    CHECK(put(raw, 0x356, 3, 1, 1) && silent(fd));                    /* longer */
    CHECK(put(raw, 0x356, 2, 1, 2) && hears_change(fd, 0x356, 1, 2));
    head.flags = RX_CHECK_DLC; /* an update: starts afresh */
    CHECK(told(fd, &head));
    CHECK(put(raw, 0x356, 2, 1, 2) && hears_change(fd, 0x356, 1, 2));
    CHECK(put(raw, 0x356, 3, 1, 2) && hears_change(fd, 0x356, 1, 2) && in.frames[0].len == 3);
    CHECK(put(raw, 0x356, 3, 1, 2) && silent(fd));
    close(fd);
    close(raw);
}

static void check_multiplexed(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    const struct bcm_msg_head head = {.opcode = RX_SETUP, .can_id = 0x400, .nframes = 3};

    out.frames[0] = (struct can_frame){.len = 8, .data = {0xFF}};       /* which part tells */
    out.frames[1] = (struct can_frame){.len = 8, .data = {0x01, 0xFF}}; /* value, and its mask */
    out.frames[2] = (struct can_frame){.len = 8, .data = {0x02, 0x0F}};
    CHECK(told(fd, &head));
    CHECK(put(raw, 0x400, 2, 1, 5) && hears_change(fd, 0x400, 1, 5));
    CHECK(put(raw, 0x400, 2, 2, 5) && hears_change(fd, 0x400, 2, 5));
    CHECK(put(raw, 0x400, 2, 3, 5) && silent(fd)); /* no such value */
    CHECK(put(raw, 0x400, 2, 1, 5) && put(raw, 0x400, 2, 2, 0x15) && silent(fd));
    CHECK(put(raw, 0x400, 2, 1, 6) && hears_change(fd, 0x400, 1, 6));
    close(fd);
    close(raw);
}

static void check_timeout(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    struct bcm_msg_head head = {.opcode = RX_SETUP,
                                .flags = SETTIMER | STARTTIMER,
                                .ival1 = units(2),
                                .can_id = 0x305,
                                .nframes = 1};

    out.frames[0] = (struct can_frame){.len = 8, .data = {0xFF}};
    int64_t began = now_ms();
    CHECK(told(fd, &head) && hears(fd, RX_TIMEOUT, 0x305)); /* none at all */
    CHECK_TIME(began, 2);
    sleep_ms(3 * unit_ms);
    CHECK(silent(fd)); /* once */
    began = now_ms();
    CHECK(put(raw, 0x305, 1, 1, 0) && hears_change(fd, 0x305, 1, 0));
    CHECK(hears(fd, RX_TIMEOUT, 0x305)); /* the frame has started it again */
    CHECK_TIME(began, 2);
    CHECK(put(raw, 0x305, 1, 1, 0) && hears(fd, RX_TIMEOUT, 0x305)); /* no change */
    head.flags = SETTIMER | STARTTIMER | RX_ANNOUNCE_RESUME;
    CHECK(told(fd, &head) && hears(fd, RX_TIMEOUT, 0x305));
    CHECK(put(raw, 0x305, 1, 1, 0) && hears_change(fd, 0x305, 1, 0)); /* it is back */
    CHECK(hears(fd, RX_TIMEOUT, 0x305));
    CHECK(put(raw, 0x305, 1, 1, 0) && hears_change(fd, 0x305, 1, 0));
    head.flags = SETTIMER | RX_NO_AUTOTIMER;
    CHECK(told(fd, &head) && put(raw, 0x305, 1, 1, 0) && hears_change(fd, 0x305, 1, 0));
    sleep_ms(3 * unit_ms);
    CHECK(silent(fd));
    close(fd);
    close(raw);
}

/* The first change at once, those that follow too soon become one. */
static void check_throttle(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    const struct bcm_msg_head head = {
        .opcode = RX_SETUP, .flags = SETTIMER, .ival2 = units(10), .can_id = 0x370, .nframes = 1};

    out.frames[0] = (struct can_frame){.len = 8, .data = {0xFF}};
    CHECK(told(fd, &head));
    int64_t began = now_ms();
    for (uint8_t i = 1; i <= 5; i++)
        CHECK(put(raw, 0x370, 1, i, 0));
    CHECK(hears_change(fd, 0x370, 1, 0));
    CHECK(hears_change(fd, 0x370, 5, 0));
    CHECK_TIME(began, 10);
    CHECK(silent(fd));
    close(fd);
    close(raw);
}

static void check_remote(const char *interface)
{
    int fd = open_bcm(interface), raw = open_raw(interface);
    const struct bcm_msg_head head = {
        .opcode = RX_SETUP, .flags = RX_RTR_FRAME, .can_id = 0x123 | CAN_RTR_FLAG, .nframes = 1};

    out.frames[0] = (struct can_frame){.can_id = 0x123, .len = 1, .data = {9}};
    CHECK(told(fd, &head));
    CHECK(put(raw, 0x123 | CAN_RTR_FLAG, 0, 0, 0));
    const struct can_frame f = next(raw);
    CHECK(f.can_id == 0x123 && f.data[0] == 9 && silent(fd));
    close(fd);
    close(raw);
}

/* ---- several interfaces ---- */

static void check_any(const char *interface, const char *second)
{
    int fd = open_bcm(NULL), a = open_raw(interface), b = open_raw(second);
    struct bcm_msg_head head = {.opcode = TX_SEND, .nframes = 1};
    int to = (int)if_nametoindex(second);

    out.frames[0] = (struct can_frame){.can_id = 0x130};
    CHECK(tell(fd, &head) == -1 && errno == ENODEV);
    CHECK(tell_to(fd, &head, 1, 987654) == -1 && errno == ENODEV);
    CHECK(tell_to(fd, &head, 1, to) > 0 && next(b).can_id == 0x130 && silent(a));
    head = (struct bcm_msg_head){.opcode = RX_SETUP, .flags = RX_FILTER_ID, .can_id = 0x131};
    CHECK(told(fd, &head));
    CHECK(put(a, 0x131, 1, 1, 0) && hears_change(fd, 0x131, 1, 0));
    CHECK(put(b, 0x131, 1, 2, 0) && hears_change(fd, 0x131, 2, 0));
    head = (struct bcm_msg_head){.opcode = TX_SETUP,
                                 .flags = SETTIMER | STARTTIMER,
                                 .ival2 = units(1),
                                 .can_id = 0x132,
                                 .nframes = 1};
    out.frames[0] = (struct can_frame){.can_id = 0x132};
    CHECK(tell_to(fd, &head, 1, to) > 0);
    CHECK(next(b).can_id == 0x132 && next(b).can_id == 0x132 && silent(a));
    close(fd);
    close(a);
    close(b);
}

static void check_all(const char *interface)
{
    static const struct {
        const char *name;
        void (*check)(const char *interface);
    } parts[] = {
        {"the socket", check_socket},
        {"what is refused", check_refused},
        {"sending", check_send},
        {"cyclic", check_cyclic},
        {"counted", check_counted},
        {"the next frame", check_index},
        {"closed", check_closed},
        {"filter by id", check_by_id},
        {"filter by content", check_content},
        {"multiplexed", check_multiplexed},
        {"time-out", check_timeout},
        {"throttle", check_throttle},
        {"remote", check_remote},
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        record("== %s", parts[i].name);
        parts[i].check(interface);
    }
}

int main(int argc, char **argv)
{
    verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    argv += verbose ? 1 : 0;
    argc -= verbose ? 1 : 0;
    if (argc < 3)
        return 2;
    unit_ms = strtoll(argv[1], NULL, 10);
    check_all(argv[2]);
    if (argc > 3) {
        record("== any interface");
        check_any(argv[2], argv[3]);
    }
    return early > 0 ? 3 : failures == 0 ? 0 : 1;
}
