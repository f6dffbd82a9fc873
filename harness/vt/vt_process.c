/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs: started with the preload library, watched through pidfds, signalled in virtual
 * time, and none of them left behind.
 *
 * A signal for a program that waits is raised by one of its own threads when it gets its turn: the
 * handler then runs at a known point, and the controller knows what follows. SIGKILL, SIGSTOP and
 * SIGCONT are the kernel's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/vt/vt_priv.h"

enum { END_LIMIT_MS = 5000 };

/* ---- the list ---- */

struct vt_process *vt_process_of(struct vt_loop *v, pid_t pid)
{
    struct vt_process *p = v->processes;

    while (p != NULL && p->pid != pid)
        p = p->next;
    return p;
}

void vt_process_set(struct vt_process *p, enum vt_process_state state)
{
    p->state = state;
    p->since_us = vt_real_us();
}

struct vt_process *vt_process_expect(struct vt_loop *v, pid_t pid)
{
    struct vt_process *p = vt_process_of(v, pid);
    struct vt_process **end = &v->processes;

    if (p != NULL)
        return p;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->pid = pid;
    p->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    vt_process_set(p, p->pidfd >= 0 ? VT_COMING : VT_FOREIGN);
    while (*end != NULL)
        end = &(*end)->next;
    *end = p;
    if (v->stats.processes < VT_MAX_PIDS)
        v->shared->pids[v->stats.processes] = pid;
    v->stats.processes++;
    return p;
}

void vt_process_gone(struct vt_loop *v, struct vt_process *p)
{
    struct vt_process **link = &v->processes;

    for (struct vt_actor *a = v->actors; a != NULL; a = a->next) {
        if (a->process != p)
            continue;
        while (!a->gone && vt_receive_one(v, a)) /* to the end of its connection */
            ;
        a->process = NULL;
    }
    vt_timers_of_dead(v, p->pid);
    v->signals_to = -1;        /* SIGCHLD, to whoever is the parent */
    getpriority(PRIO_PGRP, 0); /* waits for the lock under which the kernel sends it */
    for (struct vt_process *q = v->processes; q != NULL; q = q->next)
        vt_notify(v, q, VT_OBJECT_CHILD, UINT32_MAX);
    /* p is in the list. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    while (*link != p)
        link = &(*link)->next;
    *link = p->next;
    if (p->pidfd >= 0)
        close(p->pidfd);
    free(p);
}

/* ---- signals ---- */

void vt_process_signal(struct vt_loop *v, struct vt_process *p, int signum)
{
    struct vt_actor *first = NULL;

    for (struct vt_actor *a = v->actors; a != NULL; a = a->next) {
        if (a->gone || a->process != p || a->state != VT_WAITS || a->signum != 0)
            continue;
        if (first == NULL || a->tid == p->pid)
            first = a;
    }
    if (first != NULL)
        first->signum = signum;
    else
        kill(p->pid, signum);
}

static bool in_group(const struct vt_process *p, pid_t group)
{
    return p->pid == group || getpgid(p->pid) == group;
}

/* What the kernel does to the whole group at once. */
static enum err signal_group(struct vt_loop *v, pid_t group, int signum)
{
    for (struct vt_process *p = v->processes; p != NULL; p = p->next) {
        if (!in_group(p, group))
            continue;
        if (signum == SIGKILL)
            vt_process_set(p, VT_ENDING);
        else
            p->frozen = signum == SIGSTOP;
    }
    return kill(-group, signum) == 0 ? ERR_OK : err_from_errno(errno);
}

enum err vt_child_kill(struct loop_child *child, int signum)
{
    struct vt_loop *v = vt_of(child->loop);
    bool any = false;

    if (signum == SIGKILL || signum == SIGSTOP || signum == SIGCONT)
        return signal_group(v, child->pid, signum);
    if (kill(-child->pid, 0) != 0)
        return err_from_errno(errno);
    for (struct vt_process *p = v->processes; p != NULL; p = p->next) {
        if (!in_group(p, child->pid))
            continue;
        any = true;
        vt_process_signal(v, p, signum);
    }
    if (!any)
        kill(-child->pid, signum);
    return ERR_OK;
}

void vt_kill_all(struct vt_loop *v)
{
    while (v->processes != NULL) {
        struct vt_process *p = v->processes;
        struct pollfd dead = {.fd = p->pidfd, .events = POLLIN};
        kill(p->pid, SIGKILL);
        poll(&dead, p->pidfd >= 0 ? 1 : 0, p->pidfd >= 0 ? END_LIMIT_MS : 0);
        vt_process_gone(v, p);
    }
    for (struct vt_child *c = v->children; c != NULL; c = c->next)
        if (c->child.running)
            waitpid(c->child.pid, NULL, 0);
}

/* ---- starting ---- */

enum { ENV_EXTRA = 7 };

static bool replaced(const char *entry, char *const *extra)
{
    for (; *extra != NULL; extra++) {
        size_t name = strcspn(*extra, "=") + 1;
        if (strncmp(entry, *extra, name) == 0)
            return true;
    }
    return false;
}

static char *text_of(const char *name, const char *value)
{
    char *text = NULL;

    if (asprintf(&text, "%s=%s", name, value) < 0)
        abort();
    return text;
}

static const char *value_of(const char *const *env, const char *name)
{
    size_t n = strlen(name);

    for (; *env != NULL; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return *env + n + 1;
    return NULL;
}

/* A JVM compiles before it goes on: a thread that computes in the interpreter would not stop for
 * the one that compiles. No performance data: a thread wakes up 20 times a second for them, and
 * their file has the name of the process id, which two runs beside each other share. */
#define JAVA_OPTIONS "-Xbatch -XX:-UsePerfData"

static char *java_options(const char *const *given)
{
    const char *theirs = value_of(given, "JAVA_TOOL_OPTIONS");
    char *text = NULL;

    if (asprintf(&text, "JAVA_TOOL_OPTIONS=" JAVA_OPTIONS "%s%s", theirs != NULL ? " " : "",
                 theirs != NULL ? theirs : "") < 0)
        abort();
    return text;
}

/* Ours first; then the caller's, without what ours replace. */
static char **make_env(const struct vt_loop *v, const char *const *given)
{
    size_t n = 0, k = 0;
    char seed[24];

    if (given == NULL)
        given = (const char *const *)environ;
    while (given[n] != NULL)
        n++;
    char **env = calloc(n + ENV_EXTRA + 1, sizeof *env);
    if (env == NULL)
        abort();
    env[k++] = text_of("LD_PRELOAD", v->preload);
    env[k++] = text_of(VT_ENV, v->path);
    env[k++] = text_of("UV_USE_IO_URING", "0"); /* Node would wait where we cannot see it */
    env[k++] = java_options(given);
    if (v->options.seed != 0) {
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)v->options.seed);
        env[k++] = text_of(VT_SEED_ENV, seed);
        env[k++] = text_of("PYTHONHASHSEED", "0");
    }
    for (size_t i = 0; i < n; i++)
        if (!replaced(given[i], env)) {
            env[k] = strdup(given[i]);
            if (env[k++] == NULL)
                abort();
        }
    return env;
}

