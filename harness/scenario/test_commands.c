/* SPDX-License-Identifier: Apache-2.0
 *
 * The commands as a user calls them: exit codes, what is printed, what is written.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/scenario/commands.h"
#include "harness/scenario/files.h"
#include "harness/scenario/test_scenario.h"
#include "testing/testing.h"

typedef int (*command_fn)(int argc, char **argv, const struct command_env *env);

/* A folder of the test's own with one good scenario; output of commands lands in `out`. */
struct place {
    char dir[64];
    char scn[128], other[128], json[128], out[128];
};

static void write_text(const char *path, struct span text)
{
    FILE *out = fopen(path, "wb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(fwrite(text.p, 1, text.n, out), text.n);
    fclose(out);
}

static struct place make_place(void)
{
    struct place p = {.dir = "/tmp/test_commands.XXXXXX"};

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p.dir));
    snprintf(p.scn, sizeof p.scn, "%s/a.scn", p.dir);
    snprintf(p.other, sizeof p.other, "%s/b.scn", p.dir);
    snprintf(p.json, sizeof p.json, "%s/a.json", p.dir);
    snprintf(p.out, sizeof p.out, "%s/output", p.dir);
    write_text(p.scn, span_str(sample_text));
    return p;
}

static void drop_place(const struct place *p)
{
    remove(p->scn);
    remove(p->other);
    remove(p->json);
    remove(p->out);
    CU_ASSERT_EQUAL(rmdir(p->dir), 0); /* nothing else was left behind */
}

