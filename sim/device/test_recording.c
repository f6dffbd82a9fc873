/* SPDX-License-Identifier: Apache-2.0
 *
 * Recorded sessions as a source of answers: raw and normalised text, payloads without a command,
 * several answers to one command, whole folders, and the console that replays them.
 */
#include <stdio.h>
#include <unistd.h>

#include "sim/device/recording.h"
#include "sim/device/test_console_support.h"

static struct recording *recording_of(const char *name, const char *text)
{
    struct recording *r = NULL;
    CU_ASSERT_EQUAL_FATAL(recording_new(&r), ERR_OK);
    CU_ASSERT_EQUAL(recording_add(r, name, span_str(text)), ERR_OK);
    return r;
}

#define ANSWER_IS(r, command, literal)                                          \
    do {                                                                        \
        struct span answer_;                                                    \
        CU_ASSERT_TRUE_FATAL(recording_find((r), SPAN_LIT(command), &answer_)); \
        TESTING_BYTES_EQ(answer_, SPAN_LIT(literal));                           \
    } while (0)

static void test_raw_bytes_stay(void)
{
    struct recording *r =
        recording_of("x.txt", "#! origin: a capture | form: raw\n"
                              "\n\rpylon>\n\rpylon>time\n\r@\r\n\rDs3231 2025-12-21 21:14:53\r\n\r"
                              "Command completed successfully\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_EQUAL(recording_count(r), 1);
    ANSWER_IS(r, "time",
              "@\r\n\rDs3231 2025-12-21 21:14:53\r\n\rCommand completed successfully\r\n\r$$\r\n\r"
              "pylon>");
    recording_delete(r);
}

static void test_echo_without_prompt(void)
{
    struct recording *r =
        recording_of("x.txt", "#! form: raw\npwr\n\r@\r\r\nPower Volt\r\n\rCommand completed "
                              "successfully\r\n\r$$\r\n\rpylon>");
    ANSWER_IS(r, "pwr",
              "@\r\r\nPower Volt\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>");
    recording_delete(r);
}

/* One LF a line; comments of the capturer; the prompt of the admin mode. */
static void test_text_gets_wire_line_ends(void)
{
    struct recording *r =
        recording_of("x.txt", "#! form: text\n# Device: US2000C\n\n"
                              "pylon_debug>getpwr\n@\n49768#\n0#\n"
                              "Command completed successfully\n$$\npylon_debug>\n");
    ANSWER_IS(
        r, "getpwr",
        "@\r\r\n49768#\r\r\n0#\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon_debug>");
    recording_delete(r);
    r = recording_of("x.txt", "pylon>info\n@\nDevice address      : 1\n\nCell Number         : 15\n"
                              "Command completed successfully\n$$\npylon>");
    ANSWER_IS(r, "info",
              "@\r\n\rDevice address      : 1\r\n\r\r\n\rCell Number         : 15\r\n\r"
              "Command completed successfully\r\n\r$$\r\n\rpylon>");
    recording_delete(r);
}

/* Two LF a line: an editor made one of every CR. */
static void test_double_line_ends(void)
{
    struct recording *r = recording_of(
        "x.txt",
        "\n\npylon>info 1\n\n@\n\nBarcode             : Y\n\n\n\nCell Number         : 15\n\n"
        "Command completed successfully\n\n$$\n\npylon>");
    ANSWER_IS(r, "info 1",
              "@\r\n\rBarcode             : Y\r\n\r\r\n\rCell Number         : 15\r\n\r"
              "Command completed successfully\r\n\r$$\r\n\rpylon>");
    recording_delete(r);
}

static void test_lost_tail_is_restored(void)
{
    struct recording *r = recording_of("x.txt", "pylon>bat\nBattery  Volt\n0        3379\n");
    ANSWER_IS(
        r, "bat",
        "@\r\r\nBattery  Volt\r\r\n0        3379\r\n\rCommand completed successfully\r\n\r$$\r\n\r"
        "pylon>");
    recording_delete(r);
}

/* An error answer has no completion line and gets none. */
static void test_error_answers(void)
{
    struct recording *r =
        recording_of("x.txt", "stat 2\n@\nTarget device is not present\n$$\npylon>");
    ANSWER_IS(r, "stat 2", "@\r\r\nTarget device is not present\r\n\r$$\r\n\rpylon>");
    recording_delete(r);
}

static void test_payload_without_command(void)
{
    struct recording *r =
        recording_of("a/b/us2000c_x.txt", "#! form: text\nPower Volt   Curr\n1     4\n");
    struct span answer;
    CU_ASSERT_TRUE(recording_find(r, SPAN_LIT("pwr"), &answer));
    CU_ASSERT_FALSE(recording_find(r, SPAN_LIT("bat"), &answer));
    recording_delete(r);
    r = recording_of("a/b/us2000c_data-event.txt", "-------\nItem Index      : 232\n-------\n");
    CU_ASSERT_TRUE(recording_find(r, SPAN_LIT("data event"), &answer));
    recording_delete(r);
    CU_ASSERT_EQUAL(recording_new(&r), ERR_OK);
    CU_ASSERT_EQUAL(recording_add(r, "INDEX.md", SPAN_LIT("# Captures\n\nfiles\n")), ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(recording_count(r), 0);
    recording_delete(r);
}

static void test_session_with_many_commands(void)
{
    struct recording *r =
        recording_of("x.txt", "pylon>pwr\n@\nA\nCommand completed successfully\n$$\n"
                              "pylon>info\n@\nB\nCommand completed successfully\n$$\n"
                              "pylon>pwr\n@\nC\nCommand completed successfully\n$$\npylon>\n");
    struct span answer;
    CU_ASSERT_EQUAL(recording_count(r), 3);
    CU_ASSERT_TRUE(span_eq_str(recording_command(r, 2), "pwr"));
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(recording_find(r, SPAN_LIT("pwr"), &answer));
        CU_ASSERT_TRUE(span_starts(answer, i == 0 ? "@\r\r\nA\r" : "@\r\r\nC\r"));
        recording_next(r, SPAN_LIT("pwr"));
    }
    ANSWER_IS(r, "info", "@\r\n\rB\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>");
    recording_next(r, SPAN_LIT("never seen"));
    recording_delete(r);
}

static void test_console_replays(void)
{
    struct recording *r = recording_of(
        "x.txt", "pylon>pwr\n@\nPower Volt\nCommand completed successfully\n$$\npylon>\n");
    struct bench b;
    bench_open(&b);
    bench_module(&b, 1, "pylontech.us2000c", 3300, 0, 250, 500);
    b.device->ops->replay(b.device, r);
    BENCH_SAYS(&b, "pwr\r",
               "pwr\n\r@\r\r\nPower Volt\r\n\rCommand completed successfully\r\n\r$$\r\n\rpylon>");
    CU_ASSERT_TRUE(b.replies[0].recorded);
    CU_ASSERT_EQUAL(b.replies[0].kind, DEVICE_ANSWER);
    BENCH_SAYS(&b, "bat\r", "bat\n\r@\r\r\nUnknown command 'bat' - try 'help'\r\n\r$$\r\n\rpylon>");
    BENCH_SAYS(&b, "\r", "\n\rpylon>");
    b.device->ops->replay(b.device, NULL);
    CU_ASSERT_TRUE(bench_has(bench_type(&b, "bat\r"), "Battery  Volt"));
    bench_close(&b);
    recording_delete(r);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void test_files_and_folders(void)
{
    char folder[] = "/tmp/bmsrig-recording-XXXXXX", a[64], b[64], c[64], both[160];
    struct recording *r = NULL;
    const char *why = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(a, sizeof a, "%s/a.txt", folder);
    snprintf(b, sizeof b, "%s/b.txt", folder);
    snprintf(c, sizeof c, "%s/c.md", folder);
    write_file(a, "pylon>pwr\n@\nA\n$$\npylon>\n");
    write_file(b, "pylon>bat\n@\nB\n$$\npylon>\n");
    write_file(c, "pylon>info\n@\nC\n$$\npylon>\n");
    CU_ASSERT_EQUAL(recording_load(folder, &r, &why), ERR_OK);
    CU_ASSERT_EQUAL(recording_count(r), 2);
    recording_delete(r);
    snprintf(both, sizeof both, "%s, %s", c, a);
    CU_ASSERT_EQUAL(recording_load(both, &r, &why), ERR_OK);
    CU_ASSERT_EQUAL(recording_count(r), 2);
    CU_ASSERT_TRUE(span_eq_str(recording_command(r, 0), "info"));
    recording_delete(r);
    CU_ASSERT_EQUAL(recording_load("/nowhere/at all", &r, &why), ERR_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(why, "the recording cannot be opened");
    write_file(b, "nothing\n");
    CU_ASSERT_EQUAL(recording_load(b, &r, &why), ERR_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(why, "no console command was recognised in the recording");
    unlink(a);
    unlink(b);
    unlink(c);
    rmdir(folder);
}

/* ---- damage: refused or understood, never more than that ---- */

static void must_be_sound(struct span text)
{
    struct recording *r = NULL;
    struct span answer;
    CU_ASSERT_EQUAL_FATAL(recording_new(&r), ERR_OK);
    enum err e = recording_add(r, "x.txt", text);
    CU_ASSERT_TRUE(e == ERR_OK || e == ERR_NOT_FOUND);
    for (size_t i = 0; i < recording_count(r); i++)
        CU_ASSERT_TRUE(recording_find(r, recording_command(r, i), &answer) && answer.n > 0);
    recording_delete(r);
}

static void cut_must_be_sound(struct span cut, void *ctx)
{
    (void)ctx;
    must_be_sound(cut);
}

static void flip_must_be_sound(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    (void)byte;
    (void)bit;
    (void)ctx;
    must_be_sound(flipped);
}

static void test_damaged_recordings(void)
{
    static const char *const texts[] = {
        "#! form: raw\n\n\rpylon>time\n\r@\r\n\rDs3231 2025-12-21 21:14:53\r\n\r"
        "Command completed successfully\r\n\r$$\r\n\rpylon>",
        "pylon>pwr\n@\nA\n$$\npylon>info\n@\nB\n\nC\nCommand completed\n$$\npylon>"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        testing_every_truncation(span_str(texts[i]), cut_must_be_sound, NULL);
        testing_every_bit_flip(span_str(texts[i]), flip_must_be_sound, NULL);
    }
}

/* Every capture of the collection is understood, and what comes out is an answer. */
static void test_the_collection(void)
{
    const char *shared = testing_shared();
    char path[512];
    struct recording *r = NULL;
    const char *why = NULL;
    if (shared == NULL) {
        testing_skip("the captures are not here (BMSRIG_SHARED)");
        return;
    }
    snprintf(path, sizeof path, "%s/captures/pylontech-console", shared);
    CU_ASSERT_EQUAL_FATAL(recording_load(path, &r, &why), ERR_OK);
    CU_ASSERT_TRUE(recording_count(r) >= 115);
    for (size_t i = 0; i < recording_count(r); i++) {
        struct span command = recording_command(r, i), answer;
        CU_ASSERT_TRUE(recording_find(r, command, &answer));
        CU_ASSERT_TRUE(answer.n > 0 && command.n < 24);
    }
    static const char *const wanted[] = {"pwr",    "pwr 1", "bat",    "bat 1",    "info",
                                         "info 2", "stat",  "stat 3", "soh",      "soh 1",
                                         "time",   "log",   "help",   "pwrsys",   "getpwr",
                                         "ver",    "unit",  "socd 1", "totalcoul"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct span answer;
        if (!recording_find(r, span_str(wanted[i]), &answer))
            TESTING_FAIL("%s was not found", wanted[i]);
    }
    recording_delete(r);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"raw bytes stay as they are", test_raw_bytes_stay},
        {"an echo without prompt", test_echo_without_prompt},
        {"text gets the line ends of the wire", test_text_gets_wire_line_ends},
        {"doubled line ends", test_double_line_ends},
        {"a lost tail is restored", test_lost_tail_is_restored},
        {"error answers", test_error_answers},
        {"payload without a command", test_payload_without_command},
        {"a session of many commands", test_session_with_many_commands},
        {"the console replays", test_console_replays},
        {"files and folders", test_files_and_folders},
        {"damaged recordings", test_damaged_recordings},
        {"the collection of captures", test_the_collection},
        {0}};
    return testing_main(argc, argv, "recording", cases);
}
