/* SPDX-License-Identifier: Apache-2.0
 *
 * The relay between a plain server and a plain client of the test.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/relay.h"
#include "port/test_support.h"
#include "testing/testing.h"

struct bench {
    struct loop *loop;
    struct relay *relay;
    int listener, server, client;
};

static int tcp(uint16_t port, bool listens, uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CU_ASSERT_FATAL(fd >= 0);
    if (listens) {
        CU_ASSERT_FATAL(bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 4) == 0);
        CU_ASSERT_FATAL(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
        *ret_port = ntohs(a.sin_port);
    } else {
        CU_ASSERT_FATAL(connect(fd, (struct sockaddr *)&a, n) == 0);
    }
    return fd;
}

static bool accepted(void *ctx)
{
    struct bench *b = ctx;
    b->server = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return b->server >= 0;
}

static void open_bench(struct bench *b)
{
    uint16_t port = 0;
    b->listener = tcp(0, true, &port);
    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(relay_new(b->loop, port, &b->relay), ERR_OK);
    b->client = tcp(relay_port(b->relay), false, NULL);
    loop_turn(b->loop, loop_now(b->loop) + US_PER_S); /* takes the client and connects on */
    CU_ASSERT_FATAL(test_until(b->loop, accepted, b, TEST_WAIT_US));
}

static void close_bench(struct bench *b)
{
    if (b->client >= 0)
        close(b->client);
    if (b->server >= 0)
        close(b->server);
    close(b->listener);
    relay_delete(b->relay);
    loop_delete(b->loop);
}

static void test_both_ways(void)
{
    struct bench b = {.server = -1};
    char text[8] = "";
    open_bench(&b);
    CU_ASSERT_EQUAL(send(b.client, "hello", 5, 0), 5);
    CU_ASSERT(test_read(b.loop, b.server, text, 5));
    CU_ASSERT_EQUAL(memcmp(text, "hello", 5), 0);
    CU_ASSERT_EQUAL(send(b.server, "world", 5, 0), 5);
    loop_turn(b.loop, loop_now(b.loop) + US_PER_S);
    CU_ASSERT_EQUAL(recv(b.client, text, 5, 0), 5);
    CU_ASSERT_EQUAL(memcmp(text, "world", 5), 0);
    close_bench(&b);
}

static void test_delay(void)
{
    struct bench b = {.server = -1};
    char text[8] = "";
    open_bench(&b);
    relay_set_delay(b.relay, 150 * US_PER_MS);
    uint64_t sent = loop_now(b.loop);
    CU_ASSERT_EQUAL(send(b.client, "abc", 3, 0), 3);
    CU_ASSERT(test_read(b.loop, b.server, text, 3));
    CU_ASSERT(loop_now(b.loop) - sent >= 150 * US_PER_MS);
    relay_set_delay(b.relay, 0);
    CU_ASSERT_EQUAL(send(b.client, "d", 1, 0), 1);
    CU_ASSERT(test_read(b.loop, b.server, text, 1));
    CU_ASSERT_EQUAL(text[0], 'd');
    close_bench(&b);
}

/* What is under way keeps its time, and its order even when the delay shrinks. */
static void test_order(void)
{
    struct bench b = {.server = -1};
    char text[8] = "";
    open_bench(&b);
    relay_set_delay(b.relay, 200 * US_PER_MS);
    CU_ASSERT_EQUAL(send(b.client, "1", 1, 0), 1);
    test_turn_for(b.loop, 20 * US_PER_MS);
    relay_set_delay(b.relay, 0);
    CU_ASSERT_EQUAL(send(b.client, "2", 1, 0), 1);
    CU_ASSERT(test_read(b.loop, b.server, text, 2));
    CU_ASSERT_EQUAL(memcmp(text, "12", 2), 0);
    close_bench(&b);
}

static bool server_sees_end(void *ctx)
{
    struct bench *b = ctx;
    char byte;
    return recv(b->server, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_end(void)
{
    struct bench b = {.server = -1};
    open_bench(&b);
    close(b.client);
    b.client = -1;
    CU_ASSERT(test_until(b.loop, server_sees_end, &b, TEST_WAIT_US));
    close_bench(&b);
}

static bool client_sees_end(void *ctx)
{
    struct bench *b = ctx;
    char byte;
    ssize_t n = recv(b->client, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

static void test_no_server(void)
{
    struct bench b = {.server = -1};
    uint16_t port = 0;
    b.listener = tcp(0, true, &port);
    close(b.listener); /* the port is free again: nobody listens */
    CU_ASSERT_EQUAL_FATAL(loop_new(&b.loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(relay_new(b.loop, port, &b.relay), ERR_OK);
    b.client = tcp(relay_port(b.relay), false, NULL);
    CU_ASSERT(test_until(b.loop, client_sees_end, &b, TEST_WAIT_US));
    close(b.client);
    relay_delete(b.relay);
    loop_delete(b.loop);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"bytes pass both ways", test_both_ways},
        {"bytes wait for the delay", test_delay},
        {"a shorter delay overtakes nothing", test_order},
        {"the end of a connection passes on", test_end},
        {"no server: the client is closed", test_no_server},
        {0},
    };
    return testing_main(argc, argv, "relay", cases);
}
