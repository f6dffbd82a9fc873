/* SPDX-License-Identifier: Apache-2.0
 *
 * Serial ports: the PTY as a UART with a cable, devices, TCP. The "device" of most tests is the
 * slave of a PTY of ours, so both ends are under test at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "port/test_support.h"
#include "port/tty.h"
#include "testing/testing.h"

/* One end under test: what it told, and what came in. */
struct end {
    struct tty *tty;
    unsigned opened, closed, speed, drained;
    uint8_t bytes[100000];
    size_t n;
    unsigned n_count; /* the same as n, for test_until_count */
    bool delete_on_bytes, delete_on_event;
};

static void on_bytes(void *ctx, struct span bytes)
{
    struct end *e = ctx;

    if (e->delete_on_bytes) {
        tty_delete(e->tty);
        e->tty = NULL;
    }
    if (bytes.n <= sizeof e->bytes - e->n)
        memcpy(e->bytes + e->n, bytes.p, bytes.n);
    e->n += bytes.n;
    e->n_count = (unsigned)e->n;
}

static void on_event(void *ctx, enum tty_event event)
{
    struct end *e = ctx;

    switch (event) {
    case TTY_OPENED: e->opened++; break;
    case TTY_CLOSED: e->closed++; break;
    case TTY_SPEED: e->speed++; break;
    }
    if (e->delete_on_event) {
        tty_delete(e->tty);
        e->tty = NULL;
    }
}

static void on_drained(void *ctx)
{
    ((struct end *)ctx)->drained++;
}

static struct tty_handler handler_of(struct end *e)
{
    memset(e, 0, sizeof *e);
    return (struct tty_handler){
        .on_bytes = on_bytes, .on_event = on_event, .on_drained = on_drained, .ctx = e};
}

/* Too big for the stack of every test; cleared by handler_of(). */
struct bench {
    struct loop *loop;
    struct end sim, client;
};

static struct bench *bench_new(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct tty_handler handler = handler_of(&b->sim);

    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(tty_open_pty(b->loop, NULL, &handler, &b->sim.tty), ERR_OK);
    return b;
}

static void bench_delete(struct bench *b)
{
    tty_delete(b->client.tty);
    tty_delete(b->sim.tty);
    loop_delete(b->loop);
    free(b);
}

/* A client that knows nothing of us. */
static int plain_open(const struct bench *b)
{
    int fd = open(tty_path(b->sim.tty), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    return fd;
}

static enum err open_client(struct bench *b, uint32_t baud)
{
    struct tty_handler handler = handler_of(&b->client);
    return tty_open(b->loop, tty_path(b->sim.tty), baud, &handler, &b->client.tty);
}

/* ---- the PTY ---- */

static void test_pty_bytes_both_ways(void)
{
    struct bench *b = bench_new();
    char got[5];

    CU_ASSERT_FALSE(tty_connected(b->sim.tty));
    CU_ASSERT_EQUAL(tty_speed(b->sim.tty), 0);
    int fd = plain_open(b);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    CU_ASSERT(tty_connected(b->sim.tty));

    CU_ASSERT_EQUAL(write(fd, "a\r\n\x03\x00z", 6), 6); /* nothing cooked, no signal, no echo */
    CU_ASSERT(test_until_count(b->loop, &b->sim.n_count, 6));
    TESTING_BYTES_EQ(span_of(b->sim.bytes, b->sim.n), span_of("a\r\n\x03\x00z", 6));
    CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("b\r\n\x04\xff")), ERR_OK);
    CU_ASSERT(test_read(b->loop, fd, got, 5));
    TESTING_BYTES_EQ(span_of(got, 5), SPAN_LIT("b\r\n\x04\xff"));
    CU_ASSERT_EQUAL(b->sim.n, 6);
    close(fd);
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));
    CU_ASSERT_FALSE(tty_connected(b->sim.tty));
    bench_delete(b);
}

