/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text through the lexer, every cursor reader on every line, and the error printer.
 */
#include <stdlib.h>

#include "base/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_line(struct conf_file *file, const struct conf_line *line)
{
    static const char *const known[] = {"set", "ramp", "within", "temperature", NULL};
    struct conf_cursor c = conf_cursor_of(file, line);
    struct quantity q;
    struct span word;
    int64_t number;
    size_t at;
    char text[16];

    for (unsigned turn = 0; !conf_at_end(&c); turn++) {
        size_t before = c.at;
        switch (turn % 7) {
        case 0: conf_take_word(&c, "a word", &word); break;
        case 1: conf_take_text(&c, "a text", text, sizeof text); break;
        case 2: conf_take_int(&c, "an int", -5, 1000, &number); break;
        case 3: conf_take_quantity(&c, (enum dim)(turn % DIM_COUNT), &q); break;
        case 4: conf_take_any_quantity(&c, &q); break;
        case 5: conf_take_known(&c, "verb", known, &at); break;
        case 6: conf_expect(&c, "->"); break;
        }
        if (c.at == before)
            conf_take(&c);
        if (c.at > line->n)
            abort();
    }
    conf_expect_end(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_file *file;
    char *printed = NULL;
    size_t n = 0;

    if (conf_parse("fuzz", span_of(data, size), &file) != ERR_OK)
        return 0;
    for (size_t i = 0; i < file->n_lines; i++)
        read_line(file, &file->lines[i]);
    FILE *out = open_memstream(&printed, &n);
    if (out == NULL)
        abort();
    conf_print_errors(file, out);
    fclose(out);
    free(printed);
    conf_delete(file);
    return 0;
}