/* Runs the command with its standard output and error in p->out; the exit code. */
static int run(const struct place *p, command_fn fn, const char *a, const char *b, const char *c)
{
    struct command_env env = {.names = &test_names};
    char words[3][128];
    char *argv[5] = {(char[]){"command"}, NULL};
    const char *const given[] = {a, b, c};
    int argc = 1;

    for (size_t i = 0; i < 3 && given[i] != NULL; i++) {
        snprintf(words[i], sizeof words[i], "%s", given[i]);
        argv[argc++] = words[i];
    }
    fflush(NULL);
    int saved[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    int fd = open(p->out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_FATAL(fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    int code = fn(argc, argv, &env);
    fflush(NULL);
    dup2(saved[0], STDOUT_FILENO);
    dup2(saved[1], STDERR_FILENO);
    close(saved[0]);
    close(saved[1]);
    close(fd);
    return code;
}

static bool printed(const struct place *p, const char *text)
{
    struct span got = testing_read_file(p->out);
    bool found = span_find(got, 0, span_str(text)) < got.n;

    if (!found)
        TESTING_FAIL("not printed: %s\nbut: %.*s", text, (int)got.n, (const char *)got.p);
    return found;
}

static void test_lint(void)
{
    struct place p = make_place();

    CU_ASSERT_EQUAL(run(&p, cmd_lint, p.dir, NULL, NULL), 0);
    CU_ASSERT(printed(&p, "1 files, 0 with errors\n"));
    write_text(p.other, span_str(sample_text));
    CU_ASSERT_EQUAL(run(&p, cmd_lint, p.dir, NULL, NULL), 3);
    CU_ASSERT(printed(&p, "b.scn: error: scenario 'SAFE-OV-STALE-01' is also in "));
    write_text(p.other, SPAN_LIT("scenario x\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_lint, p.other, NULL, NULL), 3);
    CU_ASSERT(printed(&p, "b.scn:1:10: error: 'x' is no id"));
    CU_ASSERT_EQUAL(run(&p, cmd_lint, "/nonexistent", NULL, NULL), 3);
    CU_ASSERT(printed(&p, "bmsrig lint: /nonexistent: "));
    CU_ASSERT_EQUAL(run(&p, cmd_lint, NULL, NULL, NULL), 3);
    CU_ASSERT(printed(&p, "usage: bmsrig lint"));
    CU_ASSERT_EQUAL(run(&p, cmd_lint, "--wrong", p.scn, NULL), 3);
    CU_ASSERT(printed(&p, "unknown option '--wrong'"));
    CU_ASSERT_EQUAL(run(&p, cmd_lint, "--help", NULL, NULL), 0);
    drop_place(&p);
}

static void test_fmt(void)
{
    struct place p = make_place();
    static const char untidy[] = "scenario T-1 \"t\"\ncovers A-1\nduration 9s # short\n[bms 1]\n"
                                 "soc 5%\n[timeline]\n@1s can check ccl>0 A req A-1\n";
    struct stat st;

    CU_ASSERT_EQUAL(run(&p, cmd_fmt, "--check", p.dir, NULL), 0);
    write_text(p.other, span_str(untidy));
    CU_ASSERT_EQUAL(chmod(p.other, 0640), 0);
    CU_ASSERT_EQUAL(run(&p, cmd_fmt, "--check", p.dir, NULL), 1);
    CU_ASSERT(printed(&p, "b.scn\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_fmt, p.other, NULL, NULL), 0);
    CU_ASSERT(printed(&p, "duration  9 s                          # short\n"));
    TESTING_BYTES_EQ(testing_read_file(p.other), span_str(untidy)); /* only printed */
    CU_ASSERT_EQUAL(run(&p, cmd_fmt, "-w", p.dir, NULL), 0);
    CU_ASSERT_EQUAL(run(&p, cmd_fmt, "--check", p.dir, NULL), 0);
    CU_ASSERT_EQUAL(stat(p.other, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0640);
    TESTING_BYTES_EQ(testing_read_file(p.scn), span_str(sample_text));
    CU_ASSERT_EQUAL(run(&p, cmd_fmt, "-w", "--check", p.dir), 3);
    write_text(p.other, SPAN_LIT("scenario x\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_fmt, "-w", p.dir, NULL), 3);
    TESTING_BYTES_EQ(testing_read_file(p.other), SPAN_LIT("scenario x\n")); /* left alone */
    drop_place(&p);
}

static void test_explain_and_list(void)
{
    struct place p = make_place();

    CU_ASSERT_EQUAL(run(&p, cmd_explain, p.scn, NULL, NULL), 0);
    CU_ASSERT(printed(&p, "At 20 s: the battery's cable is pulled.\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_list, p.dir, NULL, NULL), 0);
    CU_ASSERT(printed(&p, "SAFE-OV-STALE-01      60 s  SOC ramp to full"));
    CU_ASSERT(printed(&p, "1 scenarios\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_list, "--requirements", p.dir, NULL), 3); /* no catalogue here */
    write_text(p.other, SPAN_LIT("scenario x\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_explain, p.other, NULL, NULL), 3);
    CU_ASSERT_EQUAL(run(&p, cmd_list, p.dir, NULL, NULL), 3);
    CU_ASSERT(printed(&p, "b.scn has errors"));
    CU_ASSERT(printed(&p, "1 scenarios\n"));
    drop_place(&p);
}

static void test_json(void)
{
    struct place p = make_place();

    CU_ASSERT_EQUAL(run(&p, cmd_dump_json, p.scn, NULL, NULL), 0);
    write_text(p.json, testing_read_file(p.out));
    CU_ASSERT_EQUAL(run(&p, cmd_from_json, p.json, NULL, NULL), 0);
    write_text(p.other, testing_read_file(p.out));
    CU_ASSERT_EQUAL(run(&p, cmd_dump_json, p.other, NULL, NULL), 0);
    TESTING_BYTES_EQ(testing_read_file(p.out), testing_read_file(p.json));
    CU_ASSERT_EQUAL(run(&p, cmd_from_json, p.scn, NULL, NULL), 3);
    CU_ASSERT(printed(&p, "no JSON at byte 0\n"));
    write_text(p.json, SPAN_LIT("{\"scenario\":5}"));
    CU_ASSERT_EQUAL(run(&p, cmd_from_json, p.json, NULL, NULL), 3);
    CU_ASSERT(printed(&p, "header: 'scenario' must be a text\n"));
    CU_ASSERT_EQUAL(run(&p, cmd_dump_json, "/nonexistent", NULL, NULL), 3);
    CU_ASSERT_EQUAL(run(&p, cmd_from_json, "/nonexistent", NULL, NULL), 3);
    drop_place(&p);
}

static void count(const char *path, void *ctx)
{
    (void)path;
    ++*(unsigned *)ctx;
}

static void test_files(void)
{
    static const char *const scn[] = {".scn", NULL};
    static const char *const none[] = {".xyz", NULL};
    struct place p = make_place();
    unsigned n = 0;

    write_text(p.other, SPAN_LIT(""));
    CU_ASSERT_EQUAL(files_walk(p.dir, scn, count, &n), ERR_OK);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_EQUAL(files_walk(p.dir, none, count, &n), ERR_INCOMPLETE);
    CU_ASSERT_EQUAL(files_walk(p.scn, none, count, &n), ERR_OK); /* named: whatever its suffix */
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(files_walk("/nonexistent", scn, count, &n), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(file_replace("/nonexistent/x", SPAN_LIT("x")), ERR_NOT_FOUND);
    drop_place(&p);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"lint", test_lint},
        {"fmt", test_fmt},
        {"explain and list", test_explain_and_list},
        {"dump-json and from-json", test_json},
        {"files and folders", test_files},
        {0},
    };
    return testing_main(argc, argv, "commands", cases);
}
