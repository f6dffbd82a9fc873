/* SPDX-License-Identifier: Apache-2.0
 *
 * See options.h. Every `key=value` becomes a line "key value" for the readers of the scenario
 * language.
 */
#include "sim/app/options.h"

#include <stdarg.h>
#include <string.h>

#include "sim/device/device.h"
#include "sim/model/pack.h"

struct parser {
    struct options *o;
    FILE *err;
    int argc, at;
    char **argv;
    int64_t modules; /* of --modules; 0: not given */
    char product[40];
    bool bms_given;
};

static bool complain(const struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool complain(const struct parser *p, const char *format, ...)
{
    va_list args;

    fputs("bms-sim: ", p->err);
    va_start(args, format);
    vfprintf(p->err, format, args);
    va_end(args);
    fputs("\n", p->err);
    return false;
}

/* ---- key=value through the readers of the language ---- */

typedef bool (*key_reader)(struct sim_config *config, unsigned n, struct conf_cursor *c);

static bool read_port_key(struct sim_config *config, unsigned n, struct conf_cursor *c)
{
    (void)n;
    return sim_config_port_key(config, c);
}

static bool is_text_key(struct span key)
{
    return span_eq_str(key, "serial") || span_eq_str(key, "firmware") || span_eq_str(key, "prompt");
}

/* "soc=97%" -> `soc 97%`; texts get their quotes here, so that no shell has to be told about them.
 */
static bool as_line(struct span pair, struct buf *out)
{
    size_t equals = span_find_byte(pair, 0, '=');
    struct span key = span_trim(span_sub(pair, 0, equals));
    struct span value = span_trim(span_sub(pair, equals + 1, pair.n));
    bool quote = is_text_key(key) && !span_starts(value, "\"");

    if (equals == pair.n || key.n == 0 || value.n == 0)
        return false;
    buf_put(out, key);
    buf_str(out, quote ? " \"" : " ");
    buf_put(out, value);
    buf_str(out, quote ? "\"" : "");
    return !out->overflow;
}

static bool read_pair(struct parser *p, const char *option, struct span pair, unsigned n,
                      key_reader read)
{
    char memory[256];
    struct buf line = buf_of(memory, sizeof memory);
    struct conf_file *file = NULL;

    if (!as_line(pair, &line)) {
        fprintf(p->err, "bms-sim: %s: expected KEY=VALUE, found '%.*s'\n", option,
                (int)(pair.n < 60 ? pair.n : 60), (const char *)pair.p);
        return false;
    }
    if (conf_parse(option, buf_span(&line), &file) != ERR_OK)
        return complain(p, "%s", "no memory");
    bool ok = file->n_errors == 0 && file->n_lines == 1;
    if (ok) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
        ok = read(&p->o->config, n, &c);
    }
    if (!ok)
        conf_print_errors(file, p->err);
    conf_delete(file);
    return ok;
}

/* ---- --bms N:PRODUCT,key=value,... ---- */

/* "us3000c" is enough: no two makers have the same name. False when no product ends so. */
static bool find_short(struct span name, char *out, size_t cap)
{
    for (size_t i = 0; product_names()[i] != NULL; i++) {
        struct span full = span_str(product_names()[i]);
        size_t dot = span_find_byte(full, 0, '.');
        if (span_eq(span_sub(full, dot + 1, full.n), name)) {
            span_to_str(full, out, cap);
            return true;
        }
    }
    return false;
}

static bool unknown_product(const struct parser *p, const char *option, struct span name)
{
    const char *shorts[64] = {NULL};
    for (size_t i = 0; product_names()[i] != NULL && i + 1 < 64; i++)
        shorts[i] = strchr(product_names()[i], '.') + 1;
    const char *nearest = conf_nearest(name, shorts);
    return complain(p, "%s: unknown product '%.*s'%s%s%s (bms-sim list shows all)", option,
                    (int)(name.n < 40 ? name.n : 40), (const char *)name.p,
                    nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "'?" : "");
}

static bool read_product(struct parser *p, const char *option, struct span name, unsigned n)
{
    char memory[64], text[40];
    struct buf pair = buf_of(memory, sizeof memory);

    span_to_str(name, text, sizeof text);
    if (product_find(text) == NULL && !find_short(name, text, sizeof text))
        return unknown_product(p, option, name);
    buf_str(&pair, "model=");
    buf_str(&pair, text);
    return read_pair(p, option, buf_span(&pair), n, sim_config_bms_key);
}

