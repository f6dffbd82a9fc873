/* SPDX-License-Identifier: Apache-2.0
 *
 * CAN handles: the hub and its members, an slcan adapter played on a PTY, SocketCAN where the
 * kernel has it.
 */
#define _GNU_SOURCE
#include <linux/can/error.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/can.h"
#include "port/can_hub.h"
#include "port/can_hub_filter.h"
#include "port/test_support.h"
#include "port/tty.h"
#include "testing/testing.h"

/* ---- a handle under test ---- */

struct node {
    struct can *can;
    struct can_msg msg[300];
    uint64_t t_us[300];
    bool own[300];
    unsigned n;
    unsigned states;
    enum can_state state;
    bool delete_on_frame;
};

static void on_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, bool own)
{
    struct node *node = ctx;

    if (node->n < 300) {
        node->msg[node->n] = *msg;
        node->t_us[node->n] = t_us;
        node->own[node->n] = own;
    }
    node->n++;
    if (node->delete_on_frame) {
        can_delete(node->can);
        node->can = NULL;
    }
}

static void on_state(void *ctx, enum can_state state)
{
    struct node *node = ctx;
    node->state = state;
    node->states++;
}

static enum err node_open(struct node *node, struct loop *loop, const char *name, bool own)
{
    const struct can_handler handler = {on_frame, on_state, node};
    const struct can_options options = {.own = own};

    memset(node, 0, sizeof *node);
    return can_open(loop, name, &options, &handler, &node->can);
}

static struct can_msg msg_of(const char *candump)
{
    struct can_msg msg;
    CU_ASSERT_FATAL(can_msg_parse(span_str(candump), &msg));
    return msg;
}

static bool got(const struct node *node, unsigned i, const char *candump)
{
    const struct can_msg want = msg_of(candump);
    return i < node->n && can_msg_eq(&node->msg[i], &want);
}

static enum err send_text(struct node *node, const char *candump)
{
    const struct can_msg msg = msg_of(candump);
    return can_send(node->can, &msg);
}

/* ---- a hub with members ---- */

struct bench {
    struct loop *loop;
    char folder[64], path[96], name[100];
    struct can_hub *hub;
    struct node a, b, c;
    struct can_msg seen[300];
    unsigned seen_by[300];
    uint64_t seen_us[300];
    unsigned n_seen;
    bool delete_on_frame;
};

static void on_hub_frame(void *ctx, const struct can_msg *msg, uint64_t t_us, unsigned member)
{
    struct bench *b = ctx;

    if (b->n_seen < 300) {
        b->seen[b->n_seen] = *msg;
        b->seen_by[b->n_seen] = member;
        b->seen_us[b->n_seen] = t_us;
    }
    b->n_seen++;
    if (b->delete_on_frame) {
        can_hub_delete(b->hub);
        b->hub = NULL;
    }
}

static bool members_joined(void *ctx)
{
    const struct bench *b = ctx;
    return can_hub_members(b->hub) == 3;
}

static struct bench *bench_new(bool a_wants_own)
{
    struct bench *b = calloc(1, sizeof *b);

    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    test_folder_make(b->folder, sizeof b->folder);
    test_path(b->path, sizeof b->path, b->folder, "can0.sock");
    struct buf name = buf_of(b->name, sizeof b->name - 1);
    buf_printf(&name, "hub:%s", b->path);
    CU_ASSERT_EQUAL_FATAL(can_hub_new(b->loop, b->path, on_hub_frame, b, &b->hub), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&b->a, b->loop, b->name, a_wants_own), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&b->b, b->loop, b->name, false), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&b->c, b->loop, b->name, false), ERR_OK);
    CU_ASSERT(test_until(b->loop, members_joined, b, TEST_WAIT_US));
    return b;
}

static void bench_delete(struct bench *b)
{
    can_delete(b->a.can);
    can_delete(b->b.can);
    can_delete(b->c.can);
    can_hub_delete(b->hub);
    loop_delete(b->loop);
    test_folder_remove(b->folder);
    free(b);
}