static void test_pty_clients_are_counted(void)
{
    struct bench *b = bench_new();
    int first = plain_open(b);
    int second = plain_open(b); /* equal events in a row: inotify would merge them */
    int third = plain_open(b);

    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    close(second);
    close(third);
    test_turn_for(b->loop, 5000);
    CU_ASSERT_EQUAL(b->sim.closed, 0);
    CU_ASSERT(tty_connected(b->sim.tty));
    close(first);
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));
    CU_ASSERT_EQUAL(b->sim.opened, 1);
    bench_delete(b);
}

static void test_pty_open_write_close_at_once(void)
{
    struct bench *b = bench_new();
    int fd = plain_open(b);

    CU_ASSERT_EQUAL(write(fd, "pwr\r", 4), 4);
    close(fd);
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));
    CU_ASSERT_EQUAL(b->sim.opened, 1);
    CU_ASSERT(test_until_count(b->loop, &b->sim.n_count, 4));
    bench_delete(b);
}

static void test_pty_nothing_old_for_a_new_client(void)
{
    struct bench *b = bench_new();
    char got;

    CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("nobody hears this")), ERR_OK);
    CU_ASSERT_EQUAL(tty_pending(b->sim.tty), 0);
    int fd = plain_open(b);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("never read")), ERR_OK);
    test_turn_for(b->loop, 5000);
    close(fd);
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));

    fd = plain_open(b);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 2));
    test_turn_for(b->loop, 5000);
    CU_ASSERT_EQUAL(read(fd, &got, 1), -1);
    CU_ASSERT_EQUAL(errno, EAGAIN);
    close(fd);
    bench_delete(b);
}

static void test_pty_speed_is_seen(void)
{
    struct bench *b = bench_new();

    CU_ASSERT_EQUAL(open_client(b, 250000), ERR_OK); /* no Bxxx constant has this one */
    CU_ASSERT(test_until_count(b->loop, &b->sim.speed, 1));
    CU_ASSERT_EQUAL(tty_speed(b->sim.tty), 250000);
    CU_ASSERT_EQUAL(tty_speed(b->client.tty), 250000);
    CU_ASSERT(test_until_count(b->loop, &b->client.opened, 1));

    CU_ASSERT_EQUAL(tty_set_speed(b->client.tty, 115200), ERR_OK);
    CU_ASSERT_EQUAL(tty_speed(b->sim.tty), 115200); /* asked: always the truth */
    CU_ASSERT_EQUAL(tty_write(b->client.tty, SPAN_LIT("x")), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->sim.speed, 2)); /* told: with the next bytes */
    CU_ASSERT(test_until_count(b->loop, &b->sim.n_count, 1));
    CU_ASSERT_EQUAL(tty_set_speed(b->client.tty, 0), ERR_RANGE);

    tty_delete(b->client.tty);
    b->client.tty = NULL;
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));
    CU_ASSERT_EQUAL(tty_speed(b->sim.tty), 0);
    int fd = plain_open(b); /* sets nothing: gets what a UART has at power-on, and is not cooked */
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 2));
    CU_ASSERT_EQUAL(tty_speed(b->sim.tty), 9600);
    struct termios t;
    CU_ASSERT_EQUAL(tcgetattr(fd, &t), 0);
    CU_ASSERT_EQUAL(t.c_lflag & (tcflag_t)(ECHO | ICANON | ISIG), 0);
    close(fd);
    bench_delete(b);
}

