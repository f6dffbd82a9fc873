/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes at any time into the console source. Invariants: only whitelisted lines are sent; a
 * reading is only taken from an answer that is whole; what is published is possible; deadlines lie
 * ahead.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/source/pylontech_console.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEARD = 1 << 16 };

struct world {
    struct pylontech_console console;
    struct source source;
    uint64_t now_us;
    uint32_t speed;
    char line[64];        /* the last command that was sent */
    uint8_t heard[HEARD]; /* everything since */
    size_t n_heard;
    uint64_t updated_us[PYLON_MAX_MODULES]; /* of the newest reading that was taken */
};

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* ---- answers that a console would give (print formats: specification 3.2, 6, 7) ---- */

#define TAIL "\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>"
#define P1_HEADER                                                                                 \
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  " \
    "Coulomb  Time                 B.V.St   B.T.St  "
#define P1_ROW(n, mv)                                                                    \
    n "     " mv                                                                         \
      "  8000   26000  25000  25000  3326   3328   Charge   Normal   Normal   Normal   " \
      "89%      2023-09-16 11:50:32  Normal   Normal  "

static const char pwr[] =
    "pwr\n\r@\r\r\n" P1_HEADER "\r\r\n" P1_ROW("1", "49905") "\r\r\n" P1_ROW("2", "49910") TAIL;
static const char info[] = "info\n\r@\r\n\rDevice address      : 1\r\n\r"
                           "Manufacturer        : Pylon\r\n\rDevice name         : US2KBPL\r\n\r"
                           "Barcode             : PPTBH02400710243\r\n\r"
                           "Specification       : 48V/50AH\r\n\rCell Number         : 15\r\n\r"
                           "Max Dischg Curr     : -100000mA\r\n\r"
                           "Max Charge Curr     : 102000mA" TAIL;
static const char refusal[] = "\n\r@\r\r\nInvalid command or fail to excute.\r\n\r$$\r\n\rpylon>";

static size_t answer(const struct world *w, uint8_t *out, size_t cap)
{
    struct buf b = buf_of(out, cap);

    if (strcmp(w->line, "pwr") == 0) {
        buf_str(&b, pwr);
    } else if (strcmp(w->line, "info") == 0) {
        buf_str(&b, info);
    } else if (w->line[0] == '\0') {
        buf_str(&b, "\n\rpylon>");
    } else {
        buf_str(&b, w->line);
        buf_str(&b, refusal);
    }
    return b.n;
}

/* ---- checks ---- */

static bool has_number(const char *rest)
{
    int64_t n = 0;

    return parse_i64(span_str(rest), 1, 16, &n);
}

static bool is_listed(const char *line)
{
    return line[0] == '\0' || strcmp(line, "pwr") == 0 || strcmp(line, "info") == 0 ||
           strcmp(line, "stat") == 0 || strcmp(line, "pwrsys") == 0 ||
           (strncmp(line, "pwr ", 4) == 0 && has_number(line + 4)) ||
           (strncmp(line, "bat ", 4) == 0 && has_number(line + 4)) ||
           (strncmp(line, "info ", 5) == 0 && has_number(line + 5)) ||
           (strncmp(line, "stat ", 5) == 0 && has_number(line + 5));
}

static void check_lines(struct world *w, const struct source_output *out)
{
    size_t from = 0;

    for (size_t i = 0; i < out->n; i++) {
        if (out->bytes[i] != '\r')
            continue;
        span_to_str(span_of(out->bytes + from, i - from), w->line, sizeof w->line);
        must(is_listed(w->line) ||
             (w->speed == 1200 && strcmp(w->line, "~20014682C0048520FCC3") == 0));
        w->n_heard = 0;
        from = i + 1;
    }
    must(from == out->n);
}

static bool heard(const struct world *w, const char *text)
{
    struct span all = span_of(w->heard, w->n_heard);

    return span_find(all, 0, span_str(text)) < all.n;
}

