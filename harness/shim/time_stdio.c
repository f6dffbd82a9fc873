/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading from streams. The C library fills a stream's buffer by calls of its own that nobody can
 * preload, so whoever reads a pipe, socket or terminal through one is made to wait here first, byte
 * by byte, until the buffer has what is wanted. Formatted input (fscanf) only waits for the first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

static bool is_empty(const FILE *f)
{
    return f->_IO_read_ptr >= f->_IO_read_end;
}

/* A stream that may have to wait for somebody. */
static bool may_wait(FILE *f)
{
    struct stat st;
    return time_running() && fileno(f) >= 0 && fstat(fileno(f), &st) == 0 && !S_ISREG(st.st_mode);
}

static int next_byte(FILE *f, const char *call)
{
    if (is_empty(f) && !time_before_input(fileno(f), 0, call))
        return EOF;
    return time_real()->fgetc(f);
}

PRELOAD_EXPORT int fgetc(FILE *f)
{
    return is_empty(f) && may_wait(f) ? next_byte(f, "fgetc") : time_real()->fgetc(f);
}

#undef getc
PRELOAD_EXPORT int getc(FILE *f)
{
    return fgetc(f);
}

#undef getchar
PRELOAD_EXPORT int getchar(void)
{
    return fgetc(stdin);
}

PRELOAD_EXPORT char *fgets(char *restrict out, int cap, FILE *restrict f)
{
    int n = 0, c = 0;

    if (cap < 2 || !may_wait(f))
        return time_real()->fgets(out, cap, f);
    while (n < cap - 1 && c != '\n' && (c = next_byte(f, "fgets")) != EOF)
        out[n++] = (char)c;
    if (n == 0 || (c == EOF && ferror(f) != 0))
        return NULL;
    out[n] = '\0';
    return out;
}

PRELOAD_EXPORT size_t fread(void *restrict out, size_t size, size_t count, FILE *restrict f)
{
    size_t total, n = 0;
    int c;

    if (!may_wait(f) || __builtin_mul_overflow(size, count, &total) || total == 0)
        return time_real()->fread(out, size, count, f);
    while (n < total && (c = next_byte(f, "fread")) != EOF)
        ((unsigned char *)out)[n++] = (unsigned char)c;
    return n / size;
}

static bool reserve(char **line, size_t *cap, size_t need)
{
    if (*line != NULL && *cap >= need)
        return true;
    size_t size = need < 120 ? 120 : 2 * need;
    char *p = realloc(*line, size);
    if (p == NULL)
        return false;
    *line = p;
    *cap = size;
    return true;
}

PRELOAD_EXPORT ssize_t getdelim(char **restrict line, size_t *restrict cap, int end,
                                FILE *restrict f)
{
    size_t n = 0;
    int c;

    if (line == NULL || cap == NULL || !may_wait(f))
        return time_real()->getdelim(line, cap, end, f);
    while ((c = next_byte(f, "getline")) != EOF) {
        if (!reserve(line, cap, n + 2))
            return -1;
        (*line)[n++] = (char)c;
        if (c == end)
            break;
    }
    if (n == 0)
        return -1;
    (*line)[n] = '\0';
    return (ssize_t)n;
}

PRELOAD_EXPORT ssize_t getline(char **restrict line, size_t *restrict cap, FILE *restrict f)
{
    return getdelim(line, cap, '\n', f);
}

/* What the headers and _FORTIFY_SOURCE make of them. */
ssize_t __getdelim(char **line, size_t *cap, int end, FILE *f);
char *__fgets_chk(char *out, size_t size, int cap, FILE *f);
size_t __fread_chk(void *out, size_t room, size_t size, size_t count, FILE *f);

PRELOAD_EXPORT ssize_t __getdelim(char **line, size_t *cap, int end, FILE *f)
{
    return getdelim(line, cap, end, f);
}

PRELOAD_EXPORT char *__fgets_chk(char *out, size_t size, int cap, FILE *f)
{
    if (cap > 0 && (size_t)cap > size)
        abort();
    return fgets(out, cap, f);
}

PRELOAD_EXPORT size_t __fread_chk(void *out, size_t room, size_t size, size_t count, FILE *f)
{
    size_t total;

    if (__builtin_mul_overflow(size, count, &total) || total > room)
        abort();
    return fread(out, size, count, f);
}
