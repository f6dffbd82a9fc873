/* SPDX-License-Identifier: Apache-2.0
 *
 * Owners, the dead among them, and their processes (found by the initial environment that the
 * kernel shows of each: /proc/PID/environ).
 */
#define _GNU_SOURCE
#include "harness/run/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/span.h"

/* Workers of a suite that was killed need a moment to die. */
enum { TEXT = 65536, OWNER_MAX = 128, PASSES = 5, WATCH_ROUNDS = 40, NAP_MS = 25 };

#define FOLDER_PREFIX "bmsrig-"

void leftovers_die_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static size_t read_file(const char *path, char *out, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got = 0;

    while (fd >= 0 && n < cap - 1 && (got = read(fd, out + n, cap - 1 - n)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    if (fd >= 0)
        close(fd);
    return n;
}

/* ---- owners ---- */

/* Process numbers of another container mean nothing here, even where folders are shared. */
static void name_space(char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/ns/pid", out, cap - 1);
    out[n > 0 ? n : 0] = '\0';
}

/* "PID START NAMESPACE": with the time a process was started at, its number is unique (proc(5),
 * stat). False when it has ended, waited for or not. */
static bool identify(pid_t pid, char *out, size_t cap)
{
    char path[64], text[1024], space[64];

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(path, text, sizeof text) == 0)
        return false;
    const char *p = strrchr(text, ')'); /* the name may hold anything; the state is field 3 */
    if (p == NULL || p[1] == '\0' || p[2] == 'Z' || p[2] == 'X')
        return false;
    for (int field = 2; p != NULL && field < 22; field++)
        p = strchr(p + 1, ' ');
    if (p == NULL)
        return false;
    name_space(space, sizeof space);
    int n = snprintf(out, cap, "%d %.*s %s", (int)pid, (int)strcspn(p + 1, " "), p + 1, space);
    return n > 0 && (size_t)n < cap;
}

enum err leftovers_own(const char *dir)
{
    char path[PATH_MAX], who[OWNER_MAX];

    snprintf(path, sizeof path, "%s/" LEFTOVERS_OWNER, dir);
    if (!identify(getpid(), who, sizeof who))
        return ERR_IO;
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return err_from_errno(errno);
    bool ok = fputs(who, f) >= 0;
    ok = fclose(f) == 0 && ok;
    if (!ok)
        return ERR_IO;
    return setenv(LEFTOVERS_ENV, dir, 1) == 0 ? ERR_OK : ERR_MEMORY;
}

static bool is_dead(const char *who)
{
    char now[OWNER_MAX], space[64];
    int64_t pid;
    struct span rest = span_str(who), word, start;

    if (!span_token(&rest, &word) || !parse_i64(word, 1, INT32_MAX, &pid) ||
        !span_token(&rest, &start))
        return false; /* somebody is writing it, or it is not ours */
    name_space(space, sizeof space);
    if (!span_eq_str(span_trim(rest), space))
        return false;
    return !identify((pid_t)pid, now, sizeof now) || strcmp(now, who) != 0;
}

/* ---- processes ---- */

static bool has_mark(const char *pid, const char *mark, char *text)
{
    char path[300];

    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    size_t n = read_file(path, text, TEXT);
    for (size_t at = 0; at < n; at += strlen(text + at) + 1)
        if (strcmp(text + at, mark) == 0)
            return true;
    return false;
}

/* Returns how many there were. */
static unsigned kill_marked(const char *mark)
{
    char *text = malloc(TEXT);
    DIR *d = text != NULL ? opendir("/proc") : NULL;
    unsigned found = 0;

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        int64_t pid;
        if (parse_i64(span_str(e->d_name), 2, INT32_MAX, &pid) && pid != getpid() &&
            has_mark(e->d_name, mark, text) && kill((pid_t)pid, SIGKILL) == 0)
            found++;
    }
    if (d != NULL)
        closedir(d);
    free(text);
    return found;
}

/* ---- folders ---- */

static void remove_folder(const char *dir)
{
    char path[PATH_MAX + 300];
    DIR *d = opendir(dir);

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path); /* there are no folders in it */
    }
    if (d != NULL)
        closedir(d);
    rmdir(dir);
}

static bool is_left(const char *dir)
{
    char path[PATH_MAX], who[OWNER_MAX];
    struct stat st;

    snprintf(path, sizeof path, "%s/" LEFTOVERS_OWNER, dir);
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           read_file(path, who, sizeof who) > 0 && is_dead(who);
}

unsigned leftovers_remove(void)
{
    const char *tmp = getenv("TMPDIR");
    char dir[PATH_MAX - 32], mark[PATH_MAX];
    unsigned n = 0;

    tmp = tmp != NULL && *tmp != '\0' ? tmp : "/tmp";
    DIR *d = opendir(tmp);
    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, FOLDER_PREFIX, sizeof FOLDER_PREFIX - 1) != 0)
            continue;
        snprintf(dir, sizeof dir, "%s/%s", tmp, e->d_name);
        if (!is_left(dir))
            continue;
        snprintf(mark, sizeof mark, LEFTOVERS_ENV "=%s", dir);
        for (int i = 0; i < PASSES && kill_marked(mark) > 0; i++)
            ;
        remove_folder(dir);
        n++;
    }
    if (d != NULL)
        closedir(d);
    return n;
}

/* ---- the watcher ---- */

static void nap(void)
{
    const struct timespec ts = {.tv_nsec = NAP_MS * 1000000L};
    nanosleep(&ts, NULL);
}

/* In the watcher: nothing of its parent's may be held open, or readers of its output would wait. */
static void watch(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    ssize_t n;
    char byte;

    setsid();
    for (int s = 0; s < 3; s++)
        dup2(null, s);
    while ((n = read(fd, &byte, 1)) < 0 && errno == EINTR)
        ;
    for (int i = 0; n == 0 && i < WATCH_ROUNDS; i++) { /* it ended without a word */
        leftovers_remove();
        nap();
    }
    _exit(0);
}

void leftovers_watch_start(struct leftovers_watch *ret)
{
    int ends[2];

    *ret = (struct leftovers_watch){.fd = -1};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return;
    fflush(NULL);
    ret->pid = fork();
    if (ret->pid == 0) {
        close(ends[1]);
        watch(ends[0]);
    }
    close(ends[0]);
    ret->fd = ends[1];
    if (ret->pid < 0) {
        close(ret->fd);
        ret->fd = -1;
    }
}

void leftovers_watch_end(struct leftovers_watch *watch)
{
    if (watch->fd < 0)
        return;
    ssize_t n = write(watch->fd, "e", 1);
    (void)n; /* without it the watcher looks, and finds nothing */
    close(watch->fd);
    watch->fd = -1;
    while (waitpid(watch->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
