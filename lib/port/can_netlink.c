/* SPDX-License-Identifier: Apache-2.0
 *
 * RTM_GETLINK for one interface: linux/rtnetlink.h, linux/if_link.h, linux/can/netlink.h. The
 * kernel has answered when the request has been sent.
 */
#define _GNU_SOURCE
#include "port/can_netlink.h"

#include <linux/can/netlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 8192 };

/* ---- the answer ---- */

/* The payload of the first attribute of this type. */
static bool find(struct span attributes, unsigned type, struct span *ret)
{
    struct rtattr head;

    while (attributes.n >= sizeof head) {
        memcpy(&head, attributes.p, sizeof head);
        if (head.rta_len < sizeof head || head.rta_len > attributes.n)
            return false;
        if ((head.rta_type & NLA_TYPE_MASK) == type) {
            *ret = span_sub(attributes, sizeof head, head.rta_len - sizeof head);
            return true;
        }
        size_t step = RTA_ALIGN((size_t)head.rta_len);
        attributes = span_sub(attributes, step < attributes.n ? step : attributes.n, attributes.n);
    }
    return false;
}

static uint32_t u32_of(struct span attributes, unsigned type)
{
    struct span value;
    uint32_t number = 0;

    if (find(attributes, type, &value) && value.n >= sizeof number)
        memcpy(&number, value.p, sizeof number);
    return number;
}

bool link_read(struct span answer, struct link_facts *ret)
{
    const size_t head_n = NLMSG_LENGTH(sizeof(struct ifinfomsg));
    struct nlmsghdr head;
    struct span info, data, state, timing;
    struct can_bittiming bits = {0};

    if (answer.n < head_n)
        return false;
    memcpy(&head, answer.p, sizeof head);
    if (head.nlmsg_type != RTM_NEWLINK || head.nlmsg_len > answer.n || head.nlmsg_len < head_n)
        return false;
    if (!find(span_sub(answer, head_n, head.nlmsg_len - head_n), IFLA_LINKINFO, &info) ||
        !find(info, IFLA_INFO_DATA, &data) || !find(data, IFLA_CAN_STATE, &state))
        return false;
    if (find(data, IFLA_CAN_BITTIMING, &timing) && timing.n >= sizeof bits)
        memcpy(&bits, timing.p, sizeof bits);
    *ret = (struct link_facts){.bitrate = bits.bitrate,
                               .restart_ms = u32_of(data, IFLA_CAN_RESTART_MS),
                               .bus_off = u32_of(data, IFLA_CAN_STATE) == CAN_STATE_BUS_OFF};
    return true;
}

/* ---- the question ---- */

static bool send_question(int fd, const char *name)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
        struct rtattr name_head;
        char name[IFNAMSIZ];
    } question = {
        .head = {.nlmsg_len = sizeof question,
                 .nlmsg_type = RTM_GETLINK,
                 .nlmsg_flags = NLM_F_REQUEST},
        .info = {.ifi_family = AF_UNSPEC},
        .name_head = {.rta_len = RTA_LENGTH(IFNAMSIZ), .rta_type = IFLA_IFNAME},
    };

    span_to_str(span_str(name), question.name, sizeof question.name);
    return send(fd, &question, sizeof question, 0) == (ssize_t)sizeof question;
}

bool link_ask(const char *name, struct link_facts *ret)
{
    uint8_t answer[ANSWER_MAX];
    int fd =
        strlen(name) < IFNAMSIZ ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) : -1;

    if (fd < 0)
        return false;
    ssize_t n = send_question(fd, name) ? recv(fd, answer, sizeof answer, MSG_DONTWAIT) : -1;
    close(fd);
    return n > 0 && link_read(span_of(answer, (size_t)n), ret);
}
