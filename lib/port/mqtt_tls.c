/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates, host name, reasons.
 */
#include "port/mqtt_tls.h"

#include <errno.h>
#include <mosquitto.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/span.h"

struct mqtt_tls {
    SSL_CTX *ctx;
    char host[256];
    bool is_address; /* an IP address: no SNI, matched against the certificate's addresses */
    bool ready;
    char problem[160];
};

/* ---- during the handshake ---- */

static struct mqtt_tls *tls_of(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* libmosquitto has put the address it connects to into SNI; the name belongs there. */
static void on_info(const SSL *ssl, int where, int value)
{
    struct mqtt_tls *tls = tls_of(ssl);

    (void)value;
    if ((where & SSL_CB_HANDSHAKE_START) != 0 && !tls->ready)
        SSL_set_tlsext_host_name((SSL *)ssl, tls->is_address ? NULL : tls->host);
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0)
        tls->ready = true;
}

static int on_verify(int good, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct mqtt_tls *tls = tls_of(ssl);
    int error = X509_STORE_CTX_get_error(store);

    if (good == 1)
        return 1;
    struct buf text = buf_of(tls->problem, sizeof tls->problem - 1);
    buf_printf(&text, "certificate of %s: %s", tls->host, X509_verify_cert_error_string(error));
    if (error == X509_V_ERR_CERT_NOT_YET_VALID)
        buf_str(&text, " (is the clock of this machine set?)");
    buf_u8(&text, 0);
    return 0;
}

/* A key with a passphrase would ask for it on the terminal. */
/* OpenSSL gives the type. NOLINTNEXTLINE(readability-non-const-parameter) */
static int no_passphrase(char *out, int size, int writing, void *ctx)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)ctx;
    return 0;
}

/* ---- set-up ---- */

struct reason {
    const char *missing, *unusable;
};

static enum err check_file(const char *path, const struct reason *why, const char **ret_why)
{
    if (access(path, R_OK) == 0)
        return ERR_OK;
    *ret_why = why->missing;
    return err_from_errno(errno);
}

static enum err load_ca(struct mqtt_tls *tls, const char *path, const char **ret_why)
{
    static const struct reason why = {"the CA file cannot be read",
                                      "the CA file holds no certificate"};

    if (path == NULL)
        return SSL_CTX_set_default_verify_paths(tls->ctx) == 1 ? ERR_OK : ERR_IO;
    enum err e = check_file(path, &why, ret_why);
    if (e != ERR_OK)
        return e;
    if (SSL_CTX_load_verify_file(tls->ctx, path) == 1)
        return ERR_OK;
    *ret_why = why.unusable;
    return ERR_SYNTAX;
}

static enum err load_own(struct mqtt_tls *tls, const char *cert, const char *key,
                         const char **ret_why)
{
    static const struct reason cert_why = {"the certificate file cannot be read",
                                           "the certificate file holds no certificate"};
    static const struct reason key_why = {"the key file cannot be read",
                                          "the key file holds no key for the certificate (or needs "
                                          "a passphrase)"};

    if (cert == NULL && key == NULL)
        return ERR_OK;
    if (cert == NULL || key == NULL) {
        *ret_why = "a client certificate needs both its file and its key file";
        return ERR_USAGE;
    }
    enum err e = check_file(cert, &cert_why, ret_why);
    if (e == ERR_OK)
        e = check_file(key, &key_why, ret_why);
    if (e != ERR_OK)
        return e;
    if (SSL_CTX_use_certificate_chain_file(tls->ctx, cert) != 1) {
        *ret_why = cert_why.unusable;
        return ERR_SYNTAX;
    }
    if (SSL_CTX_use_PrivateKey_file(tls->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls->ctx) != 1) {
        *ret_why = key_why.unusable;
        return ERR_SYNTAX;
    }
    return ERR_OK;
}

static enum err expect_host(struct mqtt_tls *tls)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls->ctx);

    tls->is_address = X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) == 1;
    if (tls->is_address)
        return ERR_OK;
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(param, tls->host, 0) == 1 ? ERR_OK : ERR_MEMORY;
}

enum err mqtt_tls_new(const char *host, const struct mqtt_options *options, struct mqtt_tls **ret,
                      const char **ret_why)
{
    struct mqtt_tls *tls = calloc(1, sizeof *tls);

    if (tls == NULL)
        return ERR_MEMORY;
    tls->ctx = SSL_CTX_new(TLS_client_method());
    if (tls->ctx == NULL) {
        free(tls);
        return ERR_MEMORY;
    }
    span_to_str(span_str(host), tls->host, sizeof tls->host);
    SSL_CTX_set_app_data(tls->ctx, tls);
    SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION);
    SSL_CTX_set_mode(tls->ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, on_verify);
    SSL_CTX_set_info_callback(tls->ctx, on_info);
    SSL_CTX_set_default_passwd_cb(tls->ctx, no_passphrase);
    enum err e = expect_host(tls);
    if (e == ERR_OK)
        e = load_ca(tls, options->ca_file, ret_why);
    if (e == ERR_OK)
        e = load_own(tls, options->cert_file, options->key_file, ret_why);
    if (e != ERR_OK) {
        mqtt_tls_delete(tls);
        return e;
    }
    *ret = tls;
    return ERR_OK;
}

void mqtt_tls_delete(struct mqtt_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->ctx);
    free(tls);
}

/* ---- each attempt ---- */

enum err mqtt_tls_attach(struct mqtt_tls *tls, struct mosquitto *mosq)
{
    tls->ready = false;
    tls->problem[0] = '\0';
    if (mosquitto_int_option(mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) != MOSQ_ERR_SUCCESS ||
        mosquitto_void_option(mosq, MOSQ_OPT_SSL_CTX, tls->ctx) != MOSQ_ERR_SUCCESS)
        return ERR_UNSUPPORTED;
    return ERR_OK;
}

bool mqtt_tls_ready(const struct mqtt_tls *tls)
{
    return tls->ready;
}

const char *mqtt_tls_problem(const struct mqtt_tls *tls)
{
    return tls->problem[0] != '\0' ? tls->problem : NULL;
}
