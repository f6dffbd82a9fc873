/* SPDX-License-Identifier: Apache-2.0
 *
 * `time`, `log`, `data`, `ver`. Source: specification section 9; wire forms of US2KBPL, the US5000
 * stack and PYTES. Of `data` only the text is known, not its line ends: those of tables are taken
 * [C].
 */
#include <inttypes.h>

#include "sim/device/console_private.h"

static void put_date(const struct pylon_time *t, bool short_year, struct buf *out)
{
    if (short_year)
        buf_printf(out, "%02u", t->year % 100u);
    else
        buf_printf(out, "%04u", t->year);
    buf_printf(out, "-%02u-%02u %02u:%02u:%02u", t->month, t->day, t->hour, t->minute, t->second);
}

/* ---- time ---- */

enum pylon_status console_time(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct pylon_time now = console_clock(call, 1);

    console_begin(a, PYLON_SEP_K, a->style.blank_after_at);
    buf_printf(&a->out, "%s ", call->traits->time_chip);
    put_date(&now, false, &a->out);
    if (call->traits->time_test)
        buf_str(&a->out, "\r\n\rTest result:pass");
    return PYLON_OK;
}

/* ---- log ---- */

enum { LOG_ENTRIES = 32, LOG_STEP_S = 1620, LOG_PAGE = 3 };

struct log_view {
    uint64_t newest_wall_us;
    bool charging; /* what the newest entry says */
    bool idle;
    const char *blank; /* behind the text */
};

/* The newest entry is the start of the present phase; the older ones alternate before it. */
static struct log_view log_view_of(const struct console_call *call)
{
    const struct stack_module *m = console_module(call, 1);
    struct log_view v = {.blank = call->traits->user == REACH_PYTES ? "" : " "};
    struct console_face f;
    uint64_t ago_us = call->stack->now_us - call->console->powered_us;

    console_face_of(m, &f);
    v.charging = f.curr_ma > 0;
    v.idle = f.curr_ma == 0;
    if (!v.idle)
        ago_us =
            (uint64_t)(v.charging ? m->counters.charge_seconds : m->counters.discharge_seconds) *
            (uint64_t)US_PER_S;
    v.newest_wall_us =
        call->stack->wall_us > ago_us ? call->stack->wall_us - ago_us : call->stack->wall_us;
    return v;
}

static void put_entry(const struct console_call *call, const struct log_view *v, unsigned nth)
{
    struct console_answer *a = call->answer;
    bool charging = (nth % 2 == 0) == v->charging && !(v->idle && nth == 0);
    struct pylon_time t = console_civil(v->newest_wall_us, -(int64_t)nth * LOG_STEP_S);
    uint32_t charges = (uint32_t)console_charge_times(console_module(call, 1)) & 0xFFFFu;
    char line[96];

    /* The last entry of a page has other line ends (captured on three firmwares). */
    struct span sep =
        a->pager && nth % LOG_PAGE == LOG_PAGE - 1 ? SPAN_LIT("\n\r") : SPAN_LIT("\r\n\r");
    for (unsigned i = 0; i < 5; i++) {
        struct buf text = buf_of(line, sizeof line - 1);
        switch (i) {
        case 0: buf_printf(&text, " Index   : %-6u", LOG_ENTRIES - 1 - nth); break;
        case 1:
            buf_str(&text, " Time    : ");
            put_date(&t, true, &text);
            break;
        case 2: buf_str(&text, " ModID   : BMM"); break;
        case 3: buf_printf(&text, " Code    : %" PRIx32, charging ? charges - nth / 2 : 0); break;
        default:
            buf_printf(&text, " Info    : %s.%s",
                       v->idle && nth == 0 ? "The coulomb of device is normal"
                       : charging          ? "The device start charging"
                                           : "The device start discharging",
                       v->blank);
        }
        line[text.n] = '\0';
        console_list_line_sep(a, sep, line);
    }
}

enum pylon_status console_log(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    struct log_view v = log_view_of(call);

    console_begin(a, PYLON_SEP_K, a->style.blank_after_at);
    for (unsigned nth = 0; nth < LOG_ENTRIES; nth++) {
        put_entry(call, &v, nth);
        console_list_line(a, ""); /* the empty line behind an entry */
    }
    return PYLON_OK;
}

/* ---- data ---- */

static void put_row(struct buf *out, const char *label, int64_t value, const char *unit)
{
    buf_printf(out, "%-16s: %-12" PRId64 "%s\r\r\n", label, value, unit);
}

