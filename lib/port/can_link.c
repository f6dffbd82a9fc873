/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags by ioctl, changes of the controller by libsocketcan, questions by netlink.
 */
#define _GNU_SOURCE
#include "port/can_link.h"

#include <errno.h>
#include <libsocketcan.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/span.h"
#include "port/can_netlink.h"

static bool ask(int fd, const char *name, unsigned long request, struct ifreq *ret)
{
    *ret = (struct ifreq){0};
    span_to_str(span_str(name), ret->ifr_name, sizeof ret->ifr_name);
    return ioctl(fd, request, ret) == 0;
}

bool link_is_up(int fd, const char *name)
{
    struct ifreq ifr;
    return ask(fd, name, SIOCGIFFLAGS, &ifr) && (ifr.ifr_flags & IFF_UP) != 0;
}

bool link_is_can(int fd, const char *name)
{
    struct ifreq ifr;
    return ask(fd, name, SIOCGIFHWADDR, &ifr) && ifr.ifr_hwaddr.sa_family == ARPHRD_CAN;
}

static bool has_driver(int fd, const char *name, const char *driver)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq ifr = {.ifr_data = (char *)&info};

    span_to_str(span_str(name), ifr.ifr_name, sizeof ifr.ifr_name);
    return ioctl(fd, SIOCETHTOOL, &ifr) == 0 && strcmp(info.driver, driver) == 0;
}

/* vcan and vxcan have no bit rate; libsocketcan would write an error on stderr for them. */
static bool is_virtual(int fd, const char *name)
{
    return has_driver(fd, name, "vcan") || has_driver(fd, name, "vxcan");
}

/* CAP_NET_ADMIN, asked by a change that changes nothing: libsocketcan would write on stderr that it
 * was refused. */
static bool may_change(int fd, const char *name)
{
    struct ifreq ifr;
    return ask(fd, name, SIOCGIFFLAGS, &ifr) && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
}

/* The same for what cannot be restarted: a controller that is not off the bus, and slcan, which has
 * no device behind it, so that the kernel names the kind of interface instead of a driver. */
static bool may_restart(int fd, const char *name)
{
    struct link_facts now;
    return may_change(fd, name) && !has_driver(fd, name, "slcan") && !has_driver(fd, name, "can") &&
           link_ask(name, &now) && now.bus_off;
}

enum err link_set_bitrate(int fd, const char *name, uint32_t bitrate)
{
    struct link_facts now;

    if (is_virtual(fd, name))
        return ERR_OK;
    if (link_is_up(fd, name) && link_ask(name, &now) && now.bitrate == bitrate)
        return ERR_OK; /* as somebody with more rights has set it up */
    if (!may_change(fd, name))
        return err_from_errno(errno);
    if (can_do_stop(name) != 0 || can_set_bitrate(name, bitrate) != 0 || can_do_start(name) != 0)
        return errno == EPERM || errno == EACCES ? ERR_DENIED : ERR_UNSUPPORTED;
    return ERR_OK;
}

enum err link_set_up(int fd, const char *name, bool up)
{
    struct ifreq ifr;

    if (!link_is_can(fd, name) || !ask(fd, name, SIOCGIFFLAGS, &ifr))
        return ERR_NOT_FOUND;
    int flags = up ? ifr.ifr_flags | IFF_UP : ifr.ifr_flags & ~IFF_UP;
    ifr.ifr_flags = (short)flags;
    return ioctl(fd, SIOCSIFFLAGS, &ifr) == 0 ? ERR_OK : err_from_errno(errno);
}

enum err link_restart(int fd, const char *name)
{
    struct link_facts now;

    if (is_virtual(fd, name) || (link_ask(name, &now) && now.restart_ms > 0))
        return ERR_OK;
    if (may_restart(fd, name) && can_do_restart(name) == 0)
        return ERR_OK;
    enum err e = link_set_up(fd, name, false);
    return e == ERR_OK ? link_set_up(fd, name, true) : e;
}
