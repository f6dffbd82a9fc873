/* SPDX-License-Identifier: Apache-2.0
 *
 * How the firmware of each product talks. Source: specification sections 6 to 9 (availability of
 * commands, clock chips, labels) and the captures named in the rows; [C] marks what is taken from
 * the nearest relative because nobody has published it.
 */
#include <string.h>

#include "sim/device/console_private.h"

#define PROTECT_C                                                                               \
    "BOV BHV BLV BUV POV PHV PLV PUV CBOT CBHT CBLT CBUT DBOT DBHT DBLT DBUT POT PHT COC COC2 " \
    "COCA DOCA DOC DOC2 SC LCOUL"
#define PROTECT_OLD                                                                                \
    "BOV BHV BLV BUV POV PHV PLV PUV CBOT CBHT CBLT CBUT DBOT DBHT DBLT DBUT POT PHT PLT PUT COC " \
    "COC2 COCA DOCA DOC DOC2 SC LCOUL"
#define PROTECT_D                                                                                  \
    "BOV BHV BLV BUV POV PHV PLV PUV CBOT CBHT CBLT CBUT DBOT DBHT DBLT DBUT POT PHT PLT PUT COC " \
    "COC2 COCA DOCA DOC DOC2 SC"

static const struct console_traits all[] = {
    /* the first one is also that of products without a row */
    {.product = "pylontech.us2000c",
     .user = REACH_USER,
     .stat = STAT_US,
     .time_chip = "RTC",
     .time_test = true,
     .info_n = true,
     .stat_n = true,
     .soh = true,
     .protections = PROTECT_C},
    {.product = "pylontech.us2000", /* [C]: as the US2000B Plus */
     .user = REACH_OLD,
     .stat = STAT_OLD,
     .time_chip = "Ds3231",
     .info_n = true,
     .stat_n = true,
     .soh = true,
     .protections = PROTECT_OLD},
    {.product = "pylontech.us2000b-plus",
     .user = REACH_OLD,
     .stat = STAT_OLD,
     .time_chip = "Ds3231",
     .info_n = true,
     .stat_n = true,
     .soh = true,
     .protections = PROTECT_OLD},
    {.product = "pylontech.us3000", /* [C]: as the US2000B Plus */
     .user = REACH_OLD,
     .stat = STAT_OLD,
     .time_chip = "Ds3231",
     .info_n = true,
     .stat_n = true,
     .soh = true,
     .protections = PROTECT_OLD},
    {.product = "pylontech.us3000c", /* B69.25: no `soh`, long `stat` */
     .user = REACH_USER,
     .stat = STAT_EXTENDED,
     .time_chip = "Ds3231",
     .info_n = true,
     .stat_n = true,
     .protections = PROTECT_C},
    {.product = "pylontech.us3000d",
     .user = REACH_US3000D,
     .stat = STAT_US3000D,
     .time_chip = "DS3231M",
     .exclamation = true,
     .blank_after_at = true,
     .protections = PROTECT_D},
    {.product = "pylontech.us5000", /* B69.16 */
     .user = REACH_USER,
     .stat = STAT_US,
     .time_chip = "Ds3231",
     .info_n = true,
     .stat_n = true,
     .soh = true,
     .protections = PROTECT_C},
    {.product = "pylontech.us5000-v2", /* B69.26; `stat` and `soh` as B69.25 [C] */
     .user = REACH_USER,
     .stat = STAT_EXTENDED,
     .time_chip = "Ds3231",
     .info_n = true,
     .stat_n = true,
     .protections = PROTECT_C},
    {.product = "pytes.e-box-4850p", /* [C]: as the E-BOX-48100V-D */
     .user = REACH_PYTES,
     .stat = STAT_PYTES,
     .time_chip = "PCF8563",
     .info_n = true,
     .soh = true,
     .protections = PROTECT_OLD},
    {.product = "pytes.e-box-48100v",
     .user = REACH_PYTES,
     .stat = STAT_PYTES,
     .time_chip = "PCF8563",
     .info_n = true,
     .soh = true},
};

const struct console_traits *console_traits_of(const struct product *product)
{
    for (size_t i = 0; product != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i].product, product->name) == 0)
            return &all[i];
    }
    return &all[0];
}
