/* SPDX-License-Identifier: Apache-2.0
 *
 * A CAN frame as bytes: literal images, and what a cut or a damaged piece becomes.
 */
#include <string.h>

#include "sim/can_image.h"
#include "testing/testing.h"

static void is_image(const struct can_msg *frame, const char *bytes, size_t n)
{
    uint8_t memory[CAN_IMAGE_MAX];
    struct buf out = buf_of(memory, sizeof memory);
    struct can_msg back;

    CU_ASSERT_TRUE(can_image_put(frame, &out));
    CU_ASSERT_EQUAL_FATAL(out.n, n);
    CU_ASSERT_EQUAL(memcmp(memory, bytes, n), 0);
    CU_ASSERT_TRUE(can_image_get(buf_span(&out), &back));
    CU_ASSERT_TRUE(can_msg_eq(frame, &back));
}

static void test_images(void)
{
    is_image(&(struct can_msg){.id = 0x359, .dlc = 3, .data = {1, 2, 0xFF}},
             "\x00\x00\x03\x59\x03\x01\x02\xFF", 8);
    is_image(&(struct can_msg){.id = 0x1FFFFFFF, .extended = true}, "\x9F\xFF\xFF\xFF\x00", 5);
    is_image(&(struct can_msg){.id = 0x305, .dlc = 8, .remote = true}, "\x40\x00\x03\x05\x08", 5);
}

static void test_cut(void)
{
    static const uint8_t whole[] = {0, 0, 3, 0x51, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    struct can_msg m;

    for (size_t n = 0; n <= sizeof whole; n++) {
        bool frame = n >= CAN_IMAGE_HEAD;
        CU_ASSERT_EQUAL(can_image_get(span_of(whole, n), &m), frame);
        if (!frame)
            continue;
        CU_ASSERT_EQUAL(m.id, 0x351);
        CU_ASSERT_EQUAL(m.dlc, n - CAN_IMAGE_HEAD);
        CU_ASSERT_EQUAL(memcmp(m.data, whole + CAN_IMAGE_HEAD, m.dlc), 0);
    }
}

static void test_no_frames(void)
{
    struct can_msg m;

    CU_ASSERT_FALSE(can_image_get(span_of("\0\0\x08\0\0", 5), &m));     /* an id of 12 bits */
    CU_ASSERT_FALSE(can_image_get(span_of("\0\0\x03\x51\x09", 5), &m)); /* nine bytes */
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"images", test_images},
        {"cut pieces", test_cut},
        {"no frames", test_no_frames},
        {0},
    };
    return testing_main(argc, argv, "sim.can_image", cases);
}
