/* SPDX-License-Identifier: Apache-2.0
 *
 * The line: due times of every pace against the arithmetic of the wire, each fault alone, faults
 * together, and the same seed doing the same again.
 */
#include "sim/line.h"

#include <string.h>

#include "testing/testing.h"

#define CMD   SPAN_LIT("pwr\r")
#define REPLY SPAN_LIT("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") /* 36 bytes */

static struct line *open_line(enum sim_pace pace, uint32_t baud)
{
    struct line *line = NULL;

    CU_ASSERT_EQUAL_FATAL(line_new(7, pace, baud, &line), ERR_OK);
    return line;
}

/* Everything that is due at or before `until`, joined; the last done_id and whether it was damaged.
 */
struct received {
    char text[65536];
    size_t n;
    unsigned pieces;
    unsigned done_id;
    bool damaged;
    uint64_t first_us, last_us;
};

static void receive(struct line *line, uint64_t until_us, struct received *r)
{
    struct line_out out;

    memset(r, 0, sizeof *r);
    while (line_deadline(line) <= until_us) {
        uint64_t due = line_deadline(line);
        CU_ASSERT_TRUE_FATAL(line_take(line, due, &out));
        CU_ASSERT_EQUAL(out.due_us, due);
        CU_ASSERT_TRUE_FATAL(r->n + out.bytes.n <= sizeof r->text);
        if (out.bytes.n > 0)
            memcpy(r->text + r->n, out.bytes.p, out.bytes.n);
        r->n += out.bytes.n;
        r->first_us = r->pieces++ == 0 ? out.due_us : r->first_us;
        r->last_us = out.due_us;
        if (out.done_id != 0) {
            r->done_id = out.done_id;
            r->damaged = out.damaged;
        }
    }
}

static struct span text_of(const struct received *r)
{
    return span_of(r->text, r->n);
}

/* Activates a fault written as in a scenario. */
static void fault(struct line *line, const char *text, uint64_t now_us)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    CU_ASSERT_EQUAL_FATAL(conf_parse("t", span_str(text), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    if (!stimulus_take(&c, true, &s))
        TESTING_FAIL("%s: %s", text, file->errors[0].message);
    else
        CU_ASSERT_EQUAL(line_fault(line, &s, now_us), ERR_OK);
    conf_delete(file);
}

/* ---- pace ---- */

static void test_frame_pace(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct line_out out;

    CU_ASSERT_EQUAL(line_deadline(line), NEVER_US);
    CU_ASSERT_FALSE(line_take(line, NEVER_US - 1, &out));
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 1000000, 20000, 5), ERR_OK);
    CU_ASSERT_EQUAL(line_pending(line), 36);
    /* 36 bytes x 10 bits at 115200 = 3125 us */
    CU_ASSERT_EQUAL(line_deadline(line), 1023125);
    CU_ASSERT_FALSE(line_take(line, 1023124, &out));
    CU_ASSERT_TRUE_FATAL(line_take(line, 1023125, &out));
    CU_ASSERT(span_eq(out.bytes, REPLY));
    CU_ASSERT_EQUAL(out.due_us, 1023125);
    CU_ASSERT_EQUAL(out.done_id, 5);
    CU_ASSERT_FALSE(out.damaged);
    CU_ASSERT_EQUAL(line_pending(line), 0);
    CU_ASSERT_EQUAL(line_deadline(line), NEVER_US);
    line_delete(line);
}

/* Late is late: the due time does not move. */
static void test_late_take(void)
{
    struct line *line = open_line(PACE_FRAME, 9600);
    struct line_out out;

    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    CU_ASSERT_TRUE_FATAL(line_take(line, 99000000, &out));
    CU_ASSERT_EQUAL(out.due_us, 37500);
    line_delete(line);
}

