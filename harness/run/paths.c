/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding our own files.
 */
#include "harness/run/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void path_self(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    out[n > 0 ? n : 0] = 0;
}

void path_bin(char *out, size_t cap)
{
    const char *bin = getenv("BMSRIG_BIN"); /* another build of the programs: the mutants' */
    if (bin) {
        snprintf(out, cap, "%s", bin);
        return;
    }
    path_self(out, cap);
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
}

/* True when the program runs from a build tree: its folder is <build>/bin. */
static int in_build(void)
{
    return access(BMSRIG_SOURCE_DIR "/scenarios/requirements", R_OK) == 0 &&
           access(BMSRIG_BUILD_DIR "/bin/bmsrig", X_OK) == 0;
}

void path_data(const char *name, char *out, size_t cap)
{
    const char *data = getenv("BMSRIG_DATA");
    if (data)
        snprintf(out, cap, "%s/%s", data, name);
    else if (in_build() && strncmp(name, "dbc/", 4) == 0)
        snprintf(out, cap, BMSRIG_SOURCE_DIR "/harness/%s", name);
    else if (in_build())
        snprintf(out, cap, BMSRIG_SOURCE_DIR "/scenarios/%s", name);
    else
        snprintf(out, cap, BMSRIG_INSTALL_DATA "/%s", name);
}

void path_preload(char *out, size_t cap)
{
    const char *lib = getenv("BMSRIG_PRELOAD");
    if (lib)
        snprintf(out, cap, "%s", lib);
    else if (in_build())
        snprintf(out, cap, BMSRIG_BUILD_DIR "/lib/libbmsrig_preload.so");
    else
        snprintf(out, cap, BMSRIG_INSTALL_LIB "/libbmsrig_preload.so");
}
