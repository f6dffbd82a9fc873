/* SPDX-License-Identifier: Apache-2.0
 *
 * Every key of [port] and [bms n], the defaults, what is checked across keys, and mistakes with
 * their columns.
 */
#include "sim/config.h"

#include <string.h>

#include "sim/device/console_knobs.h"
#include "sim/model/pack.h"
#include "testing/testing.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

/* n 0: a line of [port]. */
static bool read_key(struct sim_config *config, unsigned n, const char *text,
                     struct conf_error *error)
{
    struct conf_file *file = NULL;

    memset(error, 0, sizeof *error);
    CU_ASSERT_EQUAL_FATAL(conf_parse("t", span_str(text), &file), ERR_OK);
    struct conf_cursor c = conf_cursor_of(file, &file->lines[0]);
    bool ok = n == 0 ? sim_config_port_key(config, &c) : sim_config_bms_key(config, n, &c);
    CU_ASSERT_EQUAL(ok, file->n_errors == 0);
    if (file->n_errors > 0)
        *error = file->errors[0];
    conf_delete(file);
    return ok;
}

static void must_read(struct sim_config *config, unsigned n, const char *text)
{
    struct conf_error error;

    if (!read_key(config, n, text, &error))
        TESTING_FAIL("%s: column %u: %s", text, error.column, error.message);
}

static void test_defaults(void)
{
    struct sim_config config;

    sim_config_init(&config);
    CU_ASSERT_STRING_EQUAL(config.kind->name, "pylontech-console");
    CU_ASSERT_EQUAL(config.pace, PACE_FRAME);
    CU_ASSERT_EQUAL(console_knobs(&config)->baud, 115200);
    CU_ASSERT_TRUE(console_knobs(&config)->pager);
    CU_ASSERT_EQUAL(console_knobs(&config)->answer_delay_us, 20000);
    CU_ASSERT_STRING_EQUAL(console_knobs(&config)->layout, "");
    for (size_t i = 0; i < SIM_MAX_BATTERIES; i++) {
        CU_ASSERT_FALSE(config.battery[i].used);
        CU_ASSERT_EQUAL(config.battery[i].soh_pm, 1000);
        CU_ASSERT_EQUAL(config.battery[i].spread_pm, -1);
        CU_ASSERT_EQUAL(config.battery[i].trip_delay_ms, -1);
        CU_ASSERT_PTR_NOT_NULL(product_find(config.battery[i].product));
    }
    CU_ASSERT_PTR_NOT_NULL(sim_config_check(&config)); /* no battery */
}

static void test_port_keys(void)
{
    struct sim_config config;

    sim_config_init(&config);
    static const char *const lines[] = {
        "device pylontech-console",
        "pace byte",
        "layout P3",
        "slots 8",
        "prompt \"PYTES>\"",
        "session debug",
        "baud 19200 baud",
        "start frames",
        "awake-baud 115200 baud",
        "exclamation on",
        "blank-after-at on",
        "info-n off",
        "soh off",
        "stat-n off",
        "login off",
        "pager off",
        "answer-delay 50 ms",
        "row-gap 30 ms",
        "clock-year 2000",
    };
    for (size_t i = 0; i < N(lines); i++)
        must_read(&config, 0, lines[i]);
    CU_ASSERT_EQUAL(config.pace, PACE_BYTE);
    CU_ASSERT_STRING_EQUAL(console_knobs(&config)->layout, "P3");
    CU_ASSERT_EQUAL(console_knobs(&config)->slots, 8);
    CU_ASSERT_STRING_EQUAL(console_knobs(&config)->prompt, "PYTES>");
    CU_ASSERT_TRUE(console_knobs(&config)->debug);
    CU_ASSERT_EQUAL(console_knobs(&config)->baud, 19200);
    CU_ASSERT_TRUE(console_knobs(&config)->start_frame_mode);
    CU_ASSERT_EQUAL(console_knobs(&config)->awake_baud, 115200);
    CU_ASSERT_TRUE(console_knobs(&config)->exclamation);
    CU_ASSERT_TRUE(console_knobs(&config)->blank_after_at);
    CU_ASSERT_TRUE(console_knobs(&config)->no_info_n);
    CU_ASSERT_TRUE(console_knobs(&config)->no_soh);
    CU_ASSERT_TRUE(console_knobs(&config)->no_stat_n);
    CU_ASSERT_TRUE(console_knobs(&config)->no_login);
    CU_ASSERT_FALSE(console_knobs(&config)->pager);
    CU_ASSERT_EQUAL(console_knobs(&config)->answer_delay_us, 50000);
    CU_ASSERT_EQUAL(console_knobs(&config)->row_gap_us, 30000);
    CU_ASSERT_EQUAL(console_knobs(&config)->clock_year, 2000);

    /* every key has a line above */
    const char *keys[SIM_PORT_KEYS_MAX + 1];
    sim_config_port_keys(config.kind, keys);
    for (size_t i = 0; keys[i] != NULL; i++) {
        bool seen = false;
        for (size_t k = 0; k < N(lines); k++)
            seen = seen || span_starts(span_str(lines[k]), keys[i]);
        CU_ASSERT_TRUE(seen);
    }
}