static void test_hub_reaches_all_others(void)
{
    struct bench *b = bench_new(false);

    CU_ASSERT_STRING_EQUAL(can_name(b->a.can), b->name);
    CU_ASSERT_EQUAL(can_get_state(b->a.can), CAN_UP);
    CU_ASSERT_EQUAL(send_text(&b->a, "351#1402C012C012C201"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&b->a, "1FFFFFFF#"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&b->a, "305#R8"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->b.n, 3));
    CU_ASSERT(test_until_count(b->loop, &b->c.n, 3));
    CU_ASSERT(got(&b->b, 0, "351#1402C012C012C201"));
    CU_ASSERT(got(&b->b, 1, "1FFFFFFF#"));
    CU_ASSERT(got(&b->b, 2, "305#R8"));
    CU_ASSERT(b->b.t_us[0] <= b->b.t_us[1] && b->b.t_us[1] <= b->b.t_us[2]);
    CU_ASSERT(b->b.t_us[2] <= loop_now(b->loop));
    CU_ASSERT_FALSE(b->b.own[0]);

    const struct can_msg msg = msg_of("305#0000000000000000");
    CU_ASSERT_EQUAL(can_hub_send(b->hub, &msg), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->a.n, 1));
    CU_ASSERT(test_until_count(b->loop, &b->c.n, 4));
    CU_ASSERT_EQUAL(b->a.n, 1); /* its own frames did not come back */
    CU_ASSERT_EQUAL(b->n_seen, 4);
    CU_ASSERT_EQUAL(b->seen_by[0], 1);
    CU_ASSERT_EQUAL(b->seen_by[3], 0);
    bench_delete(b);
}

static void test_hub_own_frames(void)
{
    struct bench *b = bench_new(true);

    CU_ASSERT_EQUAL(send_text(&b->b, "355#01"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&b->a, "356#02"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->a.n, 2));
    CU_ASSERT(got(&b->a, 0, "355#01") && !b->a.own[0]);
    CU_ASSERT(got(&b->a, 1, "356#02") && b->a.own[1]); /* in the order of the bus */
    CU_ASSERT(test_until_count(b->loop, &b->c.n, 2));
    CU_ASSERT_FALSE(b->c.own[1]);
    bench_delete(b);
}

/* Packets of several members lie in several sockets; the hub restores the order of sending. */
static void test_hub_keeps_order(void)
{
    struct bench *b = bench_new(false);
    struct node *senders[] = {&b->b, &b->a};

    for (unsigned i = 0; i < 200; i++) {
        const struct can_msg msg = {.id = 0x100 + i};
        CU_ASSERT_EQUAL(can_send(senders[i % 2]->can, &msg), ERR_OK);
        uint64_t now = loop_now(b->loop);
        while (loop_now(b->loop) == now)
            ; /* so that no two have the same microsecond */
    }
    CU_ASSERT(test_until_count(b->loop, &b->c.n, 200));
    for (unsigned i = 0; i < 200; i++) {
        CU_ASSERT_EQUAL(b->c.msg[i].id, 0x100 + i);
        CU_ASSERT(i == 0 || b->c.t_us[i] >= b->c.t_us[i - 1]);
    }
    bench_delete(b);
}

static void test_hub_down(void)
{
    struct bench *b = bench_new(false);
    struct node late;

    can_hub_set_state(b->hub, CAN_DOWN);
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 1));
    CU_ASSERT_EQUAL(b->a.state, CAN_DOWN);
    CU_ASSERT_EQUAL(send_text(&b->a, "351#00"), ERR_CLOSED);
    const struct can_msg msg = msg_of("305#00");
    CU_ASSERT_EQUAL(can_hub_send(b->hub, &msg), ERR_CLOSED);
    CU_ASSERT_EQUAL(node_open(&late, b->loop, b->name, false), ERR_CLOSED);

    can_hub_set_state(b->hub, CAN_UP);
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 2));
    CU_ASSERT(test_until_count(b->loop, &b->b.states, 2));
    CU_ASSERT_EQUAL(send_text(&b->a, "351#01"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->b.n, 1));
    CU_ASSERT(got(&b->b, 0, "351#01"));
    bench_delete(b);
}

