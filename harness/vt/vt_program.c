/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a program's ELF headers and dynamic symbols (System V ABI, gABI chapter 4 and 5; Go's
 * section .go.buildinfo).
 */
#define _GNU_SOURCE
#include "harness/vt/vt_program.h"

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/span.h"

enum { SCRIPTS_MAX = 4 };

/* What the preload library makes virtual (harness/shim/time_*.c). */
static const char *const handled[] = {
    "accept",
    "accept4",
    "alarm",
    "arc4random",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "clock_settime",
    "cnd_timedwait",
    "cnd_wait",
    "connect",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "fork",
    "ftime",
    "getentropy",
    "getitimer",
    "getrandom",
    "gettimeofday",
    "mq_receive",
    "mq_send",
    "mq_timedreceive",
    "mq_timedsend",
    "mtx_lock",
    "mtx_timedlock",
    "nanosleep",
    "pause",
    "poll",
    "popen",
    "posix_spawn",
    "posix_spawnp",
    "ppoll",
    "pselect",
    "pthread_clockjoin_np",
    "pthread_cond_clockwait",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_create",
    "pthread_join",
    "pthread_mutex_clocklock",
    "pthread_mutex_lock",
    "pthread_mutex_timedlock",
    "pthread_rwlock_clockrdlock",
    "pthread_rwlock_clockwrlock",
    "pthread_rwlock_rdlock",
    "pthread_rwlock_timedrdlock",
    "pthread_rwlock_timedwrlock",
    "pthread_rwlock_wrlock",
    "pthread_timedjoin_np",
    "read",
    "readv",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "sched_yield",
    "select",
    "sem_clockwait",
    "sem_timedwait",
    "sem_wait",
    "send",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setitimer",
    "sigsuspend",
    "sigtimedwait",
    "sigwait",
    "sigwaitinfo",
    "sleep",
    "syscall",
    "sysinfo",
    "system",
    "thrd_create",
    "thrd_join",
    "thrd_sleep",
    "time",
    "timer_create",
    "timer_settime",
    "timerfd_create",
    "timerfd_settime",
    "times",
    "timespec_get",
    "usleep",
    "vfork",
    "wait",
    "wait3",
    "wait4",
    "waitid",
    "waitpid",
    "write",
    "writev",
    NULL,
};

/* Calls that may wait and that nobody sees: then time goes on at the pace of the real one. */
static const char *const real_ones[] = {
    "clone",        "daemon",         "flock",  "forkpty",
    "io_getevents", "io_uring_enter", "lockf",  "pthread_barrier_wait",
    "semop",        "semtimedop",     "msgrcv", NULL,
};

static void refuse(struct vt_program *p, const char *why)
{
    if (p->why[0] == '\0')
        snprintf(p->why, sizeof p->why, "%s", why);
}

/* ---- finding it ---- */

static bool find_in_path(const char *name, char *out, size_t cap)
{
    struct span rest = span_str(getenv("PATH"));

    while (rest.n > 0) {
        size_t end = span_find_byte(rest, 0, ':');
        snprintf(out, cap, "%.*s/%s", (int)end, (const char *)rest.p, name);
        if (access(out, X_OK) == 0)
            return true;
        rest = span_sub(rest, end + 1, SIZE_MAX);
    }
    return false;
}

static bool find(const char *name, const char *folder, char *out, size_t cap)
{
    if (strchr(name, '/') == NULL)
        return find_in_path(name, out, cap);
    if (name[0] == '/')
        snprintf(out, cap, "%s", name);
    else
        snprintf(out, cap, "%s/%s", folder, name);
    return access(out, X_OK) == 0;
}

/* ---- ELF, every access checked ---- */

struct image {
    const uint8_t *p;
    size_t n;
};

static const void *at(const struct image *m, uint64_t offset, uint64_t size)
{
    return offset <= m->n && size <= m->n - offset ? m->p + offset : NULL;
}

static const char *text_at(const struct image *m, uint64_t offset)
{
    const char *text = at(m, offset, 1);
    return text != NULL && memchr(text, 0, m->n - offset) != NULL ? text : NULL;
}

static const char *listed(const char *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return *list;
    return NULL;
}

static void note_symbol(struct vt_program *p, const char *name)
{
    const char *known = listed(handled, name);

    if (known != NULL && p->n_calls < VT_CALLS_MAX)
        p->calls[p->n_calls++] = known;
    known = listed(real_ones, name);
    if (known != NULL && p->n_unhandled < VT_CALLS_MAX)
        p->unhandled[p->n_unhandled++] = known;
}

static const Elf64_Shdr *section(const struct image *m, const Elf64_Ehdr *h, unsigned i)
{
    return at(m, h->e_shoff + (uint64_t)i * sizeof(Elf64_Shdr), sizeof(Elf64_Shdr));
}

