/* SPDX-License-Identifier: Apache-2.0
 *
 * `info` and `pwrsys`: who the modules are, and what the whole stack may do. Source: specification
 * sections 7 and 9.
 */
#include <inttypes.h>

#include "sim/device/console_form.h"
#include "sim/device/console_private.h"

/* ---- info ---- */

static void put_number(struct form_builder *b, const char *label, int64_t value, const char *unit)
{
    char memory[32];
    struct buf text = buf_of(memory, sizeof memory - 1);

    buf_printf(&text, "%" PRId64 "%s", value, unit);
    memory[text.n] = '\0';
    form_text(b, label, memory);
}

static void put_versions(struct form_builder *b, const struct stack_module *m,
                         const struct console_face *face)
{
    const struct product *p = m->product;

    form_text(b, "Manufacturer", p->maker);
    form_text(b, "Device name", p->device_name);
    form_text(b, "Board version", p->board);
    if (p->board_type != NULL)
        form_text(b, "Board", p->board_type);
    form_text(b, "Main Soft version", face->firmware[0] != '\0' ? face->firmware : p->main_version);
    if (p->iterate_version != NULL)
        form_text(b, "Iterate version", p->iterate_version);
    form_text(b, "Soft  version", p->soft_version);
    form_text(b, "Boot  version", p->boot_version);
    form_text(b, "Comm version", p->comm_version);
    form_text(b, "Release Date", p->release_date);
    form_text(b, "Barcode", face->serial);
}

static void put_info(const struct console_call *call, unsigned address, struct form_builder *b)
{
    const struct stack_module *m = console_module(call, address);
    const struct product *p = m->product;
    const struct device *device = &call->console->base;
    struct console_face face;
    bool pytes = call->traits->user == REACH_PYTES;

    console_face_of(m, &face);
    put_number(b, "Device address", address, "");
    put_versions(b, m, &face);
    if (pytes) {
        form_text(b, "Board ID", "GD3000000000000000000000F8D");
        form_text(b, "Board SRAM Size", "96KB");
        form_text(b, "Board FLASH Size", "256KB");
    } else {
        form_blank(b);
    }
    form_text(b, "Specification", p->specification);
    put_number(b, "Cell Number", (int64_t)face.n_cells, "");
    put_number(b, "Max Dischg Curr", -(int64_t)p->max_discharge_ma, "mA");
    put_number(b, "Max Charge Curr", p->max_charge_ma, "mA");
    if (!pytes)
        put_number(b, "EPONPort rate", 1200, "");
    put_number(b, "Console Port rate", device->ops->baud(device), "");
}

