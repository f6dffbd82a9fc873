/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer to `pwr`: whole or not at all, plausible, and without jumps that only one reading
 * shows.
 */
#include "bridge/source/pylontech_console_priv.h"

/* A module has left when this many good tables in a row do not show it. */
enum { MISSING = 2 };
/* A row that stays doubtful is taken (a jump) or left out (impossible) after this many readings. */
enum { READINGS = 3 };

/* How a row relates to what is known of its module. */
enum row_verdict { ROW_GOOD, ROW_JUMPS, ROW_IMPOSSIBLE };

static enum row_verdict judge(struct pylontech_console *c, const struct pylon_pwr_row *row,
                              uint64_t now_us)
{
    const struct pylontech_module *m = &c->modules[row->address - 1];
    unsigned cells = m->info.cell_number != 0 ? m->info.cell_number : (unsigned)m->bat.n;
    const char *why = "";

    if (!pylon_row_plausible(row, cells, &why)) {
        pylontech_trouble(c, TROUBLE_IMPLAUSIBLE, now_us, "module=%u %s", row->address, why);
        return ROW_IMPOSSIBLE;
    }
    if (m->at.row_us == 0 || !pylon_row_jumped(&m->row, row))
        return ROW_GOOD;
    for (size_t i = 0; i < c->doubted.n; i++) { /* a second reading says the same */
        const struct pylon_pwr_row *before = &c->doubted.rows[i];
        if (c->doubts > 0 && before->address == row->address && !before->absent &&
            !pylon_row_jumped(before, row))
            return ROW_GOOD;
    }
    pylontech_trouble(c, TROUBLE_JUMP, now_us, "module=%u %d mV %d mA %d %%; reading again",
                      row->address, (int)row->volt_mv, (int)row->curr_ma, (int)row->coulomb_pc);
    return ROW_JUMPS;
}

/* ---- who is there ---- */

static bool is_row_of(const struct pylon_pwr *table, unsigned index, size_t *ret)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->rows[i].address == index + 1 && !table->rows[i].absent) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* The set of modules changed: whoever is there may be another one than before. */
static void note_presence(struct pylontech_console *c, const struct pylon_pwr *table)
{
    unsigned n = 0;
    bool changed = false;
    size_t at = 0;

    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        struct pylontech_module *m = &c->modules[i];
        bool here = is_row_of(table, i, &at);

        n += here ? 1 : 0;
        if (!here && m->missing < MISSING && ++m->missing == MISSING)
            c->gone |= 1u << i;
        if (here == m->present)
            continue;
        changed = true;
        if (here)
            pylontech_module_reset(m); /* nothing of its predecessor's must show through */
        m->present = here;
    }
    if (!changed)
        return;
    log_msg(c->log, LOG_INFO, "source", "battery=%s modules=%u", c->config.link.name, n);
    c->n_present = n;
    for (unsigned i = 0; i < PYLON_MAX_MODULES; i++) {
        c->modules[i].verify = c->modules[i].present;
        c->modules[i].tries = 0;
    }
}

static const char *layout_name(enum pylon_pwr_layout layout)
{
    switch (layout) {
    case PYLON_P1: return "P1";
    case PYLON_P2: return "P2";
    case PYLON_P3: return "P3";
    case PYLON_P4: return "P4";
    case PYLON_PY: return "PY";
    }
    return "?";
}

static void note_layout(struct pylontech_console *c, enum pylon_pwr_layout layout)
{
    if (c->has_layout && c->layout == layout)
        return;
    log_msg(c->log, LOG_INFO, "source", "battery=%s table layout=%s", c->config.link.name,
            layout_name(layout));
    c->has_layout = true;
    c->layout = layout;
}

/* ---- taking it ---- */

static void take_row(struct pylontech_console *c, const struct pylon_pwr_row *row, uint64_t now_us)
{
    struct pylontech_module *m = &c->modules[row->address - 1];

    m->row = *row;
    m->at.row_us = now_us;
    pylontech_publish(c, row->address - 1u, true, now_us);
}

static void take(struct pylontech_console *c, const struct pylon_pwr *table,
                 const enum row_verdict *verdicts, uint64_t now_us)
{
    note_presence(c, table);
    for (size_t i = 0; i < table->n; i++) {
        const struct pylon_pwr_row *row = &table->rows[i];
        c->modules[row->address - 1].impossible = verdicts[i] == ROW_IMPOSSIBLE;
        if (!row->absent && verdicts[i] != ROW_IMPOSSIBLE)
            take_row(c, row, now_us);
    }
    c->doubts = 0;
}

/* A second reading is wanted. What the doubtful rows warn of counts at once. */
static void doubt(struct pylontech_console *c, const struct pylon_pwr *table,
                  const enum row_verdict *verdicts, uint64_t now_us)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct pylon_pwr_row *row = &table->rows[i];
        unsigned index = row->address - 1u;
        struct pylontech_module *m = &c->modules[index];

        if (row->absent || verdicts[i] == ROW_IMPOSSIBLE || !m->published)
            continue;
        pylontech_module_alarm(m, &c->config.limits, pylontech_system(c, now_us), row, now_us);
        c->changed |= 1u << index;
    }
    c->doubted = *table;
    c->doubts++;
    c->poll_now = true;
}

static void complain(struct pylontech_console *c, struct decoded d, uint64_t now_us)
{
    enum pylontech_trouble trouble = TROUBLE_TABLE;

    if (d.code == ERR_LAYOUT)
        trouble = TROUBLE_LAYOUT;
    else if (d.code == ERR_INCOMPLETE)
        trouble = TROUBLE_INCOMPLETE;
    pylontech_trouble(c, trouble, now_us, "'pwr' at byte %u: %s", (unsigned)d.offset,
                      err_text(d.code));
}

/* Damaged: once more from a clean prompt, then with the next poll. */
static void reject(struct pylontech_console *c, uint64_t now_us)
{
    if (c->retries++ == 0)
        c->poll_now = true;
    pylontech_link_resync(&c->link, now_us);
}

void pylontech_table(struct pylontech_console *c, const struct pylon_answer *answer,
                     uint64_t now_us)
{
    struct pylon_pwr table;
    enum row_verdict verdicts[PYLON_MAX_MODULES] = {ROW_GOOD};
    bool doubtful = false;

    if (answer->status != PYLON_OK) {
        pylontech_trouble(
            c, answer->status == PYLON_NO_COMPLETION ? TROUBLE_INCOMPLETE : TROUBLE_REFUSED, now_us,
            "'pwr' was not completed");
        reject(c, now_us);
        return;
    }
    struct decoded d = pylon_pwr_decode(answer->body, &table);
    if (d.code != ERR_OK) {
        complain(c, d, now_us);
        reject(c, now_us);
        return;
    }
    note_layout(c, table.layout);
    if (c->first_table_us == 0)
        c->first_table_us = now_us;
    for (size_t i = 0; i < table.n; i++) {
        verdicts[i] = judge(c, &table.rows[i], now_us);
        bool known =
            verdicts[i] == ROW_IMPOSSIBLE && c->modules[table.rows[i].address - 1].impossible;
        doubtful = doubtful || (verdicts[i] != ROW_GOOD && !known);
    }
    if (doubtful && c->doubts + 1 < READINGS)
        doubt(c, &table, verdicts, now_us);
    else
        take(c, &table, verdicts, now_us);
}