static void test_pty_queue_is_bounded(void)
{
    struct bench *b = bench_new();
    static const uint8_t block[4096];
    size_t queued = 0;
    enum err e;

    int fd = plain_open(b);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    while ((e = tty_write(b->sim.tty, span_of(block, sizeof block))) == ERR_OK)
        queued += sizeof block;
    CU_ASSERT_EQUAL(e, ERR_SPACE);
    CU_ASSERT(queued >= 65536 && queued < 200000);
    CU_ASSERT(tty_pending(b->sim.tty) <= 65536);
    CU_ASSERT_EQUAL(b->sim.drained, 0);
    for (size_t read_bytes = 0; read_bytes < queued; read_bytes += sizeof block) {
        uint8_t got[sizeof block];
        CU_ASSERT_FATAL(test_read(b->loop, fd, got, sizeof got));
    }
    CU_ASSERT(test_until_count(b->loop, &b->sim.drained, 1));
    CU_ASSERT_EQUAL(tty_pending(b->sim.tty), 0);
    close(fd);
    bench_delete(b);
}

static void test_pty_link(void)
{
    struct bench *b = bench_new();
    struct end *other = calloc(1, sizeof *other);
    struct tty_handler handler = handler_of(other);
    char folder[64], link[96], target[96];
    struct stat st;

    test_folder_make(folder, sizeof folder);
    test_path(link, sizeof link, folder, "bms");
    CU_ASSERT_EQUAL(symlink("/nowhere", link), 0); /* left by a run that was killed */
    CU_ASSERT_EQUAL_FATAL(tty_open_pty(b->loop, link, &handler, &other->tty), ERR_OK);
    CU_ASSERT_STRING_EQUAL(tty_path(other->tty), link);
    ssize_t n = readlink(link, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    CU_ASSERT_STRING_EQUAL(target, tty_slave(other->tty));
    int fd = open(link, O_RDWR | O_NOCTTY);
    CU_ASSERT(fd >= 0);
    CU_ASSERT(test_until_count(b->loop, &other->opened, 1));
    close(fd);
    tty_delete(other->tty);
    CU_ASSERT_EQUAL(lstat(link, &st), -1);

    test_path(link, sizeof link, folder, "no/such/folder");
    CU_ASSERT_EQUAL(tty_open_pty(b->loop, link, &handler, &other->tty), ERR_NOT_FOUND);
    test_folder_remove(folder);
    free(other);
    bench_delete(b);
}

static void test_pty_hangup(void)
{
    struct bench *b = bench_new();
    char got;

    if (geteuid() != 0) {
        CU_ASSERT_EQUAL(tty_hangup(b->sim.tty), ERR_DENIED);
        bench_delete(b);
        testing_skip("TIOCVHANGUP needs root");
        return;
    }
    int fd = plain_open(b);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    CU_ASSERT_EQUAL(tty_hangup(b->sim.tty), ERR_OK);
    CU_ASSERT_FALSE(tty_connected(b->sim.tty));
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));
    CU_ASSERT_EQUAL(read(fd, &got, 1), 0);
    CU_ASSERT_EQUAL(write(fd, "x", 1), -1);
    CU_ASSERT_EQUAL(errno, EIO);
    close(fd);
    test_turn_for(b->loop, 5000);
    CU_ASSERT_EQUAL(b->sim.closed, 1);

    fd = plain_open(b); /* plugged in again: same path, works */
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 2));
    CU_ASSERT_EQUAL(write(fd, "again", 5), 5);
    CU_ASSERT(test_until_count(b->loop, &b->sim.n_count, 5));
    CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("!")), ERR_OK);
    CU_ASSERT(test_read(b->loop, fd, &got, 1));
    close(fd);
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 2));
    CU_ASSERT_EQUAL(tty_hangup(b->sim.tty), ERR_OK); /* nobody there: nothing to tell */
    test_turn_for(b->loop, 5000);
    CU_ASSERT_EQUAL(b->sim.closed, 2);
    CU_ASSERT_EQUAL(b->sim.opened, 2);
    bench_delete(b);
}

/* ---- devices ---- */

