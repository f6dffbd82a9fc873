/* SPDX-License-Identifier: Apache-2.0
 *
 * Broker addresses: mqtt://[user@]host[:1883], mqtts://[user@]host[:8883], unix:/path.
 */
#include <string.h>
#include <sys/un.h>

#include "port/mqtt.h"

enum { PORT_PLAIN = 1883, PORT_TLS = 8883 };

static enum err fail(const char **ret_why, const char *why)
{
    if (ret_why != NULL)
        *ret_why = why;
    return ERR_USAGE;
}

static enum err parse_unix(struct span path, struct mqtt_url *url, const char **ret_why)
{
    if (path.n == 0 || path.p[0] != '/')
        return fail(ret_why, "unix: needs an absolute path");
    if (path.n >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return fail(ret_why, "the path of a unix socket has at most 107 bytes");
    url->unix_socket = true;
    span_to_str(path, url->host, sizeof url->host);
    return ERR_OK;
}

static enum err parse_user(struct span *rest, struct mqtt_url *url, const char **ret_why)
{
    size_t at = span_find_byte(*rest, 0, '@');

    if (at == rest->n)
        return ERR_OK;
    struct span user = span_sub(*rest, 0, at);
    if (span_find_byte(user, 0, ':') < user.n)
        return fail(ret_why, "a password does not belong into a URL");
    if (user.n == 0 || user.n >= sizeof url->user)
        return fail(ret_why, "the user name before '@' is empty or too long");
    span_to_str(user, url->user, sizeof url->user);
    *rest = span_sub(*rest, at + 1, SIZE_MAX);
    return ERR_OK;
}

/* Cuts "[::1]" or "name" off the front. */
static struct span take_host(struct span *rest)
{
    struct span host;

    if (span_starts(*rest, "[")) {
        size_t end = span_find_byte(*rest, 1, ']');
        host = span_sub(*rest, 1, end - 1);
        *rest = span_sub(*rest, end + 1, SIZE_MAX);
    } else {
        size_t end = span_find_byte(*rest, 0, ':');
        host = span_sub(*rest, 0, end);
        *rest = span_sub(*rest, end, SIZE_MAX);
    }
    return host;
}

static enum err parse_host(struct span rest, struct mqtt_url *url, const char **ret_why)
{
    int64_t port = url->tls ? PORT_TLS : PORT_PLAIN;

    if (span_find_byte(rest, 0, '/') < rest.n)
        return fail(ret_why, "nothing may follow host and port");
    struct span host = take_host(&rest);
    if (host.n == 0 || host.n >= sizeof url->host)
        return fail(ret_why, "the host name is empty or too long");
    if (rest.n > 0 &&
        (rest.p[0] != ':' || !parse_i64(span_sub(rest, 1, SIZE_MAX), 1, UINT16_MAX, &port)))
        return fail(ret_why, "the port is a number from 1 to 65535");
    span_to_str(host, url->host, sizeof url->host);
    url->port = (uint16_t)port;
    return ERR_OK;
}

enum err mqtt_url_parse(const char *text, struct mqtt_url *ret, const char **ret_why)
{
    struct mqtt_url url = {0};
    struct span rest = span_str(text);
    enum err e;

    if (span_find_byte(rest, 0, ' ') < rest.n)
        return fail(ret_why, "a URL has no blanks");
    if (span_starts(rest, "unix:")) {
        e = parse_unix(span_sub(rest, strlen("unix:"), SIZE_MAX), &url, ret_why);
    } else {
        url.tls = span_starts(rest, "mqtts://");
        if (!url.tls && !span_starts(rest, "mqtt://"))
            return fail(ret_why, "expected mqtt://HOST, mqtts://HOST or unix:/PATH");
        rest = span_sub(rest, strlen(url.tls ? "mqtts://" : "mqtt://"), SIZE_MAX);
        e = parse_user(&rest, &url, ret_why);
        if (e == ERR_OK)
            e = parse_host(rest, &url, ret_why);
    }
    if (e == ERR_OK)
        *ret = url;
    return e;
}
