/* SPDX-License-Identifier: Apache-2.0
 *
 * The program bms-sim as its users meet it: options and their errors, exit codes, stimuli typed on
 * the standard input, the end by quit and by signal.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "port/tty.h"
#include "testing/testing.h"

#define PATIENCE_US (5 * US_PER_S)

/* ---- a running bms-sim ---- */

struct program {
    struct loop *loop;
    struct loop_child *child;
    struct loop_io *output;
    int in, out; /* our ends of its standard input and output */
    struct buf said;
    uint8_t memory[65536];
    bool ended;
    int status, signal;
    struct tty *client;
    struct buf heard;
    uint8_t heard_memory[65536];
};

static void on_exit_of_child(void *ctx, int status, int signum)
{
    struct program *p = ctx;
    p->ended = true;
    p->status = status;
    p->signal = signum;
}

static void on_output(void *ctx, unsigned events)
{
    struct program *p = ctx;
    uint8_t bytes[4096];
    ssize_t n = read(p->out, bytes, sizeof bytes);
    (void)events;
    if (n > 0) {
        buf_put(&p->said, span_of(bytes, (size_t)n));
    } else {
        loop_io_delete(p->output);
        p->output = NULL;
    }
}

static void set_cloexec(int fd)
{
    CU_ASSERT_EQUAL(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
}

/* Up to 10 arguments. `stdin_fd` < 0: a pipe that say() writes to. */
static void start_with(struct program *p, const char *const *args, int stdin_fd)
{
    const char *argv[12] = {BMS_SIM};
    int in[2] = {-1, -1}, out[2];

    memset(p, 0, sizeof *p);
    p->said = buf_of(p->memory, sizeof p->memory);
    p->heard = buf_of(p->heard_memory, sizeof p->heard_memory);
    for (size_t i = 0; i < 10 && args[i] != NULL; i++)
        argv[i + 1] = args[i];
    CU_ASSERT_EQUAL_FATAL(loop_new(&p->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(pipe(out), 0);
    if (stdin_fd < 0)
        CU_ASSERT_EQUAL_FATAL(pipe(in), 0);
    for (int i = 0; i < 2; i++) {
        set_cloexec(out[i]);
        if (in[i] >= 0)
            set_cloexec(in[i]);
    }
    const struct loop_spawn spawn = {.file = BMS_SIM,
                                     .argv = argv,
                                     .stdin_fd = stdin_fd < 0 ? in[0] : stdin_fd,
                                     .stdout_fd = out[1],
                                     .stderr_fd = out[1]};
    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(p->loop, &spawn, on_exit_of_child, p, &p->child),
                          ERR_OK);
    close(out[1]);
    if (in[0] >= 0)
        close(in[0]);
    p->in = in[1];
    p->out = out[0];
    CU_ASSERT_EQUAL_FATAL(loop_io_new(p->loop, p->out, LOOP_READ, on_output, p, &p->output),
                          ERR_OK);
}

#define START(p, ...) start_with((p), (const char *const[]){__VA_ARGS__, NULL}, -1)

static bool said(const struct program *p, const char *text)
{
    return span_find(buf_span(&p->said), 0, span_str(text)) < p->said.n;
}

static bool wait_said(struct program *p, const char *text)
{
    uint64_t deadline = loop_now(p->loop) + PATIENCE_US;
    while (!said(p, text)) {
        if (loop_now(p->loop) >= deadline || (p->ended && p->output == NULL))
            return said(p, text);
        loop_turn(p->loop, deadline);
    }
    return true;
}

/* The exit code; -1 when a signal or the deadline ended it. */
static int wait_end(struct program *p)
{
    uint64_t deadline = loop_now(p->loop) + PATIENCE_US;
    while ((!p->ended || p->output != NULL) && loop_now(p->loop) < deadline)
        loop_turn(p->loop, deadline);
    return p->ended && p->signal == 0 ? p->status : -1;
}

static void say(struct program *p, const char *text)
{
    ssize_t n = (ssize_t)strlen(text);
    CU_ASSERT_EQUAL(write(p->in, text, (size_t)n), n);
}

static void finish(struct program *p)
{
    if (!p->ended)
        loop_child_kill(p->child, SIGKILL);
    wait_end(p);
    tty_delete(p->client);
    loop_io_delete(p->output);
    loop_child_delete(p->child);
    if (p->in >= 0)
        close(p->in);
    close(p->out);
    loop_delete(p->loop);
}

/* Runs to the end; the output stays in p->said. */
static int run_to_end(struct program *p, const char *const *args)
{
    int null = open("/dev/null", O_RDONLY);
    start_with(p, args, null);
    p->in = -1;
    int code = wait_end(p);
    close(null);
    finish(p);
    return code;
}

#define RUN(p, ...) run_to_end((p), (const char *const[]){__VA_ARGS__, NULL})

/* ---- a client at its port ---- */

static void on_client_bytes(void *ctx, struct span bytes)
{
    buf_put(&((struct program *)ctx)->heard, bytes);
}

static void open_client(struct program *p, const char *where)
{
    const struct tty_handler handler = {.on_bytes = on_client_bytes, .ctx = p};
    CU_ASSERT_EQUAL_FATAL(tty_open(p->loop, where, 115200, &handler, &p->client), ERR_OK);
}

static bool ask(struct program *p, const char *command, const char *expected)
{
    uint64_t deadline = loop_now(p->loop) + PATIENCE_US;
    buf_clear(&p->heard);
    while (!tty_connected(p->client) && loop_now(p->loop) < deadline)
        loop_turn(p->loop, deadline);
    tty_write(p->client, span_str(command));
    while (!span_ends(buf_span(&p->heard), "pylon>") && loop_now(p->loop) < deadline)
        loop_turn(p->loop, deadline);
    return span_find(buf_span(&p->heard), 0, span_str(expected)) < p->heard.n;
}

static bool is_link(const char *path)
{
    char target[64];
    return readlink(path, target, sizeof target) > 0;
}

/* A name for a link that nobody else has. */
static void link_name(char *out, size_t cap, char which)
{
    struct buf b = buf_of(out, cap - 1);
    buf_printf(&b, "/tmp/bmsrig-test-%d-%c", (int)getpid(), which);
    out[b.n] = '\0';
}

/* ---- tests ---- */

static void test_it_explains_itself(void)
{
    static struct program p;
    static const char *const mentioned[] = {"--port",     "--bms",    "--modules",  "--product",
                                            "--set",      "--seed",   "--scenario", "--pace",
                                            "--log-wire", "Examples", "Exit codes", "answer-delay",
                                            "clock-skew"};
    CU_ASSERT_EQUAL(RUN(&p, "--help"), 0);
    for (size_t i = 0; i < sizeof mentioned / sizeof mentioned[0]; i++) {
        if (!said(&p, mentioned[i]))
            TESTING_FAIL("--help does not mention %s", mentioned[i]);
    }
    CU_ASSERT_EQUAL(RUN(&p, "--version"), 0);
    CU_ASSERT_TRUE(said(&p, "bms-sim " BMSRIG_VERSION));
    CU_ASSERT_EQUAL(RUN(&p, "list"), 0);
    CU_ASSERT_TRUE(said(&p, "pylontech-console"));
    CU_ASSERT_TRUE(said(&p, "pylontech.us2000b-plus"));
}

struct wrong {
    const char *args[4];
    int code;
    const char *says;
};

static void test_wrong_command_lines(void)
{
    static const struct wrong cases[] = {
        {{"--prot", "x"}, 2, "unknown option '--prot', did you mean '--port'?"},
        {{"--port"}, 2, "--port needs a value"},
        {{"--port", ""}, 2, "--port: expected pty"},
        {{"--bms", "us3000c"}, 2, "expected N:PRODUCT"},
        {{"--bms", "17:us3000c"}, 2, "N from 1 to 16"},
        {{"--bms", "1:us5001"}, 2, "unknown product 'us5001', did you mean 'us5000'?"},
        {{"--bms", "1:us5000,soc"}, 2, "--bms 1: expected KEY=VALUE, found 'soc'"},
        {{"--bms", "1:us5000,soc=45"}, 2, "expected a ratio unit"},
        {{"--bms", "1:us5000,socc=45%"}, 2, "did you mean 'soc'?"},
        {{"--bms", "2:us5000"}, 2, "batteries are numbered from 1"},
        {{"--modules", "17"}, 2, "--modules: expected a number from 1 to 16"},
        {{"--modules", "2", "--product", "nope"}, 2, "--product: unknown product 'nope'"},
        {{"--set", "layot=P2"}, 2, "did you mean 'layout'?"},
        {{"--set", "layout=P7"}, 2, "'P7'"},
        {{"--pace", "slow"}, 2, "(known: frame, byte, none)"},
        {{"--seed", "x"}, 2, "--seed: expected a whole number"},
        {{"--scenario", "/nowhere.scn"}, 2, "/nowhere.scn: not found"},
        {{"modbus-thing"}, 2, "'modbus-thing'"},
        {{"--and", "modbus-thing"}, 2, "'modbus-thing'"},
        {{"--port", "/dev/bmsrig-nothing"}, 3, "/dev/bmsrig-nothing: not found"},
        {{"--port", "pty:/nowhere/at/all"}, 3, "the folder for the link does not exist"},
        {{"--port", "/dev/null"}, 7, "expected pty, pty:LINK"},
    };
    static struct program p;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *args[5] = {cases[i].args[0], cases[i].args[1], cases[i].args[2],
                               cases[i].args[3], NULL};
        int code = run_to_end(&p, args);
        if (code != cases[i].code || !said(&p, cases[i].says))
            TESTING_FAIL("%s %s: exit %d, said %.*s", cases[i].args[0],
                         cases[i].args[1] != NULL ? cases[i].args[1] : "", code, (int)p.said.n,
                         (const char *)p.said.p);
    }
}

static void test_stimuli_on_the_standard_input(void)
{
    static struct program p;
    char link[64], port[80];
    link_name(link, sizeof link, 'a');
    struct buf b = buf_of(port, sizeof port - 1);
    buf_printf(&b, "pty:%s", link);
    port[b.n] = '\0';
    START(&p, "--port", port, "--modules", "2", "--product", "us5000", "--pace", "none",
          "--log-wire");
    CU_ASSERT_TRUE(wait_said(&p, "port: /tmp/bmsrig-test-"));
    CU_ASSERT_TRUE(said(&p, "pylontech-console: 2 batteries behind US5000, 115200 baud"));
    open_client(&p, link);
    CU_ASSERT_TRUE(ask(&p, "pwr\r", "60%"));
    say(&p, "bms 2 set soc 33 %\n\n# a comment\n");
    CU_ASSERT_TRUE(wait_said(&p, "do      bms 2 set soc 33 %\n"));
    CU_ASSERT_TRUE(ask(&p, "pwr\r", "33%"));
    CU_ASSERT_TRUE(wait_said(&p, "told    bms 2 set soc 33 % ("));
    CU_ASSERT_TRUE(said(&p, "client  \"pwr\\r\""));
    CU_ASSERT_TRUE(said(&p, "battery \"Power Volt   Curr "));
    say(&p, "show\n");
    CU_ASSERT_TRUE(wait_said(&p, "  2  US5000          33.0"));
    say(&p, "show 2\n");
    CU_ASSERT_TRUE(wait_said(&p, "  soc                          33 %"));
    say(&p, "show 17\nbms 3 set soc 3 %\nset sox 3 %\n");
    CU_ASSERT_TRUE(wait_said(&p, "show takes the number of a battery"));
    CU_ASSERT_TRUE(wait_said(&p, "refused: there is no such battery behind this port"));
    CU_ASSERT_TRUE(wait_said(&p, "did you mean 'soc'?"));
    say(&p, "help\n");
    CU_ASSERT_TRUE(wait_said(&p, "fault drop 5 % for 10 s"));
    tty_write(p.client, SPAN_LIT("shut\r"));
    CU_ASSERT_TRUE(wait_said(&p, "forbidden shut"));
    CU_ASSERT_TRUE(is_link(link));
    say(&p, "quit\n");
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    CU_ASSERT_FALSE(is_link(link));
    finish(&p);
}

static void test_a_long_line(void)
{
    static struct program p;
    char line[1500];
    memset(line, 'x', sizeof line - 2);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    START(&p, "--port", "pty");
    say(&p, line);
    say(&p, "show\nquit\n");
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    CU_ASSERT_TRUE(said(&p, "the line is too long"));
    CU_ASSERT_TRUE(said(&p, "US3000C"));
    finish(&p);
}

/* A file cannot be waited for; its lines are done at once, and `quit` in it ends the program. */
static void test_stimuli_from_a_file(void)
{
    static struct program p;
    char path[64];
    link_name(path, sizeof path, 'f');
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, "set soc 12 %\nshow\nquit\n", 23), 23);
    lseek(fd, 0, SEEK_SET);
    start_with(&p, (const char *const[]){"--port", "pty", NULL}, fd);
    p.in = -1;
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    CU_ASSERT_TRUE(said(&p, "  1  US3000C         12.0"));
    close(fd);
    unlink(path);
    finish(&p);
}

