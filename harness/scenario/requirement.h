/* SPDX-License-Identifier: Apache-2.0
 *
 * The requirement catalogue: the *.req files of scenarios/requirements, one block each:
 *
 *     LIM-OV-CAN  MUST  "Charge limit falls to zero on cell over-voltage"
 *       text    "When a reply shows a cell at or above its over-voltage threshold, ... CCL = 0 on
 * CAN." source  "pylon-can-checks C5, C6"
 */
#ifndef HARNESS_REQUIREMENT_H
#define HARNESS_REQUIREMENT_H

#include "base/conf.h"

enum req_level { REQ_MUST, REQ_SHOULD };

struct requirement {
    char id[40];
    enum req_level level;
    char title[120];
    char area[40]; /* the file's name without .req */
    char *text;
    char *source;
};

struct catalogue;

/* Loads every *.req of a folder. ERR_SYNTAX: errors were printed to `diag` with line, column, caret
 * (duplicate ids, missing text or source are errors too). */
enum err catalogue_load(const char *dir, FILE *diag, struct catalogue **ret);
/* Checks one file by itself; errors as above. */
enum err requirement_check(const char *path, FILE *diag);
void catalogue_delete(struct catalogue *c);
size_t catalogue_count(const struct catalogue *c);
const struct requirement *catalogue_at(const struct catalogue *c,
                                       size_t i); /* sorted by area, id */
const struct requirement *catalogue_find(const struct catalogue *c, const char *id);
const char *catalogue_nearest(const struct catalogue *c, const char *id);
const char *req_level_name(enum req_level level);

#endif
