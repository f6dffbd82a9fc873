/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of calls is in three places: what the preload library exports, what the documentation
 * says, what `bmsrig can-virtualise` knows. They must agree.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "harness/vt/vt_program.h"
#include "testing/testing.h"

enum { NAMES_MAX = 400 };

struct names {
    const char *at[NAMES_MAX];
    size_t n;
};

static bool has(const struct names *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->at[i], name) == 0)
            return true;
    return false;
}

static void add(struct names *list, const char *name)
{
    CU_ASSERT_FATAL(list->n < NAMES_MAX);
    list->at[list->n++] = name;
}

static void expect_subset(const struct names *of, const char *where, const struct names *list,
                          const char *from)
{
    for (size_t i = 0; i < list->n; i++)
        if (!has(of, list->at[i]))
            TESTING_FAIL("%s is in %s and not in %s", list->at[i], from, where);
}

/* The functions that the library defines: .dynsym of a file that our own linker has written. */
static void read_library(struct names *ret)
{
    struct span file = testing_read_file(PRELOAD_LIBRARY);
    Elf64_Ehdr head;

    CU_ASSERT_FATAL(file.n > sizeof head);
    memcpy(&head, file.p, sizeof head);
    for (size_t i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr table, text;
        memcpy(&table, file.p + head.e_shoff + i * sizeof table, sizeof table);
        if (table.sh_type != SHT_DYNSYM)
            continue;
        memcpy(&text, file.p + head.e_shoff + table.sh_link * sizeof text, sizeof text);
        for (size_t k = 0; k < table.sh_size / sizeof(Elf64_Sym); k++) {
            Elf64_Sym symbol;
            memcpy(&symbol, file.p + table.sh_offset + k * sizeof symbol, sizeof symbol);
            if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC)
                add(ret, (const char *)file.p + text.sh_offset + symbol.st_name);
        }
    }
    CU_ASSERT(ret->n > 100);
}

/* Words in backquotes in the second column of the table; those with a slash are files. */
static void read_row(struct span row, struct names *ret)
{
    size_t column = span_find(row, 1, span_str("|"));

    for (size_t at = column; at < row.n;) {
        size_t from = span_find_byte(row, at, '`') + 1;
        size_t to = from < row.n ? span_find_byte(row, from, '`') : row.n;
        if (to >= row.n)
            break;
        char *name = calloc(1, to - from + 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(name);
        span_to_str(span_sub(row, from, to), name, to - from + 1);
        add(ret, name);
        at = to + 1;
    }
}

static void read_page(struct names *ret)
{
    struct span text = testing_read_file(PAGE), line;
    bool inside = false;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text.p);
    while (span_line(&text, &line)) {
        if (span_starts(line, "## "))
            inside = span_starts(line, "## Every call");
        else if (inside && span_starts(line, "| "))
            read_row(line, ret);
    }
}

static void test_lists_agree(void)
{
    struct names library = {.n = 0}, page = {.n = 0}, known = {.n = 0};

    read_library(&library);
    read_page(&page);
    for (const char *const *name = vt_program_handled(); *name != NULL; name++)
        add(&known, *name);
    expect_subset(&page, "docs/virtual-time.md", &library, "the preload library");
    expect_subset(&library, "the preload library", &page, "docs/virtual-time.md");
    expect_subset(&library, "the preload library", &known, "bmsrig can-virtualise");
    for (size_t i = 0; i < page.n; i++)
        free((char *)(uintptr_t)page.at[i]);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"library, documentation and can-virtualise agree", test_lists_agree},
        {0},
    };
    return testing_main(argc, argv, "vt_calls", cases);
}