static void test_hub_nobody_acknowledges(void)
{
    struct bench *b = bench_new(false);
    struct node late;

    can_hub_set_state(b->hub, CAN_ERROR_PASSIVE);
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 1));
    CU_ASSERT_EQUAL(can_get_state(b->a.can), CAN_ERROR_PASSIVE);
    CU_ASSERT(got(&b->a, 0, "20000204#0020000000008000"));
    CU_ASSERT_EQUAL(send_text(&b->a, "351#01"), ERR_OK); /* taken, reaches nobody */
    CU_ASSERT_EQUAL_FATAL(node_open(&late, b->loop, b->name, false), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &late.states, 1));
    CU_ASSERT_EQUAL(late.state, CAN_ERROR_PASSIVE);
    CU_ASSERT_EQUAL(b->n_seen, 0);

    can_hub_set_state(b->hub, CAN_BUS_OFF);
    CU_ASSERT(test_until_count(b->loop, &late.n, 1));
    CU_ASSERT(got(&late, 0, "20000040#0000000000000000"));
    can_hub_set_state(b->hub, CAN_UP);
    CU_ASSERT(test_until_count(b->loop, &late.n, 2));
    CU_ASSERT(got(&late, 1, "20000100#0000000000000000"));
    CU_ASSERT_EQUAL(send_text(&b->a, "351#02"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &late.n, 3));
    CU_ASSERT(got(&late, 2, "351#02"));
    can_delete(late.can);
    bench_delete(b);
}

/* What was sent while nobody acknowledged fills ten places, and leaves when somebody does. */
static void test_hub_queue_fills(void)
{
    struct bench *b = bench_new(false);

    can_hub_set_state(b->hub, CAN_ERROR_PASSIVE);
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 1));
    CU_ASSERT(test_until_count(b->loop, &b->b.states, 1));
    unsigned before = b->b.n; /* the error frame */
    for (unsigned i = 0; i < HUB_TX_QUEUE; i++)
        CU_ASSERT_EQUAL(send_text(&b->a, "351#01"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&b->a, "351#02"), ERR_AGAIN);
    test_turn_for(b->loop, 20 * US_PER_MS);
    CU_ASSERT_EQUAL(b->b.n, before);
    can_hub_set_state(b->hub, CAN_UP);
    CU_ASSERT(test_until_count(b->loop, &b->b.n, before + 1 + HUB_TX_QUEUE));
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 2));
    CU_ASSERT_EQUAL(send_text(&b->a, "351#03"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->b.n, before + 2 + HUB_TX_QUEUE));
    bench_delete(b);
}

