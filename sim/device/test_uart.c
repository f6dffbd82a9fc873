/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate mismatch: the expected bytes are worked out by hand from the waveform.
 */
#include "sim/device/uart.h"
#include "testing/testing.h"

static struct span misread(struct span sent, uint32_t from, uint32_t to, uint8_t *memory,
                           size_t cap)
{
    struct buf out = buf_of(memory, cap);
    uart_misread(sent, from, to, &out);
    return buf_span(&out);
}

static void test_equal_rates_copy(void)
{
    uint8_t all[256], memory[512];
    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    TESTING_BYTES_EQ(misread(span_of(all, 256), 115200, 115200, memory, sizeof memory),
                     span_of(all, 256));
}

/* 8N1 carries about 4 % until the stop bit is missed. */
static void test_near_rates_copy(void)
{
    uint8_t memory[64];
    TESTING_BYTES_EQ(misread(SPAN_LIT("pylon>"), 115200, 117000, memory, sizeof memory),
                     SPAN_LIT("pylon>"));
    CU_ASSERT_TRUE(uart_rates_agree(115200, 117000));
    CU_ASSERT_TRUE(uart_rates_agree(117000, 115200));
    CU_ASSERT_FALSE(uart_rates_agree(115200, 9600));
    CU_ASSERT_FALSE(uart_rates_agree(115200, 108000));
}

/* Half the rate, sent 0xFF: only the start bit is low, two received bits long: start bit and bit 0.
 */
static void test_slow_sender(void)
{
    uint8_t memory[64];
    TESTING_BYTES_EQ(misread(SPAN_LIT("\xFF"), 9600, 19200, memory, sizeof memory),
                     SPAN_LIT("\xFE"));
    /* 0x00: nine low bits are eighteen received ones. The first character ends in a low stop bit
     * and is dropped; from the middle of that stop bit on the next one starts, of which the last
     * bit, sampled at 18.0, is high. */
    TESTING_BYTES_EQ(misread(SPAN_LIT("\x00"), 9600, 19200, memory, sizeof memory),
                     SPAN_LIT("\x80"));
}

/* Twice the rate: one received bit spans two sent ones; sampled at 1, 3, 5, 7, 9 of 0xFF 0xFF. */
static void test_fast_sender(void)
{
    uint8_t memory[64];
    /* received start bit 0..2: middle at 1 is bit 0 of the byte, high: a spike, no start bit */
    TESTING_BYTES_EQ(misread(SPAN_LIT("\xFF"), 19200, 9600, memory, sizeof memory), SPAN_LIT(""));
    /* 0x00: low for 4.5 received bits: start bit, three zero bits, then high */
    TESTING_BYTES_EQ(misread(SPAN_LIT("\x00"), 19200, 9600, memory, sizeof memory),
                     SPAN_LIT("\xF8"));
}

/* The wake-up frame at 1200 reaches a console at 115200 as noise above ASCII, never as text. */
static void test_wake_up_frame_is_noise(void)
{
    uint8_t memory[512];
    struct span got =
        misread(SPAN_LIT("~20014682C0048520FCC3\r"), 1200, 115200, memory, sizeof memory);
    CU_ASSERT_TRUE(got.n >= 22 && got.n <= 22 * 5);
    for (size_t i = 0; i < got.n; i++)
        CU_ASSERT_TRUE(got.p[i] >= 0x80);
}

/* A table at 115200 is a handful of characters to a client at 1200. */
static void test_fast_text_to_a_slow_client(void)
{
    uint8_t text[2000], memory[512];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)("Power Volt   Curr   Tempr\r\r\n"[i % 28]);
    struct span got = misread(span_of(text, sizeof text), 115200, 1200, memory, sizeof memory);
    CU_ASSERT_TRUE(got.n <= 21);
}

static void test_output_is_bounded(void)
{
    uint8_t memory[4];
    CU_ASSERT_EQUAL(misread(SPAN_LIT("pylon>"), 9600, 9600, memory, sizeof memory).n, 4);
    CU_ASSERT_EQUAL(misread(SPAN_LIT(""), 9600, 1200, memory, sizeof memory).n, 0);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"equal rates copy", test_equal_rates_copy},
        {"rates within 3 % copy", test_near_rates_copy},
        {"a slow sender", test_slow_sender},
        {"a fast sender", test_fast_sender},
        {"the wake-up frame is noise to an awake console", test_wake_up_frame_is_noise},
        {"a table is noise to a slow client", test_fast_text_to_a_slow_client},
        {"output is bounded", test_output_is_bounded},
        {0}};
    return testing_main(argc, argv, "uart", cases);
}
