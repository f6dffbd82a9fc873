/* SPDX-License-Identifier: Apache-2.0
 *
 * Virtual time under run-time systems that bridges are written for and that bring threads, locks
 * and timers of their own: a JVM, CPython, Node. Each plays the same thing twice: half a minute of
 * sleeping, of timers in a pool of threads and of a thread that is waited for. What they print is
 * when things happened, in milliseconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "harness/vt/vt.h"
#include "testing/testing.h"

static const char in_java[] =
    "import java.util.concurrent.*;\n"
    "public class Waits {\n"
    "    static final long start = System.nanoTime();\n"
    "    static void say(String what) {\n"
    "        System.out.println((System.nanoTime() - start) / 1000000 + \" \" + what);\n"
    "    }\n"
    "    public static void main(String[] argv) throws Exception {\n"
    "        Thread.sleep(2000);\n"
    "        say(\"slept\");\n"
    "        CountDownLatch three = new CountDownLatch(3);\n"
    "        ScheduledExecutorService pool = Executors.newScheduledThreadPool(2);\n"
    "        pool.scheduleAtFixedRate(() -> { say(\"tick\"); three.countDown(); },\n"
    "            500, 1000, TimeUnit.MILLISECONDS);\n"
    "        three.await();\n"
    "        pool.shutdownNow();\n"
    "        BlockingQueue<String> queue = new LinkedBlockingQueue<>();\n"
    "        new Thread(() -> { try { Thread.sleep(5000); } catch (Exception e) { }\n"
    "            queue.add(\"thread\"); }).start();\n"
    "        say(\"\" + queue.poll(1, TimeUnit.SECONDS));\n"
    "        say(queue.take());\n"
    "        long sum = 0;\n"
    "        for (int i = 0; i < 300000000; i++)\n"
    "            sum += i;\n"
    "        say(\"\" + sum);\n"
    "        Thread.sleep(20000);\n"
    "        say(\"end\");\n"
    "    }\n"
    "}\n";

static const char in_python[] =
    "import queue, sched, threading, time\n"
    "start = time.monotonic()\n"
    "def say(what):\n"
    "    print(int((time.monotonic() - start) * 1000), what, flush=True)\n"
    "time.sleep(2)\n"
    "say('slept')\n"
    "timers = sched.scheduler()\n"
    "for at in 0.5, 1.5, 2.5:\n"
    "    timers.enter(at, 1, say, ('tick',))\n"
    "ticker = threading.Thread(target=timers.run)\n"
    "ticker.start()\n"
    "ticker.join()\n"
    "lines = queue.Queue()\n"
    "threading.Timer(5, lambda: lines.put('thread')).start()\n"
    "try:\n"
    "    lines.get(timeout=1)\n"
    "except queue.Empty:\n"
    "    say('null')\n"
    "say(lines.get())\n"
    "say(sum(range(300000)))\n"
    "threading.Event().wait(20)\n"
    "say('end')\n";

static const char in_node[] =
    "const start = process.hrtime.bigint();\n"
    "const say = (what) => console.log((process.hrtime.bigint() - start) / 1000000n + ' ' + "
    "what);\n"
    "const sleep = (ms) => new Promise((done) => setTimeout(done, ms));\n"
    "(async () => {\n"
    "    await sleep(2000);\n"
    "    say('slept');\n"
    "    await sleep(500);\n"
    "    for (let i = 0; i < 3; i++) {\n"
    "        say('tick');\n"
    "        if (i < 2)\n"
    "            await sleep(1000);\n"
    "    }\n"
    "    const { Worker } = require('worker_threads');\n"
    "    const worker = new Worker('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, "
    "'\n"
    "        + '5000); require(\"worker_threads\").parentPort.postMessage(\"thread\")', { eval: "
    "true });\n"
    "    const word = new Promise((done) => worker.on('message', done));\n"
    "    say(await Promise.race([word, sleep(1000).then(() => null)]));\n"
    "    say(await word);\n"
    "    let sum = 0n;\n"
    "    for (let i = 0n; i < 300000n; i++)\n"
    "        sum += i;\n"
    "    say(sum);\n"
    "    await sleep(20000);\n"
    "    say('end');\n"
    "})();\n";

struct run {
    struct loop *loop;
    char dir[64], source[96], output[96], notes[1000], text[2000];
    int status;
};

static void on_note(void *ctx, const char *text)
{
    struct run *r = ctx;
    size_t n = strlen(r->notes);
    snprintf(r->notes + n, sizeof r->notes - n, "%s\n", text);
}

static void on_exit_status(void *ctx, int status, int signum)
{
    struct run *r = ctx;
    r->status = signum == 0 ? status : -signum;
    loop_stop(r->loop);
}

static void on_limit(void *ctx)
{
    loop_stop(((struct run *)ctx)->loop);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void read_text(const char *path, char *out, size_t cap)
{
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(out, 1, cap - 1, f) : 0;
    out[n] = '\0';
    if (f != NULL)
        fclose(f);
}

static void on_nothing(void *ctx, unsigned events)
{
    (void)ctx;
    (void)events;
}

static void prepare(struct run *r, const char *name, const char *source)
{
    *r = (struct run){.status = -1000};
    snprintf(r->dir, sizeof r->dir, "/tmp/test-vt-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(r->dir));
    snprintf(r->source, sizeof r->source, "%s/%s", r->dir, name);
    snprintf(r->output, sizeof r->output, "%s/output", r->dir);
    write_text(r->source, source);
    const struct vt_options options = {.dir = r->dir,
                                       .preload = PRELOAD_LIBRARY,
                                       .start_us = 1000 * US_PER_S,
                                       .wall_us = 1767225600 * US_PER_S,
                                       .seed = 1,
                                       .on_note = on_note,
                                       .ctx = r};
    CU_ASSERT_EQUAL_FATAL(vt_loop_new(&options, &r->loop), ERR_OK);
}

static void play_prepared(struct run *r, const char *program)
{
    struct loop_child *child = NULL;
    struct loop_timer *limit = NULL;
    int out = open(r->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int err = open("/dev/null", O_WRONLY | O_CLOEXEC); /* a JVM tells which options it was given */
    const struct loop_spawn spawn = {.file = program,
                                     .argv = (const char *const[]){program, r->source, NULL},
                                     .stdin_fd = -1,
                                     .stdout_fd = out,
                                     .stderr_fd = err};
    CU_ASSERT_EQUAL_FATAL(loop_child_spawn(r->loop, &spawn, on_exit_status, r, &child), ERR_OK);
    close(out);
    close(err);
    CU_ASSERT_EQUAL_FATAL(loop_timer_new(r->loop, on_limit, r, &limit), ERR_OK);
    loop_timer_after(limit, 60 * US_PER_S);
    loop_run(r->loop);
    loop_timer_delete(limit);
    loop_child_delete(child);
    read_text(r->output, r->text, sizeof r->text);
}

