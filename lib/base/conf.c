/* SPDX-License-Identifier: Apache-2.0
 *
 * The lexer: one pass over the text, tokens that point into it. It accepts everything; what is no
 * token becomes an error with a position, and the pass goes on.
 */
#include "base/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES ((size_t)16 << 20) /* a script is text by hand: anything larger is a mistake */

struct lexer {
    struct conf_file *file;
    struct span line;
    uint32_t number;
    size_t at;
    size_t line_tokens; /* of this line so far */
    size_t n_tokens;    /* of the file, the end marks of lines included */
    size_t cap_tokens;
    size_t cap_lines;
    bool no_memory;
};

/* ---- characters ---- */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What words consist of without looking further. */
static bool is_word(uint8_t c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("_/{}@~", c) != NULL);
}

/* The byte `ahead` of the current one; NUL, which no token holds, behind the end of the line. */
static uint8_t look(const struct lexer *lx, size_t ahead)
{
    return lx->line.n - lx->at > ahead ? lx->line.p[lx->at + ahead] : 0;
}

/* ---- growing tables ---- */

static void *grow(struct lexer *lx, void *table, size_t *cap, size_t n, size_t item)
{
    if (n < *cap)
        return table;
    size_t more = *cap == 0 ? 64 : 2 * *cap;
    void *bigger = realloc(table, more * item);
    if (bigger == NULL) {
        lx->no_memory = true;
        return table;
    }
    *cap = more;
    return bigger;
}

static void push(struct lexer *lx, enum conf_kind kind, struct span text, size_t start, bool glued)
{
    struct conf_file *f = lx->file;

    f->tokens = grow(lx, f->tokens, &lx->cap_tokens, lx->n_tokens, sizeof *f->tokens);
    if (lx->no_memory)
        return;
    f->tokens[lx->n_tokens++] = (struct conf_token){
        .kind = kind,
        .text = text,
        .line = lx->number,
        .column = (uint32_t)start + 1,
        .glued = glued,
    };
}

/* ---- tokens: each returns its length ---- */

static bool number_starts(const struct lexer *lx)
{
    uint8_t c = look(lx, 0);
    return is_digit(c) || ((c == '+' || c == '-') && is_digit(look(lx, 1)));
}

static size_t number_length(const struct lexer *lx)
{
    size_t n = 1; /* the sign or a digit */

    if (look(lx, 0) == '0' && look(lx, 1) == 'x' && is_hex_digit(look(lx, 2))) {
        for (n = 3; is_hex_digit(look(lx, n)); n++)
            ;
        return n;
    }
    while (is_digit(look(lx, n)))
        n++;
    if (look(lx, n) == '.' && is_digit(look(lx, n + 1))) {
        for (n += 2; is_digit(look(lx, n)); n++)
            ;
    }
    return n;
}

static bool word_starts(const struct lexer *lx)
{
    uint8_t c = look(lx, 0);
    return is_letter(c) || c == '_' || c == '/' || c == '{' || (c == '~' && look(lx, 1) == '/');
}

static size_t word_length(const struct lexer *lx)
{
    size_t n = 1;

    for (;; n++) {
        uint8_t c = look(lx, n);
        bool joins = c == '-' || c == '.' || c == '+' || c == ':';
        if (!is_word(c) && !(joins && is_word(look(lx, n + 1))))
            return n;
    }
}

static size_t punct_length(const struct lexer *lx)
{
    static const char pairs[][3] = {"..", "->", "<=", ">=", "!="};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (look(lx, 0) == (uint8_t)pairs[i][0] && look(lx, 1) == (uint8_t)pairs[i][1])
            return 2;
    }
    return 1;
}

/* The length with both quotes; checks escapes and the closing quote. */
static size_t string_length(struct lexer *lx, bool *ret_closed)
{
    uint32_t start = (uint32_t)lx->at + 1;

    *ret_closed = true;
    for (size_t n = 1; lx->at + n < lx->line.n; n++) {
        uint8_t c = look(lx, n);
        if (c == '"')
            return n + 1;
        if (c == '\\') {
            uint8_t escaped = look(lx, ++n);
            if (escaped == '\0' || strchr("\"\\nt", escaped) == NULL)
                conf_error_at(lx->file, lx->number, start + (uint32_t)n - 1,
                              "unknown escape (known: \\\" \\\\ \\n \\t)");
        } else if (c < 0x20 && c != '\t') {
            conf_error_at(lx->file, lx->number, start + (uint32_t)n,
                          "control character in a string");
        }
    }
    conf_error_at(lx->file, lx->number, start, "string without its closing quote");
    *ret_closed = false;
    return lx->line.n - lx->at;
}

static void lex_string(struct lexer *lx, bool glued)
{
    bool closed;
    size_t start = lx->at;
    size_t n = string_length(lx, &closed);

    push(lx, CONF_STRING, span_sub(lx->line, start + 1, n - (closed ? 2 : 1)), start, glued);
    lx->at += n;
}

/* A run of bytes that belong nowhere is one error. */
static void skip_foreign(struct lexer *lx)
{
    size_t start = lx->at;
    bool text = look(lx, 0) >= 0x80;

    while (lx->at < lx->line.n && (look(lx, 0) >= 0x7f || look(lx, 0) < 0x20) &&
           look(lx, 0) != '\t')
        lx->at++;
    conf_error_at(lx->file, lx->number, (uint32_t)start + 1,
                  text ? "only strings and comments may hold characters outside ASCII"
                       : "control character");
}