static void test_bms_keys(void)
{
    struct sim_config config;
    static const char *const lines[] = {
        "model pylontech.us2000c",
        "soc 97.0 %",
        "soh 94 %",
        "current +37.0 A",
        "temp -5.5 C",
        "cycles 686",
        "cells 16",
        "capacity 280 Ah",
        "spread 2.5 %",
        "serial K220803C30160910",
        "firmware B69.13.0.0",
        "present off",
        "clock-skew -13 min",
        "trip-delay 2 s",
        "profile solar-day",
    };

    sim_config_init(&config);
    for (size_t i = 0; i < N(lines); i++)
        must_read(&config, 2, lines[i]);
    const struct sim_battery *b = &config.battery[1];
    CU_ASSERT_TRUE(b->used);
    CU_ASSERT_FALSE(config.battery[0].used);
    CU_ASSERT_STRING_EQUAL(b->product, "pylontech.us2000c");
    CU_ASSERT_EQUAL(b->soc_pm, 970);
    CU_ASSERT_EQUAL(b->soh_pm, 940);
    CU_ASSERT_EQUAL(b->current_ma, 37000);
    CU_ASSERT_EQUAL(b->temp_dc, -55);
    CU_ASSERT_EQUAL(b->cycles, 686);
    CU_ASSERT_EQUAL(b->cells, 16);
    CU_ASSERT_EQUAL(b->capacity_mah, 280000);
    CU_ASSERT_EQUAL(b->spread_pm, 25);
    CU_ASSERT_STRING_EQUAL(b->serial, "K220803C30160910");
    CU_ASSERT_STRING_EQUAL(b->firmware, "B69.13.0.0");
    CU_ASSERT_TRUE(b->absent);
    CU_ASSERT_EQUAL(b->clock_skew_s, -780);
    CU_ASSERT_EQUAL(b->trip_delay_ms, 2000);
    CU_ASSERT_EQUAL(b->profile, PROFILE_SOLAR_DAY);

    for (size_t i = 0; sim_config_bms_keys()[i] != NULL; i++) {
        bool seen = false;
        for (size_t k = 0; k < N(lines); k++)
            seen = seen || span_starts(span_str(lines[k]), sim_config_bms_keys()[i]);
        CU_ASSERT_TRUE(seen);
    }
}

/* Limits that the BMS recommends, printed on a console. */
static void must_recommend(const struct product *p)
{
    CU_ASSERT(p->cells == 15 || p->cells == 16);
    CU_ASSERT(p->dvl_mv < p->cvl_mv && p->cvl_mv < 3600 * p->cells);
    CU_ASSERT(p->ccl_ma > 0 && p->ccl_ma <= p->max_charge_ma);
    CU_ASSERT(p->dcl_ma > 0 && p->dcl_ma <= p->max_discharge_ma);
    CU_ASSERT(p->pack_under_mv < p->dvl_mv);
    CU_ASSERT_PTR_NOT_NULL(p->layout);
    CU_ASSERT_PTR_NOT_NULL(p->bat_layout);
}

/* Limits that the owner set, on a BMS without console. */
static void must_be_set(const struct product *p)
{
    const struct owner_limits *o = p->owner;

    CU_ASSERT(p->cells == 8 || p->cells == 16 || p->cells == 24);
    CU_ASSERT(p->ccl_ma > 0 && p->dcl_ma > 0);
    CU_ASSERT_PTR_NULL(p->layout);
    CU_ASSERT(o->power_off_mv < o->cell_under_mv && o->cell_under_mv < o->cell_under_release_mv);
    CU_ASSERT(o->cell_under_release_mv < o->float_mv && o->float_mv < o->charge_mv);
    CU_ASSERT(o->charge_mv < o->cell_over_mv && o->cell_over_release_mv < o->cell_over_mv);
    CU_ASSERT(o->charge_cold_dc < o->charge_cold_release_dc);
    CU_ASSERT(o->charge_hot_release_dc < o->charge_hot_dc);
    CU_ASSERT(o->mos_hot_release_dc < o->mos_hot_dc);
}

