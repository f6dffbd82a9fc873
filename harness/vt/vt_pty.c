/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes on their way through a PTY. The kernel moves them from one end to the other in a worker
 * thread, but polling an end that has nothing to read first finishes that work (n_tty_poll in
 * drivers/tty/n_tty.c, since Linux 4.5). So time may not move before both ends have been polled:
 * the master, which is watched anyway, and a slave. Whoever holds a PTY for a client keeps the
 * slave open himself (port/tty.h), and that descriptor will do.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/vt/vt_priv.h"

void vt_pty_look(struct vt_io *io)
{
    unsigned number;

    io->slave = -1;
    io->master = ioctl(io->io.fd, TIOCGPTN, &number) == 0;
}

static bool is_file(int fd, const struct stat *want)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == want->st_rdev;
}

static int find_ours(const struct stat *want)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int found = -1;

    while (dir != NULL && found < 0 && (entry = readdir(dir)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] != '.' && is_file(fd, want))
            found = fd;
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

int vt_pty_slave(struct vt_io *io)
{
    char path[32];
    unsigned number;
    struct stat st;

    if (!io->master || ioctl(io->io.fd, TIOCGPTN, &number) != 0)
        return -1;
    snprintf(path, sizeof path, "/dev/pts/%u", number);
    if (stat(path, &st) != 0)
        return -1;
    if (!is_file(io->slave, &st))
        io->slave = find_ours(&st);
    return io->slave;
}
