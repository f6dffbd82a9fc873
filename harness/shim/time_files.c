/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that tell the time, the machine's name or random bytes. Opening one gives a file in memory
 * with what it would say at this moment; of random bytes there are 64 KiB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

enum { RANDOM_CHUNK = 4096, RANDOM_CHUNKS = 16 };

static int memory_file(const char *name, int flags)
{
    return memfd_create(name, (flags & O_CLOEXEC) != 0 ? MFD_CLOEXEC : 0);
}

static void put(int fd, const void *p, size_t n)
{
    ssize_t done = real()->write(fd, p, n);
    (void)done; /* into memory */
}

static int open_text(const char *name, const char *text, int flags)
{
    int fd = memory_file(name, flags);

    if (fd < 0)
        return -1;
    put(fd, text, strlen(text));
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static int open_uptime(int flags)
{
    char text[64];
    int64_t cs = time_now_ns() / 10000000;

    snprintf(text, sizeof text, "%lld.%02lld %lld.%02lld\n", (long long)(cs / 100),
             (long long)(cs % 100), (long long)(cs / 100), (long long)(cs % 100));
    return open_text("uptime", text, flags);
}

static int open_random(int flags)
{
    unsigned char bytes[RANDOM_CHUNK];
    int fd = memory_file("urandom", flags);

    if (fd < 0)
        return -1;
    for (int i = 0; i < RANDOM_CHUNKS; i++) {
        time_fill_random(bytes, sizeof bytes);
        put(fd, bytes, sizeof bytes);
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Files that differ from machine to machine, or from boot to boot. */
static const struct {
    const char *path, *text;
} fixed[] = {
    {"/etc/hostname", TIME_HOST_NAME "\n"},
    {"/proc/sys/kernel/hostname", TIME_HOST_NAME "\n"},
    {"/etc/machine-id", "6d62736d72696762617474657279bb01\n"},
    {"/proc/sys/kernel/random/boot_id", "6d62736d-7269-4762-8174-74657279bb02\n"},
};

static bool open_fixed(const char *path, int flags, int *ret)
{
    if ((flags & O_ACCMODE) != O_RDONLY)
        return false;
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (strcmp(path, fixed[i].path) == 0 && time_seeded()) {
            *ret = open_text("fixed", fixed[i].text, flags);
            return true;
        }
    return false;
}

/* True when the file is one of ours; then *ret is what open would return. */
static bool open_ours(const char *path, int flags, int *ret)
{
    if (path == NULL || path[0] != '/' || !time_running())
        return false;
    if (strcmp(path, "/proc/uptime") == 0)
        *ret = open_uptime(flags);
    else if ((strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0) &&
             time_seeded())
        *ret = open_random(flags);
    else
        return open_fixed(path, flags, ret);
    return true;
}

static FILE *fopen_ours(int fd, const char *mode)
{
    if (fd < 0)
        return NULL;
    FILE *f = fdopen(fd, mode);
    if (f == NULL)
        real()->close(fd);
    return f;
}

static unsigned mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, unsigned) : 0U;
}

PRELOAD_EXPORT int open(const char *path, int flags, ...)
{
    va_list args;
    int fd;

    if (open_ours(path, flags, &fd))
        return fd;
    va_start(args, flags);
    unsigned mode = mode_of(flags, args);
    va_end(args);
    return time_real()->open(path, flags, mode);
}

PRELOAD_EXPORT int open64(const char *path, int flags, ...)
{
    va_list args;
    int fd;

    if (open_ours(path, flags, &fd))
        return fd;
    va_start(args, flags);
    unsigned mode = mode_of(flags, args);
    va_end(args);
    return time_real()->open64(path, flags, mode);
}

PRELOAD_EXPORT int openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    int fd;

    if (open_ours(path, flags, &fd))
        return fd;
    va_start(args, flags);
    unsigned mode = mode_of(flags, args);
    va_end(args);
    return time_real()->openat(dir, path, flags, mode);
}

PRELOAD_EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    va_list args;
    int fd;

    if (open_ours(path, flags, &fd))
        return fd;
    va_start(args, flags);
    unsigned mode = mode_of(flags, args);
    va_end(args);
    return time_real()->openat64(dir, path, flags, mode);
}

PRELOAD_EXPORT FILE *fopen(const char *restrict path, const char *restrict mode)
{
    int fd;

    if (mode[0] == 'r' && open_ours(path, O_CLOEXEC, &fd))
        return fopen_ours(fd, mode);
    return time_real()->fopen(path, mode);
}

PRELOAD_EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    int fd;

    if (mode[0] == 'r' && open_ours(path, O_CLOEXEC, &fd))
        return fopen_ours(fd, mode);
    return time_real()->fopen64(path, mode);
}
