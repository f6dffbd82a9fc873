/* SPDX-License-Identifier: Apache-2.0
 *
 * termios2 by ioctl. <asm/termbits.h> and <termios.h> define the same names, so this file is the
 * only one that sees the former.
 */
#include "port/tty_line.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/serial.h>
#include <string.h>
#include <sys/ioctl.h>

static void make_raw(struct termios2 *t, uint32_t baud)
{
    t->c_iflag = 0;
    t->c_oflag = 0;
    t->c_lflag = 0;
    t->c_cflag = CS8 | CREAD | CLOCAL | HUPCL | BOTHER | (BOTHER << IBSHIFT);
    t->c_ispeed = baud;
    t->c_ospeed = baud;
    t->c_cc[VMIN] = 1; /* so that an empty line reads as EAGAIN, and 0 means hung up */
    t->c_cc[VTIME] = 0;
}

enum err line_setup(int fd, uint32_t baud)
{
    struct termios2 t;

    if (baud == 0)
        return ERR_RANGE; /* B0 would drop DTR */
    if (ioctl(fd, TCGETS2, &t) != 0)
        return err_from_errno(errno);
    make_raw(&t, baud);
    if (ioctl(fd, TCSETS2, &t) != 0)
        return errno == EINVAL ? ERR_UNSUPPORTED : err_from_errno(errno);
    uint64_t got = line_speed(fd);
    uint64_t want = baud;
    uint64_t off = got > want ? got - want : want - got;
    return off * 100U > want * 3U ? ERR_UNSUPPORTED : ERR_OK;
}

uint32_t line_speed(int fd)
{
    struct termios2 t;

    return ioctl(fd, TCGETS2, &t) == 0 ? t.c_ospeed : 0;
}

void line_flush(int fd, enum line_queue queue)
{
    switch (queue) {
    case LINE_INPUT: ioctl(fd, TCFLSH, TCIFLUSH); break;
    case LINE_OUTPUT: ioctl(fd, TCFLSH, TCOFLUSH); break;
    case LINE_BOTH: ioctl(fd, TCFLSH, TCIOFLUSH); break;
    }
}

void line_low_latency(int fd)
{
    struct serial_struct serial;

    if (ioctl(fd, TIOCGSERIAL, &serial) != 0)
        return;
    serial.flags |= (int)ASYNC_LOW_LATENCY;
    ioctl(fd, TIOCSSERIAL, &serial);
}

enum err line_claim(int fd)
{
    int claimed = 0;

    if (ioctl(fd, TIOCGEXCL, &claimed) == 0 && claimed != 0)
        return ERR_BUSY;
    return ioctl(fd, TIOCEXCL) == 0 ? ERR_OK : err_from_errno(errno);
}

void line_unclaim(int fd)
{
    ioctl(fd, TIOCNXCL);
}

enum err line_hangup(int fd)
{
    return ioctl(fd, TIOCVHANGUP) == 0 ? ERR_OK : err_from_errno(errno);
}
