/* SPDX-License-Identifier: Apache-2.0
 *
 * All batteries together: takes each battery's newest good reading and says what the bank may tell
 * the world at a given time. The rules are AGG-1, L1 to L15 (docs/protocols/aggregation.md section
 * 5); each is cited where it is applied. Pure: no I/O, no clock, no allocation, no logging.
 *
 * What changes by time alone (a battery that becomes old, an alarm that has been shown long enough,
 * a limit that may rise) is announced as a deadline.
 */
#ifndef BRIDGE_BANK_H
#define BRIDGE_BANK_H

#include "base/clock.h"
#include "battery/bank.h"
#include "bridge/limiter.h"

enum bank_policy {
    BANK_ANY,     /* one battery that blocks stops the whole bank */
    BANK_EXCLUDE, /* a battery that blocks is left out: only when its BMS really opens the path */
};

struct bank_rules {
    uint64_t fresh_us;      /* L1: online up to this age */
    uint64_t lost_us;       /* L1: held up to this age */
    uint64_t silent_us;     /* L9: nothing more is said when the newest reading is this old */
    uint64_t start_hold_us; /* at start, wait this long for the expected batteries */
    uint64_t rise_hold_us;  /* L10 */
    uint64_t alarm_hold_us; /* alarms and cuts to 0 A are shown at least this long */
    uint64_t spread_us;     /* L3: the states of charge disagree for this long: warn */
    int32_t rise_ma_per_s;  /* L10, for 100 Ah; 0: at once */
    int32_t max_ccl_ma;     /* L5: the user's maximum for the whole bank; INT32_MAX: none */
    int32_t max_dcl_ma;
    int32_t join_mv;      /* L15 */
    uint16_t derate_pm;   /* L5: k, 1000 is 1.0 */
    uint8_t join_samples; /* L15 */
    uint8_t batteries;    /* L12: how many there should be; 0: as many as the sources see */
    enum bank_policy charge_policy, discharge_policy; /* L6 */
    bool stop_when_lost;                              /* L8 */
};

/* The defaults of docs/bridge.md. */
struct bank_rules bank_rules_default(void);

enum pack_state {
    PACK_EMPTY,   /* never seen, or forgotten */
    PACK_JOINING, /* seen, not yet part of the bank */
    PACK_APART,   /* L15: its voltage is too far from the others to join */
    PACK_TWIN,    /* L14: another battery has the same serial number: both stay out */
    PACK_ONLINE,
    PACK_HELD,
    PACK_LOST,
};
const char *pack_state_name(enum pack_state state);

struct bank_pack {
    struct battery b; /* the newest good reading; updated_us is its time */
    enum pack_state state;
    uint8_t samples; /* good readings in a row since it appeared */
    bool joined;
    bool was_here; /* it was part of the bank and is lost: its voltage limits still bind */
};

struct bank_alarms {
    uint64_t since_us[COND_COUNT]; /* when the condition was raised last */
    uint32_t out;                  /* what is shown */
};

struct bank_engine {
    struct bank_rules rules;
    struct bank_pack packs[BANK_MAX_BATTERIES];
    struct limiter ccl, dcl, cvl, dvl; /* dvl with the sign turned: it may rise at once */
    struct bank_alarms warnings, protections;
    uint32_t told;     /* conditions that were raised once: their end is told, too */
    unsigned expected; /* the larger of configured and seen */
    uint64_t first_us; /* first good reading since the start or the loss of everything */
    uint64_t spread_since_us;
    uint64_t risen_us; /* readings older than this have had their say about rising */
    bool started;      /* the first stack is complete */
    bool lost;         /* everything was lost since */
};

void bank_init(struct bank_engine *e, const struct bank_rules *rules);

/* A good reading of the battery in this slot (0 .. BANK_MAX_BATTERIES - 1; the bank calls it
 * battery slot + 1). b->updated_us is when it was taken. False when it is no valid sample (AGG-1:
 * out of the physically possible, or not complete): it changes nothing then, not even the age;
 * *ret_why (may be NULL) says what is wrong. */
bool bank_put(struct bank_engine *e, unsigned slot, const struct battery *b, const char **ret_why);

/* The source knows that this battery has left: it is out at once, not by its age (L8). */
void bank_gone(struct bank_engine *e, unsigned slot);

/* How many batteries the sources see just now; counts while `batteries` is not configured. */
void bank_expect(struct bank_engine *e, unsigned batteries);

/* The bank at this time. Returns when to ask again though nothing was put (NEVER_US: no need). */
uint64_t bank_update(struct bank_engine *e, uint64_t now_us, struct bank *ret);

/* A limit fell or an alarm rose between two states: this must leave at once, on every sink. */
bool bank_is_urgent(const struct bank *before, const struct bank *after);

#endif
