/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders and whole files.
 */
#include "harness/scenario/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES ((size_t)64 << 20)
#define MAX_DEPTH 16U /* links may go round */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);

    if (path != NULL)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

static void free_paths(char **paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
}

static enum err list_folder(const char *dir, char ***ret, size_t *ret_n)
{
    DIR *d = opendir(dir);
    char **paths = NULL;
    size_t n = 0;
    enum err e = ERR_OK;

    if (d == NULL)
        return err_from_errno(errno);
    for (struct dirent *entry; e == ERR_OK && (entry = readdir(d)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        char **bigger = realloc(paths, (n + 1) * sizeof *paths);
        if (bigger != NULL) {
            paths = bigger;
            paths[n] = join(dir, entry->d_name);
        }
        if (bigger == NULL || paths[n] == NULL)
            e = ERR_MEMORY;
        else
            n++;
    }
    closedir(d);
    if (e != ERR_OK) {
        free_paths(paths, n);
        return e;
    }
    if (n > 0)
        qsort(paths, n, sizeof *paths, by_name);
    *ret = paths;
    *ret_n = n;
    return ERR_OK;
}

static bool has_suffix(const char *path, const char *const *suffixes)
{
    for (; *suffixes != NULL; suffixes++)
        if (span_ends(span_str(path), *suffixes))
            return true;
    return false;
}

static enum err walk(const char *dir, const char *const *suffixes, file_fn fn, void *ctx,
                     unsigned depth, size_t *found)
{
    char **paths = NULL;
    size_t n = 0;
    struct stat st;
    enum err e = list_folder(dir, &paths, &n);

    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        if (stat(paths[i], &st) != 0)
            continue; /* a link to nowhere */
        if (S_ISDIR(st.st_mode)) {
            if (depth < MAX_DEPTH)
                e = walk(paths[i], suffixes, fn, ctx, depth + 1, found);
        } else if (has_suffix(paths[i], suffixes)) {
            fn(paths[i], ctx);
            ++*found;
        }
    }
    free_paths(paths, n);
    return e;
}

enum err files_walk(const char *path, const char *const *suffixes, file_fn fn, void *ctx)
{
    struct stat st;
    size_t found = 0;

    if (strcmp(path, "-") != 0 && stat(path, &st) != 0)
        return err_from_errno(errno);
    /* st is filled for all but "-".
     * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    if (strcmp(path, "-") == 0 || !S_ISDIR(st.st_mode)) {
        fn(path, ctx);
        return ERR_OK;
    }
    enum err e = walk(path, suffixes, fn, ctx, 0, &found);
    return e == ERR_OK && found == 0 ? ERR_INCOMPLETE : e;
}

static enum err read_all(FILE *in, struct span *ret)
{
    size_t cap = 4096;
    size_t n = 0;
    uint8_t *data = malloc(cap);

    while (data != NULL && n <= MAX_BYTES) {
        /* cppcheck-suppress pointerOutOfBoundsCond ; n < cap always */
        size_t more = fread(data + n, 1, cap - n, in);
        if (more == 0)
            break;
        n += more;
        if (n < cap)
            continue;
        cap *= 2;
        uint8_t *bigger = realloc(data, cap);
        if (bigger == NULL)
            free(data);
        data = bigger;
    }
    if (data == NULL)
        return ERR_MEMORY;
    if (ferror(in) != 0 || n > MAX_BYTES) {
        free(data);
        return n > MAX_BYTES ? ERR_RANGE : ERR_IO;
    }
    *ret = span_of(data, n);
    return ERR_OK;
}

enum err file_read(const char *path, struct span *ret)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "rb");

    if (in == NULL)
        return err_from_errno(errno);
    enum err e = read_all(in, ret);
    if (!standard)
        fclose(in);
    return e;
}

static enum err write_all(const char *path, struct span text, mode_t mode)
{
    FILE *out = fopen(path, "wb");

    if (out == NULL)
        return err_from_errno(errno);
    bool ok = fwrite(text.p, 1, text.n, out) == text.n;
    ok = fclose(out) == 0 && ok;
    return ok && chmod(path, mode) == 0 ? ERR_OK : ERR_IO;
}

enum err file_replace(const char *path, struct span text)
{
    size_t size = strlen(path) + sizeof ".new";
    char *draft = malloc(size);
    struct stat st;

    if (draft == NULL)
        return ERR_MEMORY;
    snprintf(draft, size, "%s.new", path);
    enum err e =
        stat(path, &st) != 0 ? err_from_errno(errno) : write_all(draft, text, st.st_mode & 07777);
    if (e == ERR_OK && rename(draft, path) != 0)
        e = err_from_errno(errno);
    if (e != ERR_OK)
        remove(draft);
    free(draft);
    return e;
}