enum pylon_status console_info(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct form_builder builder;
    unsigned address = 0;
    enum pylon_status status = console_address(call, call->args, &address);

    if (status != PYLON_OK)
        return status;
    form_begin(&builder);
    put_info(call, address, &builder);
    a->rows = (unsigned)builder.form.n;
    console_begin(a, PYLON_SEP_K, a->style.blank_after_at || call->traits->blank_after_at);
    return form_end(&builder, PYLON_FORM_INFO, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}

/* ---- pwrsys ---- */

struct system_sums {
    unsigned total, present;
    int64_t volt_mv, curr_ma, remaining_mah, full_mah, rated_mah;
    int64_t cells, cell_mv, cell_mc;
    int32_t vhigh_mv, vlow_mv, thigh_mc, tlow_mc;
    int32_t cvl_mv, dvl_mv, ccl_ma, dcl_ma; /* of one module: the most careful of all */
};

static void add_module(struct system_sums *s, const struct stack_module *m)
{
    const struct battery *b = &m->battery;
    struct console_face f;
    bool first = s->present == 0;

    console_face_of(m, &f);
    s->present++;
    s->volt_mv += f.volt_mv;
    s->curr_ma += f.curr_ma;
    s->remaining_mah += b->remaining_mah;
    s->full_mah += b->full_mah;
    s->rated_mah += m->rated_mah;
    for (size_t i = 0; i < f.n_cells; i++) {
        s->cells++;
        s->cell_mv += f.cell_mv[i];
        s->cell_mc += f.cell_mc[i];
    }
    s->vhigh_mv = first || f.vhigh_mv > s->vhigh_mv ? f.vhigh_mv : s->vhigh_mv;
    s->vlow_mv = first || f.vlow_mv < s->vlow_mv ? f.vlow_mv : s->vlow_mv;
    s->thigh_mc = first || f.thigh_mc > s->thigh_mc ? f.thigh_mc : s->thigh_mc;
    s->tlow_mc = first || f.tlow_mc < s->tlow_mc ? f.tlow_mc : s->tlow_mc;
    s->cvl_mv = first || b->cvl_mv < s->cvl_mv ? b->cvl_mv : s->cvl_mv;
    s->dvl_mv = first || b->dvl_mv > s->dvl_mv ? b->dvl_mv : s->dvl_mv;
    s->ccl_ma = first || b->ccl_ma < s->ccl_ma ? b->ccl_ma : s->ccl_ma;
    s->dcl_ma = first || b->dcl_ma < s->dcl_ma ? b->dcl_ma : s->dcl_ma;
}

/* Identities of the capture: SOC = RC / FCC, SOH = FCC / rated, system currents = n x one module's.
 */
static void put_system(const struct system_sums *s, struct form_builder *b)
{
    int64_t n = s->present;
    int64_t cells = s->cells > 0 ? s->cells : 1;

    form_number(b, "Total Num", s->total, "");
    form_number(b, "Present Num", n, "");
    form_number(b, "Sleep Num", 0, "");
    form_number(b, "System Volt", div_round(s->volt_mv, n), "mV");
    form_number(b, "System Curr", s->curr_ma, "mA");
    form_number(b, "System RC", s->remaining_mah, "mAH");
    form_number(b, "System FCC", s->full_mah, "mAH");
    form_number(b, "System SOC",
                s->full_mah > 0 ? div_round(100 * s->remaining_mah, s->full_mah) : 0, "%");
    form_number(b, "System SOH", s->rated_mah > 0 ? div_round(100 * s->full_mah, s->rated_mah) : 0,
                "%");
    form_number(b, "Highest voltage", s->vhigh_mv, "mV");
    form_number(b, "Average voltage", div_round(s->cell_mv, cells), "mV");
    form_number(b, "Lowest voltage", s->vlow_mv, "mV");
    form_number(b, "Highest temperature", s->thigh_mc, "mC");
    form_number(b, "Average temperature", div_round(s->cell_mc, cells * 100) * 100, "mC");
    form_number(b, "Lowest temperature", s->tlow_mc, "mC");
    form_number(b, "Recommend chg voltage", s->cvl_mv, "mV");
    form_number(b, "Recommend dsg voltage", s->dvl_mv, "mV");
    form_number(b, "Recommend chg current", s->ccl_ma, "mA");
    form_number(b, "Recommend dsg current", -s->dcl_ma, "mA");
    form_number(b, "system Recommend chg voltage", s->cvl_mv, "mV");
    form_number(b, "system Recommend dsg voltage", s->dvl_mv, "mV");
    form_number(b, "system Recommend chg current", n * s->ccl_ma, "mA");
    form_number(b, "system Recommend dsg current", -n * s->dcl_ma, "mA");
}

enum pylon_status console_pwrsys(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct form_builder builder;
    struct system_sums sums = {0};

    for (unsigned address = 1; address <= SIM_MAX_BATTERIES; address++) {
        const struct stack_module *m = console_module(call, address);
        sums.total += m->product != NULL ? 1 : 0;
        if (m->present)
            add_module(&sums, m);
    }
    if (sums.present == 0)
        return PYLON_FAILED;
    form_begin(&builder);
    form_plain(&builder, "Power System Information");
    form_rule(&builder);
    form_plain(&builder, sums.curr_ma > 0   ? "System is charging"
                         : sums.curr_ma < 0 ? "System is discharging"
                                            : "System is idle"); /* the idle word is [C] */
    put_system(&sums, &builder);
    a->rows = (unsigned)builder.form.n;
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    return form_end(&builder, PYLON_FORM_PWRSYS, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}