/* The end of the input is not the end of the simulation; SIGTERM is, and takes the link along. */
static void test_end_by_signal(void)
{
    static struct program p;
    char link[64], port[80];
    link_name(link, sizeof link, 'b');
    struct buf b = buf_of(port, sizeof port - 1);
    buf_printf(&b, "pty:%s", link);
    port[b.n] = '\0';
    START(&p, "--port", port, "--pace", "none");
    CU_ASSERT_TRUE(wait_said(&p, "port: "));
    close(p.in);
    p.in = -1;
    open_client(&p, link);
    CU_ASSERT_TRUE(ask(&p, "\r", "pylon>"));
    CU_ASSERT_TRUE(is_link(link));
    CU_ASSERT_EQUAL(loop_child_kill(p.child, SIGTERM), ERR_OK);
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    CU_ASSERT_FALSE(is_link(link));
    finish(&p);
}

static void test_tcp(void)
{
    static struct program p, second;
    char where[64];
    START(&p, "--port", "tcp:0", "--pace", "none");
    CU_ASSERT_TRUE(wait_said(&p, "port: tcp:127.0.0.1:"));
    CU_ASSERT_TRUE(wait_said(&p, "\n"));
    struct span all = buf_span(&p.said);
    size_t at = span_find(all, 0, SPAN_LIT("tcp:"));
    struct span word = span_trim(span_sub(all, at, span_find_byte(all, at, '\n') - at));
    span_to_str(word, where, sizeof where);
    open_client(&p, where);
    CU_ASSERT_TRUE(ask(&p, "time\r", "Ds3231 20"));
    /* the same port again */
    char again[32];
    struct buf b = buf_of(again, sizeof again - 1);
    buf_str(&b, "tcp:");
    buf_put(&b, span_sub(word, sizeof "tcp:127.0.0.1:" - 1, word.n));
    again[b.n] = '\0';
    CU_ASSERT_EQUAL(RUN(&second, "--port", again), 6);
    CU_ASSERT_TRUE(said(&second, "another program listens there"));
    say(&p, "quit\n");
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    finish(&p);
}

