/* SPDX-License-Identifier: Apache-2.0
 *
 * What the console's decoders share. Everything is as strict as the firmware's printf is regular: a
 * dropped or flipped character must not look like another number.
 */
#include "proto/pylon_console/common.h"

struct decoded pylon_good(void)
{
    return (struct decoded){.code = ERR_OK};
}

struct decoded pylon_bad(enum err code, struct span whole, struct span part)
{
    size_t offset = part.p == NULL || whole.p == NULL ? 0 : (size_t)(part.p - whole.p);
    return (struct decoded){.code = code, .offset = (uint32_t)offset};
}

bool pylon_is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

bool pylon_is_noise(uint8_t c)
{
    return c < ' ' || c > '~';
}

bool pylon_is_text(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (pylon_is_noise(s.p[i]))
            return false;
    }
    return true;
}

struct span pylon_rtrim(struct span s)
{
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

struct span pylon_strip(struct span s)
{
    while (s.n > 0 && s.p[0] == ' ')
        s = span_sub(s, 1, s.n);
    return pylon_rtrim(s);
}

bool pylon_starts_nocase(struct span s, const char *prefix)
{
    size_t n = span_str(prefix).n;
    return s.n >= n && span_eq_nocase(span_sub(s, 0, n), prefix);
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* "pylon", "pylon_debug", "PYTES", and what a lossy line leaves of them ("pylo_dbu"). */
static bool is_prompt_name(struct span name)
{
    size_t joints = 0;

    if (name.n == 0 || name.n > 24)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '_')
            joints++;
    }
    return joints <= 1 && is_letter(name.p[0]) && is_letter(name.p[name.n - 1]);
}

struct span pylon_prompt_of(struct span line)
{
    const struct span none = {NULL, 0};

    if (line.n < 2 || line.p[line.n - 1] != '>')
        return none;
    size_t from = line.n - 1;
    while (from > 0 && (is_letter(line.p[from - 1]) || line.p[from - 1] == '_'))
        from--;
    if (!is_prompt_name(span_sub(line, from, line.n - 1 - from)))
        return none;
    /* ">pylon_debug>" was captured; "$$pylon>" is what is left when the line end is lost. */
    for (size_t i = 0; i < from; i++) {
        uint8_t c = line.p[i];
        if (!pylon_is_noise(c) && c != '>' && c != '$')
            return none;
    }
    return span_sub(line, from, line.n);
}

enum err pylon_int(struct span s, int64_t min, int64_t max, int64_t *ret)
{
    int64_t value;
    bool negative = s.n > 0 && s.p[0] == '-';
    struct span digits = span_sub(s, negative ? 1 : 0, s.n);

    if (digits.n == 0 || (digits.p[0] == '0' && (digits.n > 1 || negative)))
        return ERR_SYNTAX;
    for (size_t i = 0; i < digits.n; i++) {
        if (!is_digit(digits.p[i]))
            return ERR_SYNTAX;
    }
    if (!parse_i64(s, min, max, &value))
        return ERR_RANGE;
    *ret = value;
    return ERR_OK;
}

enum err pylon_int32(struct span s, int32_t min, int32_t max, int32_t *ret)
{
    int64_t value;
    enum err e = pylon_int(s, min, max, &value);

    if (e == ERR_OK)
        *ret = (int32_t)value;
    return e;
}

enum err pylon_uint8(struct span s, uint8_t max, uint8_t *ret)
{
    int64_t value;
    enum err e = pylon_int(s, 0, max, &value);

    if (e == ERR_OK)
        *ret = (uint8_t)value;
    return e;
}

enum err pylon_pack_mv(struct span s, int32_t *ret)
{
    return pylon_int32(s, 0, PYLON_PACK_MV_MAX, ret);
}

enum err pylon_cell_mv(struct span s, int32_t *ret)
{
    return pylon_int32(s, 0, PYLON_CELL_MV_MAX, ret);
}

enum err pylon_ma(struct span s, int32_t *ret)
{
    return pylon_int32(s, -PYLON_MA_MAX, PYLON_MA_MAX, ret);
}

enum err pylon_mc(struct span s, int32_t *ret)
{
    return pylon_int32(s, PYLON_MC_MIN, PYLON_MC_MAX, ret);
}

enum err pylon_mah(struct span s, int32_t *ret)
{
    return pylon_int32(s, 0, PYLON_MAH_MAX, ret);
}

enum err pylon_percent(struct span s, int32_t *ret)
{
    if (!span_ends(s, "%"))
        return ERR_SYNTAX;
    return pylon_int32(span_sub(s, 0, s.n - 1), 0, PYLON_PC_MAX, ret);
}

enum err pylon_word(struct span s, char ret[PYLON_WORD])
{
    if (s.n == 0 || s.n >= PYLON_WORD || !is_letter(s.p[0]))
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!is_letter(c) && !is_digit(c) && c != '.' && c != '_' && c != '-')
            return ERR_SYNTAX;
    }
    span_to_str(s, ret, PYLON_WORD);
    return ERR_OK;
}

enum err pylon_stamp(struct span s, struct pylon_time *ret)
{
    static const char shape[PYLON_STAMP + 1] = "dddd-dd-dd dd:dd:dd";
    unsigned part[6] = {0};
    size_t at = 0;

    if (s.n != PYLON_STAMP)
        return ERR_SYNTAX;
    for (size_t i = 0; i < s.n; i++) {
        if (shape[i] != 'd') {
            if (s.p[i] != (uint8_t)shape[i])
                return ERR_SYNTAX;
            at++;
        } else if (is_digit(s.p[i])) {
            part[at] = part[at] * 10 + (unsigned)(s.p[i] - '0');
        } else {
            return ERR_SYNTAX;
        }
    }
    *ret = (struct pylon_time){
        .year = (uint16_t)part[0],
        .month = (uint8_t)part[1],
        .day = (uint8_t)part[2],
        .hour = (uint8_t)part[3],
        .minute = (uint8_t)part[4],
        .second = (uint8_t)part[5],
    };
    return ERR_OK;
}

void pylon_put_stamp(struct buf *out, const struct pylon_time *t)
{
    buf_printf(out, "%04u-%02u-%02u %02u:%02u:%02u", t->year, t->month, t->day, t->hour, t->minute,
               t->second);
}

struct span pylon_sep_bytes(enum pylon_sep sep)
{
    switch (sep) {
    case PYLON_SEP_T: return SPAN_LIT("\r\r\n");
    case PYLON_SEP_K: return SPAN_LIT("\r\n\r");
    }
    return SPAN_LIT("");
}

enum err pylon_finish(struct buf *out, size_t mark)
{
    if (!out->overflow)
        return ERR_OK;
    out->n = mark;
    return ERR_SPACE;
}