static void lex_token(struct lexer *lx, bool glued)
{
    size_t start = lx->at;
    uint8_t c = look(lx, 0);
    enum conf_kind kind = CONF_PUNCT;
    size_t n;

    if (c == '"') {
        lex_string(lx, glued);
        return;
    }
    if (c < 0x20 || c >= 0x7f) {
        skip_foreign(lx);
        return;
    }
    if (number_starts(lx)) {
        kind = CONF_NUMBER;
        n = number_length(lx);
    } else if (word_starts(lx)) {
        kind = CONF_WORD;
        n = word_length(lx);
    } else {
        n = punct_length(lx);
    }
    push(lx, kind, span_sub(lx->line, start, n), start, glued);
    lx->at += n;
}

static void lex_line(struct lexer *lx)
{
    struct conf_file *f = lx->file;
    size_t first = lx->n_tokens;
    bool glued = false;

    for (lx->at = 0; lx->at < lx->line.n && !lx->no_memory;) {
        uint8_t c = look(lx, 0);
        if (c == '#')
            break;
        if (c == ' ' || c == '\t') {
            lx->at++;
            glued = false;
            continue;
        }
        lex_token(lx, glued);
        glued = true;
    }
    size_t n = lx->n_tokens - first;
    if (n == 0)
        return;
    /* The end mark: behind the last token, so that "found end of line" points there. */
    const struct conf_token *last = &f->tokens[lx->n_tokens - 1];
    size_t end = (size_t)(last->text.p - lx->line.p) + last->text.n;
    if (last->kind == CONF_STRING)
        end++;
    push(lx, CONF_END, span_sub(lx->line, lx->line.n, 0), end, false);
    f->lines = grow(lx, f->lines, &lx->cap_lines, f->n_lines, sizeof *f->lines);
    if (!lx->no_memory)
        f->lines[f->n_lines++] = (struct conf_line){lx->number, lx->line, NULL, n};
}

/* Lines end with LF; a CR before it is dropped. */
static void lex_all(struct lexer *lx, struct span text)
{
    if (span_starts(text, "\xEF\xBB\xBF")) /* editors of another system put it there */
        rd_skip(&text, 3);
    while (text.n > 0 && !lx->no_memory) {
        size_t end = span_find_byte(text, 0, '\n');
        lx->line = span_sub(text, 0, end);
        if (lx->line.n > 0 && lx->line.p[lx->line.n - 1] == '\r')
            lx->line.n--;
        lx->number++;
        lex_line(lx);
        text = span_sub(text, end + 1, text.n);
    }
    /* The table of tokens moves no more: lines may point into it. */
    const struct conf_token *token = lx->file->tokens;
    for (size_t i = 0; i < lx->file->n_lines; i++) {
        lx->file->lines[i].tokens = token;
        token += lx->file->lines[i].n + 1;
    }
}

/* ---- files ---- */

/* Takes over `data`. */
static enum err parse_owned(const char *name, char *data, size_t size, struct conf_file **ret)
{
    struct conf_file *f = calloc(1, sizeof *f);
    size_t n_name = strlen(name) + 1;

    if (f == NULL) {
        free(data);
        return ERR_MEMORY;
    }
    f->data = data;
    f->size = size;
    f->name = malloc(n_name);
    if (f->name == NULL) {
        conf_delete(f);
        return ERR_MEMORY;
    }
    memcpy(f->name, name, n_name);
    struct lexer lx = {.file = f};
    lex_all(&lx, span_of(data, size));
    if (lx.no_memory) {
        conf_delete(f);
        return ERR_MEMORY;
    }
    *ret = f;
    return ERR_OK;
}

enum err conf_parse(const char *name, struct span text, struct conf_file **ret)
{
    if (text.n > MAX_BYTES)
        return ERR_RANGE;
    char *data = malloc(text.n + 1);
    if (data == NULL)
        return ERR_MEMORY;
    if (text.n > 0)
        memcpy(data, text.p, text.n);
    data[text.n] = '\0';
    return parse_owned(name, data, text.n, ret);
}

static enum err read_all(FILE *in, char **ret_data, size_t *ret_size)
{
    size_t size = 0;
    size_t cap = 4096;
    char *data = malloc(cap);

    while (data != NULL) {
        size_t n = fread(data + size, 1, cap - size - 1, in);
        size += n;
        if (n == 0 || size > MAX_BYTES)
            break;
        if (size + 1 < cap)
            continue;
        cap *= 2;
        char *bigger = realloc(data, cap);
        if (bigger == NULL)
            free(data);
        data = bigger;
    }
    if (data == NULL)
        return ERR_MEMORY;
    if (ferror(in) || size > MAX_BYTES) {
        free(data);
        return ferror(in) ? ERR_IO : ERR_RANGE;
    }
    data[size] = '\0';
    *ret_data = data;
    *ret_size = size;
    return ERR_OK;
}

enum err conf_load(const char *path, struct conf_file **ret)
{
    bool standard = strcmp(path, "-") == 0;
    char *data;
    size_t size;

    FILE *in = standard ? stdin : fopen(path, "rb");
    if (in == NULL) {
        enum err e = err_from_errno(errno);
        return e == ERR_NOT_FOUND || e == ERR_DENIED || e == ERR_MEMORY ? e : ERR_IO;
    }
    enum err e = read_all(in, &data, &size);
    if (!standard)
        fclose(in);
    return e == ERR_OK ? parse_owned(standard ? "<stdin>" : path, data, size, ret) : e;
}

void conf_delete(struct conf_file *file)
{
    if (file == NULL)
        return;
    free(file->name);
    free(file->data);
    free(file->lines);
    free(file->tokens);
    free(file);
}
