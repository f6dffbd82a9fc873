/* SPDX-License-Identifier: Apache-2.0
 *
 * What the manifest's reader and its expander share: finding placeholders in a text.
 */
#ifndef HARNESS_MANIFEST_PRIVATE_H
#define HARNESS_MANIFEST_PRIVATE_H

#include "harness/run/manifest.h"

enum placeholder {
    HOLD_TTY,
    HOLD_BATTERY,
    HOLD_SOURCE,
    HOLD_CAN,
    HOLD_BROKER,
    HOLD_HOST,
    HOLD_PORT,
    HOLD_BATTERIES,
    HOLD_DIR,
    HOLD_CONFIG,
    HOLD_BIN,
    HOLD_MANIFEST,
    HOLD_CCL, /* the user's limits: the last ones */
    HOLD_DCL,
    HOLD_CVL,
    HOLD_DVL,
    HOLD_COUNT
};
extern const char *const placeholder_words[HOLD_COUNT + 1];

/* One piece of a text: literal bytes, or a placeholder with braces around its name. */
struct piece {
    size_t start, n; /* where it is in the text, braces included */
    bool is_placeholder;
    struct span literal; /* what a literal piece says ("{{" says "{") */
    struct span name;    /* of a placeholder, without braces */
    bool closed;         /* the placeholder has its '}' */
};

/* The piece that begins at `at`; false at the end of the text. */
bool placeholder_next(struct span text, size_t at, struct piece *ret);
/* HOLD_COUNT when the name is not known. */
enum placeholder placeholder_find(struct span name);

#endif
