/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the real functions: once, and also when something is called before any constructor ran.
 */
#define _GNU_SOURCE
#include "harness/shim/preload.h"

#include <dlfcn.h>
#include <pthread.h>

static struct {
    pthread_once_t once;
    struct preload_real real;
} table = {.once = PTHREAD_ONCE_INIT};

static void find(void)
{
/* POSIX's own way from dlsym's void * to a function */
#define PRELOAD_FIND(result, name, parameters) \
    *(void **)(&table.real.name) = dlsym(RTLD_NEXT, #name);
    PRELOAD_FUNCTIONS(PRELOAD_FIND)
#undef PRELOAD_FIND
}

const struct preload_real *real(void)
{
    pthread_once(&table.once, find);
    return &table.real;
}
