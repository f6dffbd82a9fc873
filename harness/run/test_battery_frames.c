/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated battery on CAN against a reader that shares nothing with it: the judge's DBC reader
 * with the judge's own tables, and, where they are present, with tables that were made from the
 * specification for others. A mistake that encoder and decoder of lib/proto have in common shows
 * here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/judge/dbc.h"
#include "sim/can_image.h"
#include "sim/device/device.h"
#include "testing/testing.h"

enum { FRAMES_MAX = 32 };

struct bench {
    struct device *device;
    struct stack stack;
    size_t n;
    struct can_msg frames[FRAMES_MAX];
};

static void bench_stack(void *ctx, struct stack *ret)
{
    *ret = ((const struct bench *)ctx)->stack;
}

static void bench_reply(void *ctx, const struct device_reply *r)
{
    struct bench *b = ctx;

    if (b->n < FRAMES_MAX && can_image_get(r->bytes, &b->frames[b->n]))
        b->n++;
}

static void bench_note(void *ctx, const char *kind, const char *text)
{
    (void)ctx;
    (void)kind;
    (void)text;
}

static void bench_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    (void)baud;
}

/* Two modules: 49.86 V, -27.0 A together, 88 % and 94 %, cells 3.274 and 3.391 V, -3.4 and 36.3 C;
 * the second one has acted on over-voltage and warns of its charge current. */
static void fill_stack(struct stack *stack)
{
    memset(stack, 0, sizeof *stack);
    for (unsigned i = 0; i < 2; i++) {
        struct stack_module *m = &stack->module[i];
        struct battery *v = &m->battery;

        m->present = true;
        m->product = product_find("pylontech.us3000c");
        v->pack_mv = 49860;
        v->current_ma = -13500;
        v->soc_pm = 880;
        v->soh_pm = 940;
        v->full_mah = 74000;
        v->remaining_mah = 65000;
        v->cell_count = 15;
        v->cell_min_id = 4;
        v->cell_max_id = 6;
        v->cell_min_mv = 3320;
        v->cell_max_mv = 3330;
        v->temp_count = 1;
        v->temp_known = 1;
        v->temp_dc[0] = 363;
        v->cvl_mv = 53250;
        v->dvl_mv = 45000;
        v->ccl_ma = 37000;
        v->dcl_ma = 36900;
        v->charge_enable = v->discharge_enable = true;
    }
    stack->module[0].battery.cell_min_mv = 3274;
    stack->module[0].battery.temp_dc[0] = -34;
    stack->module[1].battery.cell_max_mv = 3391;
    stack->module[1].battery.charge_enable = false;
    stack->module[1].battery.protections = COND_BIT(COND_CELL_OVERVOLTAGE);
    stack->module[1].battery.warnings = COND_BIT(COND_CHARGE_OVERCURRENT);
}

/* One set of a dialect. */
static void make_set(struct bench *b, const char *dialect)
{
    struct sim_config *config = calloc(1, sizeof *config);
    struct conf_file *file = NULL;
    char text[80];
    const struct device_host host = {.stack = bench_stack,
                                     .reply = bench_reply,
                                     .note = bench_note,
                                     .baud = bench_baud,
                                     .ctx = b};

    memset(b, 0, sizeof *b);
    fill_stack(&b->stack);
    snprintf(text, sizeof text, "device pylon-can\ndialect %s\ngap 0 s\n", dialect);
    if (config == NULL || conf_parse("test", span_str(text), &file) != ERR_OK)
        abort();
    sim_config_init(config);
    for (size_t i = 0; i < file->n_lines; i++) {
        struct conf_cursor c = conf_cursor_of(file, &file->lines[i]);
        CU_ASSERT_TRUE(sim_config_port_key(config, &c));
    }
    CU_ASSERT_EQUAL_FATAL(device_new(config, &host, &b->device), ERR_OK);
    b->device->ops->power_up(b->device, 0);
    b->device->ops->on_deadline(b->device, b->device->ops->next_deadline(b->device));
    CU_ASSERT(b->n >= 6);
    conf_delete(file);
    free(config);
}

struct expected {
    const char *signal;
    int64_t micro;
};

static void check_signal(const struct bench *b, const struct dbc *dbc, const char *table,
                         const struct expected *want)
{
    const struct dbc_message *message = NULL;
    const struct dbc_signal *signal = dbc_signal(dbc, want->signal, &message);
    int64_t micro = 0;

    if (signal == NULL) {
        TESTING_FAIL("%s has no %s", table, want->signal);
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (b->frames[i].id != message->id)
            continue;
        if (!dbc_decode(signal, &b->frames[i], &micro) || micro != want->micro)
            TESTING_FAIL("%s: %s is %lld, not %lld millionths", table, want->signal,
                         (long long)micro, (long long)want->micro);
        return;
    }
    TESTING_FAIL("%s: no frame %03X with %s", table, (unsigned)message->id, want->signal);
}

/* Every frame is one of the table's, and not longer. */
static void check_frames(const struct bench *b, const struct dbc *dbc, const char *table)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct dbc_message *m = dbc_message(dbc, b->frames[i].id, false);
        if (m == NULL || b->frames[i].dlc > m->dlc)
            TESTING_FAIL("%s: frame %03X with %u bytes", table, (unsigned)b->frames[i].id,
                         b->frames[i].dlc);
    }
}