static void check_battery(struct world *w, unsigned index, const struct battery *b)
{
    must(b->updated_us <= w->now_us);
    must(battery_knows(b, FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CCL | FIELD_DCL |
                              FIELD_CVL | FIELD_WARNINGS | FIELD_PROTECTIONS));
    must(b->pack_mv > 20000 && b->pack_mv < 70000);
    must(b->soc_pm >= 0 && b->soc_pm <= 1100);
    must(b->ccl_ma >= 0 && b->dcl_ma >= 0 && b->cvl_mv > 0);
    must(b->charge_enable == (b->ccl_ma > 0) && b->discharge_enable == (b->dcl_ma > 0));
    if (b->updated_us != w->updated_us[index]) /* a new reading: never from half a reply */
        must(heard(w, "pwr") && (heard(w, "completed") || heard(w, "COMPLETED")) &&
             w->heard[w->n_heard - 1] == '>');
    w->updated_us[index] = b->updated_us;
}

/* Batteries first: what they came from is what was heard since the command before. */
static void collect(struct world *w)
{
    struct source_output out;
    struct battery b;
    unsigned index = 0;

    while (w->source.ops->take_battery(w->source.self, &index, &b)) {
        must(index < w->source.capacity);
        check_battery(w, index, &b);
    }
    while (w->source.ops->take_gone(w->source.self, &index))
        must(index < w->source.capacity);
    while (w->source.ops->take_output(w->source.self, &out)) {
        if (out.speed != 0)
            w->speed = out.speed;
        check_lines(w, &out);
    }
}

/* ---- what can happen ---- */

static void hear(struct world *w, struct span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) { /* one by one, so that `heard` is exact */
        if (w->n_heard == HEARD)
            w->n_heard = 0;
        w->heard[w->n_heard++] = bytes.p[i];
        w->source.ops->bytes(w->source.self, span_of(&bytes.p[i], 1), w->now_us);
        collect(w);
    }
}

static void pass(struct world *w, uint64_t us)
{
    w->now_us += us;
    w->source.ops->deadline(w->source.self, w->now_us);
    collect(w);
    must(w->source.ops->next_deadline(w->source.self) > w->now_us);
}

static void pass_to_deadline(struct world *w)
{
    uint64_t next_us = w->source.ops->next_deadline(w->source.self);

    if (next_us != NEVER_US)
        pass(w, next_us > w->now_us ? next_us - w->now_us : 0);
}

static void step(struct world *w, struct span *in)
{
    uint8_t op = 0;
    uint8_t arg = 0;
    uint8_t text[2048];
    size_t n = 0;

    if (!rd_u8(in, &op) || !rd_u8(in, &arg))
        return;
    switch (op % 7) {
    case 0: /* anything */
        hear(w, span_sub(*in, 0, arg));
        rd_skip(in, arg < in->n ? arg : in->n);
        break;
    case 1: pass_to_deadline(w); break;
    case 2: pass(w, arg * 20 * US_PER_MS); break;
    case 3:
    case 4: /* the right answer */
        n = answer(w, text, sizeof text);
        hear(w, span_of(text, n));
        break;
    case 5: /* a part of it, and a flipped bit */
        n = answer(w, text, sizeof text);
        text[n * arg / 256] ^= (uint8_t)(1u << (op >> 5));
        hear(w, span_of(text, n * (255u - arg / 2) / 255));
        break;
    case 6:
        w->source.ops->closed(w->source.self, w->now_us);
        collect(w);
        w->n_heard = 0;
        w->source.ops->opened(w->source.self, w->now_us);
        collect(w);
        break;
    default: break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = calloc(1, sizeof *w);
    struct span in = span_of(data, size);
    struct pylontech_console_config config = {
        .link = {.name = "fuzz", .serial = true},
        .limits = pylontech_limits_default(),
        .poll_us = US_PER_S,
    };

    must(w != NULL);
    w->now_us = 1000 * US_PER_S;
    w->speed = 115200;
    pylontech_console_init(&w->console, &config, NULL);
    w->source = pylontech_console_as_source(&w->console);
    w->source.ops->opened(w->source.self, w->now_us);
    collect(w);
    while (in.n >= 2)
        step(w, &in);
    free(w);
    return 0;
}
