/* SPDX-License-Identifier: Apache-2.0
 *
 * Collects one answer of the console from a stream. The console sends no lengths and no checksums;
 * an answer simply ends where the next prompt stands, so the reader looks at every line as it
 * grows. Byte by byte, so that the result cannot depend on how the stream was cut.
 */
#include <string.h>

#include "proto/pylon_console/common.h"

/* What is kept of a line when the buffer is full: more than any prompt or pager line. */
enum { KEEP = 128 };

/* It is written later. NOLINTNEXTLINE(readability-non-const-parameter) */
void pylon_reader_init(struct pylon_reader *r, uint8_t *memory, size_t cap)
{
    *r = (struct pylon_reader){.text = memory, .cap = cap};
}

void pylon_reader_reset(struct pylon_reader *r)
{
    pylon_reader_init(r, r->text, r->cap);
}

void pylon_reader_expect_text(struct pylon_reader *r)
{
    r->expect_text = true;
}

/* The buffer is full before a prompt: the answer is lost, but the prompt that ends it is not. */
static void overflow(struct pylon_reader *r)
{
    size_t line = r->n - r->scanned;
    size_t keep = line < KEEP ? line : KEEP;

    memmove(r->text, r->text + r->n - keep, keep);
    r->n = keep;
    r->scanned = 0;
    r->overflow = true;
}

static bool nothing_before(const struct pylon_reader *r)
{
    for (size_t i = 0; i < r->scanned; i++) {
        uint8_t c = r->text[i];
        if (!pylon_is_noise(c) && c != ' ' && c != '$' && c != '>')
            return false;
    }
    return true;
}

static enum pylon_read on_prompt(struct pylon_reader *r)
{
    if (r->overflow) {
        r->n = 0;
        r->scanned = 0;
        return PYLON_READ_DONE;
    }
    if (r->expect_text && nothing_before(r)) {
        r->n = 0;
        r->scanned = 0;
        return PYLON_READ_MORE;
    }
    return PYLON_READ_DONE;
}

static bool holds_pager(struct span line, struct span text)
{
    return span_find(line, 0, text) < line.n;
}

/* The pager's line ends with CR and no LF, and another firmware may word it differently: the known
 * text counts at its last letter, a similar one at its line end. `scanned` moves behind it, so one
 * pager line asks for one Enter. */
static enum pylon_read take(struct pylon_reader *r, uint8_t c)
{
    if (r->n >= r->cap)
        overflow(r);
    r->text[r->n++] = c;
    struct span line = {r->text + r->scanned, r->n - r->scanned};

    if (pylon_is_line_end(c)) {
        r->scanned = r->n;
        return holds_pager(line, SPAN_LIT("Press [Enter]")) ? PYLON_READ_PAGER : PYLON_READ_MORE;
    }
    if (c == 't' && holds_pager(line, pylon_pager_prompt_text)) {
        r->scanned = r->n;
        return PYLON_READ_PAGER;
    }
    if (c == '>' && pylon_prompt_of(line).n > 0)
        return on_prompt(r);
    return PYLON_READ_MORE;
}

enum pylon_read pylon_reader_feed(struct pylon_reader *r, struct span in, size_t *ret_used)
{
    for (size_t i = 0; i < in.n; i++) {
        enum pylon_read got = take(r, in.p[i]);
        if (got != PYLON_READ_MORE) {
            *ret_used = i + 1;
            return got;
        }
    }
    *ret_used = in.n;
    return PYLON_READ_MORE;
}

struct decoded pylon_reader_answer(const struct pylon_reader *r, struct span command,
                                   struct pylon_answer *ret)
{
    if (r->overflow)
        return (struct decoded){.code = ERR_SPACE, .offset = (uint32_t)r->cap};
    return pylon_answer_split(span_of(r->text, r->n), command, ret);
}