static bool take_bms(struct parser *p, const char *value)
{
    struct span rest = span_str(value);
    size_t colon = span_find_byte(rest, 0, ':');
    char option[24];
    struct buf name = buf_of(option, sizeof option - 1);
    int64_t n = 0;

    if (colon == rest.n || !parse_i64(span_sub(rest, 0, colon), 1, SIM_MAX_BATTERIES, &n))
        return complain(
            p, "--bms: expected N:PRODUCT[,KEY=VALUE...] with N from 1 to 16, found '%s'", value);
    buf_printf(&name, "--bms %d", (int)n);
    option[name.n] = '\0';
    rest = span_sub(rest, colon + 1, rest.n);
    size_t comma = span_find_byte(rest, 0, ',');
    if (!read_product(p, option, span_trim(span_sub(rest, 0, comma)), (unsigned)n))
        return false;
    p->bms_given = true;
    rest = span_sub(rest, comma + 1, rest.n);
    while (rest.n > 0) {
        comma = span_find_byte(rest, 0, ',');
        if (!read_pair(p, option, span_sub(rest, 0, comma), (unsigned)n, sim_config_bms_key))
            return false;
        rest = span_sub(rest, comma + 1, rest.n);
    }
    return true;
}

/* ---- --scenario: [port] and [bms n] of a file, the rest is passed over ---- */

static bool section_of(const struct conf_line *line, bool *ret_port, int64_t *ret_bms)
{
    *ret_port = line->n >= 2 && span_eq_str(line->tokens[1].text, "port");
    *ret_bms = 0;
    return line->n >= 3 && span_eq_str(line->tokens[1].text, "bms") &&
           parse_i64(line->tokens[2].text, 1, SIM_MAX_BATTERIES, ret_bms);
}

static bool take_sections(struct parser *p, struct conf_file *file)
{
    bool port = false, ok = true;
    int64_t bms = 0;

    for (size_t i = 0; i < file->n_lines; i++) {
        const struct conf_line *line = &file->lines[i];
        struct conf_cursor c = conf_cursor_of(file, line);
        if (conf_is_section(line)) {
            if (section_of(line, &port, &bms))
                p->o->config.battery[bms - 1].used = true;
        } else if (port) {
            ok = sim_config_port_key(&p->o->config, &c) && ok;
        } else if (bms != 0) {
            ok = sim_config_bms_key(&p->o->config, (unsigned)bms, &c) && ok;
            p->bms_given = true;
        }
    }
    return ok;
}

static bool take_scenario(struct parser *p, const char *path)
{
    struct conf_file *file = NULL;
    enum err e = conf_load(path, &file);

    if (e != ERR_OK) {
        fprintf(p->err, "bms-sim: %s: %s\n", path, err_text(e));
        return false;
    }
    bool ok = take_sections(p, file);
    if (!ok)
        conf_print_errors(file, p->err);
    conf_delete(file);
    return ok;
}

/* ---- the options ---- */

static bool take_pace(struct parser *p, const char *value)
{
    char memory[64];
    struct buf pair = buf_of(memory, sizeof memory);
    buf_str(&pair, "pace=");
    return buf_str(&pair, value)
               ? read_pair(p, "--pace", buf_span(&pair), 0, read_port_key)
               : complain(p, "--pace: expected frame, byte or none, found '%s'", value);
}

static bool take_port(struct parser *p, const char *value)
{
    if (strlen(value) == 0 || strlen(value) >= sizeof p->o->port)
        return complain(p, "--port: expected pty, pty:LINK, a device or tcp:PORT, found '%s'",
                        value);
    span_to_str(span_str(value), p->o->port, sizeof p->o->port);
    return true;
}

static bool take_seed(struct parser *p, const char *value)
{
    int64_t seed;
    if (!parse_i64(span_str(value), 0, INT64_MAX / SIM_MAX_BATTERIES, &seed))
        return complain(p, "--seed: expected a whole number, found '%s'", value);
    p->o->seed = (uint64_t)seed;
    return true;
}

static bool take_modules(struct parser *p, const char *value)
{
    if (!parse_i64(span_str(value), 1, SIM_MAX_BATTERIES, &p->modules))
        return complain(p, "--modules: expected a number from 1 to 16, found '%s'", value);
    return true;
}

static bool take_product(struct parser *p, const char *value)
{
    if (strlen(value) >= sizeof p->product)
        return complain(p, "--product: unknown product '%s' (see bms-sim list)", value);
    span_to_str(span_str(value), p->product, sizeof p->product);
    return true;
}

