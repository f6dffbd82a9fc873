/* SPDX-License-Identifier: Apache-2.0
 *
 * Child processes: known to the controller before their parent waits for anything, and waited for
 * in virtual time. vfork is fork here: the child may wait for its turn while its parent runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/shim/time_real.h"
#include "harness/shim/time_shim.h"

extern char **environ;

PRELOAD_EXPORT pid_t fork(void)
{
    if (!time_active())
        return time_real()->fork();
    int connection = time_actor_prepare();
    pid_t pid = time_real()->fork();
    if (pid == 0) {
        time_actor_begin(connection, true);
        return 0;
    }
    time_actor_abandon(connection);
    if (pid > 0)
        time_expect(pid); /* here, or the quicker one of two children would be the first */
    return pid;
}

PRELOAD_EXPORT pid_t vfork(void)
{
    return fork();
}

/* ---- spawn ---- */

PRELOAD_EXPORT int posix_spawn(pid_t *restrict ret, const char *restrict path,
                               const posix_spawn_file_actions_t *restrict actions,
                               const posix_spawnattr_t *restrict attr, char *const argv[restrict],
                               char *const env[restrict])
{
    pid_t pid = 0;
    int result = time_real()->posix_spawn(&pid, path, actions, attr, argv, env);

    if (result == 0 && time_active())
        time_expect(pid);
    if (result == 0 && ret != NULL)
        *ret = pid;
    return result;
}

PRELOAD_EXPORT int posix_spawnp(pid_t *restrict ret, const char *restrict file,
                                const posix_spawn_file_actions_t *restrict actions,
                                const posix_spawnattr_t *restrict attr, char *const argv[restrict],
                                char *const env[restrict])
{
    pid_t pid = 0;
    int result = time_real()->posix_spawnp(&pid, file, actions, attr, argv, env);

    if (result == 0 && time_active())
        time_expect(pid);
    if (result == 0 && ret != NULL)
        *ret = pid;
    return result;
}

/* ---- waiting ---- */

static enum vt_why wait_for_child(const char *call, uint32_t generation)
{
    const struct time_wait wait = {.call = call,
                                   .deadline_ns = VT_NEVER,
                                   .object = (const volatile void *)(uintptr_t)VT_OBJECT_CHILD,
                                   .generation = generation};
    return time_block(&wait);
}

static pid_t wait4_virtually(const char *call, pid_t pid, int *status, int options,
                             struct rusage *usage)
{
    for (;;) {
        uint32_t generation = time_object_enter(NULL);
        pid_t result = time_real()->wait4(pid, status, options | WNOHANG, usage);
        if (result != 0 || (options & WNOHANG) != 0) {
            time_object_leave();
            if (result == 0)
                time_spin(call);
            return result;
        }
        enum vt_why why = wait_for_child(call, generation);
        time_object_leave();
        if (why != VT_SIGNAL)
            continue;
        result = time_real()->wait4(pid, status, options | WNOHANG, usage);
        if (result != 0)
            return result;
        errno = EINTR;
        return -1;
    }
}

PRELOAD_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return time_active() ? wait4_virtually("wait4", pid, status, options, usage)
                         : time_real()->wait4(pid, status, options, usage);
}

PRELOAD_EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
    return time_active() ? wait4_virtually("waitpid", pid, status, options, NULL)
                         : time_real()->wait4(pid, status, options, NULL);
}

PRELOAD_EXPORT pid_t wait(int *status)
{
    return waitpid(-1, status, 0);
}

PRELOAD_EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
    return wait4(-1, status, options, usage);
}

PRELOAD_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    if (!time_active() || (options & WNOHANG) != 0)
        return time_real()->waitid(type, id, info, options);
    for (;;) {
        siginfo_t found = {.si_pid = 0};
        uint32_t generation = time_object_enter(NULL);
        int result = time_real()->waitid(type, id, &found, options | WNOHANG);
        if (result != 0 || found.si_pid != 0) {
            time_object_leave();
            if (info != NULL)
                *info = found;
            return result;
        }
        enum vt_why why = wait_for_child("waitid", generation);
        time_object_leave();
        if (why == VT_SIGNAL) {
            errno = EINTR;
            return -1;
        }
    }
}

/* ---- system ---- */

/* As the C library's, but with calls that we see. */
PRELOAD_EXPORT int system(const char *command)
{
    char shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, (char *)command, NULL};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, on_int, on_quit;
    sigset_t child, before;
    posix_spawnattr_t attr;
    int status = -1;
    pid_t pid;

    if (command == NULL)
        return 1;
    sigaction(SIGINT, &ignore, &on_int);
    sigaction(SIGQUIT, &ignore, &on_quit);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child, &before);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &before);
    sigemptyset(&child);
    if (on_int.sa_handler != SIG_IGN)
        sigaddset(&child, SIGINT);
    if (on_quit.sa_handler != SIG_IGN)
        sigaddset(&child, SIGQUIT);
    posix_spawnattr_setsigdefault(&attr, &child);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int error = posix_spawn(&pid, "/bin/sh", NULL, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    if (error == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    sigaction(SIGINT, &on_int, NULL);
    sigaction(SIGQUIT, &on_quit, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        return status;
    errno = error;
    return 127 << 8; /* as if the shell had not been found */
}

/* ---- popen: as the C library's, but with calls that we see ---- */

enum { STREAMS_MAX = 64 };

static struct {
    pthread_mutex_t lock;
    struct {
        FILE *f;
        pid_t pid;
    } at[STREAMS_MAX];
} streams = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Exchanges an entry: (NULL, pid, f) puts one in, (f, ...) takes it out. 0: none. */
static pid_t exchange(FILE *want, pid_t pid, FILE *f)
{
    pid_t found = 0;

    pthread_mutex_lock(&streams.lock);
    for (int i = 0; i < STREAMS_MAX; i++)
        if (streams.at[i].f == want) {
            found = want == NULL ? pid : streams.at[i].pid;
            streams.at[i].f = f;
            streams.at[i].pid = pid;
            break;
        }
    pthread_mutex_unlock(&streams.lock);
    return found;
}

static pid_t start_shell(const char *command, int end, int as)
{
    char shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, (char *)command, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, end, as);
    int error = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0 ? pid : -1;
}

PRELOAD_EXPORT FILE *popen(const char *command, const char *mode)
{
    int ends[2];
    bool reads = mode[0] == 'r';

    if (!time_active())
        return time_real()->popen(command, mode);
    if (mode[0] != 'r' && mode[0] != 'w') {
        errno = EINVAL;
        return NULL;
    }
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    int mine = reads ? ends[0] : ends[1], theirs = reads ? ends[1] : ends[0];
    pid_t pid = start_shell(command, theirs, reads ? 1 : 0);
    real()->close(theirs);
    FILE *f = pid > 0 ? fdopen(mine, reads ? "r" : "w") : NULL;
    if (f == NULL)
        real()->close(mine);
    else
        exchange(NULL, pid, f);
    return f;
}

PRELOAD_EXPORT int pclose(FILE *f)
{
    pid_t pid = time_active() ? exchange(f, 0, NULL) : 0;
    int status;

    if (pid == 0)
        return time_real()->pclose(f);
    fclose(f);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}
