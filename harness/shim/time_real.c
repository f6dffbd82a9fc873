/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the real functions of virtual time. The conditions exist in two versions on old
 * architectures; plain dlsym may give the one of 1997, which has another struct.
 */
#define _GNU_SOURCE
#include "harness/shim/time_real.h"

#include <dlfcn.h>
#include <string.h>

static struct {
    pthread_once_t once;
    struct time_real real;
} table = {.once = PTHREAD_ONCE_INIT};

static void *find_one(const char *name)
{
    void *f = NULL;

    if (strncmp(name, "pthread_cond_", 13) == 0)
        f = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return f != NULL ? f : dlsym(RTLD_NEXT, name);
}

static void find(void)
{
#define TIME_FIND(result, name, parameters) *(void **)(&table.real.name) = find_one(#name);
    TIME_FUNCTIONS(TIME_FIND)
#undef TIME_FIND
}

const struct time_real *time_real(void)
{
    pthread_once(&table.once, find);
    return &table.real;
}
