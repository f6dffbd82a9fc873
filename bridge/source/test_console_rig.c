/* SPDX-License-Identifier: Apache-2.0
 *
 * See test_console_rig.h.
 */
#include "bridge/source/test_console_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- log ---- */

static void on_log(void *ctx, enum log_level level, const char *line)
{
    struct rig *rig = ctx;

    (void)level;
    if (rig->n_logged < RIG_LOG)
        snprintf(rig->logged[rig->n_logged++], sizeof rig->logged[0], "%s", line);
}

unsigned rig_log_count(const struct rig *rig, const char *text)
{
    unsigned n = 0;

    for (unsigned i = 0; i < rig->n_logged; i++)
        n += strstr(rig->logged[i], text) != NULL;
    return n;
}

bool rig_logged(const struct rig *rig, const char *text)
{
    return rig_log_count(rig, text) > 0;
}

/* ---- what the paper console prints ---- */

static const char *or_normal(const char *word)
{
    return word != NULL ? word : "Normal";
}

/* Specification 3.2, P2. */
static const char p2_header[] =
    "Power Volt   Curr   Tempr  Tlow   Thigh  Vlow   Vhigh  Base.St  Volt.St  Curr.St  Temp.St  "
    "Coulomb  Time                 B.V.St   B.T.St   MosTempr M.T.St   ";

static void put_row(struct buf *out, unsigned address, const struct rig_module *m)
{
    char percent[8];

    if (!m->present) {
        buf_printf(
            out,
            "%-6u-      -      -      -      -      -      -      Absent   -        -        "
            "-        -        -                    -        -       ",
            address);
        return;
    }
    snprintf(percent, sizeof percent, "%d%%", (int)m->coulomb);
    buf_printf(out, "%-6u%-7d%-7d%-7d%-7d%-7d%-7d%-7d%-9s%-9s%-9s%-9s%-9s", address, (int)m->volt,
               (int)m->curr, (int)m->tempr, (int)m->tlow, (int)m->thigh, (int)m->vlow,
               (int)m->vhigh, m->base != NULL ? m->base : "Idle", or_normal(m->volt_st),
               or_normal(m->curr_st), or_normal(m->temp_st), percent);
    buf_printf(out, "%-21s%-9s%-8s", "2000-00-00 00:00:00", or_normal(m->bv_st),
               or_normal(m->bt_st));
    if (strcmp(m->mos, "-") == 0)
        buf_printf(out, " %-9s%-9s", "-", "-");
    else
        buf_printf(out, "%-9s%-8s", m->mos, "Normal");
}

static void put_pwr(const struct rig *rig, struct buf *out)
{
    if (rig->pwr_text != NULL) {
        buf_str(out, rig->pwr_text);
        return;
    }
    buf_str(out, p2_header);
    for (unsigned i = 0; i < rig->slots; i++) {
        buf_str(out, "\r\r\n");
        put_row(out, i + 1, &rig->modules[i]);
    }
}

static void put_module(struct buf *out, unsigned address, const struct rig_module *m)
{
    int32_t full = (int32_t)strtol(strchr(m->spec, '/') + 1, NULL, 10) * 1000;

    buf_str(out, " ----------------------------\r\r\n");
    buf_printf(out, " Power  %u\r\r\n\r\r\n", address);
    buf_printf(out, " Voltage         : %-12dmV\r\r\n", (int)m->volt);
    buf_printf(out, " Current         : %-12dmA\r\r\n", (int)m->curr);
    buf_printf(out, " Temperature     : %-12dmC\r\r\n", (int)m->tempr);
    buf_printf(out, " Coulomb         : %-12d%%\r\r\n", (int)m->coulomb);
    buf_printf(out, " Total Coulomb   : %-12dmAH\r\r\n", (int)full);
    buf_printf(out, " Max Voltage     : %-12dmV\r\r\n", 54000);
    buf_printf(out, " Basic Status    : %-8s\r\r\n", m->base != NULL ? m->base : "Idle");
    buf_printf(out, " Volt Status     : %-8s\r\r\n", "Normal");
    buf_printf(out, " Current Status  : %-8s\r\r\n", "Normal");
    buf_printf(out, " Tmpr. Status    : %-8s\r\r\n", "Normal");
    buf_printf(out, " Coul. Status    : %-8s\r\r\n", "Normal");
    buf_printf(out, " Bat Events      : 0x%-9x\r\r\n", (unsigned)m->bat_events);
    buf_printf(out, " Power Events    : 0x%-9x\r\r\n", 0u);
    buf_printf(out, " System Fault    : 0x%-9x\r\r\n", (unsigned)m->system_fault);
    buf_str(out, " ----------------------------");
}

