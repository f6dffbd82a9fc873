/* SPDX-License-Identifier: Apache-2.0
 *
 * A locale whose decimal sign is a comma, for `[dut] locale comma`. It is made for each run,
 * because a small machine has none: Debian generates locales on demand.
 */
#ifndef HARNESS_LOCALE_H
#define HARNESS_LOCALE_H

#include <stddef.h>

#include "base/err.h"

/* What it takes to be seen in a program's environment, beside LOCPATH=FOLDER: LC_NUMERIC for the
 * name, and no LC_ALL, which would overrule it. */
#define LOCALE_NAME    "comma"
#define LOCALE_NUMERIC "LC_NUMERIC=" LOCALE_NAME

/* Makes FOLDER/comma/LC_NUMERIC. */
enum err locale_make(const char *folder);
void locale_remove(const char *folder);

#endif
