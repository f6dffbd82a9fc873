/* SPDX-License-Identifier: Apache-2.0
 *
 * AF_CAN sockets for programs on a kernel without CAN, or on a bus of their own: each is a
 * SEQPACKET connection to a hub (port/can_hub_packet.h), which filters and marks frames as the
 * kernel's CAN core would. Interface names come from $BMSRIG_CAN_HUB; without that variable nothing
 * here does anything.
 *
 * Emulated: everything of Documentation/networking/can.rst section 4.1 (CAN_RAW) and 4.2 (CAN_BCM)
 * on classic frames. Not emulated: CAN FD frames (the interfaces have an MTU of 16, so sending one
 * is EINVAL as on a classic interface), CAN_ISOTP and CAN_J1939 (EPROTONOSUPPORT), netlink and
 * if_nameindex (the interfaces are not listed there), CAN_BCM sockets that are passed on by exec
 * (a raw one is recognised), programs that do not go through libc.
 */
#ifndef HARNESS_SHIM_CAN_SHIM_H
#define HARNESS_SHIM_CAN_SHIM_H

#include <linux/can.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "port/can_hub_packet.h"

enum { CAN_MAX_INTERFACES = 16 };

/* ---- can_names.c: the interfaces ---- */

struct can_interface {
    char name[16];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    int ifindex;
};

unsigned can_interface_count(void); /* 0: the library stands aside */
const struct can_interface *can_interface_at(unsigned i);
const struct can_interface *can_interface_by_index(int ifindex);
const struct can_interface *can_interface_by_name(const char *name);
const struct can_interface *can_interface_by_path(const char *path);
/* The hub has switched it off (or is gone without a trace). */
bool can_interface_is_down(const struct can_interface *interface);
/* Nobody on the bus acknowledges. */
bool can_interface_is_passive(const struct can_interface *interface);

/* ---- can_table.c: which descriptor is a CAN socket ---- */

/* An operation of a CAN_BCM socket. */
struct can_bcm_op {
    bool receives;
    canid_t id;
    int ifindex;
    uint32_t frames; /* room for so many */
};

/* One socket; several descriptors may share it. Options may change under the table's lock only. */
struct can_socket {
    struct can_socket *next_free;
    unsigned fds;        /* descriptors that share it */
    _Atomic ino_t inode; /* tells a descriptor that was closed behind our back */
    _Atomic bool bound;
    _Atomic int ifindex; /* as bound; 0: all interfaces */
    _Atomic int
        connected_to; /* the interface whose hub the descriptor itself speaks with; 0: none */
    int link[CAN_MAX_INTERFACES]; /* hidden connections by interface; -1: none */
    bool broadcast;               /* CAN_BCM; else CAN_RAW */
    struct can_bcm_op *ops;
    uint32_t n_ops;
    bool own, loopback, join_filters, fd_frames;
    can_err_mask_t err_mask;
    uint32_t n_filters;
    struct can_filter *filters;
    _Atomic unsigned in_queue;         /* frames sent while nobody acknowledged */
    _Atomic int64_t stamp_s, stamp_ns; /* of the last frame, for SIOCGSTAMP */
};

/* The socket behind fd, or NULL. Takes no lock: programs read and write in signal handlers. */
struct can_socket *can_socket_at(int fd);
/* Between these the table may be changed; signals wait. */
void can_lock(sigset_t *ret_before);
void can_unlock(const sigset_t *before);
/* The calls below need the lock. */
struct can_socket *can_socket_add(int fd, bool broadcast); /* NULL: no memory */
void can_socket_share(int fd, struct can_socket *s);
void can_socket_forget(int fd);
bool can_socket_refresh(int fd, struct can_socket *s); /* after fd became another kernel socket */

/* ---- can_bus.c: connections to hubs; these need the lock ---- */

/* 0 or -1 with errno, as bind(2). */
int can_bus_bind(int fd, struct can_socket *s, int ifindex);
/* Tells every hub about changed options. */
void can_bus_update(int fd, const struct can_socket *s);
/* The hidden connection to one interface, made when needed; -1 with errno. */
int can_bus_link(struct can_socket *s, const struct can_interface *interface);

/* ---- can_frames.c: one frame out or in, as sendmsg(2) and recvmsg(2) ---- */

ssize_t can_send_msg(int fd, struct can_socket *s, const struct msghdr *msg, int flags);
ssize_t can_recv_msg(int fd, struct can_socket *s, struct msghdr *msg, int flags);

/* ---- can_bcm.c ---- */

ssize_t can_bcm_send(int fd, struct can_socket *s, const struct msghdr *msg, int flags);
int can_bcm_connect(int fd, struct can_socket *s, const struct sockaddr *addr, socklen_t n);

/* ---- can_options.c ---- */

int can_set_option(int fd, struct can_socket *s, int option, const void *value, socklen_t n);
int can_get_option(struct can_socket *s, int option, void *ret, socklen_t *n);
/* ioctl on any descriptor; false when it is none of ours. */
bool can_ioctl(int fd, unsigned long request, void *arg, int *ret);
void can_socket_name(const struct can_socket *s, struct sockaddr *ret, socklen_t *n);

#endif