static void free_env(char **env)
{
    for (char **e = env; *e != NULL; e++)
        free(*e);
    free(env);
}

static bool place(int fd, int to)
{
    if (fd == to)
        return fcntl(fd, F_SETFD, 0) == 0;
    return dup2(fd, to) >= 0;
}

/* In the child: from here on only calls that are safe after fork. */
static void become(const struct loop_spawn *spawn, char **env, pid_t parent, int report)
{
    sigset_t none;

    sigemptyset(&none);
    for (int s = 1; s < SIGRTMIN; s++)
        signal(s, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    personality(ADDR_NO_RANDOMIZE); /* refused in some containers; then addresses differ */
    int in = spawn->stdin_fd >= 0 ? spawn->stdin_fd : open("/dev/null", O_RDONLY);
    if (getppid() == parent && place(in, 0) &&
        place(spawn->stdout_fd >= 0 ? spawn->stdout_fd : 1, 1) &&
        place(spawn->stderr_fd >= 0 ? spawn->stderr_fd : 2, 2) &&
        (spawn->cwd == NULL || chdir(spawn->cwd) == 0))
        execvpe(spawn->file, (char *const *)(uintptr_t)spawn->argv, env);
    int number = errno;
    ssize_t n = write(report, &number, sizeof number);
    (void)n;
    _exit(127);
}

/* The pid, or -1 with errno when the program cannot be run. */
static pid_t start(const struct loop_spawn *spawn, char **env)
{
    int report[2], number = 0;
    pid_t parent = getpid();

    if (pipe2(report, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become(spawn, env, parent, report[1]);
    close(report[1]);
    ssize_t n = pid > 0 ? read(report[0], &number, sizeof number) : 0;
    close(report[0]);
    if (n != (ssize_t)sizeof number)
        return pid;
    waitpid(pid, NULL, 0);
    errno = number;
    return -1;
}

enum err vt_child_spawn(struct loop *loop, const struct loop_spawn *spawn, loop_child_fn fn,
                        void *ctx, struct loop_child **ret)
{
    struct vt_loop *v = vt_of(loop);
    struct vt_child *c = calloc(1, sizeof *c);

    if (c == NULL)
        return ERR_MEMORY;
    char **env = make_env(v, spawn->env);
    c->child = (struct loop_child){.loop = loop, .fn = fn, .ctx = ctx, .running = true};
    c->child.pid = start(spawn, env);
    int number = errno;
    free_env(env);
    if (c->child.pid < 0) {
        free(c);
        return err_from_errno(number);
    }
    c->pidfd = (int)syscall(SYS_pidfd_open, c->child.pid, 0);
    c->next = v->children;
    v->children = c;
    vt_process_expect(v, c->child.pid);
    *ret = &c->child;
    return ERR_OK;
}

void vt_child_delete(struct loop_child *child)
{
    child->fn = NULL; /* a running one stays until its exit status has been fetched */
    if (!child->running)
        ((struct vt_child *)child)->deleted = true;
}

/* ---- ending ---- */

static void sweep_children(struct vt_loop *v)
{
    for (struct vt_child **link = &v->children; *link != NULL;) {
        struct vt_child *c = *link;
        if (!c->deleted) {
            link = &c->next;
            continue;
        }
        *link = c->next;
        free(c);
    }
}

bool vt_children_reap(struct vt_loop *v)
{
    bool any = false;

    for (struct vt_child *c = v->children; c != NULL; c = c->next) {
        int status = 0;
        if (!c->child.running || waitpid(c->child.pid, &status, WNOHANG) != c->child.pid)
            continue;
        c->child.running = false;
        close(c->pidfd);
        c->pidfd = -1;
        struct vt_process *p = vt_process_of(v, c->child.pid);
        if (p != NULL)
            vt_process_gone(v, p);
        any = true;
        if (c->child.fn != NULL)
            c->child.fn(c->child.ctx, WIFSIGNALED(status) ? -1 : WEXITSTATUS(status),
                        WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        else
            c->deleted = true;
    }
    sweep_children(v);
    return any;
}
