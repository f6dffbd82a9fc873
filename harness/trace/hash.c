/* SPDX-License-Identifier: Apache-2.0
 *
 * The fingerprint of a trace.
 */
#include <openssl/evp.h>
#include <stdio.h>

#include "harness/trace/trace.h"

enum err trace_sha256(const char *path, char ret[TRACE_SHA256_MAX])
{
    unsigned char bytes[4096], digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    size_t got;
    FILE *f = fopen(path, "rb");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = f && ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;

    while (ok && (got = fread(bytes, 1, sizeof bytes, f)) > 0)
        ok = EVP_DigestUpdate(ctx, bytes, got) == 1;
    ok = ok && !ferror(f) && EVP_DigestFinal_ex(ctx, digest, &n) == 1;
    EVP_MD_CTX_free(ctx);
    if (f)
        fclose(f);
    if (!ok)
        return ERR_IO;
    for (unsigned i = 0; i < n; i++)
        snprintf(ret + 2 * i, 3, "%02x", digest[i]);
    return ERR_OK;
}
