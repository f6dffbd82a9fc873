/* SPDX-License-Identifier: Apache-2.0
 *
 * Broker addresses.
 */
#include <string.h>

#include "port/mqtt.h"
#include "testing/testing.h"

static void check(const char *text, bool tls, bool is_unix, const char *host, uint16_t port,
                  const char *user)
{
    struct mqtt_url url;
    const char *why = "";

    if (mqtt_url_parse(text, &url, &why) != ERR_OK) {
        TESTING_FAIL("%s: %s", text, why);
        return;
    }
    CU_ASSERT_EQUAL(url.tls, tls);
    CU_ASSERT_EQUAL(url.unix_socket, is_unix);
    CU_ASSERT_STRING_EQUAL(url.host, host);
    CU_ASSERT_EQUAL(url.port, port);
    CU_ASSERT_STRING_EQUAL(url.user, user);
}

static void test_good(void)
{
    check("mqtt://venus.local", false, false, "venus.local", 1883, "");
    check("mqtts://cerbo.local:8884", true, false, "cerbo.local", 8884, "");
    check("mqtts://bridge@10.0.0.1", true, false, "10.0.0.1", 8883, "bridge");
    check("mqtt://[::1]:1999", false, false, "::1", 1999, "");
    check("mqtt://u@[fe80::1%eth0]", false, false, "fe80::1%eth0", 1883, "u");
    check("unix:/run/mq.sock", false, true, "/run/mq.sock", 0, "");
    check("mqtt://h:65535", false, false, "h", 65535, "");
}

static void check_bad(const char *text, const char *reason)
{
    struct mqtt_url url;
    const char *why = "";

    memset(&url, 0x55, sizeof url);
    CU_ASSERT_EQUAL(mqtt_url_parse(text, &url, &why), ERR_USAGE);
    CU_ASSERT_EQUAL(url.port, 0x5555); /* untouched */
    if (strstr(why, reason) == NULL)
        TESTING_FAIL("'%s' gives '%s'", text, why);
    CU_ASSERT_EQUAL(mqtt_url_parse(text, &url, NULL), ERR_USAGE);
}

static void test_bad(void)
{
    char text[400] = "mqtt://";

    check_bad("", "expected mqtt://");
    check_bad("http://host", "expected mqtt://");
    check_bad("venus.local:1883", "expected mqtt://");
    check_bad("mqtt://", "host name");
    check_bad("mqtt://:1883", "host name");
    check_bad("mqtt://[]", "host name");
    check_bad("mqtt://host:", "port");
    check_bad("mqtt://host:0", "port");
    check_bad("mqtt://host:65536", "port");
    check_bad("mqtt://host:18x", "port");
    check_bad("mqtt://[::1]1883", "port");
    check_bad("mqtt://user:secret@host", "password");
    check_bad("mqtt://@host", "user name");
    check_bad("mqtt://host/topic", "nothing may follow");
    check_bad("mqtt://ho st", "blanks");
    check_bad("unix:mq.sock", "absolute");
    check_bad("unix:", "absolute");
    memset(text + 7, 'h', 300);
    check_bad(text, "host name");
    memcpy(text, "unix:/", 6);
    check_bad(text, "107");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {{"good", test_good}, {"bad", test_bad}, {0}};
    return testing_main(argc, argv, "mqtt_url", cases);
}
