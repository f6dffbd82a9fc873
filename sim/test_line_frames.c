/* SPDX-License-Identifier: Apache-2.0
 *
 * The line of a CAN bus: frames keep their borders and take their time at 500 kbit/s, and faults
 * befall whole frames.
 */
#include <string.h>

#include "sim/can_image.h"
#include "sim/line.h"
#include "testing/testing.h"

/* 351#1402C012C012C201 */
static const uint8_t limits[] = {0x00, 0x00, 0x03, 0x51, 0x08, 0x14, 0x02,
                                 0xC0, 0x12, 0xC0, 0x12, 0xC2, 0x01};

struct heard {
    char text[4096]; /* "351#1402.. " each; "- " for one that was lost */
    unsigned n, damaged, done;
    uint64_t last_us;
};

static struct line *open_line(void)
{
    struct line *line = NULL;

    CU_ASSERT_EQUAL_FATAL(line_new(7, PACE_BYTE, 500000, &line), ERR_OK);
    line_set_frames(line);
    return line;
}

static void hear(struct line *line, uint64_t until_us, struct heard *h)
{
    struct line_out out;
    struct buf text = buf_of(h->text, sizeof h->text - 1);

    *h = (struct heard){0};
    while (line_deadline(line) <= until_us) {
        struct can_msg msg;
        h->last_us = line_deadline(line);
        if (!line_take(line, h->last_us, &out))
            continue;
        if (can_image_get(out.bytes, &msg))
            can_msg_format(&msg, &text);
        else
            buf_str(&text, "-");
        buf_str(&text, " ");
        h->n++;
        h->done += out.done_id != 0;
        h->damaged += out.done_id != 0 && out.damaged;
    }
    h->text[text.n > 0 ? text.n - 1 : 0] = '\0';
}

static enum err fault(struct line *line, const char *text, uint64_t now_us)
{
    struct conf_file *file = NULL;
    struct stimulus s;

