/* SPDX-License-Identifier: Apache-2.0
 *
 * fmt, dump-json, from-json: the same scenario in another form. fmt proves before it writes that
 * the meaning stayed: both texts have the same JSON image.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "harness/scenario/commands_private.h"

/* Formatting adds blanks only; a line of one token grows by its column at most. */
static size_t room_for(const struct conf_file *file)
{
    return 4 * file->size + 128 * (file->n_lines + 1);
}

static enum err image_of(const struct scenario *s, struct json_out **ret)
{
    struct json_out *out = json_out_new();
    enum err e = scenario_to_json(s, out);

    if (e != ERR_OK) {
        json_out_delete(out);
        return e;
    }
    *ret = out;
    return ERR_OK;
}

/* Whether `text` says the same as the scenario does. */
static bool means_the_same(const struct scenario *s, struct span text)
{
    struct scenario *other = NULL;
    struct json_out *a = NULL;
    struct json_out *b = NULL;
    bool same = scenario_parse(s->path, text, NULL, &other) == ERR_OK &&
                image_of(s, &a) == ERR_OK && image_of(other, &b) == ERR_OK &&
                span_eq(json_out_text(a), json_out_text(b));

    json_out_delete(a);
    json_out_delete(b);
    scenario_delete(other);
    return same;
}

/* ---- fmt ---- */

static const char fmt_help[] =
    "usage: bmsrig fmt [--check | -w] FILE|FOLDER...\n"
    "\n"
    "Puts scenarios into canonical columns: times, actors, conditions and requirements each below "
    "each\n"
    "other. Comments, blank lines and the spelling of numbers stay. Prints the result, or\n"
    "  -w        rewrites the files\n"
    "  --check   lists the files that would change; exit code 1 when there are any\n";

struct fmt {
    bool check, write;
    int code;
};

static void worse(struct fmt *fmt, int code)
{
    fmt->code = code > fmt->code ? code : fmt->code;
}

static void deliver(struct fmt *fmt, const struct scenario *s, struct span text)
{
    bool same = span_eq(text, span_of(s->file->data, s->file->size));

    if (fmt->check && !same) {
        printf("%s\n", s->path);
        worse(fmt, EXIT_DIFFERS);
    }
    if (fmt->check || (fmt->write && same))
        return;
    if (!fmt->write) {
        fwrite(text.p, 1, text.n, stdout);
        return;
    }
    enum err e = file_replace(s->path, text);
    if (e != ERR_OK) {
        command_failed("fmt", s->path, e);
        worse(fmt, EXIT_ERRORS);
    }
}

static void format_one(struct fmt *fmt, const struct scenario *s)
{
    size_t cap = room_for(s->file);
    uint8_t *room = malloc(cap);
    struct buf text = buf_of(room, cap);
    enum err e = room == NULL ? ERR_MEMORY : scenario_format(s, &text);

    if (e != ERR_OK) {
        command_failed("fmt", s->path, e);
        worse(fmt, EXIT_OURS);
    } else if (!means_the_same(s, buf_span(&text))) {
        fprintf(stderr, "bmsrig fmt: %s: would change its meaning; left alone (please report)\n",
                s->path);
        worse(fmt, EXIT_OURS);
    } else {
        deliver(fmt, s, buf_span(&text));
    }
    free(room);
}

static void fmt_file(const char *path, void *ctx)
{
    struct fmt *fmt = ctx;
    struct scenario *s = NULL;
    enum err e = scenario_load(path, NULL, &s);

    if (s == NULL) {
        command_failed("fmt", path, e);
        worse(fmt, EXIT_ERRORS);
        return;
    }
    if (e != ERR_OK) {
        scenario_print_errors(s, stderr);
        worse(fmt, EXIT_ERRORS);
    } else {
        format_one(fmt, s);
    }
    scenario_delete(s);
}

