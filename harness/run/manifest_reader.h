/* SPDX-License-Identifier: Apache-2.0
 *
 * What a manifest is read with: where the reader stands, and one line taken by the keys of its
 * section. Only for manifest.c and manifest_keys.c.
 */
#ifndef HARNESS_MANIFEST_READER_H
#define HARNESS_MANIFEST_READER_H

#include "harness/run/manifest_private.h"

enum manifest_section {
    SECTION_TOP,
    SECTION_CAN,
    SECTION_JSON,
    SECTION_HA,
    SECTION_MAP,
    SECTION_EXCLUDE,
    SECTION_BAD
};

struct manifest_reader {
    struct manifest *m;
    struct conf_file *file;
    enum manifest_section section;
    size_t section_start;
    bool seen_can_stale, seen_json_stale;
    uint32_t config_line, config_column; /* the first {config} */
    uint32_t offline_line;               /* where `stale offline` was said for json */
};

/* Takes the line `index` of the file; what is wrong with it is among the file's errors. */
void manifest_read_line(struct manifest_reader *r, size_t index);

/* NULL: no memory. */
char *manifest_copy(const char *text, size_t n);

#endif