static void test_byte_pace(void)
{
    struct received r;
    struct line *line = open_line(PACE_BYTE, 9600);

    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    CU_ASSERT_EQUAL(line_deadline(line), 1042); /* 10 bits at 9600 = 1041.67 us */
    receive(line, 1000000, &r);
    CU_ASSERT_EQUAL(r.pieces, 36);
    CU_ASSERT_EQUAL(r.last_us, 37500);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    line_delete(line);

    /* above 19200 in pieces of at most 1 ms: 11 bytes at 115200 */
    line = open_line(PACE_BYTE, 115200);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    receive(line, 1000000, &r);
    CU_ASSERT_EQUAL(r.pieces, 4);
    CU_ASSERT_EQUAL(r.first_us, 955);
    CU_ASSERT_EQUAL(r.last_us, 3125);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    line_delete(line);
}

static void test_no_pace(void)
{
    struct received r;
    struct line *line = open_line(PACE_NONE, 9600);

    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 500, 100, 1), ERR_OK);
    receive(line, 1000000, &r);
    CU_ASSERT_EQUAL(r.pieces, 1);
    CU_ASSERT_EQUAL(r.last_us, 600);
    line_delete(line);
}

/* What is sent later leaves later, however short its delay. */
static void test_queue_keeps_order(void)
{
    struct received r;
    struct line *line = open_line(PACE_FRAME, 115200);

    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("p"), 0, 0, 0), ERR_OK);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 10000, 1), ERR_OK);
    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("$$"), 0, 0, 2), ERR_OK);
    receive(line, 1000000, &r);
    CU_ASSERT(span_eq(text_of(&r), SPAN_LIT("p0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$$")));
    CU_ASSERT_EQUAL(r.first_us, 87);
    CU_ASSERT_EQUAL(r.last_us, 10000 + 3125 + 174);
    CU_ASSERT_EQUAL(r.done_id, 2);
    line_delete(line);
}

static void test_clear_and_speed(void)
{
    struct received r;
    struct line *line = open_line(PACE_FRAME, 1200);

    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    line_clear(line);
    CU_ASSERT_EQUAL(line_pending(line), 0);
    CU_ASSERT_EQUAL(line_deadline(line), NEVER_US);
    line_set_baud(line, 115200);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 10, 0, 2), ERR_OK);
    receive(line, 1000000, &r);
    CU_ASSERT_EQUAL(r.last_us, 3135);
    CU_ASSERT_EQUAL(r.done_id, 2);
    line_delete(line);
    line_delete(NULL);
    CU_ASSERT_EQUAL(line_new(1, PACE_FRAME, 0, &line), ERR_USAGE);
}

static void test_full(void)
{
    static uint8_t big[65536];
    struct line *line = open_line(PACE_FRAME, 115200);
    enum err e = ERR_OK;
    unsigned sent = 0;

    memset(big, 'x', sizeof big);
    while (e == ERR_OK && sent < 100) {
        e = line_send(line, CMD, span_of(big, sizeof big), 0, 0, ++sent);
    }
    CU_ASSERT_EQUAL(e, ERR_SPACE);
    CU_ASSERT(line_pending(line) <= 1 << 20);
    line_delete(line);
}

/* ---- faults ---- */

static void run(const char *what, struct received *r)
{
    struct line *line = open_line(PACE_FRAME, 115200);

    fault(line, what, 0);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    receive(line, 500000, r);
    CU_ASSERT_EQUAL(r->done_id, 1);
    line_delete(line);
}