/* Specification 5, B2. The last cell is the highest, the first the lowest. */
static void put_bat(struct buf *out, const struct rig_module *m)
{
    buf_str(out, "Battery  Volt     Curr     Tempr    Base State   Volt. State  Curr. State  "
                 "Temp. State  SOC          Coulomb      BAL         ");
    for (int i = 0; i < 15; i++) {
        int32_t mv = m->volt / 15;
        mv = i == 0 ? m->vlow : mv;
        mv = i == 14 ? m->vhigh : mv;
        buf_str(out, "\r\r\n");
        buf_printf(out, "%-9d%-9d%-9d%-9d%-13s%-13s%-13s%-13s%2d%%         %5d mAH      %c", i,
                   (int)mv, (int)m->curr, (int)m->tlow, "Idle", "Normal", "Normal", "Normal",
                   (int)m->coulomb, (int)m->coulomb * 500, 'N');
    }
}

static void put_info(struct buf *out, unsigned address, const struct rig_module *m)
{
    buf_printf(out, "Device address      : %u\r\n\r", address);
    buf_str(out, "Manufacturer        : Pylon\r\n\r");
    buf_printf(out, "Device name         : %s\r\n\r", m->device);
    buf_str(out, "Main Soft version   : B67.5.0\r\n\r");
    buf_str(out, "Soft  version       : V1.7\r\n\r");
    buf_printf(out, "Barcode             : %s\r\n\r", m->barcode);
    buf_str(out, "\r\n\r");
    buf_printf(out, "Specification       : %s\r\n\r", m->spec);
    buf_str(out, "Cell Number         : 15\r\n\r");
    buf_str(out, "Max Dischg Curr     : -90000mA\r\n\r");
    buf_str(out, "Max Charge Curr     : 90000mA\r\n\r");
    buf_str(out, "Console Port rate   : 115200");
}

static void put_stat(struct buf *out, unsigned address, const struct rig_module *m)
{
    buf_printf(out, "Device address  %10u\r\r\n", address);
    buf_printf(out, "Data Items      : %8d\r\r\n", 55);
    buf_printf(out, "CYCLE Times     : %8d\r\r\n", (int)m->cycles);
    buf_printf(out, "SOH             : %8d", (int)m->soh);
}

static void put_pwrsys(struct buf *out)
{
    buf_str(out, " Power System Information\r\r\n"
                 " ---------------------------------\r\r\n"
                 " System is discharging\r\r\n"
                 " Total Num                : 2        \r\r\n"
                 " Present Num              : 2        \r\r\n"
                 " Sleep Num                : 0        \r\r\n"
                 " System Volt              : 49726    mV\r\r\n"
                 " System Curr              : -6074    mA\r\r\n"
                 " System RC                : 60000    mAH\r\r\n"
                 " System FCC               : 98000    mAH\r\r\n"
                 " System SOC               : 61       %\r\r\n"
                 " System SOH               : 98       %\r\r\n"
                 " Recommend chg voltage    : 52500    mV\r\r\n"
                 " Recommend dsg voltage    : 45500    mV\r\r\n"
                 " Recommend chg current    : 12000    mA\r\r\n"
                 " Recommend dsg current    : -22000   mA\r\r\n"
                 " system Recommend chg voltage: 52500    mV\r\r\n"
                 " system Recommend dsg voltage: 45500    mV\r\r\n"
                 " system Recommend chg current: 24000    mA\r\r\n"
                 " system Recommend dsg current: -44000   mA");
}

static const char invalid[] = "Invalid command or fail to excute.";

/* The body, or false with the error text in it. */
static bool put_body(struct rig *rig, const char *command, struct buf *out)
{
    unsigned n = 0;
    bool has_n = false;
    char word[16] = "";
    const char *blank = strchr(command, ' ');

    if (blank != NULL) {
        n = (unsigned)strtoul(blank + 1, NULL, 10);
        has_n = true;
    }
    span_to_str(span_of(command, blank != NULL ? (size_t)(blank - command) : strlen(command)), word,
                sizeof word);
    const struct rig_module *m = &rig->modules[has_n && n >= 1 && n <= 16 ? n - 1 : 0];
    if (strcmp(command, "pwr") == 0)
        put_pwr(rig, out);
    else if (strcmp(word, "info") == 0 && !(has_n && rig->no_info_n))
        put_info(out, has_n ? n : 1, m);
    else if (strcmp(word, "stat") == 0 && !(has_n && rig->no_stat_n))
        put_stat(out, has_n ? n : 1, m);
    else if (strcmp(word, "pwr") == 0 && m->present)
        put_module(out, n, m);
    else if (strcmp(word, "bat") == 0 && m->present)
        put_bat(out, m);
    else if (strcmp(word, "pwrsys") == 0 && strstr(rig->prompt, "_debug") != NULL)
        put_pwrsys(out);
    else if (strcmp(word, "info") == 0 || strcmp(word, "stat") == 0 || strcmp(word, "pwr") == 0 ||
             strcmp(word, "bat") == 0)
        return buf_str(out, invalid) && false;
    else
        return buf_printf(out, "Unknown command '%s' - try 'help'", command) && false;
    return true;
}

