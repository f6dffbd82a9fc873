/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a broker's address: refused with a reason, or parts that make sense.
 */
#include <stdlib.h>
#include <string.h>

#include "port/mqtt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    const char *why = NULL;
    struct mqtt_url url;

    must(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (mqtt_url_parse(text, &url, &why) == ERR_OK) {
        must(url.host[0] != '\0' && strlen(url.host) < sizeof url.host);
        must(strlen(url.user) < sizeof url.user && strchr(url.user, ':') == NULL);
        must(url.unix_socket ? url.host[0] == '/' && !url.tls : url.port != 0);
    } else {
        must(why != NULL && why[0] != '\0');
    }
    free(text);
    return 0;
}