static void test_device_survives_reopen(void)
{
    struct bench *b = bench_new();

    for (unsigned i = 1; i <= 5; i++) {
        CU_ASSERT_EQUAL_FATAL(open_client(b, 9600), ERR_OK);
        CU_ASSERT(test_until_count(b->loop, &b->sim.opened, i));
        CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("answer")), ERR_OK);
        CU_ASSERT(test_until_count(b->loop, &b->client.n_count, 6));
        tty_delete(b->client.tty);
        b->client.tty = NULL;
        CU_ASSERT(test_until_count(b->loop, &b->sim.closed, i));
    }
    bench_delete(b);
}

static void test_device_split_input(void)
{
    struct bench *b = bench_new();

    CU_ASSERT_EQUAL_FATAL(open_client(b, 9600), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    for (unsigned i = 0; i < 26; i++) {
        const uint8_t byte = (uint8_t)('a' + i);
        CU_ASSERT_EQUAL(tty_write(b->sim.tty, span_of(&byte, 1)), ERR_OK);
        CU_ASSERT(test_until_count(b->loop, &b->client.n_count, i + 1));
    }
    TESTING_BYTES_EQ(span_of(b->client.bytes, b->client.n), SPAN_LIT("abcdefghijklmnopqrstuvwxyz"));
    bench_delete(b);
}

static void test_device_busy(void)
{
    struct bench *b = bench_new();
    struct end *second = calloc(1, sizeof *second);
    struct tty_handler handler = handler_of(second);

    CU_ASSERT_EQUAL_FATAL(open_client(b, 9600), ERR_OK);
    CU_ASSERT_EQUAL(tty_open(b->loop, tty_path(b->sim.tty), 9600, &handler, &second->tty),
                    ERR_BUSY);
    tty_delete(b->client.tty);
    b->client.tty = NULL;

    int fd = plain_open(b); /* a program that only knows TIOCEXCL */
    CU_ASSERT_EQUAL(ioctl(fd, TIOCEXCL), 0);
    CU_ASSERT_EQUAL(tty_open(b->loop, tty_path(b->sim.tty), 9600, &handler, &second->tty),
                    ERR_BUSY);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    close(fd);
    CU_ASSERT(test_until_count(b->loop, &b->sim.closed, 1));
    CU_ASSERT_EQUAL(open_client(b, 9600), ERR_OK); /* the claim went with its owner */
    free(second);
    bench_delete(b);
}

static void test_device_not_there(void)
{
    struct bench *b = bench_new();
    struct tty_handler handler = handler_of(&b->client);
    struct tty *tty = NULL;
    char folder[64], path[96];

    CU_ASSERT_EQUAL(tty_open(b->loop, "/dev/ttyNOSUCH", 9600, &handler, &tty), ERR_NOT_FOUND);
    test_folder_make(folder, sizeof folder);
    test_path(path, sizeof path, folder, "plain");
    CU_ASSERT(test_write_file(path, "not a terminal\n"));
    CU_ASSERT_EQUAL(tty_open(b->loop, path, 9600, &handler, &tty), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(tty_open(b->loop, folder, 9600, &handler, &tty), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(tty_open(b->loop, tty_path(b->sim.tty), 0, &handler, &tty), ERR_RANGE);
    CU_ASSERT_PTR_NULL(tty);
    test_folder_remove(folder);
    bench_delete(b);
}

static void test_device_unplugged(void)
{
    struct bench *b = bench_new();

    CU_ASSERT_EQUAL_FATAL(open_client(b, 9600), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->client.opened, 1));
    tty_delete(b->sim.tty); /* the node disappears */
    b->sim.tty = NULL;
    CU_ASSERT(test_until_count(b->loop, &b->client.closed, 1));
    CU_ASSERT_FALSE(tty_connected(b->client.tty));
    CU_ASSERT_EQUAL(tty_write(b->client.tty, SPAN_LIT("x")), ERR_CLOSED);
    CU_ASSERT_EQUAL(tty_set_speed(b->client.tty, 9600), ERR_CLOSED);
    test_turn_for(b->loop, 5000);
    CU_ASSERT_EQUAL(b->client.closed, 1);
    bench_delete(b);
}

static void test_device_flush_input(void)
{
    struct bench *b = bench_new();

    CU_ASSERT_EQUAL_FATAL(open_client(b, 9600), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("stale")), ERR_OK);
    struct pollfd p = {.fd = -1};
    poll(&p, 1, 20); /* the kernel's worker carries the bytes over; nothing can be waited for */
    tty_flush_input(b->client.tty);
    CU_ASSERT_EQUAL(tty_write(b->sim.tty, SPAN_LIT("fresh")), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->client.n_count, 5));
    TESTING_BYTES_EQ(span_of(b->client.bytes, b->client.n), SPAN_LIT("fresh"));
    bench_delete(b);
}

