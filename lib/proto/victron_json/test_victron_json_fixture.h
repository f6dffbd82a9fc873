/* SPDX-License-Identifier: Apache-2.0
 *
 * Two banks, a rack of three and a single battery, and what the tests of this folder do with the
 * text: parse it and look numbers up.
 */
#ifndef PROTO_TEST_VICTRON_JSON_FIXTURE_H
#define PROTO_TEST_VICTRON_JSON_FIXTURE_H

#include <string.h>

#include "base/json.h"
#include "proto/victron_json/victron_json.h"
#include "testing/testing.h"

#define C(condition) COND_BIT(COND_##condition)

enum { ALL_FIELDS = (1 << 25) - 1 };

static const enum victron_form forms[] = {VICTRON_NESTED, VICTRON_FLAT, VICTRON_UNION};

/* Three batteries: the numbers of the CAN golden frames. */
static inline struct bank rack(void)
{
    struct bank bank;

    memset(&bank, 0, sizeof bank);
    bank.life = BANK_ONLINE;
    bank.online = 3;
    bank.lost = 1;
    bank.blocking_charge = 2;
    bank.cells_per_battery = 16;
    bank.cell_min = (struct bank_place){2, 4};
    bank.cell_max = (struct bank_place){2, 9};
    bank.temp_min = (struct bank_place){2, 2};
    bank.temp_max = (struct bank_place){1, 4};
    struct battery *b = &bank.sum;
    b->known = ALL_FIELDS;
    b->pack_mv = 51230;
    b->current_ma = -12400;
    b->soc_pm = 853;
    b->soh_pm = 980;
    b->full_mah = 300000;
    b->remaining_mah = 255000;
    b->cycles = 123;
    b->cell_min_mv = 3198;
    b->cell_max_mv = 3215;
    b->temp_count = 2;
    b->temp_known = 3;
    b->temp_dc[0] = 235;
    b->temp_role[1] = ROLE_MOS;
    b->temp_dc[1] = 301;
    b->temp_min_dc = 221;
    b->temp_max_dc = 248;
    b->cvl_mv = 53200;
    b->dvl_mv = 45000;
    b->ccl_ma = 37000;
    b->dcl_ma = 37500;
    b->charge_enable = true;
    b->balancing = 1;
    memcpy(b->model, "US3000C", 8);
    memcpy(b->maker, "PYLON", 6);
    memcpy(b->firmware, "V2.4", 5);
    return bank;
}

/* One battery of three cells. */
static inline struct bank single(void)
{
    struct bank bank = rack();

    bank.online = 1;
    bank.lost = 0;
    bank.cell_min = (struct bank_place){1, 2};
    bank.sum.cell_count = 3;
    bank.sum.cell_mv[0] = 3201;
    bank.sum.cell_mv[1] = 3198;
    bank.sum.cell_mv[2] = 3215;
    bank.sum.balancing = 4;
    return bank;
}

static inline char *encode(enum victron_form form, const struct bank *bank,
                           char out[VICTRON_JSON_MAX + 1])
{
    struct buf buf = buf_of(out, VICTRON_JSON_MAX);

    CU_ASSERT_EQUAL(victron_json_encode(form, bank, &buf), ERR_OK);
    CU_ASSERT_FALSE(buf.overflow);
    out[buf.n] = '\0';
    return out;
}

static inline struct json_doc *parsed(enum victron_form form, const struct bank *bank)
{
    char text[VICTRON_JSON_MAX + 1];
    struct json_doc *doc = NULL;

    encode(form, bank, text);
    if (json_parse(span_str(text), &doc, NULL) != ERR_OK) {
        TESTING_FAIL("no JSON: %s", text);
        CU_FAIL_FATAL("cannot go on");
    }
    return doc;
}

/* A number of the message; an impossible value when it is not there or no number. */
static inline double number(const struct json_doc *doc, const char *path)
{
    double value = -1e9;

    json_number(json_path(json_root(doc), path), &value);
    return value;
}

static inline void expect_number(unsigned line, const struct json_doc *doc, const char *path,
                                 double want)
{
    double got = number(doc, path);

    if (got - want > 1e-9 || want - got > 1e-9) {
        testing_fail(__FILE__, line, "%s is %f, want %f", path, got, want);
    } else {
        CU_PASS("number is as expected");
    }
}
#define EXPECT(doc, path, want) expect_number(__LINE__, (doc), (path), (want))

static inline bool has(const struct json_doc *doc, const char *path)
{
    return json_path(json_root(doc), path) != NULL;
}

#endif