static void test_drop(void)
{
    struct received r;

    run("fault drop 100 % for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 0);
    CU_ASSERT_TRUE(r.damaged);
    run("fault drop 20 % for 10 s", &r);
    CU_ASSERT(r.n > 20 && r.n < 36);
    CU_ASSERT_TRUE(r.damaged);
    /* what is left is in order */
    size_t at = 0;
    for (size_t i = 0; i < r.n; i++) {
        size_t found = span_find_byte(REPLY, at, (uint8_t)r.text[i]);
        CU_ASSERT(found < REPLY.n);
        at = found + 1;
    }
}

static void test_delay_and_stall(void)
{
    struct received r;

    run("fault delay 200 ms for 10 s", &r);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    CU_ASSERT_EQUAL(r.last_us, 203125);
    CU_ASSERT_FALSE(r.damaged);

    run("fault stall 250 ms for 1 reply", &r);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    CU_ASSERT_EQUAL(r.pieces, 2);
    CU_ASSERT_EQUAL(r.last_us, 253125);
    /* the first piece ends in the middle half of the reply */
    CU_ASSERT(r.first_us >= 3125 / 4 && r.first_us <= 3 * 3125 / 4 + 1);
    CU_ASSERT_FALSE(r.damaged);
}

static void test_truncate_and_block(void)
{
    struct received r;

    run("fault truncate 10 B for 10 s", &r);
    CU_ASSERT(span_eq(text_of(&r), SPAN_LIT("0123456789")));
    CU_ASSERT_TRUE(r.damaged);
    run("fault truncate -4 B for 10 s", &r);
    CU_ASSERT(span_eq(text_of(&r), span_sub(REPLY, 0, 32)));
    run("fault truncate -100 B for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 0);
    run("fault truncate 100 B for 10 s", &r);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    CU_ASSERT_FALSE(r.damaged);

    run("fault block 30 B for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 6);
    CU_ASSERT_TRUE(r.damaged);
    run("fault block 150 B for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 0);
}

static void test_flip_and_duplicate(void)
{
    struct received r;

    run("fault flip 100 % for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 36);
    for (size_t i = 0; i < r.n; i++)
        CU_ASSERT_EQUAL(__builtin_popcount((uint8_t)r.text[i] ^ REPLY.p[i]), 1);
    CU_ASSERT_TRUE(r.damaged);
    run("fault duplicate 100 % for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 72);
    CU_ASSERT(span_starts(text_of(&r), "001122"));
    CU_ASSERT_EQUAL(r.last_us, 6250); /* twice the bytes, twice the time */
}

static void test_echo_and_garbage(void)
{
    struct received r;
    struct line *line;

    run("fault echo for 10 s", &r);
    CU_ASSERT(span_starts(text_of(&r), "pwr\r0123"));
    CU_ASSERT_TRUE(r.damaged);

    run("fault garbage 20 B for 10 s", &r);
    CU_ASSERT_EQUAL(r.n, 56);
    for (size_t i = 0; i < 20; i++)
        CU_ASSERT((uint8_t)r.text[i] >= 0x80);
    CU_ASSERT(span_eq(span_of(r.text + 20, 36), REPLY));

    /* and once a second while nothing else is on the line, until it ends */
    line = open_line(PACE_FRAME, 115200);
    fault(line, "fault garbage 20 B for 5 s", 0);
    receive(line, 60000000, &r);
    CU_ASSERT_EQUAL(r.n, 80);
    CU_ASSERT_EQUAL(r.first_us, 1000000);
    CU_ASSERT_EQUAL(r.done_id, 0);
    CU_ASSERT_EQUAL(line_deadline(line), NEVER_US);
    line_delete(line);
}

static void test_chunk(void)
{
    struct received r;

    run("fault chunk 1 B for 10 s", &r);
    CU_ASSERT_EQUAL(r.pieces, 36);
    CU_ASSERT_EQUAL(r.first_us, 87);
    CU_ASSERT_EQUAL(r.last_us, 3125);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    CU_ASSERT_FALSE(r.damaged);
}

static void test_stale(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct received r;

    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("a rather long old reply"), 0, 0, 1), ERR_OK);
    CU_ASSERT_EQUAL(line_send(line, SPAN_LIT("bat\r"), SPAN_LIT("cells"), 0, 0, 2), ERR_OK);
    receive(line, 100000, &r);
    fault(line, "fault stale for 10 s", 100000);
    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("new"), 200000, 0, 3), ERR_OK);
    receive(line, 300000, &r);
    CU_ASSERT(span_eq(text_of(&r), SPAN_LIT("a rather long old reply")));
    CU_ASSERT_TRUE(r.damaged);
    /* the same content again is not damage */
    CU_ASSERT_EQUAL(line_send(line, SPAN_LIT("bat\r"), SPAN_LIT("cells"), 400000, 0, 4), ERR_OK);
    receive(line, 500000, &r);
    CU_ASSERT_FALSE(r.damaged);
    /* a command that was never answered before has nothing stale */
    CU_ASSERT_EQUAL(line_send(line, SPAN_LIT("info\r"), SPAN_LIT("i1"), 600000, 0, 5), ERR_OK);
    receive(line, 700000, &r);
    CU_ASSERT(span_eq(text_of(&r), SPAN_LIT("i1")));
    /* over */
    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("new"), 10100000, 0, 6), ERR_OK);
    receive(line, 20000000, &r);
    CU_ASSERT(span_eq(text_of(&r), SPAN_LIT("new")));
    CU_ASSERT_FALSE(r.damaged);
    line_delete(line);
}

