/* SPDX-License-Identifier: Apache-2.0
 *
 * Those who do not come to rest. A thread that sleeps in the kernel where the preload library does
 * not see it, computes for seconds, or a program that never loads the library: none of them may
 * stop the run, and none can be waited for. Time goes on at the pace of the real one until they are
 * back, and a note says who it was.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/vt/vt_priv.h"

#define ASLEEP_US   100000ULL  /* sleeps elsewhere */
#define COMPUTES_US 3000000ULL /* CPU time without waiting once */
#define COMING_US   5000000ULL /* has not said hello */

/* State and CPU time of a thread, from its stat file. */
static bool look(pid_t pid, pid_t tid, char *ret_state, uint64_t *ret_cpu_us)
{
    char path[64], text[512];
    unsigned long user, kernel;

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    text[n] = '\0';
    char *p = strrchr(text, ')'); /* the name may hold anything */
    if (p == NULL || p[1] == '\0')
        return false;
    *ret_state = p[2];
    for (int field = 2; p != NULL && field < 14; field++)
        p = strchr(p + 1, ' ');
    if (p == NULL)
        return false;
    user = strtoul(p, &p, 10);
    kernel = strtoul(p, NULL, 10);
    *ret_cpu_us = (user + kernel) * (1000000UL / (unsigned long)sysconf(_SC_CLK_TCK));
    return true;
}

static void name_syscall(pid_t pid, pid_t tid, char *out, size_t cap)
{
    char path[64], text[32] = "?";

    snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    FILE *f = fopen(path, "re");
    if (f != NULL && fscanf(f, "%31s", text) != 1)
        text[0] = '?';
    if (f != NULL)
        fclose(f);
    snprintf(out, cap, "%s", text);
}

static void leave_outside(struct vt_loop *v, struct vt_actor *a, const char *why)
{
    a->state = VT_OUTSIDE;
    vt_note(v, "%s (pid %d, thread %d) %s; its last call was %s; time goes on at real pace",
            a->process != NULL ? a->process->name : "a new thread",
            a->process != NULL ? (int)a->process->pid : 0, (int)a->tid, why,
            a->call[0] != '\0' ? a->call : "none");
}

static void watch_actor(struct vt_loop *v, struct vt_actor *a, uint64_t now)
{
    char state = 'R', why[80], number[32];
    uint64_t cpu = 0;
    bool known = a->process != NULL && a->tid != 0 && look(a->process->pid, a->tid, &state, &cpu);

    if (a->ran_us == 0) {
        a->ran_us = now;
        a->ran_cpu_us = cpu;
        a->cpu_us = cpu;
        a->still_us = now;
    }
    if (cpu != a->cpu_us || state == 'R' || state == 'D')
        a->still_us = now;
    a->cpu_us = cpu;
    if (!known) {
        if (now - a->ran_us > COMING_US)
            leave_outside(v, a, "was announced and never came");
    } else if (now - a->still_us >= ASLEEP_US) {
        name_syscall(a->process->pid, a->tid, number, sizeof number);
        snprintf(why, sizeof why, "sleeps outside virtual time in system call %s", number);
        leave_outside(v, a, why);
    } else if (cpu - a->ran_cpu_us >= COMPUTES_US) {
        leave_outside(v, a, "computes without ever waiting");
    }
}

void vt_watch_running(struct vt_loop *v)
{
    uint64_t now = vt_real_us();

    for (struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (!a->gone && a->state == VT_RUNS)
            watch_actor(v, a, now);
    for (struct vt_process *p = v->processes; p != NULL; p = p->next) {
        if ((p->state != VT_COMING && p->state != VT_ENDING) || now - p->since_us < COMING_US)
            continue;
        vt_note(v, "process %d %s; time goes on at real pace", (int)p->pid,
                p->state == VT_COMING ? "does not load the preload library" : "does not end");
        vt_process_set(p, VT_FOREIGN);
    }
}

/* ---- signals ---- */

enum { SIGNAL_TRIES = 2000, SIGNAL_NAP_US = 20 };

static uint64_t mask_in(const char *text, const char *name)
{
    const char *p = strstr(text, name);
    return p != NULL ? strtoull(p + strlen(name), NULL, 16) : 0;
}

/* A waiting thread that has a signal coming, or whose handler runs at the moment. What it says
 * afterwards is in its connection by the time it sleeps again. */
static bool is_disturbed(const struct vt_actor *a)
{
    char path[64], text[4096];

    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)a->process->pid, (int)a->tid);
    FILE *f = fopen(path, "re");
    size_t n = f != NULL ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    text[n] = '\0';
    const char *state = strstr(text, "State:\t");
    uint64_t open = ~mask_in(text, "SigBlk:\t");
    uint64_t coming = mask_in(text, "SigPnd:\t");
    if (a->tid == a->process->pid) /* the first thread takes the process's, when it may */
        coming |= mask_in(text, "ShdPnd:\t");
    return state != NULL && (state[7] == 'R' || (state[7] == 'S' && (coming & open) != 0));
}

void vt_watch_signals(struct vt_loop *v)
{
    const struct timespec nap = {.tv_nsec = SIGNAL_NAP_US * 1000};
    int tries = 0;

    for (struct vt_actor *a = v->actors; a != NULL; a = a->next) {
        if (a->gone || a->state != VT_WAITS || a->process == NULL || a->process->frozen ||
            (v->signals_to > 0 && a->process->pid != v->signals_to))
            continue;
        while (is_disturbed(a) && tries++ < SIGNAL_TRIES)
            nanosleep(&nap, NULL);
        a->signalled = true;
    }
    v->signals_to = 0;
}

bool vt_is_bound(const struct vt_loop *v)
{
    for (const struct vt_actor *a = v->actors; a != NULL; a = a->next)
        if (!a->gone && a->state == VT_OUTSIDE)
            return true;
    for (const struct vt_process *p = v->processes; p != NULL; p = p->next)
        if (p->state == VT_FOREIGN)
            return true;
    return false;
}
