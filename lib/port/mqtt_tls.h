/* SPDX-License-Identifier: Apache-2.0
 *
 * The TLS side of an MQTT connection: an OpenSSL context that libmosquitto uses as it is.
 *
 * libmosquitto's own set-up is not used, for two reasons. It verifies the certificate against the
 * very string it connects to, and resolves that string with a blocking getaddrinfo: to keep the
 * loop free it must be given an address, so the name has to be checked elsewhere. Here OpenSSL
 * checks it (X509_VERIFY_PARAM_set1_host) and the name also goes into SNI. And libmosquitto says no
 * more than "a TLS error occurred", where the user needs to know whether the certificate has
 * expired, names another host, or comes from an unknown authority.
 */
#ifndef PORT_MQTT_TLS_H
#define PORT_MQTT_TLS_H

#include <stdbool.h>

#include "base/err.h"
#include "port/mqtt.h"

struct mqtt_tls;
struct mosquitto;

/* ERR_NOT_FOUND, ERR_DENIED, ERR_SYNTAX for the files; *ret_why says which and what. */
enum err mqtt_tls_new(const char *host, const struct mqtt_options *options, struct mqtt_tls **ret,
                      const char **ret_why);
void mqtt_tls_delete(struct mqtt_tls *tls);

/* Before each attempt. */
enum err mqtt_tls_attach(struct mqtt_tls *tls, struct mosquitto *mosq);
/* The handshake of the attempt has ended well. */
bool mqtt_tls_ready(const struct mqtt_tls *tls);
/* Why the handshake of the attempt failed; NULL when the certificate was not the reason. */
const char *mqtt_tls_problem(const struct mqtt_tls *tls);

#endif
