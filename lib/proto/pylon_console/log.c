/* SPDX-License-Identifier: Apache-2.0
 *
 * `time` and `log`. Source: specification 9 and 2.4.
 */
#include <inttypes.h>

#include "proto/pylon_console/common.h"

/* ---- time ---- */

struct decoded pylon_time_decode(struct span body, char chip[16], struct pylon_time *ret)
{
    struct span rest = body;
    struct span line = body;
    struct pylon_time t;

    if (!pylon_body_line(&rest, &line))
        return pylon_bad(ERR_INCOMPLETE, body, rest);
    if (line.n < PYLON_STAMP)
        return pylon_bad(ERR_SYNTAX, body, line);
    struct span stamp = span_sub(line, line.n - PYLON_STAMP, PYLON_STAMP);
    struct span name = span_sub(line, 0, line.n - PYLON_STAMP);
    if (pylon_stamp(stamp, &t) != ERR_OK)
        return pylon_bad(ERR_SYNTAX, body, stamp);
    if (name.n > 0) {
        if (!span_ends(name, " ") || name.n > 16 || !pylon_is_text(name) ||
            span_find_byte(name, 0, ' ') != name.n - 1)
            return pylon_bad(ERR_SYNTAX, body, name);
        name.n--;
    }
    span_to_str(name, chip, 16);
    *ret = t;
    return pylon_good();
}

enum err pylon_time_encode(const char *chip, const struct pylon_time *t, struct buf *out)
{
    size_t mark = out->n;

    if (chip != NULL && chip[0] != '\0')
        buf_printf(out, "%s ", chip);
    pylon_put_stamp(out, t);
    return pylon_finish(out, mark);
}

/* ---- log ---- */

/* The next line is " LABEL   : value", the value with its trailing blanks, which belong to the
 * text. On failure *ret_value is the line; one that begins the next entry stays in *rest. */
static enum err next_value(struct span *rest, const char *label, struct span *ret_value)
{
    struct span at = *rest;
    struct span line;

    if (!pylon_raw_line(&at, &line)) {
        *ret_value = span_sub(*rest, rest->n, 0);
        return ERR_INCOMPLETE;
    }
    *ret_value = line;
    size_t colon = span_find_byte(line, 0, ':');
    struct span name = pylon_strip(span_sub(line, 0, colon));
    if (!span_eq_str(name, label) && span_eq_str(name, "Index"))
        return ERR_INCOMPLETE;
    *rest = at;
    if (!pylon_is_text(line) || !span_eq_str(name, label) ||
        !span_starts(span_sub(line, colon, line.n), ": "))
        return ERR_SYNTAX;
    *ret_value = span_sub(line, colon + 2, line.n);
    return ERR_OK;
}

/* "23-09-16 11:43:09" has no century. */
static enum err read_time(struct span s, struct pylon_time *ret)
{
    uint8_t memory[PYLON_STAMP];
    struct buf stamp = buf_of(memory, sizeof memory);

    if (!buf_str(&stamp, "20") || !buf_put(&stamp, s))
        return ERR_SYNTAX;
    return pylon_stamp(buf_span(&stamp), ret);
}

static enum err read_entry(struct span *rest, struct pylon_log_entry *entry, struct span *at)
{
    int64_t index = 0;
    enum err e = next_value(rest, "Index", at);

    if (e == ERR_OK)
        e = pylon_int(pylon_rtrim(*at), 0, UINT32_MAX, &index);
    entry->index = (uint32_t)index;
    if (e == ERR_OK)
        e = next_value(rest, "Time", at);
    if (e == ERR_OK)
        e = read_time(pylon_rtrim(*at), &entry->time);
    if (e == ERR_OK)
        e = next_value(rest, "ModID", at);
    entry->module = pylon_rtrim(*at);
    if (e == ERR_OK)
        e = next_value(rest, "Code", at);
    if (e == ERR_OK && !parse_hex(pylon_rtrim(*at), UINT64_MAX, &entry->code))
        e = ERR_SYNTAX;
    if (e == ERR_OK)
        e = next_value(rest, "Info", at);
    entry->text = *at;
    return e;
}

/* Moves *rest to the next line that begins an entry. */
static void skip_to_index(struct span *rest)
{
    struct span at = *rest;
    struct span line;

    while (pylon_body_line(&at, &line)) {
        if (span_starts(pylon_strip(line), "Index"))
            return;
        *rest = at;
    }
    *rest = at;
}

struct decoded pylon_log_next(struct span *rest, struct pylon_log_entry *ret)
{
    struct span whole = *rest;
    struct span at = *rest;
    struct span line;
    struct pylon_log_entry entry = {.index = 0};

    if (!pylon_body_line(&at, &line))
        return pylon_bad(ERR_NOT_FOUND, whole, whole);
    at = *rest;
    enum err e = read_entry(rest, &entry, &at);
    if (e == ERR_OK) {
        *ret = entry;
        return pylon_good();
    }
    skip_to_index(rest);
    return pylon_bad(e, whole, at);
}

enum err pylon_log_encode(const struct pylon_log_entry *entry, size_t nth, bool last,
                          struct buf *out)
{
    /* The third entry of a page ends its lines without the CR: one capture per firmware shows it.
     */
    size_t place = nth % PYLON_LOG_PER_PAGE;
    const char *sep = place == 2 ? "\n\r" : "\r\n\r";
    const struct pylon_time *t = &entry->time;
    size_t mark = out->n;

    if (nth > 0)
        buf_str(out, "\r\n\r");
    if (place > 0)
        buf_str(out, sep);
    buf_printf(out, " Index   : %-6" PRIu32 "%s", entry->index, sep);
    buf_printf(out, " Time    : %02u-%02u-%02u %02u:%02u:%02u%s", t->year % 100U, t->month, t->day,
               t->hour, t->minute, t->second, sep);
    buf_str(out, " ModID   : ");
    buf_put(out, entry->module);
    buf_printf(out, "%s Code    : %" PRIx64 "%s Info    : ", sep, entry->code, sep);
    buf_put(out, entry->text);
    if (last && place != 2)
        buf_str(out, "\r\n\r");
    return pylon_finish(out, mark);
}