static void test_hub_goes_away(void)
{
    struct bench *b = bench_new(false);
    struct can_hub *second = NULL;
    struct stat st;

    CU_ASSERT_EQUAL(can_hub_new(b->loop, b->path, NULL, NULL, &second), ERR_BUSY);
    can_hub_delete(b->hub);
    b->hub = NULL;
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 1));
    CU_ASSERT_EQUAL(can_get_state(b->a.can), CAN_DOWN);
    CU_ASSERT_EQUAL(send_text(&b->a, "351#00"), ERR_CLOSED);
    CU_ASSERT_EQUAL(stat(b->path, &st), -1);
    struct node late;
    CU_ASSERT_EQUAL(node_open(&late, b->loop, b->name, false), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(can_hub_new(b->loop, b->path, NULL, NULL, &b->hub), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(node_open(&late, b->loop, b->name, false), ERR_OK);
    can_delete(late.can);
    bench_delete(b);
}

/* A socket file without anybody behind it is replaced; any other file is left alone. */
static void test_hub_paths(void)
{
    struct bench *b = bench_new(false);
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct can_hub *hub = NULL;
    char path[96];

    test_path(path, sizeof path, b->folder, "stale");
    memcpy(addr.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CU_ASSERT_EQUAL(bind(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    close(fd);
    CU_ASSERT_EQUAL(can_hub_new(b->loop, path, NULL, NULL, &hub), ERR_OK);
    can_hub_delete(hub);

    test_path(path, sizeof path, b->folder, "file");
    CU_ASSERT(test_write_file(path, "precious"));
    CU_ASSERT_EQUAL(can_hub_new(b->loop, path, NULL, NULL, &hub), ERR_EXISTS);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    char long_path[200];
    memset(long_path, 'x', sizeof long_path);
    long_path[0] = '/';
    long_path[sizeof long_path - 1] = '\0';
    CU_ASSERT_EQUAL(can_hub_new(b->loop, long_path, NULL, NULL, &hub), ERR_RANGE);
    bench_delete(b);
}

static void test_hub_survives_garbage_and_slow_members(void)
{
    struct bench *b = bench_new(false);
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    static const char junk[5000];

    memcpy(addr.sun_path, b->path, strlen(b->path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    CU_ASSERT_EQUAL(send(fd, junk, 1, 0), 1);
    CU_ASSERT_EQUAL(send(fd, junk, sizeof junk, 0), (ssize_t)sizeof junk);
    struct hub_join join = {.kind = HUB_JOIN, .n_filters = 512};
    CU_ASSERT(send(fd, &join, 40, 0) == 40); /* says 512 filters, brings one */
    struct hub_packet packet = {.kind = HUB_FRAME, .frame = {.len = 9}};
    CU_ASSERT(send(fd, &packet, sizeof packet, 0) > 0);
    join.n_filters = 1;
    CU_ASSERT(send(fd, &join, 40, 0) == 40); /* now it gets everything, and never reads */
    for (unsigned i = 0; i < 2000; i++) {
        const struct can_msg msg = {.id = i % 0x800};
        CU_ASSERT_EQUAL(can_send(b->a.can, &msg), ERR_OK);
        CU_ASSERT(test_until_count(b->loop, &b->b.n, i + 1));
    }
    CU_ASSERT_EQUAL(b->n_seen, 2000);
    close(fd);
    test_turn_for(b->loop, 2000);
    CU_ASSERT_EQUAL(can_hub_members(b->hub), 3);
    bench_delete(b);
}

/* A program that sends and exits: what it never read must not cost what it has sent. */
static void test_hub_last_words(void)
{
    struct bench *b = bench_new(false);
    const struct can_msg unread = {.id = 0x305}, last = {.id = 0x351};

    for (unsigned i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(can_hub_send(b->hub, &unread), ERR_OK);
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(can_send(b->a.can, &last), ERR_OK);
    can_delete(b->a.can);
    b->a.can = NULL;
    CU_ASSERT(test_until_count(b->loop, &b->c.n, 120));
    CU_ASSERT_EQUAL(can_hub_members(b->hub), 2);
    bench_delete(b);
}

static void test_deleted_in_callbacks(void)
{
    struct bench *b = bench_new(false);

    b->b.delete_on_frame = true;
    CU_ASSERT_EQUAL(send_text(&b->a, "351#01"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&b->a, "351#02"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->c.n, 2));
    CU_ASSERT_EQUAL(b->b.n, 1);
    b->delete_on_frame = true;
    CU_ASSERT_EQUAL(send_text(&b->a, "351#03"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&b->a, "351#04"), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->a.states, 1));
    CU_ASSERT_PTR_NULL(b->hub);
    CU_ASSERT_EQUAL(b->n_seen, 3);
    bench_delete(b);
}

static void test_bad_frames_are_refused(void)
{
    struct bench *b = bench_new(false);
    static const struct can_msg bad[] = {
        {.id = 0x800}, {.id = 0x20000000, .extended = true}, {.dlc = 9}};

    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(can_send(b->a.can, &bad[i]), ERR_USAGE);
        CU_ASSERT_EQUAL(can_hub_send(b->hub, &bad[i]), ERR_USAGE);
    }
    bench_delete(b);
}

/* ---- filters: Documentation/networking/can.rst 4.1, net/can/af_can.c ---- */

static bool match(struct can_filter f, canid_t id)
{
    const struct hub_filter want = {.filters = &f, .n = 1};
    return hub_filter_match(&want, id);
}

static void test_error_texts(void)
{
    static const struct {
        const char *frame, *text;
    } cases[] = {
        /* of an slcan adapter and of the SJA1000: platform/kernels.md section 5 */
        {"20000204#0008000000006261", "many errors"},
        {"20000204#0010000000008182", "error passive"},
        {"20000204#0040000000000000", "few errors again"},
        {"20000040#0000000000000000", "bus-off"},
        {"20000100#0000000000000000", "the controller was restarted"},
        {"200000A8#0000001900000000", "nobody acknowledges"},
        {"20000088#0000080000000000", "a frame was damaged"},
        {"2000008C#0001000000000000", "a frame was damaged"},
        {"20000004#0001000000000000", "the controller lost frames"},
        {"20000004#0002000000000000", "the controller lost frames"},
        {"20000002#0000000000000000", "lost arbitration"},
        {"20000000#0000000000000000", "unknown"},
    };
    struct can_msg msg;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CU_ASSERT(can_msg_parse(span_str(cases[i].frame), &msg));
        CU_ASSERT_STRING_EQUAL(can_error_text(&msg), cases[i].text);
    }
}

static void test_filters(void)
{
    CU_ASSERT(match((struct can_filter){0, 0}, 0x351));
    CU_ASSERT(match((struct can_filter){0, 0}, 0x351 | CAN_EFF_FLAG));
    CU_ASSERT(match((struct can_filter){0x351, CAN_SFF_MASK}, 0x351));
    CU_ASSERT_FALSE(match((struct can_filter){0x351, CAN_SFF_MASK}, 0x355));
    CU_ASSERT(match((struct can_filter){0x350, 0x7F0}, 0x35E));
    /* without EFF in the mask an extended frame with the same low bits matches too */
    CU_ASSERT(match((struct can_filter){0x351, CAN_SFF_MASK}, 0x351 | CAN_EFF_FLAG));
    CU_ASSERT_FALSE(
        match((struct can_filter){0x351, CAN_SFF_MASK | CAN_EFF_FLAG}, 0x351 | CAN_EFF_FLAG));
    /* candump can0,351:1FFFFFFF with EFF set: for standard frames only 11 bits count */
    CU_ASSERT(match((struct can_filter){0x351, CAN_EFF_MASK | CAN_EFF_FLAG}, 0x351));
    CU_ASSERT(match((struct can_filter){0x351 | CAN_EFF_FLAG, CAN_EFF_MASK | CAN_EFF_FLAG},
                    0x351 | CAN_EFF_FLAG));
    CU_ASSERT_FALSE(
        match((struct can_filter){0x351, CAN_SFF_MASK | CAN_RTR_FLAG}, 0x351 | CAN_RTR_FLAG));
    CU_ASSERT_FALSE(match((struct can_filter){0x351 | CAN_INV_FILTER, CAN_SFF_MASK}, 0x351));
    CU_ASSERT(match((struct can_filter){0x351 | CAN_INV_FILTER, CAN_SFF_MASK}, 0x355));
    /* error frames */
    CU_ASSERT_FALSE(match((struct can_filter){0, 0}, CAN_ERR_FLAG | CAN_ERR_BUSOFF));
    CU_ASSERT(match((struct can_filter){0, CAN_ERR_FLAG | CAN_ERR_BUSOFF},
                    CAN_ERR_FLAG | CAN_ERR_BUSOFF));
    CU_ASSERT_FALSE(match((struct can_filter){0, CAN_ERR_FLAG | CAN_ERR_BUSOFF}, 0x351));

    const struct hub_filter none = {.err_mask = CAN_ERR_BUSOFF};
    CU_ASSERT_FALSE(hub_filter_match(&none, 0x351));
    CU_ASSERT(hub_filter_match(&none, CAN_ERR_FLAG | CAN_ERR_BUSOFF | CAN_ERR_ACK));
    CU_ASSERT_FALSE(hub_filter_match(&none, CAN_ERR_FLAG | CAN_ERR_ACK));

    const struct can_filter two[] = {{0x350, 0x7F0}, {0x001, 0x001}};
    struct hub_filter want = {.filters = two, .n = 2};
    CU_ASSERT(hub_filter_match(&want, 0x352));
    want.all_must_match = true;
    CU_ASSERT_FALSE(hub_filter_match(&want, 0x352));
    CU_ASSERT(hub_filter_match(&want, 0x353));
    want.n = 0;
    CU_ASSERT_FALSE(hub_filter_match(&want, 0x353));
}

/* ---- slcan: the adapter is the master of a PTY ---- */

struct adapter {
    struct tty *tty;
    char text[4096];
    unsigned n;
};

static void on_adapter_bytes(void *ctx, struct span bytes)
{
    struct adapter *a = ctx;

    for (size_t i = 0; i < bytes.n && a->n < sizeof a->text - 1; i++)
        a->text[a->n++] = (char)bytes.p[i];
}

static void test_slcan(void)
{
    struct loop *loop;
    struct adapter adapter = {0};
    const struct tty_handler handler = {.on_bytes = on_adapter_bytes, .ctx = &adapter};
    struct node *node = calloc(1, sizeof *node);
    char name[100];

    CU_ASSERT_EQUAL_FATAL(loop_new(&loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(tty_open_pty(loop, NULL, &handler, &adapter.tty), ERR_OK);
    struct buf b = buf_of(name, sizeof name);
    buf_printf(&b, "slcan:%s", tty_path(adapter.tty));
    buf_u8(&b, 0);
    CU_ASSERT_EQUAL_FATAL(node_open(node, loop, name, true), ERR_OK);
    CU_ASSERT(test_until_count(loop, &adapter.n, 7));
    CU_ASSERT_STRING_EQUAL(adapter.text, "C\rS6\rO\r");
    CU_ASSERT_EQUAL(tty_write(adapter.tty, SPAN_LIT("\r\r\rt35181402C012")), ERR_OK);
    CU_ASSERT_EQUAL(tty_write(adapter.tty, SPAN_LIT("C012C201\rT00000351")), ERR_OK);
    CU_ASSERT_EQUAL(tty_write(adapter.tty, SPAN_LIT("1FF\r\a")), ERR_OK);
    CU_ASSERT(test_until_count(loop, &node->n, 2));
    CU_ASSERT(got(node, 0, "351#1402C012C012C201"));
    CU_ASSERT(got(node, 1, "00000351#FF"));

    CU_ASSERT_EQUAL(send_text(node, "305#0102"), ERR_OK);
    CU_ASSERT(test_until_count(loop, &adapter.n, 17));
    CU_ASSERT_STRING_EQUAL(adapter.text + 7, "t30520102\r");
    CU_ASSERT(test_until_count(loop, &node->n, 3));
    CU_ASSERT(got(node, 2, "305#0102") && node->own[2]);
    CU_ASSERT_EQUAL(can_refused(node->can), 1);

    CU_ASSERT_EQUAL(tty_write(adapter.tty, SPAN_LIT("sb000255\r")), ERR_OK);
    CU_ASSERT(test_until_count(loop, &node->states, 1));
    CU_ASSERT_EQUAL(node->state, CAN_BUS_OFF);
    adapter.n = 0;
    can_delete(node->can);
    CU_ASSERT(test_until_count(loop, &adapter.n, 2));
    CU_ASSERT(memcmp(adapter.text, "C\r", 2) == 0);

    const struct can_options odd = {.bitrate = 83333};
    const struct can_handler can_handler = {on_frame, on_state, node};
    CU_ASSERT_EQUAL(can_open(loop, name, &odd, &can_handler, &node->can), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL_FATAL(node_open(node, loop, name, false), ERR_OK);
    tty_delete(adapter.tty); /* unplugged */
    CU_ASSERT(test_until_count(loop, &node->states, 1));
    CU_ASSERT_EQUAL(node->state, CAN_DOWN);
    CU_ASSERT_EQUAL(send_text(node, "305#0102"), ERR_CLOSED);
    can_delete(node->can);
    CU_ASSERT_EQUAL(node_open(node, loop, "slcan:/dev/ttyNOSUCH", false), ERR_NOT_FOUND);
    loop_delete(loop);
    free(node);
}

/* ---- SocketCAN: on an interface of the test's own where it may make one, else on vcan0 ---- */

struct socketcan {
    struct loop *loop;
    const char *name;
    bool own; /* may be switched off and removed */
    struct node a, b;
};

static int ip_link(struct loop *loop, const char *verb, const char *name, const char *what)
{
    const char *const add[] = {"ip", "link", "add", "dev", name, "type", "vcan", NULL};
    const char *const other[] = {"ip", "link", verb, "dev", name, what, NULL};

    return test_run(loop, strcmp(verb, "add") == 0 ? add : other);
}

static bool socketcan_start(struct socketcan *t)
{
    memset(t, 0, sizeof *t);
    CU_ASSERT_EQUAL_FATAL(loop_new(&t->loop), ERR_OK);
    t->name = "bmsrig0";
    t->own = can_kernel_supported() && geteuid() == 0 &&
             ip_link(t->loop, "add", t->name, NULL) == 0 &&
             ip_link(t->loop, "set", t->name, "up") == 0;
    if (!t->own)
        t->name = "vcan0";
    enum err e = node_open(&t->a, t->loop, t->name, true);
    if (!can_kernel_supported()) {
        CU_ASSERT_EQUAL(e, ERR_UNSUPPORTED);
        testing_skip("no CAN in this kernel");
    } else if (if_nametoindex(t->name) == 0) {
        CU_ASSERT_EQUAL(e, ERR_NOT_FOUND);
        testing_skip("no vcan0, and no right to make one");
    } else {
        CU_ASSERT_EQUAL_FATAL(e, ERR_OK);
        CU_ASSERT_EQUAL_FATAL(node_open(&t->b, t->loop, t->name, false), ERR_OK);
        return true;
    }
    loop_delete(t->loop);
    return false;
}

static void socketcan_end(struct socketcan *t)
{
    can_delete(t->a.can);
    can_delete(t->b.can);
    if (t->own)
        ip_link(t->loop, "del", t->name, NULL);
    loop_delete(t->loop);
}

static void test_socketcan_frames(void)
{
    struct socketcan t;

    if (!socketcan_start(&t))
        return;
    CU_ASSERT_EQUAL(send_text(&t.a, "351#1402C012C012C201"), ERR_OK);
    CU_ASSERT_EQUAL(send_text(&t.a, "1FFFFFFF#R4"), ERR_OK);
    CU_ASSERT(test_until_count(t.loop, &t.a.n, 2));
    CU_ASSERT(test_until_count(t.loop, &t.b.n, 2));
    CU_ASSERT(got(&t.a, 0, "351#1402C012C012C201") && t.a.own[0]);
    CU_ASSERT(got(&t.b, 0, "351#1402C012C012C201") && !t.b.own[0]);
    CU_ASSERT(got(&t.b, 1, "1FFFFFFF#R4"));
    CU_ASSERT(t.b.t_us[0] <= t.b.t_us[1] && loop_now(t.loop) - t.b.t_us[0] < US_PER_S);

    CU_ASSERT_EQUAL(send_text(&t.a, "20000040#0000000000000000"), ERR_OK);
    CU_ASSERT(test_until_count(t.loop, &t.b.states, 1));
    CU_ASSERT_EQUAL(t.b.state, CAN_BUS_OFF);
    CU_ASSERT_EQUAL(send_text(&t.a, "20000100#0000000000000000"), ERR_OK);
    CU_ASSERT(test_until_count(t.loop, &t.b.states, 2));
    CU_ASSERT_EQUAL(t.b.state, CAN_UP);
    CU_ASSERT(got(&t.b, 3, "20000100#0000000000000000")); /* told as frames, too */

    const struct can_options options = {.bitrate = 500000}; /* vcan has none: no error */
    const struct can_handler handler = {on_frame, on_state, &t.b};
    can_delete(t.b.can);
    t.b.can = NULL;
    CU_ASSERT_EQUAL(can_open(t.loop, t.name, &options, &handler, &t.b.can), ERR_OK);
    CU_ASSERT_EQUAL(can_open(t.loop, "lo", &options, &handler, &t.b.can), ERR_UNSUPPORTED);
    socketcan_end(&t);
}

static void test_socketcan_down_and_up(void)
{
    struct socketcan t;

    if (!socketcan_start(&t))
        return;
    if (!t.own) {
        testing_skip("switching an interface off needs root");
        socketcan_end(&t);
        return;
    }
    CU_ASSERT_EQUAL(ip_link(t.loop, "set", t.name, "down"), 0);
    CU_ASSERT(test_until_count(t.loop, &t.b.states, 1));
    CU_ASSERT_EQUAL(can_get_state(t.b.can), CAN_DOWN);
    CU_ASSERT_EQUAL(send_text(&t.b, "351#00"), ERR_CLOSED);
    struct node late;
    CU_ASSERT_EQUAL(node_open(&late, t.loop, t.name, false), ERR_CLOSED);
    CU_ASSERT_EQUAL(ip_link(t.loop, "set", t.name, "up"), 0);
    CU_ASSERT(test_until_count(t.loop, &t.b.states, 2));
    CU_ASSERT(test_until_count(t.loop, &t.a.states, 2));
    CU_ASSERT_EQUAL(send_text(&t.b, "351#01"), ERR_OK);
    CU_ASSERT(test_until_count(t.loop, &t.a.n, 1));

    CU_ASSERT_EQUAL(ip_link(t.loop, "del", t.name, NULL), 0); /* unplugged */
    CU_ASSERT(test_until_count(t.loop, &t.b.states, 3));
    CU_ASSERT_EQUAL(send_text(&t.b, "351#02"), ERR_CLOSED);
    CU_ASSERT_EQUAL(ip_link(t.loop, "add", t.name, NULL), 0); /* and plugged in again */
    CU_ASSERT_EQUAL(ip_link(t.loop, "set", t.name, "up"), 0);
    CU_ASSERT(test_until_count(t.loop, &t.b.states, 4));
    CU_ASSERT(test_until_count(t.loop, &t.a.states, 4));
    CU_ASSERT_EQUAL(send_text(&t.b, "351#03"), ERR_OK);
    CU_ASSERT(test_until_count(t.loop, &t.a.n, 2));
    CU_ASSERT(got(&t.a, 1, "351#03"));
    socketcan_end(&t);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"hub: a frame reaches all others", test_hub_reaches_all_others},
        {"hub: own frames on request", test_hub_own_frames},
        {"hub: order of sending across members", test_hub_keeps_order},
        {"hub: bus down and up", test_hub_down},
        {"hub: error passive, bus off, restarted", test_hub_nobody_acknowledges},
        {"nobody acknowledges: ten frames wait", test_hub_queue_fills},
        {"hub: goes away and comes back", test_hub_goes_away},
        {"hub: stale and foreign files", test_hub_paths},
        {"hub: garbage, and a member that never reads", test_hub_survives_garbage_and_slow_members},
        {"hub: a member's last frames arrive", test_hub_last_words},
        {"deleted from callbacks", test_deleted_in_callbacks},
        {"impossible frames are refused", test_bad_frames_are_refused},
        {"error frames in words", test_error_texts},
        {"filters as the kernel's", test_filters},
        {"slcan adapter on a PTY", test_slcan},
        {"SocketCAN: frames, error frames", test_socketcan_frames},
        {"SocketCAN: down, up, unplugged", test_socketcan_down_and_up},
        {0},
    };
    return testing_main(argc, argv, "can", cases);
}
