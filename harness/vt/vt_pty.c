/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes on their way through a PTY. The kernel moves them from one end to the other in a worker
 * thread, but polling an end that has nothing to read first finishes that work (n_tty_poll in
 * drivers/tty/n_tty.c, since Linux 4.5). So time may not move before both ends have been polled:
 * the master, which is watched anyway, and a slave. In the poll set both come before
 * those who read from the PTY. Whoever holds a PTY for a client keeps the
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
    char path[32];
    unsigned number;
    struct stat st;

    io->slave = -1;
    if (ioctl(io->io.fd, TIOCGPTN, &number) != 0)
        return;
    snprintf(path, sizeof path, "/dev/pts/%u", number);
    io->master = stat(path, &st) == 0;
    io->slave_dev = io->master ? st.st_rdev : 0;
}

static bool is_slave(int fd, dev_t device)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == device;
}

static int find_ours(dev_t device)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    int found = -1;

    while (dir != NULL && found < 0 && (entry = readdir(dir)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] != '.' && is_slave(fd, device))
            found = fd;
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

int vt_pty_slave(struct vt_io *io)
{
    if (!io->master)
        return -1;
    if (!is_slave(io->slave, io->slave_dev)) /* at first, and after a hang-up */
        io->slave = find_ours(io->slave_dev);
    return io->slave;
}
