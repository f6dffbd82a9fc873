/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate mismatch as a waveform: see uart.h. Times are integers in units of 1 / (from_baud * to_baud)
 * seconds, so a sent bit lasts to_baud units and a received bit from_baud units, exactly.
 */
#include "sim/device/uart.h"

enum { FRAME_BITS = 10 }; /* start, 8 data, stop */

struct waveform {
    struct span sent;
    uint64_t bit_units; /* how long one sent bit lasts */
};

/* The level of sent bit `bit`; the line idles high before and after. */
static bool sent_bit(const struct waveform *w, uint64_t bit)
{
    if (bit >= (uint64_t)w->sent.n * FRAME_BITS) {
        return true;
    }
    unsigned place = (unsigned)(bit % FRAME_BITS);
    if (place == 0) {
        return false;
    }
    if (place == FRAME_BITS - 1) {
        return true;
    }
    return ((unsigned)w->sent.p[bit / FRAME_BITS] >> (place - 1) & 1u) != 0;
}

static bool level_at(const struct waveform *w, uint64_t t)
{
    return sent_bit(w, t / w->bit_units);
}

/* The first instant at or after t at which the line is low; UINT64_MAX when it stays high. */
static uint64_t next_low(const struct waveform *w, uint64_t t)
{
    uint64_t bit = t / w->bit_units;
    if (!sent_bit(w, bit)) {
        return t;
    }
    uint64_t end = (uint64_t)w->sent.n * FRAME_BITS;
    while (bit < end && sent_bit(w, bit)) {
        bit++;
    }
    return bit < end ? bit * w->bit_units : UINT64_MAX;
}

void uart_misread(struct span sent, uint32_t from_baud, uint32_t to_baud, struct buf *out)
{
    struct waveform w = {.sent = sent, .bit_units = to_baud};
    uint64_t receive = from_baud; /* one received bit */
    uint64_t t = next_low(&w, 0);
    while (t != UINT64_MAX) {
        uint8_t value = 0;
        for (unsigned k = 1; k <= 8; k++) {
            uint64_t middle = t + k * receive + receive / 2;
            value = (uint8_t)(value | (unsigned)level_at(&w, middle) << (k - 1));
        }
        uint64_t stop = t + 9 * receive + receive / 2;
        bool start_ok = !level_at(&w, t + receive / 2); /* else a spike, no start bit */
        if (start_ok && level_at(&w, stop)) {
            buf_u8(out, value);
        }
        t = next_low(&w, start_ok ? stop : t + receive / 2);
    }
}

bool uart_rates_agree(uint32_t a, uint32_t b)
{
    uint32_t low = a < b ? a : b;
    uint32_t high = a < b ? b : a;
    return (uint64_t)(high - low) * 100 <= (uint64_t)high * 3;
}