int cmd_fmt(int argc, char **argv, const struct command_env *env)
{
    static const char *const suffixes[] = {".scn", NULL};
    struct fmt fmt = {.code = EXIT_FINE};
    const struct option_word options[] = {
        {"--check", &fmt.check}, {"-w", &fmt.write}, {NULL, NULL}};
    int code;

    (void)env; /* names do not matter for columns */
    if (!take_options(&argc, argv, fmt_help, options, &code))
        return code;
    if (!need_files(argc, fmt_help))
        return EXIT_ERRORS;
    if (fmt.check && fmt.write) {
        fputs("bmsrig fmt: --check or -w, not both\n", stderr);
        return EXIT_ERRORS;
    }
    for (int i = 0; i < argc; i++) {
        enum err e = files_walk(argv[i], suffixes, fmt_file, &fmt);
        if (e != ERR_OK) {
            command_failed("fmt", argv[i], e);
            worse(&fmt, EXIT_ERRORS);
        }
    }
    return fmt.code;
}

/* ---- JSON ---- */

static const char dump_help[] = "usage: bmsrig dump-json FILE\n"
                                "\n"
                                "Prints a scenario as one JSON document, for programs that "
                                "generate or change scenarios. It holds\n"
                                "everything but the comments; from-json makes text of it again.\n";

int cmd_dump_json(int argc, char **argv, const struct command_env *env)
{
    static const struct option_word options[] = {{NULL, NULL}};
    struct scenario *s = NULL;
    struct json_out *image = NULL;
    int code;

    if (!take_options(&argc, argv, dump_help, options, &code))
        return code;
    if (argc != 1) {
        fputs(dump_help, stderr);
        return EXIT_ERRORS;
    }
    enum err e = scenario_load(argv[0], env->names, &s);
    if (s == NULL)
        command_failed("dump-json", argv[0], e);
    else if (e != ERR_OK)
        scenario_print_errors(s, stderr);
    if (e == ERR_OK && (e = image_of(s, &image)) == ERR_OK) {
        struct span text = json_out_text(image);
        fwrite(text.p, 1, text.n, stdout);
        putchar('\n');
    }
    json_out_delete(image);
    scenario_delete(s);
    return e == ERR_OK ? EXIT_FINE : EXIT_ERRORS;
}

static const char from_help[] = "usage: bmsrig from-json FILE\n"
                                "\n"
                                "Prints the scenario that a JSON document (see dump-json) "
                                "describes, in canonical columns, and\n"
                                "checks it like lint. FILE may be - for standard input.\n";

static enum err print_text(const char *path, struct span text, const struct scenario_names *names)
{
    struct scenario *s = NULL;
    enum err e = scenario_parse(path, text, names, &s);

    fwrite(text.p, 1, text.n, stdout);
    if (s != NULL)
        scenario_print_errors(s, stderr);
    scenario_delete(s);
    return e;
}

static enum err convert(const char *path, struct span image, const struct scenario_names *names)
{
    struct json_doc *doc = NULL;
    char why[256] = "";
    size_t offset = 0;
    size_t cap = 16 * image.n + 4096;
    uint8_t *room = malloc(cap);
    struct buf text = buf_of(room, cap);
    enum err e = room == NULL ? ERR_MEMORY : json_parse(image, &doc, &offset);

    if (e == ERR_SYNTAX) {
        fprintf(stderr, "bmsrig from-json: %s: no JSON at byte %zu\n", path, offset);
    } else if (e == ERR_OK) {
        e = scenario_from_json(json_root(doc), &text, why, sizeof why);
        if (e == ERR_SYNTAX)
            fprintf(stderr, "bmsrig from-json: %s: %s\n", path, why);
        if (e == ERR_OK)
            e = print_text(path, buf_span(&text), names);
    }
    json_delete(doc);
    free(room);
    return e;
}

int cmd_from_json(int argc, char **argv, const struct command_env *env)
{
    static const struct option_word options[] = {{NULL, NULL}};
    struct span image;
    int code;

    if (!take_options(&argc, argv, from_help, options, &code))
        return code;
    if (argc != 1) {
        fputs(from_help, stderr);
        return EXIT_ERRORS;
    }
    enum err e = file_read(argv[0], &image);
    if (e != ERR_OK) {
        command_failed("from-json", argv[0], e);
        return EXIT_ERRORS;
    }
    e = convert(argv[0], image, env->names);
    free((void *)(uintptr_t)image.p);
    return e == ERR_OK ? EXIT_FINE : EXIT_ERRORS;
}
