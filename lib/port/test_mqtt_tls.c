/* SPDX-License-Identifier: Apache-2.0
 *
 * MQTT over TLS with an authority of the test's own, made by the openssl program: the name is
 * verified although the connection goes to an address, and every refusal says why.
 */
#include <string.h>

#include "port/test_mqtt_bench.h"
#include "port/test_support.h"
#include "testing/testing.h"

/* ---- certificates ---- */

static void path_in(char *out, const char *folder, const char *name, const char *suffix)
{
    struct buf b = buf_of(out, 128);

    buf_printf(&b, "%s/%s%s", folder, name, suffix);
    CU_ASSERT_FATAL(buf_u8(&b, 0));
}

static bool make_key(struct loop *loop, const char *path)
{
    const char *const argv[] = {"openssl", "ecparam", "-name", "prime256v1", "-genkey",
                                "-noout",  "-out",    path,    NULL};
    return test_run(loop, argv) == 0;
}

static bool make_ca(struct loop *loop, const char *folder, const char *name)
{
    char key[128], cert[128];

    path_in(key, folder, name, ".key");
    path_in(cert, folder, name, ".pem");
    const char *const argv[] = {"openssl", "req",  "-x509", "-new",  "-key",        key, "-days",
                                "2",       "-out", cert,    "-subj", "/CN=test CA", NULL};
    return make_key(loop, key) && test_run(loop, argv) == 0;
}

/* A certificate for `names` ("DNS:localhost,IP:127.0.0.1") signed by "ca"; expired for days < 0. */
static bool make_cert(struct loop *loop, const char *folder, const char *name, const char *names,
                      const char *days)
{
    char key[128], request[128], cert[128], ca[128], ca_key[128], ext[128], text[200];
    struct buf b = buf_of(text, sizeof text);

    path_in(key, folder, name, ".key");
    path_in(request, folder, name, ".csr");
    path_in(cert, folder, name, ".pem");
    path_in(ext, folder, name, ".ext");
    path_in(ca, folder, "ca", ".pem");
    path_in(ca_key, folder, "ca", ".key");
    buf_printf(&b, "subjectAltName=%s\n", names);
    buf_u8(&b, 0);
    const char *const req[] = {"openssl", "req",   "-new",  "-key",     key,
                               "-out",    request, "-subj", "/CN=test", NULL};
    const char *const sign[] = {
        "openssl",         "x509",  "-req", "-in",  request, "-CA",      ca,  "-CAkey", ca_key,
        "-CAcreateserial", "-days", days,   "-out", cert,    "-extfile", ext, NULL};
    return make_key(loop, key) && test_write_file(ext, text) && test_run(loop, req) == 0 &&
           test_run(loop, sign) == 0;
}

/* Starts a broker whose TCP listener speaks TLS with certificate `name`. */
static bool tls_start(struct bench *b, const char *names, const char *days, const char *more)
{
    char extra[500];
    struct buf text = buf_of(extra, sizeof extra);

    bench_init(b);
    if (!test_have_program("mosquitto") || !test_have_program("openssl")) {
        testing_skip("mosquitto or openssl is not installed");
        bench_free(b);
        return false;
    }
    CU_ASSERT_FATAL(make_ca(b->loop, b->folder, "ca"));
    CU_ASSERT_FATAL(make_cert(b->loop, b->folder, "server", names, days));
    buf_printf(&text, "cafile %s/ca.pem\ncertfile %s/server.pem\nkeyfile %s/server.key\n%s",
               b->folder, b->folder, b->folder, more);
    CU_ASSERT_FATAL(buf_u8(&text, 0));
    CU_ASSERT_EQUAL_FATAL(start_broker(b, 0, extra), ERR_OK);
    CU_ASSERT_FATAL(test_until_count(b->loop, &b->ready, 1));
    return true;
}

static void connect_tls(struct client *c, const struct bench *b, const char *host, const char *ca,
                        const char *own)
{
    char url[128], ca_file[128], cert[128], key[128];
    struct mqtt_options options = {.url = url_of(url, "mqtts", host, broker_port(b->broker)),
                                   .ca_file = ca_file};

    path_in(ca_file, b->folder, ca, ".pem");
    if (own != NULL) {
        path_in(cert, b->folder, own, ".pem");
        path_in(key, b->folder, own, ".key");
        options.cert_file = cert;
        options.key_file = key;
    }
    memset(c, 0, sizeof *c);
    connect_with(c, b->loop, &options);
}

static void expect_refusal(const struct bench *b, struct client *c, const char *reason)
{
    CU_ASSERT(test_until_count(b->loop, &c->downs, 1));
    CU_ASSERT_EQUAL(c->ups, 0);
    CU_ASSERT_EQUAL(c->why, ERR_DENIED);
    if (strstr(c->text, reason) == NULL)
        TESTING_FAIL("expected '%s' in '%s'", reason, c->text);
    drop(c);
}

