/* SPDX-License-Identifier: Apache-2.0
 *
 * Socket options of SOL_CAN_RAW (net/can/raw.c raw_setsockopt, raw_getsockopt), and the requests
 * with which programs ask for interfaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/can/raw.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include "harness/shim/can_shim.h"
#include "harness/shim/preload.h"

static int fail(int number)
{
    errno = number;
    return -1;
}

/* ---- setsockopt ---- */

static int set_filters(struct can_socket *s, const void *value, socklen_t n)
{
    if (n % sizeof(struct can_filter) != 0 || n > HUB_MAX_FILTERS * sizeof(struct can_filter))
        return fail(EINVAL);
    struct can_filter *filters = n > 0 ? malloc(n) : NULL;
    if (n > 0 && filters == NULL)
        return fail(ENOMEM);
    if (n > 0)
        memcpy(filters, value, n);
    free(s->filters);
    s->filters = filters;
    s->n_filters = (uint32_t)(n / sizeof(struct can_filter));
    return 0;
}

static int set_value(struct can_socket *s, int option, const void *value, socklen_t n)
{
    int flag;

    if (n != sizeof flag) /* can_err_mask_t has the same size */
        return fail(EINVAL);
    memcpy(&flag, value, sizeof flag);
    switch (option) {
    case CAN_RAW_ERR_FILTER: s->err_mask = (can_err_mask_t)flag & CAN_ERR_MASK; return 0;
    case CAN_RAW_LOOPBACK: s->loopback = flag != 0; return 0;
    case CAN_RAW_RECV_OWN_MSGS: s->own = flag != 0; return 0;
    case CAN_RAW_FD_FRAMES: s->fd_frames = flag != 0; return 0;
    case CAN_RAW_JOIN_FILTERS: s->join_filters = flag != 0; return 0;
    default: return fail(ENOPROTOOPT);
    }
}

int can_set_option(int fd, struct can_socket *s, int option, const void *value, socklen_t n)
{
    sigset_t before;

    can_lock(&before);
    int result =
        option == CAN_RAW_FILTER ? set_filters(s, value, n) : set_value(s, option, value, n);
    if (result == 0)
        can_bus_update(fd, s);
    can_unlock(&before);
    return result;
}

/* ---- getsockopt ---- */

static int get_filters(const struct can_socket *s, void *ret, socklen_t *n)
{
    socklen_t size = (socklen_t)(s->n_filters * sizeof(struct can_filter));

    if (*n < size) {
        *n = size;
        return fail(ERANGE);
    }
    if (size > 0)
        memcpy(ret, s->filters, size);
    *n = size;
    return 0;
}

static int get_value(const struct can_socket *s, int option, void *ret, socklen_t *n)
{
    int value;

    switch (option) {
    case CAN_RAW_ERR_FILTER: value = (int)s->err_mask; break;
    case CAN_RAW_LOOPBACK: value = s->loopback; break;
    case CAN_RAW_RECV_OWN_MSGS: value = s->own; break;
    case CAN_RAW_FD_FRAMES: value = s->fd_frames; break;
    case CAN_RAW_JOIN_FILTERS: value = s->join_filters; break;
    default: return fail(ENOPROTOOPT);
    }
    if (*n > sizeof value)
        *n = sizeof value;
    memcpy(ret, &value, *n);
    return 0;
}

int can_get_option(struct can_socket *s, int option, void *ret, socklen_t *n)
{
    sigset_t before;

    can_lock(&before);
    int result = option == CAN_RAW_FILTER ? get_filters(s, ret, n) : get_value(s, option, ret, n);
    can_unlock(&before);
    return result;
}

void can_socket_name(const struct can_socket *s, struct sockaddr *ret, socklen_t *n)
{
    const struct sockaddr_can addr = {.can_family = AF_CAN, .can_ifindex = s->ifindex};

    memcpy(ret, &addr, *n < sizeof addr ? *n : sizeof addr);
    *n = sizeof addr;
}

/* ---- ioctl ---- */

static int answer_interface(const struct can_interface *interface, unsigned long request,
                            struct ifreq *ifr)
{
    switch (request) {
    case SIOCGIFINDEX: ifr->ifr_ifindex = interface->ifindex; return 0;
    case SIOCGIFNAME: memcpy(ifr->ifr_name, interface->name, sizeof interface->name); return 0;
    case SIOCGIFMTU: ifr->ifr_mtu = CAN_MTU; return 0;
    case SIOCGIFTXQLEN: ifr->ifr_qlen = 1000; return 0;
    case SIOCGIFFLAGS:
        ifr->ifr_flags = IFF_NOARP;
        if (!can_interface_is_down(interface))
            ifr->ifr_flags = IFF_NOARP | IFF_UP | IFF_RUNNING;
        return 0;
    case SIOCGIFHWADDR:
        memset(&ifr->ifr_hwaddr, 0, sizeof ifr->ifr_hwaddr);
        ifr->ifr_hwaddr.sa_family = ARPHRD_CAN;
        return 0;
    default: return fail(EOPNOTSUPP); /* SIOCETHTOOL, SIOCSIF...: not on these */
    }
}

static bool is_interface_request(unsigned long request)
{
    switch (request) {
    case SIOCGIFINDEX:
    case SIOCGIFNAME:
    case SIOCGIFMTU:
    case SIOCGIFTXQLEN:
    case SIOCGIFFLAGS:
    case SIOCGIFHWADDR:
    case SIOCSIFFLAGS:
    case SIOCSIFMTU:
    case SIOCSIFTXQLEN:
    case SIOCETHTOOL: return true;
    default: return false;
    }
}

static int answer_stamp(const struct can_socket *s, unsigned long request, void *arg)
{
    if (s->stamp_s == 0)
        return fail(ENOENT); /* no frame yet */
    if (request == SIOCGSTAMP_OLD) {
        const struct timeval tv = {.tv_sec = s->stamp_s, .tv_usec = s->stamp_ns / 1000};
        memcpy(arg, &tv, sizeof tv);
    } else {
        const struct timespec ts = {.tv_sec = s->stamp_s, .tv_nsec = s->stamp_ns};
        memcpy(arg, &ts, sizeof ts);
    }
    return 0;
}

bool can_ioctl(int fd, unsigned long request, void *arg, int *ret)
{
    const struct can_interface *interface;

    if (can_interface_count() == 0)
        return false;
    if (request == SIOCGSTAMP_OLD || request == SIOCGSTAMPNS_OLD) {
        const struct can_socket *s = can_socket_at(fd);
        if (s != NULL)
            *ret = answer_stamp(s, request, arg);
        return s != NULL;
    }
    if (!is_interface_request(request) || arg == NULL)
        return false;
    struct ifreq *ifr = arg;
    interface = request == SIOCGIFNAME ? can_interface_by_index(ifr->ifr_ifindex)
                                       : can_interface_by_name(ifr->ifr_name);
    if (interface != NULL)
        *ret = answer_interface(interface, request, ifr);
    return interface != NULL;
}