static void put_word_row(struct buf *out, const char *label, const char *word)
{
    buf_printf(out, "%-16s: %-8s\r\r\n", label, word);
}

static void put_mask_row(struct buf *out, const char *label, uint32_t mask, bool power)
{
    uint8_t memory[128];
    struct buf names = buf_of(memory, sizeof memory);

    console_mask_names(mask, power, &names);
    buf_printf(out, "%-16s: 0x%-9" PRIx32, label, mask);
    buf_put(out, buf_span(&names));
    buf_str(out, "\r\r\n");
}

static void put_record(const struct stack_module *m, const struct console_face *f, struct buf *out)
{
    put_row(out, "Voltage", f->volt_mv, "mV");
    put_row(out, "Current", f->curr_ma, "mA");
    put_row(out, "Temperature", f->tempr_mc, "mC");
    put_row(out, "Percent", f->soc_pc, "%");
    put_row(out, "Total Coulomb", m->rated_mah, "mAH");
    put_row(out, "Max Voltage", m->product->max_voltage_mv, "mV");
    put_word_row(out, "Base State", f->base);
    put_word_row(out, "Volt. State", f->volt);
    put_word_row(out, "Curr. State", f->curr);
    put_word_row(out, "Tempr. State", f->temp);
    put_word_row(out, "Coul. Status", f->coulomb);
    put_mask_row(out, "Power Events", f->power_events, true);
    put_mask_row(out, "Bat Events", f->bat_events, false);
    buf_str(out, "Bat Protect ENA : BOV BHV BLV BUV BSLP CBOT CBHT CBLT CBUT DBOT DBHT DBLT DBUT "
                 "\r\r\nPwr Protect ENA : POV PHV PLV PUV PSLP POT PHT COC2 COC COCA DOCA DOC DOC2 "
                 "SC LCOUL \r\r\n");
    buf_printf(out, "System Fault    : 0x%-9" PRIx32 "\r\r\n", f->system_fault);
}

#define DATA_RULE "-----------------------------------------------" /* 47 */

/* Only the newest record exists: the present state. A history that nobody lived would be invented.
 */
enum pylon_status console_data(const struct console_call *call)
{
    enum { NEWEST_EVENT = 0, NEWEST_HISTORY = 1799 };
    struct console_answer *a = call->answer;
    struct pylon_time now = console_clock(call, 1);
    struct pylon_bat table = {.layout = PYLON_BE};
    struct span rest = call->args, word, index;
    struct console_face f;
    int64_t n;

    if (!span_token(&rest, &word))
        return PYLON_INVALID;
    bool history = span_eq_str(word, "history");
    int64_t newest = history ? NEWEST_HISTORY : NEWEST_EVENT;
    if (!history && !span_eq_str(word, "event"))
        return PYLON_INVALID;
    if (span_token(&rest, &index) && !parse_i64(index, newest, newest, &n))
        return PYLON_INVALID;
    console_face_of(console_module(call, 1), &f);
    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    buf_str(&a->out, DATA_RULE "\r\r\n");
    put_row(&a->out, history ? "Rec Item Index" : "Item Index", newest, "");
    buf_str(&a->out, "Time            : ");
    put_date(&now, true, &a->out);
    buf_str(&a->out, "\r\r\n");
    put_record(console_module(call, 1), &f, &a->out);
    buf_str(&a->out, DATA_RULE "\r\r\n\r\r\n");
    console_fill_bat(console_module(call, 1), &f, &table);
    return pylon_bat_encode(&table, &a->out) == ERR_OK ? PYLON_OK : PYLON_FAILED;
}

/* ---- ver ---- */

enum pylon_status console_ver(const struct console_call *call)
{
    struct console_answer *a = call->answer;
    const struct product *p = console_module(call, 1)->product;

    console_begin(a, PYLON_SEP_T, a->style.blank_after_at);
    /* The version carries a line feed and a blank of its own (captured on the wire). */
    buf_printf(&a->out,
               " Main Version:\r\r\n Version : %s\n \r\n Size    : 0\r\r\n"
               " Date    : 20%s 09:55:00\r\r\n\r\r\n",
               p->iterate_version != NULL ? p->iterate_version : p->main_version, p->release_date);
    buf_str(&a->out, " Backup Version:\r\r\n Version : \r\r\n Size    : 0\r\r\n"
                     " Date    : 2000-00-00 00:00:00\r\r\n\r\r\n"
                     " Active version : Main");
    return PYLON_OK;
}
