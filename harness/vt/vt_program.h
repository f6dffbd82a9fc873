/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a program run in virtual time? Looked up before it is started: it must be a dynamically
 * linked program of this machine's kind that lets a library be preloaded.
 */
#ifndef HARNESS_VT_PROGRAM_H
#define HARNESS_VT_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

enum { VT_CALLS_MAX = 96 };

struct vt_program {
    char path[PATH_MAX]; /* the binary itself: a script's interpreter */
    bool is_virtual;
    char why[160]; /* when it is not: the reason; else "" */
    /* Its own calls that have to do with time; shared libraries have more. */
    const char *calls[VT_CALLS_MAX];
    unsigned n_calls;
    const char *unhandled[VT_CALLS_MAX]; /* those that stay real */
    unsigned n_unhandled;
};

/* The names of the calls about waiting that the preload library makes virtual; ends with NULL. */
const char *const *vt_program_handled(void);
/* `name` as a shell would find it; relative paths are beside `folder`. */
void vt_program_look(const char *name, const char *folder, struct vt_program *ret);

#endif