static void test_several_ports(void)
{
    static struct program p;
    char link[64], port[80];
    link_name(link, sizeof link, 'p');
    struct buf b = buf_of(port, sizeof port - 1);
    buf_printf(&b, "pty:%s", link);
    port[b.n] = '\0';
    START(&p, "--port", "pty", "--and", "--port", port, "--product", "us5000", "--modules", "2");
    CU_ASSERT_TRUE(wait_said(&p, "pylontech-console: 1 battery behind US3000C"));
    CU_ASSERT_TRUE(wait_said(&p, "pylontech-console: 2 batteries behind US5000"));
    open_client(&p, link);
    say(&p, "2: bms 2 set soc 33 %\n");
    CU_ASSERT_TRUE(wait_said(&p, "2: do      bms 2 set soc 33 %\n"));
    CU_ASSERT_TRUE(ask(&p, "pwr\r", "33%"));
    CU_ASSERT_TRUE(wait_said(&p, "2: told    bms 2 set soc 33 % ("));
    say(&p, "set soc 12 %\nshow\n"); /* of the first */
    CU_ASSERT_TRUE(wait_said(&p, "  1  US3000C         12.0"));
    say(&p, "2 : show\n3: show\n0: show\n");
    CU_ASSERT_TRUE(wait_said(&p, "  2  US5000          33.0"));
    CU_ASSERT_TRUE(wait_said(&p, "there are ports 1 to 2\nthere are ports 1 to 2\n"));
    say(&p, "2: quit\n");
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    finish(&p);
    CU_ASSERT_FALSE(is_link(link));
}