static void check_set(const char *dialect, const char *path, bool own,
                      const struct expected *expected)
{
    struct bench b;
    struct dbc *dbc = NULL;

    if (dbc_load(path, stderr, &dbc) != ERR_OK) {
        if (own)
            TESTING_FAIL("no table %s", path);
        else
            testing_skip("no table %s", path);
        return;
    }
    make_set(&b, dialect);
    check_frames(&b, dbc, path);
    for (size_t i = 0; expected[i].signal != NULL; i++)
        check_signal(&b, dbc, path, &expected[i]);
    device_delete(b.device);
    dbc_delete(dbc);
}

static void check_own(const char *dialect, const struct expected *expected)
{
    const char *source = getenv("BMSRIG_SOURCE");
    char path[512];

    if (source == NULL) {
        testing_skip("BMSRIG_SOURCE does not say where the source tree is");
        return;
    }
    snprintf(path, sizeof path, "%s/harness/dbc/%s.dbc", source, dialect);
    check_set(dialect, path, true, expected);
}

static void check_other(const char *dialect, const char *table, const struct expected *expected)
{
    const char *shared = testing_shared();
    char path[512];

    if (shared == NULL) {
        testing_skip("the tables beside the project are not here");
        return;
    }
    snprintf(path, sizeof path, "%s/captures/pylon-can/%s", shared, table);
    check_set(dialect, path, false, expected);
}

/* CVL is rounded down to what its field can say, the mean of -3.4 and 36.3 C is 16.45. */
#define VALUES                                                                                     \
    {"cvl", 53200000}, {"ccl", 74000000}, {"dcl", 73800000}, {"dvl", 45000000}, {"soc", 88000000}, \
        {"soh", 94000000}, {"voltage", 49860000}, {"current", -27000000},                          \
    {                                                                                              \
        "temperature", 16500000                                                                    \
    }
#define BITS                                                                                     \
    {"protection_cell_overvoltage", 1000000}, {"protection_cell_undervoltage", 0},               \
        {"protection_charge_overcurrent", 0}, {"protection_discharge_overcurrent", 0},           \
        {"protection_system_error", 0}, {"alarm_charge_overcurrent", 1000000},                   \
        {"alarm_discharge_overcurrent", 0}, {"alarm_cell_overvoltage", 0}, {"modules", 2000000}, \
        {"pn_p", 80000000}, {"pn_n", 78000000}, {"charge_enable", 0},                            \
    {                                                                                            \
        "discharge_enable", 1000000                                                              \
    }

static void test_pylon_1_2(void)
{
    static const struct expected expected[] = {VALUES, BITS, {NULL, 0}};
    static const struct expected other[] = {{"charge_voltage_limit", 53200000},
                                            {"charge_current_limit", 74000000},
                                            {"discharge_current_limit", 73800000},
                                            {"soc", 88000000},
                                            {"voltage", 49860000},
                                            {"current", -27000000},
                                            {"temperature", 16500000},
                                            {"module_count", 2000000},
                                            {"P_over_voltage", 1000000},
                                            {"P_under_voltage", 0},
                                            {"P_charge_over_current", 0},
                                            {"A_charge_high_current", 1000000},
                                            {"E_charge_enable", 0},
                                            {"E_discharge_enable", 1000000},
                                            {NULL, 0}};

    check_own("pylon-1.2", expected);
    check_other("pylon-1.2", "own_pylon12.dbc", other);
}

static void test_pylon_2_0_6(void)
{
    static const struct expected expected[] = {VALUES,
                                               BITS,
                                               {"temp_max", 36300000},
                                               {"temp_min", -3400000},
                                               {"cell_max", 3391000},
                                               {"cell_min", 3274000},
                                               {"cell_max_cell", 6000000},
                                               {"cell_max_pack", 2000000},
                                               {"cell_min_cell", 4000000},
                                               {"cell_min_pack", 1000000},
                                               {"modules_online", 2000000},
                                               {"modules_blocking_charge", 1000000},
                                               {"cell_min_373", 3274000},
                                               {"cell_max_373", 3391000},
                                               {"temp_max_373", 36000000},
                                               {"cell_min_id_1", '1' * 1000000},
                                               {"cell_min_id_3", '4' * 1000000},
                                               {NULL, 0}};
    static const struct expected other[] = {{"max_cell_temperature", 36300000},
                                            {"min_cell_temperature", -3400000},
                                            {"max_cell_voltage", 3391000},
                                            {"min_cell_voltage", 3274000},
                                            {"soc", 88000000},
                                            {NULL, 0}};

    check_own("pylon-2.0.6", expected);
    check_other("pylon-2.0.6", "own_pylon206.dbc", other);
}

/* 01 raised, 10 fine; V1.3 leaves 00 where all is well. */
static void test_pairs(void)
{
    static const struct expected victron[] = {VALUES,
                                              {"alarm_high_voltage", 1000000},
                                              {"warning_high_voltage", 2000000},
                                              {"alarm_low_voltage", 2000000},
                                              {"warning_high_current_charge", 1000000},
                                              {"cell_min", 3274000},
                                              {"cell_max", 3391000},
                                              {"temp_max", 36000000},
                                              {NULL, 0}};
    static const struct expected sma[] = {VALUES, {NULL, 0}};
    static const struct expected v13[] = {VALUES, {NULL, 0}};

    check_own("victron", victron);
    check_own("sma", sma);
    check_own("pylon-1.3", v13);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"Pylontech 1.2", test_pylon_1_2},
        {"Pylon 2.0.6", test_pylon_2_0_6},
        {"sets with pairs of bits", test_pairs},
        {0},
    };
    return testing_main(argc, argv, "battery_frames", cases);
}