static void test_baud(void)
{
    struct received r;

    /* the same rate is no fault */
    run("fault baud 115200 baud for 5 s", &r);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    CU_ASSERT_FALSE(r.damaged);
    CU_ASSERT_EQUAL(r.last_us, 3125);

    /* '0' = 0x30 on the wire: start 0, then 0000 1100, stop 1. The receiver is twice as fast: its
     * first byte is the start bit and eight low samples, 0x00, its stop bit still low; the next
     * begins there and sees high high high low low low low high, 0x87. */
    struct line *line = open_line(PACE_FRAME, 19200);
    fault(line, "fault baud 9600 baud for 5 s", 0);
    CU_ASSERT_EQUAL(line_fault_baud(line, 0), 9600);
    CU_ASSERT_EQUAL(line_fault_baud(line, 5000000), 0);
    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("0"), 0, 0, 1), ERR_OK);
    receive(line, 1000000, &r);
    CU_ASSERT_TRUE(r.damaged);
    CU_ASSERT_EQUAL(r.last_us, 1042); /* it takes the time of the wrong rate */
    CU_ASSERT_EQUAL_FATAL(r.n, 2);
    CU_ASSERT_EQUAL((uint8_t)r.text[0], 0x00);
    CU_ASSERT_EQUAL((uint8_t)r.text[1], 0x87);
    line_delete(line);
}

static void test_addr(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct received r;
    uint8_t addr = 0;

    CU_ASSERT_FALSE(line_fault_addr(line, 0, &addr));
    fault(line, "fault addr 3 for 1 reply", 0);
    CU_ASSERT_TRUE(line_fault_addr(line, 0, &addr));
    CU_ASSERT_EQUAL(addr, 3);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    CU_ASSERT_FALSE(line_fault_addr(line, 0, &addr));
    receive(line, 100000, &r);
    CU_ASSERT_TRUE(r.damaged); /* the owner has put another address in */
    line_delete(line);
}

/* ---- extent ---- */

static void test_counted_in_replies(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct received r;

    fault(line, "fault truncate 3 B for 2 replies", 0);
    for (unsigned i = 1; i <= 3; i++) {
        uint64_t now = i * 1000000ULL;
        /* echoes do not count */
        CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("pwr\n\r"), now, 0, 0), ERR_OK);
        CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, now, 0, i), ERR_OK);
        receive(line, now + 900000, &r);
        CU_ASSERT_EQUAL(r.n, i <= 2 ? 5 + 3 : 5 + 36);
        CU_ASSERT_EQUAL(r.damaged, i <= 2);
    }
    line_delete(line);
}

static void test_ends_by_time(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct received r;

    fault(line, "fault truncate 3 B for 2 s", 1000000);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 2999999, 0, 1), ERR_OK);
    receive(line, 3100000, &r);
    CU_ASSERT_EQUAL(r.n, 3);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 3000000, 0, 2), ERR_OK);
    receive(line, 3200000, &r);
    CU_ASSERT_EQUAL(r.n, 36);
    line_delete(line);
}