static bool take_set(struct parser *p, const char *value)
{
    return read_pair(p, "--set", span_str(value), 0, read_port_key);
}

struct option_row {
    const char *name;
    bool (*take)(struct parser *p, const char *value);
};

static const struct option_row rows[] = {
    {"--bms", take_bms},   {"--modules", take_modules}, {"--pace", take_pace},
    {"--port", take_port}, {"--product", take_product}, {"--scenario", take_scenario},
    {"--seed", take_seed}, {"--set", take_set},
};

static const char *const option_names[] = {"--bms",      "--modules",  "--pace",    "--port",
                                           "--product",  "--scenario", "--seed",    "--set",
                                           "--log-wire", "--help",     "--version", NULL};

static bool unknown_option(const struct parser *p, struct span name)
{
    const char *nearest = conf_nearest(name, option_names);
    fprintf(p->err, "bms-sim: unknown option '%.*s'%s%s%s (bms-sim --help lists them)\n",
            (int)(name.n < 60 ? name.n : 60), (const char *)name.p,
            nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
            nearest != NULL ? "'?" : "");
    return false;
}

/* Options that take no value; false when it is none of them. */
static bool take_switch(struct parser *p, struct span arg)
{
    if (span_eq_str(arg, "-h") || span_eq_str(arg, "--help"))
        p->o->action = ACTION_HELP;
    else if (span_eq_str(arg, "--version"))
        p->o->action = ACTION_VERSION;
    else if (span_eq_str(arg, "--log-wire"))
        p->o->log_wire = true;
    else
        return false;
    return true;
}

/* --name value and --name=value */
static bool take_option(struct parser *p)
{
    struct span arg = span_str(p->argv[p->at]);
    size_t equals = span_find_byte(arg, 0, '=');
    struct span name = span_sub(arg, 0, equals);

    if (take_switch(p, arg))
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!span_eq_str(name, rows[i].name))
            continue;
        if (equals < arg.n)
            return rows[i].take(p, p->argv[p->at] + equals + 1);
        if (p->at + 1 >= p->argc)
            return complain(p, "%s needs a value", rows[i].name);
        return rows[i].take(p, p->argv[++p->at]);
    }
    return unknown_option(p, name);
}

static bool take_word(struct parser *p)
{
    char memory[64];
    struct buf pair = buf_of(memory, sizeof memory);

    if (strcmp(p->argv[p->at], "list") == 0) {
        p->o->action = ACTION_LIST;
        return true;
    }
    buf_str(&pair, "device=");
    if (!buf_str(&pair, p->argv[p->at]))
        return complain(p, "unknown device '%s' (see bms-sim list)", p->argv[p->at]);
    return read_pair(p, "DEVICE", buf_span(&pair), 0, read_port_key);
}

/* --modules and --product, or one US3000C when nobody said which batteries. */
static bool fill_batteries(struct parser *p)
{
    unsigned n = (unsigned)(p->modules > 0 ? p->modules : p->bms_given ? 0 : 1);

    if (p->bms_given && p->product[0] != '\0' && n == 0)
        return complain(p, "%s", "--product goes with --modules; --bms names its own product");
    for (unsigned i = 1; i <= n; i++) {
        if (p->o->config.battery[i - 1].used)
            continue; /* --bms says more about this one */
        p->o->config.battery[i - 1].used = true;
        if (p->product[0] != '\0' && !read_product(p, "--product", span_str(p->product), i))
            return false;
    }
    return true;
}

enum exit_code options_parse(int argc, char **argv, struct options *ret, FILE *err)
{
    struct parser p = {.o = ret, .err = err, .argc = argc, .argv = argv};

    *ret = (struct options){.action = ACTION_RUN, .seed = 1};
    sim_config_init(&ret->config);
    for (p.at = 1; p.at < argc; p.at++) {
        bool ok = argv[p.at][0] == '-' ? take_option(&p) : take_word(&p);
        if (!ok)
            return EXIT_USAGE;
        if (ret->action != ACTION_RUN)
            return EXIT_FINE;
    }
    if (ret->port[0] == '\0')
        span_to_str(span_str(ret->config.kind->wire == DEVICE_BLE ? "ble" : "pty"), ret->port,
                    sizeof ret->port);
    if (!fill_batteries(&p))
        return EXIT_USAGE;
    const char *wrong = sim_config_check(&ret->config);
    if (wrong != NULL) {
        complain(&p, "%s", wrong);
        return EXIT_USAGE;
    }
    return EXIT_FINE;
}