/* The undefined symbols of .dynsym are what the program calls in libraries. */
static void read_symbols(const struct image *m, const Elf64_Ehdr *h, const Elf64_Shdr *table,
                         struct vt_program *p)
{
    const Elf64_Shdr *names = section(m, h, table->sh_link);
    uint64_t n = table->sh_size / sizeof(Elf64_Sym);

    for (uint64_t i = 0; names != NULL && i < n; i++) {
        const Elf64_Sym *s = at(m, table->sh_offset + i * sizeof *s, sizeof *s);
        const char *name = s != NULL ? text_at(m, names->sh_offset + s->st_name) : NULL;
        if (name != NULL && s->st_shndx == SHN_UNDEF)
            note_symbol(p, name);
    }
}

static void read_sections(const struct image *m, const Elf64_Ehdr *h, struct vt_program *p)
{
    const Elf64_Shdr *names = section(m, h, h->e_shstrndx);

    for (unsigned i = 0; i < h->e_shnum; i++) {
        const Elf64_Shdr *s = section(m, h, i);
        const char *name =
            s != NULL && names != NULL ? text_at(m, names->sh_offset + s->sh_name) : NULL;
        if (name == NULL)
            continue;
        if (strcmp(name, ".go.buildinfo") == 0)
            refuse(p, "a Go program: its run-time asks the kernel directly");
        if (s->sh_type == SHT_DYNSYM)
            read_symbols(m, h, s, p);
    }
}

static void read_segments(const struct image *m, const Elf64_Ehdr *h, struct vt_program *p)
{
    const char *loader = NULL;

    for (unsigned i = 0; i < h->e_phnum; i++) {
        const Elf64_Phdr *ph = at(m, h->e_phoff + (uint64_t)i * sizeof *ph, sizeof *ph);
        if (ph != NULL && ph->p_type == PT_INTERP)
            loader = text_at(m, ph->p_offset);
    }
    if (loader == NULL)
        refuse(p, "statically linked: no library can be preloaded");
    else if (strstr(loader, "ld-musl") != NULL)
        refuse(p, "linked with musl: the preload library is for glibc");
}

static void read_elf(const struct image *m, struct vt_program *p)
{
    const Elf64_Ehdr *h = at(m, 0, sizeof *h);

    if (h == NULL || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0) {
        refuse(p, "not an ELF program");
        return;
    }
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB) {
        refuse(p, "a 32-bit program: the preload library is a 64-bit one");
        return;
    }
    read_segments(m, h, p);
    read_sections(m, h, p);
}

/* ---- scripts ---- */

/* "#!/usr/bin/env -S python3 -u": the program that runs the script, or false. */
static bool interpreter_of(const struct image *m, char *out, size_t cap)
{
    struct span text = span_of(m->p, m->n < 256 ? m->n : 256), line, word;

    if (!span_starts(text, "#!"))
        return false;
    line = span_sub(text, 2, span_find_byte(text, 0, '\n') - 2);
    if (!span_token(&line, &word))
        return false;
    bool env = span_ends(word, "/env");
    while (env && span_token(&line, &word))
        if (word.p[0] != '-' && span_find_byte(word, 0, '=') == word.n)
            break;
    span_to_str(word, out, cap);
    return true;
}

static void check_file(const char *path, const struct stat *st, struct vt_program *p)
{
    if ((st->st_mode & (S_ISUID | S_ISGID)) != 0)
        refuse(p, "setuid or setgid: the loader ignores preload libraries");
    if (getxattr(path, "security.capability", NULL, 0) > 0)
        refuse(p, "it has file capabilities: the loader ignores preload libraries");
}

/* Looks at p->path; true when it is a script and *next is to be looked at instead. */
static bool look_once(struct vt_program *p, char *next, size_t cap)
{
    struct stat st;
    bool script = false;
    int fd = open(p->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
        refuse(p, "it cannot be read");
        if (fd >= 0)
            close(fd);
        return false;
    }
    check_file(p->path, &st, p);
    struct image m = {.n = (size_t)st.st_size};
    void *map = mmap(NULL, m.n, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED) {
        refuse(p, "it cannot be read");
        return false;
    }
    m.p = map;
    script = interpreter_of(&m, next, cap);
    if (!script)
        read_elf(&m, p);
    munmap(map, m.n);
    return script;
}

const char *const *vt_program_handled(void)
{
    return handled;
}

void vt_program_look(const char *name, const char *folder, struct vt_program *ret)
{
    char next[PATH_MAX];

    *ret = (struct vt_program){.n_calls = 0};
    if (!find(name, folder, ret->path, sizeof ret->path)) {
        snprintf(ret->path, sizeof ret->path, "%s", name);
        refuse(ret, "no such program");
        return;
    }
    for (int i = 0; look_once(ret, next, sizeof next); i++)
        if (i == SCRIPTS_MAX || !find(next, folder, ret->path, sizeof ret->path)) {
            refuse(ret, "its interpreter cannot be found");
            break;
        }
    ret->is_virtual = ret->why[0] == '\0';
}