/* A hit echo makes the reply behind it useless to its reader. */
static void test_echo_damage_counts(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct received r;

    fault(line, "fault drop 100 % for 1 s", 0);
    CU_ASSERT_EQUAL(line_send(line, CMD, SPAN_LIT("pwr"), 0, 0, 0), ERR_OK);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 2000000, 0, 1), ERR_OK);
    receive(line, 3000000, &r);
    CU_ASSERT(span_eq(text_of(&r), REPLY));
    CU_ASSERT_TRUE(r.damaged);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 4000000, 0, 2), ERR_OK);
    receive(line, 5000000, &r);
    CU_ASSERT_FALSE(r.damaged);
    line_delete(line);
}

static void test_faults_add_up(void)
{
    struct line *line = open_line(PACE_FRAME, 115200);
    struct received r;

    fault(line, "fault truncate 10 B for 10 s", 0);
    fault(line, "fault echo for 10 s", 0);
    fault(line, "fault duplicate 100 % for 10 s", 0);
    fault(line, "fault delay 100 ms for 10 s", 0);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 0, 0, 1), ERR_OK);
    receive(line, 1000000, &r);
    CU_ASSERT(span_eq(text_of(&r), SPAN_LIT("ppwwrr\r\r00112233445566778899")));
    CU_ASSERT(r.last_us > 100000);
    /* the same kind again replaces */
    fault(line, "fault truncate 2 B for 10 s", 1000000);
    CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, 1000000, 0, 2), ERR_OK);
    receive(line, 2000000, &r);
    CU_ASSERT_EQUAL(r.n, 2 * (4 + 2));
    line_delete(line);
}

static void test_same_seed_same_damage(void)
{
    static const char *const faults[] = {
        "fault drop 5 % for 100 s",    "fault flip 5 % for 100 s",  "fault duplicate 5 % for 100 s",
        "fault garbage 7 B for 100 s", "fault block 3 B for 100 s", "fault stall 20 ms for 100 s",
    };
    static struct received runs[3];
    static const uint64_t seeds[3] = {1, 1, 2};

    for (size_t k = 0; k < 3; k++) {
        struct line *line = NULL;
        CU_ASSERT_EQUAL_FATAL(line_new(seeds[k], PACE_FRAME, 115200, &line), ERR_OK);
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
            fault(line, faults[i], 0);
        for (unsigned i = 1; i <= 50; i++)
            CU_ASSERT_EQUAL(line_send(line, CMD, REPLY, i * 100000, 0, i), ERR_OK);
        receive(line, 50000000, &runs[k]);
        line_delete(line);
    }
    CU_ASSERT_EQUAL(memcmp(&runs[0], &runs[1], sizeof runs[0]), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(&runs[0], &runs[2], sizeof runs[0]), 0);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"frame pace", test_frame_pace},
        {"late does not move the due time", test_late_take},
        {"byte pace", test_byte_pace},
        {"no pace", test_no_pace},
        {"the queue keeps its order", test_queue_keeps_order},
        {"clear and speed", test_clear_and_speed},
        {"full", test_full},
        {"drop", test_drop},
        {"delay and stall", test_delay_and_stall},
        {"truncate and block", test_truncate_and_block},
        {"flip and duplicate", test_flip_and_duplicate},
        {"echo and garbage", test_echo_and_garbage},
        {"chunk", test_chunk},
        {"stale", test_stale},
        {"baud", test_baud},
        {"addr", test_addr},
        {"counted in replies", test_counted_in_replies},
        {"ends by time", test_ends_by_time},
        {"a damaged echo damages the reply", test_echo_damage_counts},
        {"faults add up", test_faults_add_up},
        {"same seed, same damage", test_same_seed_same_damage},
        {0},
    };
    return testing_main(argc, argv, "line", cases);
}
