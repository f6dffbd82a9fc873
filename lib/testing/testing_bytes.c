/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests of codecs need: files, byte comparison, and every way to cut or damage an input. The
 * inputs handed to callbacks are exact heap copies, so that AddressSanitizer sees a read one byte
 * behind them.
 */
#include "testing/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *testing_shared(void)
{
    const char *given = getenv("BMSRIG_SHARED");
    const char *path = given != NULL && given[0] != '\0' ? given : BMSRIG_SOURCE_DIR "/../shared";
    return is_folder(path) ? path : NULL;
}

/* A copy of exactly s.n bytes (one byte for none, so that NULL always means no memory). */
static uint8_t *copy_of(struct span s)
{
    uint8_t *copy = malloc(s.n > 0 ? s.n : 1);

    if (copy == NULL)
        abort();
    if (s.n > 0)
        memcpy(copy, s.p, s.n);
    return copy;
}

struct kept_file {
    struct kept_file *next;
    uint8_t bytes[];
};

/* Tests hold spans into files until the end of the program; the list keeps the leak checker from
 * calling them lost. */
static struct kept_file *kept_files;

struct span testing_read_file(const char *path)
{
    struct stat st;
    struct kept_file *kept = NULL;
    FILE *in = fopen(path, "rb");

    if (in == NULL)
        return (struct span){NULL, 0};
    if (fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode))
        kept = malloc(sizeof *kept + (size_t)st.st_size);
    size_t n = kept == NULL ? 0 : (size_t)st.st_size;
    if (kept != NULL && fread(kept->bytes, 1, n, in) != n) {
        free(kept);
        kept = NULL;
    }
    fclose(in);
    if (kept == NULL)
        return (struct span){NULL, 0};
    kept->next = kept_files;
    kept_files = kept;
    return span_of(kept->bytes, n);
}

/* Appends up to 8 bytes around the difference: "01 02 [03] 04". */
static void put_around(struct buf *out, struct span s, size_t at)
{
    size_t from = at > 4 ? at - 4 : 0;

    for (size_t i = from; i < s.n && i < at + 4; i++)
        buf_printf(out, i == at ? " [%02x]" : " %02x", (unsigned)s.p[i]);
    if (at >= s.n)
        buf_str(out, " [end]");
}

bool testing_bytes_eq(const char *file, unsigned line, struct span got, struct span want)
{
    char text[160];
    struct buf out = buf_of(text, sizeof text - 1);
    size_t at = 0;

    while (at < got.n && at < want.n && got.p[at] == want.p[at])
        at++;
    if (at == got.n && at == want.n) {
        CU_assertImplementation(CU_TRUE, line, "bytes are equal", file, "", CU_FALSE);
        return true;
    }
    buf_printf(&out, "bytes differ at %zu: got %zu bytes", at, got.n);
    put_around(&out, got, at);
    buf_printf(&out, ", want %zu bytes", want.n);
    put_around(&out, want, at);
    text[out.n] = '\0';
    testing_fail(file, line, "%s", text);
    return false;
}

void testing_every_split(struct span input,
                         void (*fn)(struct span first, struct span second, void *ctx), void *ctx)
{
    for (size_t at = 0; at <= input.n; at++) {
        struct span first = span_sub(input, 0, at);
        struct span second = span_sub(input, at, input.n);
        uint8_t *a = copy_of(first);
        uint8_t *b = copy_of(second);
        fn(span_of(a, first.n), span_of(b, second.n), ctx);
        free(a);
        free(b);
    }
}

void testing_every_truncation(struct span input, void (*fn)(struct span cut, void *ctx), void *ctx)
{
    for (size_t n = 0; n < input.n; n++) {
        uint8_t *copy = copy_of(span_sub(input, 0, n));
        fn(span_of(copy, n), ctx);
        free(copy);
    }
}

void testing_every_bit_flip(struct span input,
                            void (*fn)(struct span flipped, size_t byte, unsigned bit, void *ctx),
                            void *ctx)
{
    for (size_t i = 0; i < input.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            uint8_t *copy = copy_of(input);
            copy[i] = (uint8_t)(copy[i] ^ (1U << bit));
            fn(span_of(copy, input.n), i, bit, ctx);
            free(copy);
        }
    }
}
