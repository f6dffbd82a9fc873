/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of a script as they stand in the file, comments and blank lines included: what the
 * lexer leaves out and the formatter and the JSON image must keep.
 */
#ifndef HARNESS_SOURCE_LINE_H
#define HARNESS_SOURCE_LINE_H

#include "base/conf.h"

struct source_line {
    const struct conf_line *line; /* NULL: a comment or a blank line */
    struct span comment;          /* from '#' on; empty when there is none */
    bool indented;                /* begins with a blank */
};

struct source_reader {
    const struct conf_file *file;
    struct span rest;
    uint32_t number; /* of the line read last */
    size_t next;     /* index of the next conf_line */
};

struct source_reader source_reader_of(const struct conf_file *file);
bool source_next(struct source_reader *r, struct source_line *ret);

#endif