/* Specification 2.2. */
static void put_answer(struct rig *rig, const char *command, struct buf *out)
{
    buf_str(out, command);
    buf_str(out, "\n\r");
    if (command[0] != '\0') {
        bool k_style = strncmp(command, "info", 4) == 0;
        buf_str(out, k_style ? "@\r\r\n\r" : "@\r\r\r\n");
        bool good = put_body(rig, command, out);
        buf_str(out,
                good ? "\r\n\rCommand completed successfully\r\n\r$$\r\n\r" : "\r\n\r$$\r\n\r");
    }
    buf_str(out, rig->prompt);
}

/* ---- delivery ---- */

static void queue(struct rig *rig, uint64_t at_us, struct span bytes)
{
    if (rig->n_pieces == RIG_PIECES || bytes.n > RIG_TEXT) {
        TESTING_FAIL("the rig's queue is too small");
        return;
    }
    struct rig_piece *p = &rig->pieces[rig->n_pieces++];
    p->at_us = at_us;
    p->n = bytes.n;
    memcpy(p->bytes, bytes.p, bytes.n);
}

static void answer(struct rig *rig, const char *command)
{
    uint8_t text[RIG_TEXT];
    struct buf out = buf_of(text, sizeof text);

    put_answer(rig, command, &out);
    if (rig->spoil != NULL)
        rig->spoil(rig, command, &out);
    bool late = rig->extra_for == NULL || strcmp(rig->extra_for, command) == 0;
    queue(rig, rig->now_us + rig->delay_us + (late ? rig->extra_delay_us : 0), buf_span(&out));
    if (late)
        rig->extra_delay_us = 0;
}