static void test_scenario_file(void)
{
    static struct program p;
    static const char text[] = "scenario X \"x\"\n[bms 1]\nmodel pylontech.us2000c\nsoc 42 %\n"
                               "[port]\nsession debug\n[bms 2]\nmodel pylontech.us2000c\n"
                               "[timeline]\n@1s bms 1 set soc 3 %\n";
    char path[64];
    link_name(path, sizeof path, 's');
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    START(&p, "--scenario", path);
    say(&p, "show\nquit\n");
    CU_ASSERT_EQUAL(wait_end(&p), 0);
    CU_ASSERT_TRUE(said(&p, "2 batteries behind US2000C"));
    CU_ASSERT_TRUE(said(&p, "  1  US2000C         42.0"));
    unlink(path);
    finish(&p);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"it explains itself", test_it_explains_itself},
        {"wrong command lines: text and exit code", test_wrong_command_lines},
        {"stimuli on the standard input", test_stimuli_on_the_standard_input},
        {"a line that is too long", test_a_long_line},
        {"stimuli from a file", test_stimuli_from_a_file},
        {"SIGTERM ends it and removes the link", test_end_by_signal},
        {"tcp", test_tcp},
        {"several ports", test_several_ports},
        {"port and batteries of a scenario", test_scenario_file},
        {0}};
    return testing_main(argc, argv, "bms-sim", cases);
}
