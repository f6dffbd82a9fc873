/* SPDX-License-Identifier: Apache-2.0
 *
 * See pylon_can_detect.h.
 */
#include "bridge/source/pylon_can_detect.h"

#include <string.h>

/* ---- what was heard ---- */

static bool is_inverters(uint32_t id)
{
    return id == 0x301 || (id >= 0x305 && id <= 0x307);
}

void pylon_can_heard_put(struct pylon_can_heard *heard, const struct can_msg *msg, uint64_t now_us)
{
    size_t kept = 0;

    if (msg->extended || msg->remote || msg->error || msg->dlc > 8 || is_inverters(msg->id))
        return;
    for (size_t i = 0; i < heard->n; i++) {
        if (heard->frames[i].msg.id != msg->id)
            heard->frames[kept++] = heard->frames[i];
    }
    heard->n = kept;
    if (heard->n == PYLON_CAN_HEARD_MAX)
        return;
    heard->frames[heard->n].msg = *msg;
    heard->frames[heard->n].at_us = now_us;
    heard->n++;
}

void pylon_can_heard_age(struct pylon_can_heard *heard, uint64_t now_us, uint64_t age_us)
{
    size_t kept = 0;

    for (size_t i = 0; i < heard->n; i++) {
        if (now_us - heard->frames[i].at_us <= age_us)
            heard->frames[kept++] = heard->frames[i];
    }
    heard->n = kept;
}

void pylon_can_heard_text(const struct pylon_can_heard *heard, char *out, size_t cap)
{
    struct buf text = buf_of(out, cap - 1);

    for (size_t i = 0; i < heard->n; i++) {
        if (text.n + 8 > text.cap) {
            buf_str(&text, " ...");
            break;
        }
        buf_printf(&text, "%s%03X", i > 0 ? " " : "", (unsigned)heard->frames[i].msg.id);
    }
    out[text.n] = '\0';
}

/* ---- dialects ---- */

static const struct can_msg *find(const struct pylon_can_heard *heard, uint32_t id)
{
    for (size_t i = 0; i < heard->n; i++) {
        if (heard->frames[i].msg.id == id)
            return &heard->frames[i].msg;
    }
    return NULL;
}

static bool has(const struct pylon_can_heard *heard, uint32_t id)
{
    return find(heard, id) != NULL;
}

static bool maker_begins(const struct pylon_can_heard *heard, const char *name)
{
    const struct can_msg *m = find(heard, 0x35E);

    return m != NULL && span_starts(span_of(m->data, m->dlc), name);
}

static unsigned word(const struct can_msg *m, size_t at)
{
    return at + 2 <= m->dlc ? (unsigned)(m->data[at] | m->data[at + 1] << 8) : 0;
}

static bool is_cell_mv(unsigned mv)
{
    return mv >= 1500 && mv <= 4500;
}

/* LuxPower: the cells' extremes stand behind SOC and SOH, the temperatures' behind the current. */
static bool is_luxpower(const struct can_msg *state, const struct can_msg *measured)
{
    return is_cell_mv(word(state, 4)) && is_cell_mv(word(state, 6)) && measured->dlc == 8;
}

/* YamBMS: no "PN", and the state of charge in hundredths behind the coarse one. */
static bool is_yambms(const struct can_msg *state)
{
    unsigned coarse = word(state, 0) * 100, fine = word(state, 4);

    return state->dlc == 8 && fine != 0 && fine + 100 >= coarse && fine <= coarse + 100;
}

/* The family of Pylontech V1.2: alarms in 359. */
static const char *pylon_family(const struct pylon_can_heard *heard)
{
    const struct can_msg *alarms = find(heard, 0x359), *state = find(heard, 0x355);
    bool pn = alarms->dlc >= 7 && alarms->data[5] == 'P' && alarms->data[6] == 'N';

    if (has(heard, 0x35A))
        return "yambms-pylonv2";
    if (has(heard, 0x370))
        return "pylon-2.0.6";
    if (has(heard, 0x070))
        return "seplos-1.0";
    if (has(heard, 0x399) || has(heard, 0x3DA) || has(heard, 0x3DB))
        return "hybrid-en-1.0";
    if (pn)
        return has(heard, 0x379) ? "sol-ark-1.3" : "pylon-1.2";
    if (is_luxpower(state, find(heard, 0x356)))
        return "luxpower-04";
    return is_yambms(state) ? "yambms-pylon12" : "pylon-1.2";
}

/* The family of Victron and SMA: alarms in pairs of bits in 35A, or none at all. */
static const char *pair_family(const struct pylon_can_heard *heard)
{
    static const struct {
        const char *maker, *dialect;
    } makers[] = {
        {"BYD", "victron-byd"}, {"PYTES", "victron-pytes"},   {"Pytes", "victron-pytes"},
        {"SMA", "sma"},         {"YamBMS", "yambms-victron"}, {"GoodWe", "goodwe-sma-1.2"},
    };
    const struct can_msg *info = find(heard, 0x35F);
    bool cells = has(heard, 0x370) || has(heard, 0x372) || has(heard, 0x373);

    if (maker_begins(heard, "PYLON") && info != NULL && word(info, 0) == ('L' | 'I' << 8) && !cells)
        return "pylon-1.3";
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (maker_begins(heard, makers[i].maker))
            return makers[i].dialect;
    }
    return "victron";
}

const struct pylon_can_dialect *pylon_can_detect(const struct pylon_can_heard *heard,
                                                 const char **ret_why)
{
    if (has(heard, 0x311) && has(heard, 0x313))
        return pylon_can_find("growatt-lv-1.04");
    /* 359 is a mask of 64 errors there, 371 the limits */
    if (has(heard, 0x110) || has(heard, 0x200) || has(heard, 0x361)) {
        *ret_why = "this is the set that Deye's own packs send, which cannot be read";
        return NULL;
    }
    if (!has(heard, 0x351) || !has(heard, 0x355) || !has(heard, 0x356)) {
        *ret_why = heard->n == 0 ? "nothing was heard" : "351, 355 and 356 are not all there";
        return NULL;
    }
    return pylon_can_find(has(heard, 0x359) ? pylon_family(heard) : pair_family(heard));
}