static bool is_listed(const char *line)
{
    static const char *const plain[] = {"", "pwr", "info", "stat", "pwrsys"};
    static const char *const with_n[] = {"pwr ", "bat ", "info ", "stat "};
    int64_t n = 0;

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(line, plain[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof with_n / sizeof with_n[0]; i++) {
        size_t cut = strlen(with_n[i]);
        if (strncmp(line, with_n[i], cut) == 0)
            return parse_i64(span_str(line + cut), 1, 16, &n);
    }
    return false;
}

static void record(struct rig *rig, const char *line)
{
    if (rig->speed == 1200 && strcmp(line, "~20014682C0048520FCC3") == 0) {
        rig->wakeups++;
        return;
    }
    rig->forbidden = rig->forbidden || !is_listed(line);
    if (rig->n_lines == RIG_LINES)
        return;
    rig->line_at_us[rig->n_lines] = rig->now_us;
    snprintf(rig->lines[rig->n_lines++], RIG_LINE, "%.*s", RIG_LINE - 1, line);
}

/* A line that the source sent: to the record, and to the console when the speeds agree. */
static void on_line(struct rig *rig, const char *line, size_t n)
{
    char clean[256];

    span_to_str(span_of(line, n), clean, sizeof clean);
    record(rig, clean);
    if (rig->dead)
        return;
    if (rig->frame_mode) {
        if (rig->speed == 1200 && clean[0] == '~') {
            rig->frame_mode = false;
            rig->device_speed = rig->awake_speed;
        }
        return;
    }
    if (rig->speed != rig->device_speed) { /* garbage stays in the line editor */
        if (rig->n_editor + 3 < sizeof rig->editor)
            memcpy(rig->editor + rig->n_editor, "\x81\xfe\x7f", 3), rig->n_editor += 3;
        return;
    }
    if (rig->n_editor + n >= sizeof rig->editor)
        rig->n_editor = 0;
    memcpy(rig->editor + rig->n_editor, line, n);
    rig->n_editor += n;
    span_to_str(span_of(rig->editor, rig->n_editor), clean, sizeof clean);
    rig->n_editor = 0;
    if (!rig->mute)
        answer(rig, clean);
}

static void collect(struct rig *rig)
{
    struct source_output out;
    struct battery b;
    unsigned index = 0;

    while (rig->source.ops->take_output(rig->source.self, &out)) {
        if (out.speed != 0)
            rig->speed = out.speed;
        size_t from = 0;
        for (size_t i = 0; i < out.n; i++) {
            if (out.bytes[i] != '\r')
                continue;
            on_line(rig, (const char *)out.bytes + from, i - from);
            from = i + 1;
        }
        if (from != out.n)
            TESTING_FAIL("a line without its end was sent");
    }
    while (rig->source.ops->take_battery(rig->source.self, &index, &b)) {
        rig->got[index] = b;
        rig->updates[index]++;
        rig->at_us[index] = rig->now_us;
    }
    while (rig->source.ops->take_gone(rig->source.self, &index))
        rig->gone[index]++;
}

static void deliver(struct rig *rig, unsigned i)
{
    uint8_t copy[RIG_TEXT];
    size_t n = rig->pieces[i].n;
    size_t step = rig->piece != 0 ? rig->piece : n;

    memcpy(copy, rig->pieces[i].bytes, n);
    for (unsigned k = i + 1; k < rig->n_pieces; k++)
        rig->pieces[k - 1] = rig->pieces[k];
    rig->n_pieces--;
    for (size_t at = 0; at < n; at += step) {
        struct span part = span_sub(span_of(copy, n), at, step);
        rig->source.ops->bytes(rig->source.self, part, rig->now_us);
        collect(rig);
    }
}

/* The next thing that happens, not after `end_us`; false: nothing until then. */
static bool turn(struct rig *rig, uint64_t end_us)
{
    uint64_t deadline_us = rig->source.ops->next_deadline(rig->source.self);
    uint64_t piece_us = NEVER_US;
    unsigned first = 0;

    for (unsigned i = 0; i < rig->n_pieces; i++) {
        if (rig->pieces[i].at_us < piece_us) {
            piece_us = rig->pieces[i].at_us;
            first = i;
        }
    }
    uint64_t next_us = deadline_min(deadline_us, piece_us);
    if (next_us > end_us) {
        rig->now_us = end_us;
        return false;
    }
    rig->now_us = next_us > rig->now_us ? next_us : rig->now_us;
    if (piece_us <= deadline_us)
        deliver(rig, first);
    else
        rig->source.ops->deadline(rig->source.self, rig->now_us);
    collect(rig);
    return true;
}

void rig_run(struct rig *rig, uint64_t for_us)
{
    uint64_t end_us = rig->now_us + for_us;

    while (turn(rig, end_us))
        ;
}

bool rig_until_update(struct rig *rig, unsigned index, uint64_t limit_us)
{
    uint64_t end_us = rig->now_us + limit_us;
    unsigned before = rig->updates[index];

    while (rig->updates[index] == before) {
        if (!turn(rig, end_us))
            return false;
    }
    return true;
}

void rig_inject(struct rig *rig, const char *text)
{
    rig->source.ops->bytes(rig->source.self, span_str(text), rig->now_us);
    collect(rig);
}

unsigned rig_count(const struct rig *rig, const char *line, unsigned from)
{
    unsigned n = 0;

    for (unsigned i = from; i < rig->n_lines; i++)
        n += strcmp(rig->lines[i], line) == 0;
    return n;
}

/* ---- life ---- */

struct rig *rig_new(void)
{
    struct rig *rig = calloc(1, sizeof *rig);
    struct pylontech_console_config config = {
        .link = {.name = "rack", .serial = true},
        .limits = pylontech_limits_default(),
        .poll_us = US_PER_S,
    };

    if (rig == NULL)
        abort();
    for (unsigned i = 0; i < 2; i++) {
        rig->modules[i] = (struct rig_module){
            .present = true,
            .volt = 49726,
            .curr = -3037,
            .tempr = 29300,
            .tlow = 26000,
            .thigh = 26600,
            .vlow = 3314,
            .vhigh = 3316,
            .coulomb = 60,
            .mos = "27100",
            .device = "US2000C",
            .barcode = i == 0 ? "HPTCR03170C10345" : "HPTCR03170C10346",
            .spec = "48V/50AH",
            .soh = 98,
            .cycles = 432,
        };
    }
    rig->slots = 8;
    rig->prompt = "pylon>";
    rig->device_speed = 115200;
    rig->awake_speed = 115200;
    rig->delay_us = 30 * US_PER_MS;
    rig->now_us = RIG_S(100);
    rig->log = (struct log){.level = LOG_DEBUG, .write = on_log, .ctx = rig};
    pylontech_console_init(&rig->console, &config, &rig->log);
    rig->source = pylontech_console_as_source(&rig->console);
    return rig;
}

void rig_delete(struct rig *rig)
{
    if (rig->forbidden)
        TESTING_FAIL("a line was sent that is not on the list");
    free(rig);
}

void rig_open(struct rig *rig)
{
    rig->speed = rig->source.ops->first_speed(rig->source.self);
    rig->n_pieces = 0;
    rig->source.ops->opened(rig->source.self, rig->now_us);
    collect(rig);
}

struct rig *rig_running(void)
{
    struct rig *rig = rig_new();

    rig_open(rig);
    rig_run(rig, RIG_S(10));
    CU_ASSERT_TRUE(rig->updates[0] > 5);
    return rig;
}

/* One more poll, whatever comes of it. */
void rig_poll_once(struct rig *rig)
{
    rig_run(rig, RIG_MS(1100));
}