static void finish(struct run *r)
{
    loop_delete(r->loop);
    unlink(r->output);
    unlink(r->source);
    CU_ASSERT_EQUAL(rmdir(r->dir), 0);
}

static void test_runtime(const char *program, const char *name, const char *source,
                         const char *expected)
{
    struct run r;

    if (access(program, X_OK) != 0) {
        testing_skip("no %s", program);
        return;
    }
    for (int i = 0; i < 2; i++) {
        prepare(&r, name, source);
        play_prepared(&r, program);
        finish(&r);
        CU_ASSERT_EQUAL(r.status, 0);
        CU_ASSERT_STRING_EQUAL(r.notes, "");
        CU_ASSERT_STRING_EQUAL(r.text, expected);
        if (r.status != 0 || strcmp(r.text, expected) != 0)
            printf("%s: status %d\n%s%s\n", program, r.status, r.text, r.notes);
    }
}

static void test_java(void)
{
    if (access("/usr/bin/javac", X_OK) != 0) { /* a run-time alone cannot run a source */
        testing_skip("no /usr/bin/javac");
        return;
    }
    test_runtime("/usr/bin/java", "Waits.java", in_java,
                 "2000 slept\n2500 tick\n3500 tick\n4500 tick\n5500 null\n9500 thread\n"
                 "9500 44999999850000000\n29500 end\n");
}

