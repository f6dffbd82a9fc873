/* SPDX-License-Identifier: Apache-2.0
 *
 * The frame around an answer as the battery sends it: '@', separators, completion line, "$$",
 * prompt, the error replies, the pager's texts, and the frame that wakes an old console. Source:
 * specification 1.1, 2.2, 2.4, 2.5; the byte sequences are those of the wire captures.
 */
#include "proto/pylon_console/common.h"

const struct span pylon_wakeup_frame = {(const uint8_t *)"~20014682C0048520FCC3\r", 22};

const struct span pylon_pager_prompt_text = {
    (const uint8_t *)"Press [Enter] to be continued,other key to exit", 47};
const struct span pylon_pager_prompt = {
    (const uint8_t *)"\n\rPress [Enter] to be continued,other key to exit\r", 50};
const struct span pylon_pager_resume = {
    (const uint8_t *)"\r                                                  \r\r", 53};

static const struct pylon_text_style usual;

static const char *prompt_of(const struct pylon_text_style *style)
{
    return style->prompt == NULL ? "pylon>" : style->prompt;
}

enum err pylon_text_begin(const struct pylon_text_style *style, enum pylon_sep sep, struct buf *out)
{
    size_t mark = out->n;

    if (style == NULL)
        style = &usual;
    if (!style->no_at) {
        buf_str(out, "@");
        buf_put(out, pylon_sep_bytes(sep));
        if (style->blank_after_at)
            buf_put(out, pylon_sep_bytes(sep));
    }
    return pylon_finish(out, mark);
}

static void put_prompt(const struct pylon_text_style *style, struct buf *out)
{
    buf_str(out, "\r\n\r$$\r\n\r");
    buf_str(out, prompt_of(style));
}

enum err pylon_text_end(const struct pylon_text_style *style, struct buf *out)
{
    size_t mark = out->n;

    if (style == NULL)
        style = &usual;
    if (!span_ends(buf_span(out), "@\r\n\r")) /* an empty answer has its line end already */
        buf_str(out, "\r\n\r");
    buf_str(out, "Command completed successfully");
    if (style->exclamation)
        buf_str(out, "!");
    put_prompt(style, out);
    return pylon_finish(out, mark);
}

enum err pylon_text_error(const struct pylon_text_style *style, enum pylon_status status,
                          struct span command, const char *usage, struct buf *out)
{
    size_t mark = out->n;

    if (style == NULL)
        style = &usual;
    switch (status) {
    case PYLON_OK:
    case PYLON_NO_COMPLETION: return ERR_USAGE;
    case PYLON_EMPTY: buf_str(out, prompt_of(style)); return pylon_finish(out, mark);
    case PYLON_UNKNOWN:
        pylon_text_begin(style, PYLON_SEP_T, out);
        buf_str(out, "Unknown command '");
        buf_put(out, command);
        buf_str(out, "' - try 'help'");
        break;
    case PYLON_INVALID:
        pylon_text_begin(style, PYLON_SEP_K, out);
        buf_str(out, "Invalid command or fail to excute");
        buf_str(out, style->exclamation ? "!" : ".");
        if (usage != NULL) {
            buf_str(out, "\r\n\rUsage:\r\n");
            buf_str(out, usage);
        }
        break;
    case PYLON_NOT_PRESENT:
        pylon_text_begin(style, PYLON_SEP_T, out);
        buf_str(out, "Target device is not present");
        break;
    case PYLON_FAILED:
        pylon_text_begin(style, PYLON_SEP_T, out);
        buf_str(out, "Command failed");
        break;
    }
    put_prompt(style, out);
    return pylon_finish(out, mark);
}
