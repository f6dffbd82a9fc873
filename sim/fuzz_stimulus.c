/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text as a line of a timeline, of [port] and of [bms 1]: no crash, an error for every refusal,
 * and what is accepted prints as a line that reads as the same thing.
 */
#include <stdlib.h>

#include "sim/config.h"
#include "sim/stimulus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_round_trip(const struct stimulus *s)
{
    char text[1024];
    struct buf out = buf_of(text, sizeof text);
    struct conf_file *file = NULL;
    struct stimulus again;

    must(stimulus_format(s, &out));
    must(conf_parse("again", buf_span(&out), &file) == ERR_OK);
    must(file->n_lines == 1);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    must(stimulus_take(&c, false, &again));
    must(stimulus_eq(s, &again));
    conf_delete(file);
}

static void try_stimulus(struct conf_file *file, const struct conf_line *line)
{
    struct conf_cursor c = conf_cursor_of(file, line);
    size_t errors = file->n_errors + file->n_more;
    struct stimulus s;

    if (stimulus_take(&c, true, &s))
        check_round_trip(&s);
    else
        must(file->n_errors + file->n_more > errors);
}

static void try_keys(struct conf_file *file, const struct conf_line *line)
{
    struct sim_config config;
    struct conf_cursor port = conf_cursor_of(file, line), bms = port;

    sim_config_init(&config);
    sim_config_port_key(&config, &port);
    sim_config_bms_key(&config, 1, &bms);
    sim_config_check(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_file *file = NULL;

    if (conf_parse("fuzz", span_of(data, size), &file) != ERR_OK)
        return 0;
    for (size_t i = 0; i < file->n_lines; i++) {
        try_stimulus(file, &file->lines[i]);
        try_keys(file, &file->lines[i]);
    }
    conf_delete(file);
    return 0;
}
