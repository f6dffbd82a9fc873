/* SPDX-License-Identifier: Apache-2.0
 *
 * The runner judged from outside: what a program with passing, failing, skipping and hanging tests
 * prints, writes and returns. And the helpers for codecs.
 */
#include "testing/testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct report {
    char text[4096];
    int code;
};

static struct report run(const char *arguments)
{
    struct report r = {.code = -1};
    char command[1024];

    snprintf(command, sizeof command, "%s %s 2>&1", TESTING_SAMPLE, arguments);
    fflush(stdout);
    FILE *in = popen(command, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    size_t n = fread(r.text, 1, sizeof r.text - 1, in);
    r.text[n] = '\0';
    int status = pclose(in);
    if (WIFEXITED(status))
        r.code = WEXITSTATUS(status);
    return r;
}

/* Where files and lines stand in failures depends on the build: "/x/testing_sample.c:17:" and
 * " time=\"0.1\"" become "FILE:" and nothing. */
static void normalise(char *text)
{
    char *out = text;

    for (const char *in = text; *in != '\0';) {
        const char *name = strstr(in, "testing_sample.c:");
        const char *blank = strpbrk(in, " \n");
        if (*in == '/' && name != NULL && (blank == NULL || name < blank)) {
            in = name + strlen("testing_sample.c:");
            in += strspn(in, "0123456789");
            memcpy(out, "FILE", 4);
            out += 4;
        } else if (strncmp(in, " time=\"", 7) == 0) {
            in += 7;
            in += strcspn(in, "\"") + 1;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
}

static void expect(struct report *r, int code, const char *want)
{
    normalise(r->text);
    CU_ASSERT_EQUAL(r->code, code);
    if (strcmp(r->text, want) != 0)
        TESTING_FAIL("got\n%s\nwant\n%s", r->text, want);
    else
        CU_ASSERT_TRUE(true);
}

static void test_one_by_one(void)
{
    struct report r = run("--only passes");
    expect(&r, 0, "1..1\nok 1 - passes\n# 1 passed, 0 failed, 0 skipped\n");
    r = run("--only skips");
    expect(&r, 77, "1..1\nok 1 - skips # SKIP no CAN here\n# 0 passed, 0 failed, 1 skipped\n");
    r = run("--only 'fails & skips'");
    expect(&r, 1,
           "1..1\nnot ok 1 - fails & skips\n#   FILE: CU_ASSERT_TRUE(false)\n"
           "# 0 passed, 1 failed, 0 skipped\n");
}

static void test_everything(void)
{
    struct report r = run("--timeout 1");
    expect(&r, 1,
           "1..6\n"
           "ok 1 - passes\n"
           "not ok 2 - fails\n"
           "#   FILE: CU_ASSERT_EQUAL(1,2)\n"
           "#   FILE: <a> & \"b\"\n"
           "#   FILE: bytes differ at 4: got 8 bytes 61 62 63 64 [65] 66 67 68, "
           "want 8 bytes 61 62 63 64 [58] 66 67 68\n"
           "#   FILE: bytes differ at 2: got 2 bytes 61 62 [end], want 3 bytes 61 62 [63]\n"
           "#   FILE: CU_ASSERT_TRUE_FATAL(0 > 1)\n"
           "ok 3 - skips # SKIP no CAN here\n"
           "not ok 4 - fails & skips\n"
           "#   FILE: CU_ASSERT_TRUE(false)\n"
           "not ok 5 - hangs\n"
           "#   timed out after 1 s\n"
           "Bail out! hangs does not end\n"
           "# 1 passed, 3 failed, 1 skipped\n");
}

static void test_junit(void)
{
    char folder[] = "/tmp/test_testing_XXXXXX";
    char path[64];
    char arguments[128];
    struct report r;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/new/x.xml", folder); /* the folder is made */
    snprintf(arguments, sizeof arguments, "--only 'fails & skips' --junit %s", path);
    r = run(arguments);
    CU_ASSERT_EQUAL(r.code, 1);
    struct span xml = testing_read_file(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(xml.p);
    span_to_str(xml, r.text, sizeof r.text);
    normalise(r.text);
    char *failure = strstr(r.text, "message=\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(failure);
    normalise(failure + strlen("message=\""));
    expect(&r, 1,
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<testsuite name=\"sample\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
           "  <testcase classname=\"sample\" name=\"fails &amp; skips\">\n"
           "    <failure message=\"FILE: CU_ASSERT_TRUE(false)\"/>\n"
           "  </testcase>\n"
           "</testsuite>\n");
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(folder);
    r = run("--only passes --junit /dev/null/x.xml");
    CU_ASSERT_EQUAL(r.code, 1); /* a report that cannot be written is a failure */
}

static void test_usage(void)
{
    struct report r = run("--list");
    expect(&r, 0, "passes\nfails\nskips\nfails & skips\nhangs\nis never reached\n");
    r = run("--only nothing");
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.text, "no such test"));
    r = run("--junit");
    CU_ASSERT_EQUAL(r.code, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.text, "usage: "));
    r = run("--timeout 0");
    CU_ASSERT_EQUAL(r.code, 1);
}

/* ---- helpers for codecs ---- */

static void on_split(struct span first, struct span second, void *ctx)
{
    unsigned *n = ctx;

    CU_ASSERT_EQUAL(first.n, *n);
    CU_ASSERT_EQUAL(first.n + second.n, 3);
    CU_ASSERT_TRUE(span_eq(first, span_sub(SPAN_LIT("abc"), 0, *n)));
    CU_ASSERT_TRUE(span_eq(second, span_sub(SPAN_LIT("abc"), *n, 3)));
    (*n)++;
}

static void on_cut(struct span cut, void *ctx)
{
    unsigned *n = ctx;

    CU_ASSERT_TRUE(span_eq(cut, span_sub(SPAN_LIT("abc"), 0, *n)));
    (*n)++;
}

static void on_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    unsigned *n = ctx;

    CU_ASSERT_EQUAL(8 * byte + bit, *n);
    CU_ASSERT_EQUAL(flipped.n, 3);
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(flipped.p[i] ^ (unsigned)"abc"[i], i == byte ? 1U << bit : 0U);
    (*n)++;
}

static void test_damage(void)
{
    unsigned n = 0;

    testing_every_split(SPAN_LIT("abc"), on_split, &n);
    CU_ASSERT_EQUAL(n, 4);
    n = 0;
    testing_every_truncation(SPAN_LIT("abc"), on_cut, &n);
    CU_ASSERT_EQUAL(n, 3);
    n = 0;
    testing_every_bit_flip(SPAN_LIT("abc"), on_flip, &n);
    CU_ASSERT_EQUAL(n, 24);
}

static void test_files(void)
{
    char path[] = "/tmp/test_testing_XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    struct span empty = testing_read_file(path);
    CU_ASSERT_TRUE(empty.p != NULL && empty.n == 0);
    CU_ASSERT_EQUAL(write(fd, "a\0b", 3), 3);
    close(fd);
    TESTING_BYTES_EQ(testing_read_file(path), SPAN_LIT("a\0b"));
    unlink(path);
    CU_ASSERT_PTR_NULL(testing_read_file(path).p);
    CU_ASSERT_PTR_NULL(testing_read_file("/").p);
}

static void test_shared_folder(void)
{
    const char *given = getenv("BMSRIG_SHARED");
    char kept[1024];

    span_to_str(span_str(given), kept, sizeof kept);
    setenv("BMSRIG_SHARED", "/", 1);
    CU_ASSERT_STRING_EQUAL(testing_shared(), "/");
    setenv("BMSRIG_SHARED", "/no/such/folder", 1);
    CU_ASSERT_PTR_NULL(testing_shared());
    if (given == NULL)
        unsetenv("BMSRIG_SHARED");
    else
        setenv("BMSRIG_SHARED", kept, 1);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"one test and its exit code", test_one_by_one},
        {"a program with tests of every fate", test_everything},
        {"JUnit", test_junit},
        {"options", test_usage},
        {"splits, truncations, flipped bits", test_damage},
        {"files", test_files},
        {"the shared folder", test_shared_folder},
        {0},
    };
    return testing_main(argc, argv, "testing", cases);
}