/* ---- tests ---- */

static void test_good(void)
{
    struct bench b;
    struct client by_name, by_address;

    if (!tls_start(&b, "DNS:localhost,IP:127.0.0.1", "2", ""))
        return;
    connect_tls(&by_name, &b, "localhost", "ca", NULL);
    connect_tls(&by_address, &b, "127.0.0.1", "ca", NULL);
    CU_ASSERT(test_until_count(b.loop, &by_name.ups, 1));
    CU_ASSERT(test_until_count(b.loop, &by_address.ups, 1));
    CU_ASSERT(mqtt_is_v5(by_name.mqtt));
    subscribe(&b, &by_address, "t/#");
    for (int qos = 0; qos <= 2; qos++)
        pass(&b, &by_name, &by_address, "t/a", "encrypted", qos);

    CU_ASSERT_EQUAL(broker_kill(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &by_name.downs, 1));
    CU_ASSERT_EQUAL(broker_start(b.broker), ERR_OK);
    CU_ASSERT(test_until_count(b.loop, &by_name.ups, 2));
    CU_ASSERT(test_until_count(b.loop, &by_address.ups, 2));
    drop(&by_name);
    drop(&by_address);
    bench_free(&b);
}

static void test_other_host(void)
{
    struct bench b;
    struct client c;

    if (!tls_start(&b, "DNS:cerbo.example,IP:192.0.2.1", "2", ""))
        return;
    connect_tls(&c, &b, "localhost", "ca", NULL);
    expect_refusal(&b, &c, "certificate of localhost: hostname mismatch");
    connect_tls(&c, &b, "127.0.0.1", "ca", NULL);
    expect_refusal(&b, &c, "IP address mismatch");
    bench_free(&b);
}

static void test_unknown_authority(void)
{
    struct bench b;
    struct client c;

    if (!tls_start(&b, "DNS:localhost", "2", ""))
        return;
    CU_ASSERT_FATAL(make_ca(b.loop, b.folder, "other"));
    connect_tls(&c, &b, "localhost", "other", NULL);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 2)); /* it keeps trying, and never without TLS */
    CU_ASSERT_EQUAL(c.ups, 0);
    CU_ASSERT_EQUAL(c.why, ERR_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "certificate of localhost: "));
    drop(&c);
    bench_free(&b);
}

static void test_expired(void)
{
    struct bench b;
    struct client c;

    if (!tls_start(&b, "DNS:localhost", "-1", ""))
        return;
    connect_tls(&c, &b, "localhost", "ca", NULL);
    expect_refusal(&b, &c, "expired");
    bench_free(&b);
}

static void test_client_certificate(void)
{
    struct bench b;
    struct client c;

    if (!tls_start(&b, "DNS:localhost", "2", "require_certificate true\n"))
        return;
    connect_tls(&c, &b, "localhost", "ca", NULL);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_EQUAL(c.ups, 0);
    drop(&c);
    CU_ASSERT_FATAL(make_cert(b.loop, b.folder, "bridge", "DNS:bridge", "2"));
    connect_tls(&c, &b, "localhost", "ca", "bridge");
    CU_ASSERT(test_until_count(b.loop, &c.ups, 1));
    drop(&c);
    bench_free(&b);
}

static void test_plain_and_tls_mixed_up(void)
{
    struct bench b;
    struct client c = {0};
    char url[128];

    if (!tls_start(&b, "DNS:localhost", "2", ""))
        return;
    struct mqtt_options options = {.url = url_of(url, "mqtt", "127.0.0.1", broker_port(b.broker))};
    connect_with(&c, b.loop, &options);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 2));
    CU_ASSERT_EQUAL(c.ups, 0);
    CU_ASSERT_EQUAL(c.why, ERR_CLOSED);
    drop(&c);
    char folder[64];
    memcpy(folder, b.folder, sizeof folder);
    broker_delete(b.broker);
    b.ready = 0;
    CU_ASSERT_EQUAL_FATAL(start_broker(&b, 0, NULL), ERR_OK);
    CU_ASSERT_FATAL(test_until_count(b.loop, &b.ready, 1));
    connect_tls(&c, &b, "localhost", "ca", NULL);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_EQUAL(c.ups, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(c.text, "TLS"));
    drop(&c);

    broker_kill(b.broker); /* and nobody at all */
    connect_tls(&c, &b, "localhost", "ca", NULL);
    CU_ASSERT(test_until_count(b.loop, &c.downs, 1));
    CU_ASSERT_EQUAL(c.why, ERR_REFUSED);
    drop(&c);
    bench_free(&b);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"by name and by address", test_good},
        {"certificate of another host", test_other_host},
        {"unknown authority", test_unknown_authority},
        {"expired", test_expired},
        {"client certificate", test_client_certificate},
        {"plain and TLS mixed up", test_plain_and_tls_mixed_up},
        {0},
    };
    return testing_main(argc, argv, "mqtt_tls", cases);
}
