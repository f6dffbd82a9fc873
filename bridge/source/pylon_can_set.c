/* SPDX-License-Identifier: Apache-2.0
 *
 * See pylon_can_set.h.
 */
#include "bridge/source/pylon_can_set.h"

#include <string.h>

/* A reading cannot do without these; each is told by exactly one frame of a dialect. */
enum {
    VALUES = FIELD_CVL | FIELD_CCL | FIELD_DCL | FIELD_SOC_PM | FIELD_PACK_MV | FIELD_CURRENT_MA,
    STATES = FIELD_PROTECTIONS | FIELD_WARNINGS | FIELD_ENABLES,
    ALARMS = FIELD_PROTECTIONS | FIELD_WARNINGS,
    IDENTITY = FIELD_MAKER | FIELD_MODEL | FIELD_SERIAL | FIELD_FIRMWARE, /* does not get old */
};

enum { LIVES = 3 }; /* a frame that was missed so many times tells nothing any more */
static const uint64_t longest_gap_us = 60 * US_PER_S; /* BYD sends its name once a minute */

static bool is_among(uint16_t id, const uint16_t *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

void pylon_can_set_init(struct pylon_can_set *set, const struct pylon_can_dialect *dialect,
                        uint64_t period_us, const uint16_t *without, size_t n)
{
    struct pylon_can_frame frame;

    *set = (struct pylon_can_set){.dialect = dialect, .period_us = period_us};
    while (set->n < PYLON_CAN_MAX_IDS && pylon_can_frame_at(dialect, set->n, &frame)) {
        bool spared = is_among(frame.id, without, n) && (frame.fields & VALUES) == 0;
        set->slots[set->n++] = (struct pylon_can_slot){
            .id = frame.id,
            .needed = (frame.fields & (VALUES | STATES)) != 0 && !spared,
            .fields = frame.fields,
        };
    }
}

static uint64_t span_us(const struct pylon_can_set *set)
{
    return set->period_us + set->period_us / 2;
}

/* ---- frames ---- */

static struct pylon_can_slot *slot_of(struct pylon_can_set *set, const struct can_msg *msg)
{
    for (size_t i = 0; i < set->n; i++) {
        if (set->slots[i].id == msg->id)
            return &set->slots[i];
    }
    return NULL;
}

/* Decoding into an empty bank shows what this one frame told. Pairs that say "no change" leave
 * standing what they said before. */
static void note_told(const struct pylon_can_set *set, const struct can_msg *msg,
                      struct pylon_can_slot *s)
{
    struct bank alone;

    memset(&alone, 0, sizeof alone);
    pylon_can_decode(set->dialect, msg, &alone);
    s->tells = alone.sum.known | (s->tells & ALARMS);
    s->modules = alone.online;
}

/* The oldest of the newest needed frames; 0: one has never come. */
static uint64_t oldest_us(const struct pylon_can_set *set)
{
    uint64_t oldest = NEVER_US;

    for (size_t i = 0; i < set->n; i++) {
        if (set->slots[i].needed)
            oldest = deadline_min(oldest, set->slots[i].at_us);
    }
    return oldest;
}

/* The bar is three quarters of a period and not "every frame came again": after a lost frame that
 * would cut the sets in the middle of the sender's burst for ever. */
static void look_whether_whole(struct pylon_can_set *set, uint64_t now_us)
{
    uint64_t oldest = oldest_us(set);

    if (oldest == 0 || now_us - oldest > span_us(set))
        return;
    if (set->whole_us != 0 && oldest < set->updated_us + set->period_us / 4 * 3)
        return;
    set->whole_us = now_us;
    set->updated_us = oldest;
}

enum pylon_can_taken pylon_can_set_take(struct pylon_can_set *set, const struct can_msg *msg,
                                        uint64_t now_us, struct decoded *ret_verdict)
{
    struct pylon_can_slot *s = slot_of(set, msg);
    struct bank next = set->picture;

    *ret_verdict = pylon_can_decode(set->dialect, msg, &next);
    if (s == NULL || ret_verdict->code == ERR_NOT_FOUND)
        return PYLON_CAN_FOREIGN;
    if (ret_verdict->code == ERR_SHORT || ret_verdict->code == ERR_LAYOUT)
        return PYLON_CAN_REFUSED;
    /* what a reading needs must be believable; the rest of the frame may become unknown */
    if ((s->fields & VALUES & ~next.sum.known) != 0)
        return PYLON_CAN_REFUSED;
    set->picture = next;
    note_told(set, msg, s);
    s->needed = s->needed || (s->fields & STATES) != 0;
    if (s->at_us != 0 && now_us - s->at_us <= longest_gap_us)
        s->gap_us = now_us - s->at_us;
    s->at_us = now_us;
    if (s->needed)
        look_whether_whole(set, now_us);
    return PYLON_CAN_TAKEN;
}

/* ---- what came of it ---- */

bool pylon_can_set_whole(const struct pylon_can_set *set, uint64_t now_us)
{
    return set->whole_us != 0 && now_us < pylon_can_set_overdue(set);
}

uint64_t pylon_can_set_overdue(const struct pylon_can_set *set)
{
    return set->whole_us != 0 ? deadline_add(set->whole_us, span_us(set)) : NEVER_US;
}

void pylon_can_set_missing(const struct pylon_can_set *set, uint64_t now_us, char *out, size_t cap)
{
    struct buf text = buf_of(out, cap - 1);

    for (size_t i = 0; i < set->n; i++) {
        const struct pylon_can_slot *s = &set->slots[i];
        if (s->needed && (s->at_us == 0 || now_us - s->at_us >= span_us(set)))
            buf_printf(&text, "%s%03X", text.n > 0 ? " " : "", (unsigned)s->id);
    }
    out[text.n] = '\0';
}

static bool is_alive(const struct pylon_can_set *set, const struct pylon_can_slot *s,
                     uint64_t now_us)
{
    uint64_t gap_us = s->gap_us > set->period_us ? s->gap_us : set->period_us;

    return s->at_us != 0 && now_us - s->at_us <= LIVES * gap_us;
}

/* A place is a cell of this battery only when there is one battery: cell 4 of the second one has no
 * number here. */
static void put_cells(const struct bank *picture, struct battery *b)
{
    const struct bank_place *low = &picture->cell_min, *high = &picture->cell_max;

    b->known &= ~(uint32_t)FIELD_CELL_IDS;
    if (low->place == 0 || high->place == 0 || low->battery > 1 || high->battery > 1)
        return;
    b->cell_min_id = low->place;
    b->cell_max_id = high->place;
    b->known |= FIELD_CELL_IDS;
}

void pylon_can_set_battery(const struct pylon_can_set *set, uint64_t now_us, struct battery *ret)
{
    uint32_t told = 0;
    uint8_t modules = 0;
    bool places = true;

    for (size_t i = 0; i < set->n; i++) {
        const struct pylon_can_slot *s = &set->slots[i];
        bool alive = is_alive(set, s, now_us);
        told |= alive ? s->tells : s->tells & IDENTITY;
        if (alive && s->modules > 0)
            modules = s->modules;
        places = places && ((s->fields & FIELD_CELL_IDS) == 0 || alive);
    }
    *ret = set->picture.sum;
    ret->known &= told;
    /* whole ampere-hours beside a state of charge in per cent: the bank would take them for the
     * finer of the two */
    ret->known &= ~(uint32_t)FIELD_REMAINING_MAH;
    if (places)
        put_cells(&set->picture, ret);
    ret->modules = modules;
    ret->updated_us = set->updated_us;
}
