/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the one category that matters in the form that glibc reads: a magic number for version and
 * category, the number of fields, where each begins, the fields (locale/loadlocale.c and
 * locale/localeinfo.h of glibc 2.36; the form is the same since 2.3). `localedef` would do it too,
 * but needs the sources of locales and character maps, which are a package of their own.
 */
#include "harness/run/locale.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_NUMERIC 0x20031114u /* 0x20031115 ^ LC_NUMERIC */

/* decimal sign, thousands separator, groups of three, both signs as wide characters, character set;
 * in the byte order of this machine, as is the head */
struct numeric {
    uint32_t magic, n;
    uint32_t at[6];
    char decimal[2], thousands[2], grouping[4];
    uint32_t wide_decimal, wide_thousands;
    char codeset[16];
};

static const struct numeric comma = {
    .magic = MAGIC_NUMERIC,
    .n = 6,
    .at = {offsetof(struct numeric, decimal), offsetof(struct numeric, thousands),
           offsetof(struct numeric, grouping), offsetof(struct numeric, wide_decimal),
           offsetof(struct numeric, wide_thousands), offsetof(struct numeric, codeset)},
    .decimal = ",",
    .thousands = ".",
    .grouping = "\3\3",
    .wide_decimal = ',',
    .wide_thousands = '.',
    .codeset = "ANSI_X3.4-1968",
};

enum err locale_make(const char *folder)
{
    char path[700];

    snprintf(path, sizeof path, "%s/comma", folder);
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return err_from_errno(errno);
    snprintf(path, sizeof path, "%s/comma/LC_NUMERIC", folder);
    FILE *f = fopen(path, "wb");
    if (!f)
        return err_from_errno(errno);
    bool ok = fwrite(&comma, sizeof comma, 1, f) == 1;
    ok = fclose(f) == 0 && ok;
    return ok ? ERR_OK : ERR_IO;
}

void locale_remove(const char *folder)
{
    char path[700];

    snprintf(path, sizeof path, "%s/comma/LC_NUMERIC", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/comma", folder);
    rmdir(path);
}
