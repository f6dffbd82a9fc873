/* SPDX-License-Identifier: Apache-2.0
 *
 * The whitelist.
 */
#include "bridge/source/pylontech_command.h"

/* Answer sizes: the largest seen in captures (specification section 10), rounded up. */
static const struct {
    const char *word;
    bool has_address;
    size_t answer;
} verbs[SAY_COUNT] = {
    [SAY_ENTER] = {"", false, 32},          [SAY_PWR] = {"pwr", false, 3600},
    [SAY_PWR_N] = {"pwr", true, 1300},      [SAY_BAT_N] = {"bat", true, 2600},
    [SAY_INFO] = {"info", false, 800},      [SAY_INFO_N] = {"info", true, 800},
    [SAY_STAT] = {"stat", false, 4200},     [SAY_STAT_N] = {"stat", true, 4200},
    [SAY_PWRSYS] = {"pwrsys", false, 1500},
};

bool console_verb_has_address(enum console_verb verb)
{
    return verbs[verb].has_address;
}

size_t console_command_size(enum console_verb verb)
{
    return verbs[verb].answer;
}

struct span console_command_text(struct console_command command, char room[CONSOLE_COMMAND_TEXT])
{
    struct buf out = buf_of(room, CONSOLE_COMMAND_TEXT);

    buf_str(&out, verbs[command.verb].word);
    if (verbs[command.verb].has_address)
        buf_printf(&out, " %u", (unsigned)command.address);
    return buf_span(&out);
}
