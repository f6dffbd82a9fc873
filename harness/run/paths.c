/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding our own files. An installed tree may be moved as a whole: everything is found from where
 * the program itself is.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include "harness/run/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void path_self(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    out[n > 0 ? n : 0] = 0;
}

/* The folder of this program. */
static void own_folder(char *out, size_t cap)
{
    path_self(out, cap);
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = 0;
}

void path_bin(char *out, size_t cap)
{
    const char *bin = getenv("BMSRIG_BIN"); /* another build of the programs: the mutants' */
    if (bin)
        snprintf(out, cap, "%s", bin);
    else
        own_folder(out, cap);
}

/* True when the program runs from the tree it was built in. */
static bool in_build(void)
{
    char own[512];
    struct stat a, b;
    own_folder(own, sizeof own);
    return stat(own, &a) == 0 && stat(BMSRIG_BUILD_DIR "/bin", &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* `relative` is from the folder of the programs, as configured with CMAKE_INSTALL_*. */
static void installed(const char *relative, const char *name, char *out, size_t cap)
{
    char own[512];
    own_folder(own, sizeof own);
    snprintf(out, cap, "%s/%s/%s", own, relative, name);
    char *clean = realpath(out, NULL);
    if (clean)
        snprintf(out, cap, "%s", clean);
    free(clean);
}

void path_data(const char *name, char *out, size_t cap)
{
    const char *data = getenv("BMSRIG_DATA");
    if (data)
        snprintf(out, cap, "%s/%s", data, name);
    else if (in_build())
        snprintf(out, cap, BMSRIG_SOURCE_DIR "/%s%s", strncmp(name, "dbc", 3) ? "" : "harness/",
                 name);
    else
        installed(BMSRIG_RELATIVE_DATA, name, out, cap);
}

void path_preload(char *out, size_t cap)
{
    const char *lib = getenv("BMSRIG_PRELOAD");
    if (lib)
        snprintf(out, cap, "%s", lib);
    else if (in_build())
        snprintf(out, cap, BMSRIG_BUILD_DIR "/lib/libbmsrig_preload.so");
    else
        installed(BMSRIG_RELATIVE_LIB, "libbmsrig_preload.so", out, cap);
}

const char *path_mosquitto(void)
{
    const char *program = getenv("BMSRIG_MOSQUITTO");
    return program ? program : "mosquitto";
}

void path_scenarios(const char *name, char *out, size_t cap)
{
    snprintf(out, cap, "%s", name);
    if (access(name, F_OK) != 0 && strncmp(name, "scenarios", 9) == 0) {
        path_data(name, out, cap);
        if (access(out, F_OK) != 0)
            snprintf(out, cap, "%s", name);
    }
}
