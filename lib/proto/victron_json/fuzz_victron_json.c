/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bank, however absurd, either gives ERR_INCOMPLETE or a JSON text that parses, has no null and
 * no key twice, and fits in VICTRON_JSON_MAX.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "proto/victron_json/victron_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void look(const struct json *value)
{
    for (const struct json *v = json_first(value); v != NULL; v = json_next(v)) {
        must(json_type(v) != JSON_NULL && json_type(v) != JSON_BOOL && json_type(v) != JSON_ARRAY);
        look(v);
    }
}

/* The input is the bank itself; only what has no other representation is put right. */
static struct bank bank_of(const uint8_t *data, size_t size)
{
    struct bank bank;

    memset(&bank, 0, sizeof bank);
    memcpy(&bank, data, size < sizeof bank ? size : sizeof bank);
    uint8_t flags = size > 0 ? data[size - 1] : 0;
    bank.life = BANK_ONLINE;
    bank.sum.charge_enable = (flags & 1) != 0;
    bank.sum.discharge_enable = (flags & 2) != 0;
    bank.sum.force_charge = (flags & 4) != 0;
    bank.sum.full_charge_request = (flags & 8) != 0;
    if ((flags & 0x80) == 0) {
        bank.sum.known |= FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CVL | FIELD_CCL |
                          FIELD_DCL; /* else most inputs would end at once */
    }
    return bank;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum victron_form forms[] = {VICTRON_NESTED, VICTRON_FLAT, VICTRON_UNION};
    struct bank bank = bank_of(data, size);

    for (size_t i = 0; i < 3; i++) {
        uint8_t text[VICTRON_JSON_MAX];
        struct buf out = buf_of(text, sizeof text);
        struct json_doc *doc = NULL;
        enum err err = victron_json_encode(forms[i], &bank, &out);

        must(err == ERR_OK || (err == ERR_INCOMPLETE && out.n == 0));
        if (err != ERR_OK) {
            continue;
        }
        must(json_parse(buf_span(&out), &doc, NULL) == ERR_OK);
        must(!json_has_duplicate_keys(doc));
        look(json_root(doc));
        json_delete(doc);
    }
    return 0;
}
