/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding scripts in folders and reading whole files, for the commands.
 */
#ifndef HARNESS_SCENARIO_FILES_H
#define HARNESS_SCENARIO_FILES_H

#include "base/err.h"
#include "base/span.h"

typedef void (*file_fn)(const char *path, void *ctx);

/* Calls fn for the file itself (whatever its name), or for every file below the folder whose name
 * ends in one of the suffixes, sorted; names that begin with a dot are left out. ERR_NOT_FOUND when
 * there is no such path, ERR_INCOMPLETE when the folder holds no such file. */
enum err files_walk(const char *path, const char *const *suffixes, file_fn fn, void *ctx);

/* The whole file in heap memory, which the caller frees; "-" is standard input. */
enum err file_read(const char *path, struct span *ret);
/* Replaces the file at once: written beside it, then renamed. Its permissions stay. */
enum err file_replace(const char *path, struct span text);

#endif