static void test_every_product_is_a_model(void)
{
    for (size_t i = 0; product_names()[i] != NULL; i++) {
        struct sim_config config;
        char line[64] = "model ";
        sim_config_init(&config);
        span_to_str(span_str(product_names()[i]), line + 6, sizeof line - 6);
        must_read(&config, 1, line);
        CU_ASSERT_STRING_EQUAL(config.battery[0].product, product_names()[i]);
        const struct product *p = product_find(config.battery[0].product);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT(p->capacity_mah >= 50000);
        CU_ASSERT_PTR_NOT_NULL(p->board);
        CU_ASSERT_PTR_NOT_NULL(p->specification);
        if (p->owner == NULL)
            must_recommend(p);
        else
            must_be_set(p);
        /* the first device is a console, which not every model has */
        CU_ASSERT_EQUAL(sim_config_check(&config) == NULL, p->layout != NULL);
    }
    CU_ASSERT_PTR_NULL(product_find("pylontech"));
}

static void test_errors_point(void)
{
    static const struct {
        unsigned n;
        const char *text;
        uint32_t column;
        const char *part;
    } cases[] = {
        {0, "pase byte", 1, "did you mean 'pace'"},
        {0, "pace fast", 6, "frame, byte, none"},
        {0, "device jk", 8, "pylontech-console"},
        {0, "layout P9", 8, "P1, P2, P3, P4, PY"},
        {0, "slots 17", 7, "from 0 to 16"},
        {0, "baud 115200", 12, "baud"},
        {0, "baud 10 baud", 6, "between 50 baud"},
        {0, "answer-delay 20", 16, "time unit"},
        {0, "answer-delay 2 min", 14, "between 0 s and 60 s"},
        {0, "pager yes", 7, "off, on"},
        {0, "pager off now", 11, "unexpected 'now'"},
        {0, "prompt", 7, "prompt"},
        {1, "modell x", 1, "did you mean 'model'"},
        {1, "model pylontech.us3000x", 7, "did you mean 'pylontech.us3000"},
        {1, "soc 97", 7, "ratio"},
        {1, "soc 201 %", 5, "between 0 % and 200 %"},
        {1, "temp 25", 8, "temperature"},
        {1, "current 37 V", 12, "current"},
        {1, "cells 33", 7, "from 1 to 32"},
        {1, "profile solar-dya", 9, "did you mean 'solar-day'"},
        {1, "capacity 0 Ah", 10, "between"},
        {1, "serial \"0123456789012345678901234567890\"", 8, "23 bytes"},
    };

    for (size_t i = 0; i < N(cases); i++) {
        struct sim_config config;
        struct conf_error error;
        sim_config_init(&config);
        if (read_key(&config, cases[i].n, cases[i].text, &error)) {
            TESTING_FAIL("%s was accepted", cases[i].text);
            continue;
        }
        if (error.column != cases[i].column || strstr(error.message, cases[i].part) == NULL)
            TESTING_FAIL("%s: column %u '%s', expected column %u with '%s'", cases[i].text,
                         error.column, error.message, cases[i].column, cases[i].part);
    }
}

static void test_across_keys(void)
{
    struct sim_config config;

    sim_config_init(&config);
    must_read(&config, 1, "soc 50 %");
    must_read(&config, 2, "model pylontech.us2000b-plus");
    CU_ASSERT_PTR_NULL(sim_config_check(&config));

    must_read(&config, 4, "soc 50 %"); /* no bms 3 */
    CU_ASSERT_PTR_NOT_NULL(strstr(sim_config_check(&config), "without gaps"));
    must_read(&config, 3, "present off");
    CU_ASSERT_PTR_NULL(sim_config_check(&config));

    must_read(&config, 0, "slots 3");
    CU_ASSERT_PTR_NOT_NULL(strstr(sim_config_check(&config), "fewer slots"));
    must_read(&config, 0, "slots 4");
    CU_ASSERT_PTR_NULL(sim_config_check(&config));

    must_read(&config, 3, "model pytes.e-box-4850p");
    CU_ASSERT_PTR_NOT_NULL(strstr(sim_config_check(&config), "different makers"));
    must_read(&config, 3, "model pylontech.us5000");
    must_read(&config, 1, "present off");
    CU_ASSERT_PTR_NOT_NULL(strstr(sim_config_check(&config), "master"));
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"defaults", test_defaults},
        {"every key of [port]", test_port_keys},
        {"every key of [bms n]", test_bms_keys},
        {"every product is a model", test_every_product_is_a_model},
        {"errors point at the token", test_errors_point},
        {"checks across keys", test_across_keys},
        {0},
    };
    return testing_main(argc, argv, "config", cases);
}
