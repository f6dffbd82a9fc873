/* SPDX-License-Identifier: Apache-2.0
 *
 * Recordings from files: reads a list of files and folders into a struct recording. The only part
 * of the device that touches the file system.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/device/recording.h"

enum { FILE_MAX = 16 << 20 };

static enum err read_whole(FILE *f, uint8_t **ret, size_t *ret_n)
{
    size_t cap = 65536, n = 0;
    uint8_t *bytes = malloc(cap);

    while (bytes != NULL) {
        n += fread(bytes + n, 1, cap - n, f);
        if (n < cap)
            break;
        uint8_t *more = cap < FILE_MAX ? realloc(bytes, cap * 2) : NULL;
        if (more == NULL) {
            free(bytes);
            return cap < FILE_MAX ? ERR_MEMORY : ERR_SPACE;
        }
        bytes = more;
        cap *= 2;
    }
    if (bytes == NULL)
        return ERR_MEMORY;
    *ret = bytes;
    *ret_n = n;
    return ERR_OK;
}

static enum err add_file(struct recording *recording, const char *path, const char **ret_why)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes;
    size_t n;

    if (f == NULL) {
        *ret_why = "the recording cannot be opened";
        return ERR_NOT_FOUND;
    }
    enum err e = read_whole(f, &bytes, &n);
    fclose(f);
    if (e != ERR_OK) {
        *ret_why = "the recording is too big";
        return e;
    }
    e = recording_add(recording, path, span_of(bytes, n));
    free(bytes);
    if (e == ERR_NOT_FOUND)
        *ret_why = "no console command was recognised in the recording";
    return e;
}

static int is_text_file(const struct dirent *entry)
{
    return span_ends(span_str(entry->d_name), ".txt") ? 1 : 0;
}

/* All *.txt in the order of their names; files without a command (an index, a note) are passed
 * over. */
static enum err add_folder(struct recording *recording, const char *path, const char **ret_why)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_text_file, alphasort);
    enum err result = ERR_OK;

    if (n < 0) {
        *ret_why = "the folder of recordings cannot be read";
        return ERR_NOT_FOUND;
    }
    for (int i = 0; i < n; i++) {
        char file[PATH_MAX];
        struct buf text = buf_of(file, sizeof file - 1);
        if (result == ERR_OK && buf_printf(&text, "%s/%s", path, entries[i]->d_name)) {
            file[text.n] = '\0';
            enum err e = add_file(recording, file, ret_why);
            result = e == ERR_NOT_FOUND ? ERR_OK : e;
        }
        free(entries[i]);
    }
    free(entries);
    return result;
}

static enum err add_path(struct recording *recording, struct span name, const char **ret_why)
{
    char path[PATH_MAX];
    struct stat st;

    if (name.n == 0 || name.n >= sizeof path) {
        *ret_why = "the recording has no name";
        return ERR_USAGE;
    }
    span_to_str(name, path, sizeof path);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return add_folder(recording, path, ret_why);
    return add_file(recording, path, ret_why);
}

enum err recording_load(const char *files, struct recording **ret, const char **ret_why)
{
    struct recording *recording;
    struct span rest = span_str(files);

    *ret_why = "no memory";
    enum err e = recording_new(&recording);
    if (e != ERR_OK)
        return e;
    while (e == ERR_OK && rest.n > 0) {
        size_t comma = span_find_byte(rest, 0, ',');
        e = add_path(recording, span_trim(span_sub(rest, 0, comma)), ret_why);
        rest = span_sub(rest, comma + 1, rest.n);
    }
    if (e == ERR_OK && recording_count(recording) == 0) {
        *ret_why = "no console command was recognised in the recording";
        e = ERR_NOT_FOUND;
    }
    if (e != ERR_OK) {
        recording_delete(recording);
        return e;
    }
    *ret = recording;
    return ERR_OK;
}
