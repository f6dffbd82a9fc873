/* SPDX-License-Identifier: Apache-2.0
 *
 * See hci_port.h. The kernel's ABI is written down here, so that building needs no libbluetooth.
 */
#define _GNU_SOURCE
#include "port/hci_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKET_MAX = 2048, PACKETS_PER_TURN = 32 };
enum { PROTOCOL_HCI = 1, CHANNEL_USER = 1 };

#define DEVICE_DOWN _IOW('H', 202, int)

struct sockaddr_hci {
    sa_family_t family;
    unsigned short device;
    unsigned short channel;
};

struct hci_port {
    struct loop *loop;
    struct hci_port_handler handler;
    int fd;
    struct loop_io *io;
    struct loop_timer *timer; /* tells of a loss that sending found */
    enum err why;
    bool lost, busy, deleted;
};

static void destroy(struct hci_port *port)
{
    loop_io_delete(port->io);
    loop_timer_delete(port->timer);
    if (port->fd >= 0)
        close(port->fd);
    free(port);
}

void hci_port_delete(struct hci_port *port)
{
    if (port == NULL)
        return;
    port->deleted = true;
    if (!port->busy)
        destroy(port);
}

static void lose(struct hci_port *port, enum err why)
{
    if (port->lost)
        return;
    port->lost = true;
    port->why = why;
    loop_io_want(port->io, 0);
    loop_timer_at(port->timer, loop_now(port->loop));
}

static void on_timer(void *ctx)
{
    struct hci_port *port = ctx;

    port->handler.on_lost(port->handler.ctx, port->why); /* may delete it */
}

static bool take_one(struct hci_port *port)
{
    uint8_t packet[PACKET_MAX];
    ssize_t n = read(port->fd, packet, sizeof packet);

    if (n > 0) {
        port->handler.on_packet(port->handler.ctx, span_of(packet, (size_t)n));
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    lose(port, n == 0 ? ERR_CLOSED : err_from_errno(errno));
    return false;
}

static void on_io(void *ctx, unsigned events)
{
    struct hci_port *port = ctx;

    (void)events;
    port->busy = true;
    for (int i = 0; i < PACKETS_PER_TURN && !port->deleted && take_one(port); i++)
        ;
    port->busy = false;
    if (port->deleted)
        destroy(port);
}

void hci_port_send(struct hci_port *port, struct span packet)
{
    if (port->lost || port->deleted)
        return;
    ssize_t n = write(port->fd, packet.p, packet.n);
    if (n != (ssize_t)packet.n)
        lose(port, n < 0 ? err_from_errno(errno) : ERR_IO);
}

/* ---- opening ---- */

/* Owns `fd` also when it fails. */
static enum err watch(struct loop *loop, int fd, const struct hci_port_handler *handler,
                      struct hci_port **ret)
{
    struct hci_port *port = calloc(1, sizeof *port);

    if (port == NULL) {
        close(fd);
        return ERR_MEMORY;
    }
    port->loop = loop;
    port->handler = *handler;
    port->fd = fd;
    enum err e = loop_timer_new(loop, on_timer, port, &port->timer);
    if (e == ERR_OK)
        e = loop_io_new(loop, fd, LOOP_READ, on_io, port, &port->io);
    if (e != ERR_OK) {
        destroy(port);
        return e;
    }
    *ret = port;
    return ERR_OK;
}

enum err hci_port_new_vhci(struct loop *loop, const struct hci_port_handler *handler,
                           struct hci_port **ret)
{
    static const uint8_t create_primary[] = {0xFF, 0x00};
    int fd = open("/dev/vhci", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) /* the node may be there without the module */
        return errno == ENODEV || errno == ENXIO ? ERR_NOT_FOUND : err_from_errno(errno);
    if (write(fd, create_primary, sizeof create_primary) != (ssize_t)sizeof create_primary) {
        enum err e = err_from_errno(errno);
        close(fd);
        return e;
    }
    return watch(loop, fd, handler, ret);
}

/* The user channel wants a controller that is down. */
static enum err take_down(int fd, unsigned index)
{
    if (ioctl(fd, DEVICE_DOWN, (long)index) == 0 || errno == EALREADY)
        return ERR_OK;
    return errno == ENODEV ? ERR_NOT_FOUND : err_from_errno(errno);
}

static enum err claim(int fd, unsigned index)
{
    struct sockaddr_hci address = {
        .family = AF_BLUETOOTH, .device = (unsigned short)index, .channel = CHANNEL_USER};
    int helper = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL_HCI);

    if (helper < 0)
        return err_from_errno(errno);
    enum err e = take_down(helper, index); /* a socket that asked this may not be bound to it */
    close(helper);
    if (e != ERR_OK)
        return e;
    if (bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0)
        return ERR_OK;
    return errno == EUSERS || errno == EBADFD ? ERR_BUSY
           : errno == ENODEV                  ? ERR_NOT_FOUND
                                              : err_from_errno(errno);
}

enum err hci_port_new_user(struct loop *loop, unsigned index,
                           const struct hci_port_handler *handler, struct hci_port **ret)
{
    int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, PROTOCOL_HCI);

    if (fd < 0)
        return errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT ? ERR_UNSUPPORTED
                                                                 : err_from_errno(errno);
    enum err e = index > UINT16_MAX ? ERR_NOT_FOUND : claim(fd, index);
    if (e != ERR_OK) {
        close(fd);
        return e;
    }
    return watch(loop, fd, handler, ret);
}
