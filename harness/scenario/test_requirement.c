/* SPDX-License-Identifier: Apache-2.0
 *
 * The requirement catalogue: the project's own and files with mistakes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/scenario/requirement.h"
#include "testing/testing.h"

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *out = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fputs(text, out);
    fclose(out);
}

/* Loads a folder of two files; what was printed comes back in *ret_text. */
static enum err load(const char *a, const char *b, struct catalogue **ret, char **ret_text)
{
    char dir[] = "/tmp/test_requirement.XXXXXX";
    char path[256];
    size_t size = 0;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    write_file(dir, "limits.req", a);
    write_file(dir, "alarms.req", b);
    write_file(dir, "notes.txt", "not a requirement file\n");
    FILE *out = open_memstream(ret_text, &size);
    enum err e = catalogue_load(dir, out, ret);
    fclose(out);
    static const char *const names[] = {"limits.req", "alarms.req", "notes.txt"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        remove(path);
    }
    rmdir(dir);
    return e;
}

#define GOOD_A                      \
    "# a comment\n"                 \
    "LIM-2 SHOULD \"Second\"\n"     \
    "    text    \"It does\"\n"     \
    "            \"two things.\"\n" \
    "    source  \"paper 7\"\n"     \
    "LIM-1 MUST \"First\"\n"        \
    "    source  \"paper 8\"\n"     \
    "    text    \"One.\"\n"
#define GOOD_B "ALM-1 MUST \"Alarm\"\ntext \"Rings.\"\nsource \"paper 9\"\n"

static void test_load(void)
{
    struct catalogue *c = NULL;
    char *text = NULL;

    CU_ASSERT_EQUAL_FATAL(load(GOOD_A, GOOD_B, &c, &text), ERR_OK);
    CU_ASSERT_STRING_EQUAL(text, "");
    CU_ASSERT_EQUAL(catalogue_count(c), 3);
    CU_ASSERT_STRING_EQUAL(catalogue_at(c, 0)->id, "ALM-1"); /* by area, then id */
    CU_ASSERT_STRING_EQUAL(catalogue_at(c, 1)->id, "LIM-1");
    CU_ASSERT_STRING_EQUAL(catalogue_at(c, 2)->id, "LIM-2");
    CU_ASSERT_PTR_NULL(catalogue_at(c, 3));
    const struct requirement *r = catalogue_find(c, "LIM-2");
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL(r->level, REQ_SHOULD);
    CU_ASSERT_STRING_EQUAL(r->area, "limits");
    CU_ASSERT_STRING_EQUAL(r->title, "Second");
    CU_ASSERT_STRING_EQUAL(r->text, "It does two things.");
    CU_ASSERT_STRING_EQUAL(r->source, "paper 7");
    CU_ASSERT_PTR_NULL(catalogue_find(c, "LIM-3"));
    CU_ASSERT_STRING_EQUAL(catalogue_nearest(c, "LIN-1"), "LIM-1");
    CU_ASSERT_PTR_NULL(catalogue_nearest(c, "ZZZZZZZZ"));
    CU_ASSERT_STRING_EQUAL(req_level_name(REQ_MUST), "MUST");
    CU_ASSERT_STRING_EQUAL(req_level_name(REQ_SHOULD), "SHOULD");
    catalogue_delete(c);
    free(text);
}

static void check_error(const char *a, const char *b, const char *want)
{
    struct catalogue *c = NULL;
    char *text = NULL;

    CU_ASSERT_EQUAL(load(a, b, &c, &text), ERR_SYNTAX);
    CU_ASSERT_PTR_NULL(c);
    if (strstr(text, want) == NULL)
        TESTING_FAIL("got\n%s\nwant %s", text, want);
    free(text);
}

static void test_errors(void)
{
    check_error(GOOD_A, GOOD_B "LIM-1 MUST \"Again\"\ntext \"x\"\nsource \"y\"\n",
                "limits.req:6:1: error: duplicate requirement 'LIM-1' (first in alarms)\n");
    check_error("LIM-1 MUST \"a\"\ntext \"x\"\n", GOOD_B,
                "limits.req:1:1: error: 'LIM-1' has no source\n");
    check_error("LIM-1 MUST \"a\"\nsource \"x\"\nLIM-2 MUST \"a\"\ntext \"x\"\nsource \"x\"\n",
                GOOD_B, "limits.req:1:1: error: 'LIM-1' has no text\n");
    check_error("LIM-1 MAY \"a\"\n", GOOD_B,
                "limits.req:1:7: error: unknown level 'MAY' (known: MUST, SHOULD)\n");
    check_error("lim-1 MUST \"a\"\n", GOOD_B, "limits.req:1:1: error: 'lim-1' is no id");
    check_error("LIM-1 MUST a\n", GOOD_B,
                "limits.req:1:12: error: expected a title in quotes, found 'a'\n");
    check_error("text \"x\"\n", GOOD_B,
                "limits.req:1:1: error: this belongs below a line 'ID MUST \"title\"'\n");
    check_error("LIM-1 MUST \"a\"\ntext \"x\"\ntext \"y\"\nsource \"z\"\n", GOOD_B,
                "limits.req:3:1: error: a second text: long texts go on in a line with only a "
                "string\n");
    check_error("LIM-1 MUST \"a\"\n\"b\"\n", GOOD_B,
                "limits.req:2:1: error: expected a requirement id, found \"b\"\n");
    check_error("LIM-1 MUST \"a\" b\n", GOOD_B, "limits.req:1:16: error: unexpected 'b'\n");
}

static void test_no_folder(void)
{
    struct catalogue *c = NULL;

    CU_ASSERT_EQUAL(catalogue_load("/nonexistent", stderr, &c), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(requirement_check("/nonexistent/x.req", stderr), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NULL(c);
    catalogue_delete(NULL);
}

/* The ids that the specification's sample uses, and what the project promises about its catalogue.
 */
static void test_own_catalogue(void)
{
    static const char *const sample[] = {"SOC-1",       "SOC-2",      "LIM-OV-CAN",
                                         "LIM-OV-JSON", "ALM-OV-CAN", "STALE-CAN",
                                         "STALE-JSON",  "RECOVER-1",  "AGREE-1"};
    const char *source = getenv("BMSRIG_SOURCE");
    struct catalogue *c = NULL;
    char dir[512];

    if (source == NULL) {
        testing_skip("BMSRIG_SOURCE does not say where the source tree is");
        return;
    }
    snprintf(dir, sizeof dir, "%s/scenarios/requirements", source);
    CU_ASSERT_EQUAL_FATAL(catalogue_load(dir, stderr, &c), ERR_OK);
    CU_ASSERT(catalogue_count(c) >= 100);
    for (size_t i = 0; i < sizeof sample / sizeof sample[0]; i++)
        if (catalogue_find(c, sample[i]) == NULL)
            TESTING_FAIL("%s is missing", sample[i]);
    catalogue_delete(c);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"a catalogue of two files", test_load},
        {"mistakes", test_errors},
        {"no such folder", test_no_folder},
        {"the project's own catalogue", test_own_catalogue},
        {0},
    };
    return testing_main(argc, argv, "requirement", cases);
}
