/* SPDX-License-Identifier: Apache-2.0
 *
 * What the console's decoders share: verdicts that point at a byte, numbers and words as the
 * firmware prints them, dates, separators. Private to this folder.
 */
#ifndef PROTO_PYLON_CONSOLE_COMMON_H
#define PROTO_PYLON_CONSOLE_COMMON_H

#include "proto/pylon_console/pylon_console.h"

struct decoded pylon_good(void);
/* `part` lies in `whole`; its start is the offset. */
struct decoded pylon_bad(enum err code, struct span whole, struct span part);

bool pylon_is_line_end(uint8_t c);
/* What a battery never prints inside a line: control characters and bytes above ASCII. */
bool pylon_is_noise(uint8_t c);
bool pylon_is_text(struct span s);
/* Without the blanks (SP only) at the end; at both ends. */
struct span pylon_rtrim(struct span s);
struct span pylon_strip(struct span s);
bool pylon_starts_nocase(struct span s, const char *prefix);
/* pylon_body_line() with the trailing blanks left on. */
bool pylon_raw_line(struct span *rest, struct span *ret_line);
/* The prompt ("pylon>") when that and noise is all the line holds; else empty. */
struct span pylon_prompt_of(struct span line);

/* A number as %d prints it: no plus, no leading zero, no "-0". ERR_SYNTAX or ERR_RANGE. */
enum err pylon_int(struct span s, int64_t min, int64_t max, int64_t *ret);
enum err pylon_int32(struct span s, int32_t min, int32_t max, int32_t *ret);
enum err pylon_uint8(struct span s, uint8_t max, uint8_t *ret);

/* What a low-voltage battery could print at all, in mV, mA, thousandths of a degree, percent and
 * mAh; 4095 mV is what a broken cell monitor prints. Whether a value is plausible is decided
 * elsewhere. */
enum {
    PYLON_PACK_MV_MAX = 100000,
    PYLON_CELL_MV_MAX = 9999,
    PYLON_MA_MAX = 999999,
    PYLON_MC_MIN = -100000,
    PYLON_MC_MAX = 200000,
    PYLON_PC_MAX = 200,
    PYLON_MAH_MAX = 9999999,
};

enum err pylon_pack_mv(struct span s, int32_t *ret);
enum err pylon_cell_mv(struct span s, int32_t *ret);
enum err pylon_ma(struct span s, int32_t *ret);
enum err pylon_mc(struct span s, int32_t *ret);
enum err pylon_mah(struct span s, int32_t *ret);
enum err pylon_percent(struct span s, int32_t *ret); /* "89%" */

/* A state word: a letter, then letters, digits, '.', '_' or '-', shorter than PYLON_WORD. */
enum err pylon_word(struct span s, char ret[PYLON_WORD]);

enum { PYLON_STAMP = 19 }; /* "2023-09-16 11:50:32" */
/* The shape is checked, the calendar is not: clocks of modules print 2000-00-00 and worse. */
enum err pylon_stamp(struct span s, struct pylon_time *ret);
void pylon_put_stamp(struct buf *out, const struct pylon_time *t);

struct span pylon_sep_bytes(enum pylon_sep sep);
/* The pager line without its line ends. */
extern const struct span pylon_pager_prompt_text;

/* Ends an encoder: when something did not fit since `mark`, takes all of it back. */
enum err pylon_finish(struct buf *out, size_t mark);

#endif