static void test_delete_in_callbacks(void)
{
    struct bench *b = bench_new();
    int fd = plain_open(b);

    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    b->sim.delete_on_bytes = true;
    CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
    CU_ASSERT(test_until_count(b->loop, &b->sim.n_count, 1));
    CU_ASSERT_PTR_NULL(b->sim.tty);
    close(fd);
    bench_delete(b);

    b = bench_new();
    b->sim.delete_on_event = true;
    fd = plain_open(b);
    CU_ASSERT_EQUAL(write(fd, "x", 1), 1);
    CU_ASSERT(test_until_count(b->loop, &b->sim.opened, 1));
    CU_ASSERT_PTR_NULL(b->sim.tty);
    test_turn_for(b->loop, 5000);
    CU_ASSERT_EQUAL(b->sim.n, 0);
    close(fd);
    bench_delete(b);
}

/* ---- TCP ---- */

struct tcp_bench {
    struct loop *loop;
    struct end server, client, second;
};

static struct tcp_bench *tcp_bench_new(void)
{
    struct tcp_bench *b = calloc(1, sizeof *b);
    struct tty_handler handler = handler_of(&b->server);

    CU_ASSERT_EQUAL_FATAL(loop_new(&b->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(tty_listen(b->loop, 0, &handler, &b->server.tty), ERR_OK);
    return b;
}

static void tcp_bench_delete(struct tcp_bench *b)
{
    tty_delete(b->client.tty);
    tty_delete(b->second.tty);
    tty_delete(b->server.tty);
    loop_delete(b->loop);
    free(b);
}

static void tcp_connect(struct tcp_bench *b, struct end *end)
{
    struct tty_handler handler = handler_of(end);
    CU_ASSERT_EQUAL_FATAL(tty_open(b->loop, tty_path(b->server.tty), 9600, &handler, &end->tty),
                          ERR_OK);
}

static void test_tcp_both_ways(void)
{
    struct tcp_bench *b = tcp_bench_new();

    CU_ASSERT(tty_port(b->server.tty) != 0);
    CU_ASSERT_EQUAL(tty_write(b->server.tty, SPAN_LIT("nobody there")), ERR_OK);
    tcp_connect(b, &b->client);
    CU_ASSERT_FALSE(tty_connected(b->client.tty));
    CU_ASSERT_EQUAL(tty_write(b->client.tty, SPAN_LIT("too early")), ERR_CLOSED);
    CU_ASSERT(test_until_count(b->loop, &b->client.opened, 1));
    CU_ASSERT(test_until_count(b->loop, &b->server.opened, 1));
    CU_ASSERT_EQUAL(tty_write(b->client.tty, SPAN_LIT("ask")), ERR_OK);
    CU_ASSERT_EQUAL(tty_write(b->server.tty, SPAN_LIT("answer")), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->server.n_count, 3));
    CU_ASSERT(test_until_count(b->loop, &b->client.n_count, 6));

    tcp_connect(b, &b->second); /* one at a time */
    CU_ASSERT(test_until_count(b->loop, &b->second.closed, 1));
    CU_ASSERT_EQUAL(b->server.opened, 1);

    tty_delete(b->client.tty);
    b->client.tty = NULL;
    CU_ASSERT(test_until_count(b->loop, &b->server.closed, 1));
    tcp_connect(b, &b->client); /* the server lives on */
    CU_ASSERT(test_until_count(b->loop, &b->server.opened, 2));
    tty_delete(b->server.tty);
    b->server.tty = NULL;
    CU_ASSERT(test_until_count(b->loop, &b->client.closed, 1));
    CU_ASSERT_EQUAL(tty_write(b->client.tty, SPAN_LIT("x")), ERR_CLOSED);
    tcp_bench_delete(b);
}

static void test_tcp_refused_and_bad_names(void)
{
    struct tcp_bench *b = tcp_bench_new();
    struct tty_handler handler = handler_of(&b->client);
    char where[64];

    span_to_str(span_str(tty_path(b->server.tty)), where, sizeof where);
    tty_delete(b->server.tty); /* now nobody listens there */
    b->server.tty = NULL;
    CU_ASSERT_EQUAL(tty_open(b->loop, where, 9600, &handler, &b->client.tty), ERR_OK);
    CU_ASSERT(test_until_count(b->loop, &b->client.closed, 1));
    CU_ASSERT_EQUAL(b->client.opened, 0);

    struct tty *tty = NULL;
    CU_ASSERT_EQUAL(tty_open(b->loop, "tcp:", 9600, &handler, &tty), ERR_USAGE);
    CU_ASSERT_EQUAL(tty_open(b->loop, "tcp:host", 9600, &handler, &tty), ERR_USAGE);
    CU_ASSERT_EQUAL(tty_open(b->loop, "tcp::4000", 9600, &handler, &tty), ERR_USAGE);
    CU_ASSERT_EQUAL(tty_open(b->loop, "tcp:host:", 9600, &handler, &tty), ERR_USAGE);
    CU_ASSERT_EQUAL(tty_open(b->loop, "tcp:host:65536", 9600, &handler, &tty), ERR_USAGE);
    CU_ASSERT_EQUAL(tty_open(b->loop, "tcp:host:0", 9600, &handler, &tty), ERR_USAGE);
    tcp_bench_delete(b);
}

static void test_tcp_port_in_use(void)
{
    struct tcp_bench *b = tcp_bench_new();
    struct tty_handler handler = handler_of(&b->client);

    CU_ASSERT_EQUAL(tty_listen(b->loop, tty_port(b->server.tty), &handler, &b->client.tty),
                    ERR_BUSY);
    CU_ASSERT_PTR_NULL(b->client.tty);
    tcp_bench_delete(b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"pty: bytes pass both ways unchanged", test_pty_bytes_both_ways},
        {"pty: several clients are counted", test_pty_clients_are_counted},
        {"pty: open, write, close within one turn", test_pty_open_write_close_at_once},
        {"pty: a new client gets nothing old", test_pty_nothing_old_for_a_new_client},
        {"pty: the client's speed is seen and reset", test_pty_speed_is_seen},
        {"pty: the output queue is bounded", test_pty_queue_is_bounded},
        {"pty: link put in place and removed", test_pty_link},
        {"pty: hang-up and replug", test_pty_hangup},
        {"device: opened and closed five times", test_device_survives_reopen},
        {"device: input byte by byte", test_device_split_input},
        {"device: busy", test_device_busy},
        {"device: missing, plain file, folder, speed 0", test_device_not_there},
        {"device: unplugged", test_device_unplugged},
        {"device: flushed input is gone", test_device_flush_input},
        {"deleted from its own callbacks", test_delete_in_callbacks},
        {"tcp: client and server", test_tcp_both_ways},
        {"tcp: refused, bad names", test_tcp_refused_and_bad_names},
        {"tcp: port in use", test_tcp_port_in_use},
        {0},
    };
    return testing_main(argc, argv, "tty", cases);
}
