/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run leaves when it is killed: a folder in $TMPDIR, a broker, a bridge. A worker marks its
 * folder with who it is, and the environment of everything it starts with the folder's name;
 * whoever finds a folder whose owner is dead ends those processes and removes it. That is the suite
 * when a worker dies, a watcher when the suite itself dies, and the next run when all of them did.
 */
#ifndef HARNESS_LEFTOVERS_H
#define HARNESS_LEFTOVERS_H

#include <sys/types.h>

#include "base/err.h"

#define LEFTOVERS_OWNER "owner"        /* the file in the folder */
#define LEFTOVERS_ENV   "BMSRIG_WORLD" /* in the environment of what is started */

/* This process dies with its parent. */
void leftovers_die_with_parent(void);
/* Marks the folder, and what this process starts from now on, as this process's. */
enum err leftovers_own(const char *dir);
/* Cleans up behind owners that are dead. Returns how many folders that were. */
unsigned leftovers_remove(void);

/* A process of its own that cleans up when this one ends in whatever way. */
struct leftovers_watch {
    int fd; /* its end tells */
    pid_t pid;
};
void leftovers_watch_start(struct leftovers_watch *ret);
void leftovers_watch_end(struct leftovers_watch *watch);

#endif