    CU_ASSERT_EQUAL_FATAL(conf_parse("t", span_str(text), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    CU_ASSERT_TRUE_FATAL(stimulus_take(&c, true, &s));
    conf_delete(file);
    return line_fault(line, &s, now_us);
}

static void send(struct line *line, uint64_t now_us, unsigned id)
{
    CU_ASSERT_EQUAL(line_send(line, SPAN_LIT("351"), span_of(limits, sizeof limits), now_us, 0, id),
                    ERR_OK);
}

/* 13 bytes of image are 130 bits: 260 us, where a real frame takes 222 to 270. */
static void test_pace(void)
{
    struct line *line = open_line();
    struct heard h;

    send(line, 1000, 1);
    send(line, 1000, 2);
    hear(line, 1259, &h);
    CU_ASSERT_EQUAL(h.n, 0);
    hear(line, 1260, &h);
    CU_ASSERT_STRING_EQUAL(h.text, "351#1402C012C012C201");
    hear(line, 10000, &h);
    CU_ASSERT_STRING_EQUAL(h.text, "351#1402C012C012C201");
    CU_ASSERT_EQUAL(h.last_us, 1520);
    CU_ASSERT_EQUAL(h.done, 1);
    CU_ASSERT_EQUAL(h.damaged, 0);
    line_delete(line);
}

static void test_drop_and_duplicate(void)
{
    struct line *line = open_line();
    struct heard h;

    fault(line, "fault drop 100 % for 1 s", 0);
    send(line, 0, 1);
    hear(line, 900000, &h);
    CU_ASSERT_STRING_EQUAL(h.text, "-");
    CU_ASSERT_EQUAL(h.damaged, 1);
    fault(line, "fault duplicate 100 % for 1 s", 1000000);
    send(line, 1000000, 2);
    hear(line, 1900000, &h);
    CU_ASSERT_STRING_EQUAL(h.text, "351#1402C012C012C201 351#1402C012C012C201");
    CU_ASSERT_EQUAL(h.done, 1);
    CU_ASSERT_EQUAL(h.damaged, 0);
    /* by the frame, not by the byte: about half of them */
    fault(line, "fault drop 50 % for 60 s", 2000000);
    unsigned lost = 0;
    for (unsigned i = 0; i < 400; i++) {
        send(line, 2000000, 3);
        hear(line, 50000000, &h);
        lost += strcmp(h.text, "-") == 0 ? 1 : 0;
        CU_ASSERT(strcmp(h.text, "-") == 0 || strcmp(h.text, "351#1402C012C012C201") == 0);
    }
    CU_ASSERT(lost > 150 && lost < 250);
    line_delete(line);
}

static void test_truncate(void)
{
    static const struct {
        const char *fault, *frame;
        bool damaged;
    } cases[] = {
        {"fault truncate 6 B for 1 reply", "351#1402C012C012", true},
        {"fault truncate -1 B for 1 reply", "351#1402C012C012C2", true},
        {"fault truncate 0 B for 1 reply", "351#", true},
        {"fault truncate -9 B for 1 reply", "351#", true},
        {"fault truncate 8 B for 1 reply", "351#1402C012C012C201", false},
    };
    struct line *line = open_line();
    struct heard h;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(fault(line, cases[i].fault, 0), ERR_OK);
        send(line, 0, 1);
        hear(line, 1000000, &h);
        CU_ASSERT_STRING_EQUAL(h.text, cases[i].frame);
        CU_ASSERT_EQUAL(h.damaged, cases[i].damaged);
        send(line, 0, 2);
        hear(line, 1000000, &h);
        CU_ASSERT_STRING_EQUAL(h.text, "351#1402C012C012C201");
    }
    line_delete(line);
}

static void test_stale_and_delay(void)
{
    static const uint8_t none[] = {0, 0, 3, 0x51, 8, 0x14, 2, 0, 0, 0, 0, 0xC2, 1};
    struct line *line = open_line();
    struct heard h;

    send(line, 0, 1);
    hear(line, 1000000, &h);
    CU_ASSERT_EQUAL(fault(line, "fault stale for 1 reply", 1000000), ERR_OK);
    line_send(line, SPAN_LIT("351"), span_of(none, sizeof none), 1000000, 0, 2);
    hear(line, 2000000, &h);
    CU_ASSERT_STRING_EQUAL(h.text, "351#1402C012C012C201");
    CU_ASSERT_EQUAL(h.damaged, 1);
    CU_ASSERT_EQUAL(fault(line, "fault delay 300 ms for 1 reply", 2000000), ERR_OK);
    line_send(line, SPAN_LIT("351"), span_of(none, sizeof none), 2000000, 0, 3);
    hear(line, 2300259, &h);
    CU_ASSERT_EQUAL(h.n, 0);
    hear(line, 2300260, &h);
    CU_ASSERT_STRING_EQUAL(h.text, "351#140200000000C201");
    CU_ASSERT_EQUAL(h.damaged, 0);
    line_delete(line);
}

/* Only the data is hit: a frame with another id would have been caught by its checksum. */
static void test_flip(void)
{
    struct line *line = open_line();
    struct heard h;

    CU_ASSERT_EQUAL(fault(line, "fault flip 100 % for 1 reply", 0), ERR_OK);
    send(line, 0, 1);
    hear(line, 1000000, &h);
    CU_ASSERT_EQUAL(strncmp(h.text, "351#", 4), 0);
    CU_ASSERT_EQUAL(strlen(h.text), 20);
    CU_ASSERT_NOT_EQUAL(strcmp(h.text, "351#1402C012C012C201"), 0);
    CU_ASSERT_EQUAL(h.damaged, 1);
    line_delete(line);
}

/* Frames of somebody else: in front of each frame, and by themselves once a second. */
static void test_garbage(void)
{
    struct line *line = open_line();
    struct heard h;
    unsigned foreign = 0;

    CU_ASSERT_EQUAL(fault(line, "fault garbage 3 B for 10 s", 0), ERR_OK);
    send(line, 0, 1);
    hear(line, 900000, &h);
    CU_ASSERT_EQUAL(h.n, 4);
    CU_ASSERT_EQUAL(h.damaged, 0);
    struct span rest = span_str(h.text), frame;
    while (span_token(&rest, &frame)) {
        struct can_msg msg;
        CU_ASSERT_TRUE(can_msg_parse(frame, &msg));
        CU_ASSERT(!msg.extended && (msg.id == 0x351 || msg.id >= 0x500));
        foreign += msg.id >= 0x500 ? 1 : 0;
    }
    CU_ASSERT_EQUAL(foreign, 3);
    hear(line, 9900000, &h);
    CU_ASSERT(h.n >= 7 && h.n <= 9);
    hear(line, 30000000, &h);
    CU_ASSERT(h.n <= 1);
    line_delete(line);
}

static void test_what_means_nothing(void)
{
    static const char *const faults[] = {
        "fault echo for 1 s",      "fault baud 9600 baud for 1 s", "fault addr 3 for 1 s",
        "fault block 4 B for 1 s", "fault stall 50 ms for 1 s",    "fault chunk 3 B for 1 s",
    };
    struct line *line = open_line();

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        CU_ASSERT_EQUAL(fault(line, faults[i], 0), ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(line_send(line, SPAN_LIT("351"), span_of(limits, sizeof limits), 0, 0, 0),
                    ERR_OK);
    static const uint8_t long_image[14] = {0};
    CU_ASSERT_EQUAL(line_send(line, SPAN_LIT("351"), span_of(long_image, 14), 0, 0, 1), ERR_RANGE);
    line_delete(line);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"pace", test_pace},
        {"drop and duplicate", test_drop_and_duplicate},
        {"truncate", test_truncate},
        {"stale and delay", test_stale_and_delay},
        {"flip", test_flip},
        {"garbage", test_garbage},
        {"faults that mean nothing to frames", test_what_means_nothing},
        {0},
    };
    return testing_main(argc, argv, "line_frames", cases);
}
