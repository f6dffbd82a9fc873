/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge reads documents, templates and its table from others: none may harm it. The first byte
 * chooses which.
 */
#include <string.h>

#include "harness/judge/ha.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_template(struct span text)
{
    char template[256], out[64];
    size_t end = span_find_byte(text, 0, '\n');
    span_to_str(span_sub(text, 0, end), template, sizeof template);
    (void)ha_template_render(template, span_sub(text, end + 1, text.n), out, sizeof out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct span text = span_of(data + 1, size - 1);
    if (data[0] == 'd' || data[0] == 's') {
        struct ha_document doc;
        ha_document_read(data[0] == 'd' ? "device/x/config" : "sensor/x/config", text, &doc);
        ha_document_free(&doc);
    } else if (data[0] == 't') {
        read_template(text);
    } else {
        struct ha_table *table = NULL;
        if (ha_table_parse("fuzz", text, NULL, &table) == ERR_OK)
            (void)ha_table_nearest(table, "bms1.soc.unit");
        ha_table_delete(table);
    }
    return 0;
}
