/* SPDX-License-Identifier: Apache-2.0
 *
 * See find.h.
 */
#define _GNU_SOURCE
#include "port/find.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

enum { ARPHRD_CAN = 280 };

static bool put_path(char *out, size_t cap, const char *folder, const char *name)
{
    struct buf b = buf_of(out, cap);

    return buf_str(&b, folder) && buf_str(&b, "/") && buf_str(&b, name) && buf_u8(&b, 0);
}

typedef bool (*keep_fn)(const char *folder, const char *name, struct found_port *ret);

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct found_port *)a)->name, ((const struct found_port *)b)->name);
}

/* The entries of a folder that are kept, sorted, behind the `n` that are there. */
static size_t take_folder(const char *folder, keep_fn keep, struct found_port *ret, size_t n,
                          size_t cap)
{
    DIR *d = opendir(folder);
    size_t first = n;
    const struct dirent *e;

    if (d == NULL)
        return n;
    while ((e = readdir(d)) != NULL) {
        struct found_port port = {.name = ""};
        if (e->d_name[0] == '.' || !keep(folder, e->d_name, &port))
            continue;
        if (n < cap)
            ret[n] = port;
        n++;
    }
    closedir(d);
    size_t kept = n < cap ? n : cap;
    if (kept > first)
        qsort(ret + first, kept - first, sizeof *ret, by_name);
    return n;
}

static bool keep_by_id(const char *folder, const char *name, struct found_port *ret)
{
    char real[PATH_MAX];

    if (!put_path(ret->name, sizeof ret->name, folder, name) || realpath(ret->name, real) == NULL)
        return false;
    span_to_str(span_str(real), ret->target, sizeof ret->target);
    return true;
}

static bool keep_tty(const char *folder, const char *name, struct found_port *ret)
{
    return (strncmp(name, "ttyUSB", 6) == 0 || strncmp(name, "ttyACM", 6) == 0) &&
           put_path(ret->name, sizeof ret->name, folder, name);
}

/* Whether one of the first `n` leads to this port. */
static bool is_listed(const struct found_port *ports, size_t n, const char *name)
{
    char real[PATH_MAX];

    for (size_t i = 0; i < n; i++)
        if (realpath(name, real) != NULL && strcmp(ports[i].target, real) == 0)
            return true;
    return false;
}

size_t find_serial(const char *dev, struct found_port *ret, size_t cap)
{
    char folder[FOUND_NAME_MAX];
    size_t n = 0;

    if (put_path(folder, sizeof folder, dev, "serial/by-id"))
        n = take_folder(folder, keep_by_id, ret, 0, cap);
    size_t lasting = n < cap ? n : cap;
    size_t all = take_folder(dev, keep_tty, ret, lasting, cap);
    size_t kept = all < cap ? all : cap, to = lasting;
    for (size_t i = lasting; i < kept; i++)
        if (!is_listed(ret, lasting, ret[i].name))
            ret[to++] = ret[i];
    return to + (all - kept) + (n - lasting);
}

static bool keep_can(const char *folder, const char *name, struct found_port *ret)
{
    char path[FOUND_NAME_MAX], line[32] = "";
    int64_t type = 0;

    if (!put_path(ret->target, sizeof ret->target, folder, name) ||
        !put_path(path, sizeof path, ret->target, "type"))
        return false;
    ret->target[0] = '\0';
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    bool is_can = fgets(line, sizeof line, f) != NULL &&
                  parse_i64(span_trim(span_str(line)), 0, INT32_MAX, &type) && type == ARPHRD_CAN;
    fclose(f);
    span_to_str(span_str(name), ret->name, sizeof ret->name);
    return is_can;
}

size_t find_can(const char *net, struct found_port *ret, size_t cap)
{
    return take_folder(net, keep_can, ret, 0, cap);
}