static void test_python(void)
{
    test_runtime("/usr/bin/python3", "waits.py", in_python,
                 "2000 slept\n2500 tick\n3500 tick\n4500 tick\n5500 null\n9500 thread\n"
                 "9500 44999850000\n29500 end\n");
}

static void test_node(void)
{
    test_runtime("/usr/bin/node", "waits.js", in_node,
                 "2000 slept\n2500 tick\n3500 tick\n4500 tick\n5500 null\n9500 thread\n"
                 "9500 44999850000\n29500 end\n");
}

/* ---- a thread that reads a terminal ---- */

enum { REPLIES = 3000, REPLY_N = 2480 };

static const char in_python_reader[] =
    "import os, sys\n"
    "port = os.open(open(sys.argv[0] + '.port').read(), os.O_RDWR | os.O_NOCTTY)\n"
    "print(sorted({len(os.read(port, 4096)) for _ in range(3000)}))\n";

struct writer {
    int master;
    unsigned left;
    struct loop_timer *timer;
};

static void on_reply(void *ctx)
{
    static const char reply[REPLY_N] = {'@'};
    struct writer *w = ctx;

    if (w->left-- == 0)
        loop_timer_stop(w->timer);
    else
        CU_ASSERT_EQUAL(write(w->master, reply, sizeof reply), REPLY_N);
}

/* Bytes that were written at once come at once, however busy the machine is. */
static void test_whole_reads(void)
{
    struct writer w = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .left = REPLIES};
    struct termios raw;
    char slave[64];
    struct run r;

    if (access("/usr/bin/python3", X_OK) != 0) {
        testing_skip("no /usr/bin/python3");
        close(w.master);
        return;
    }
    CU_ASSERT_TRUE_FATAL(w.master >= 0 && unlockpt(w.master) == 0);
    CU_ASSERT_EQUAL_FATAL(ptsname_r(w.master, slave, sizeof slave), 0);
    int held = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_EQUAL_FATAL(tcgetattr(held, &raw), 0);
    cfmakeraw(&raw);
    CU_ASSERT_EQUAL_FATAL(tcsetattr(held, TCSANOW, &raw), 0);
    prepare(&r, "reader.py", in_python_reader);
    char port[128];
    snprintf(port, sizeof port, "%s.port", r.source);
    write_text(port, slave);
    struct loop_io *io = NULL; /* the loop has to know of the terminal */
    CU_ASSERT_EQUAL_FATAL(loop_io_new(r.loop, w.master, 0, on_nothing, NULL, &io), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(loop_timer_new(r.loop, on_reply, &w, &w.timer), ERR_OK);
    loop_timer_every(w.timer, loop_now(r.loop) + US_PER_S, 10000);
    loop_io_want(io, LOOP_READ);
    play_prepared(&r, "/usr/bin/python3");
    CU_ASSERT_EQUAL(r.status, 0);
    CU_ASSERT_STRING_EQUAL(r.text, "[2480]\n");
    if (strcmp(r.text, "[2480]\n") != 0)
        printf("lengths %s", r.text);
    loop_timer_delete(w.timer);
    loop_io_delete(io);
    unlink(port);
    finish(&r);
    close(held);
    close(w.master);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a JVM", test_java},
        {"CPython", test_python},
        {"Node", test_node},
        {"a read is whole", test_whole_reads},
        {0},
    };
    return testing_main(argc, argv, "vt_runtimes", cases);
}
