/* SPDX-License-Identifier: Apache-2.0
 *
 * Which register of which generation is shown where. Proven by changes of the settings record
 * around writes of the vendor's app: 0x27 and 0x2A of 32S, 0x20, 0x44 and 0x68 of JK04; the rest is
 * the vendor's list. Source: docs/protocols/jk.md.
 */
#include <string.h>

#include "proto/jk_frame/jk_frame.h"

enum { WHOLE = -1, NOWHERE = 0 };

#define SETTING(number, length, at, width)            \
    {                                                 \
        number, length, JK_SETTINGS, at, width, WHOLE \
    }
#define SWITCH(number, bit)                 \
    {                                       \
        number, 4, JK_SETTINGS, 282, 2, bit \
    }
#define INFORMATION(number, length, at)       \
    {                                         \
        number, length, JK_INFO, at, 1, WHOLE \
    }
#define ACTION(number, length)                         \
    {                                                  \
        number, length, JK_SETTINGS, NOWHERE, 0, WHOLE \
    }

static const struct jk_register of_jk04[] = {
    SETTING(0x1C, 2, 34, 1),  SETTING(0x20, 4, 38, 4),  SETTING(0x44, 4, 74, 4),
    SETTING(0x58, 4, 98, 4),  SETTING(0x64, 4, 106, 4), SETTING(0x68, 4, 110, 4),
    SETTING(0x6C, 1, 114, 1),
};

static const struct jk_register of_24s[] = {
    ACTION(0x21, 4), /* voltage calibration */
    ACTION(0x24, 4), /* current calibration */
    SETTING(0x25, 4, 134, 4),
    SETTING(0x26, 4, 138, 4),
};

static const struct jk_register of_32s[] = {
    SETTING(0x21, 4, 134, 4),  SETTING(0x22, 4, 138, 4),
    SETTING(0x25, 4, 274, 4), /* precharge time */
    SWITCH(0x27, 0),          /* heater */
    SWITCH(0x28, 1),          /* temperature sensors off */
    SWITCH(0x2A, 3),          /* port: RS485, else CAN */
    SWITCH(0x2B, 4),          /* display always on */
    SWITCH(0x2D, 6),          /* smart sleep */
    SWITCH(0x2E, 7),          /* parallel module off */
    SWITCH(0x2F, 8),          /* timed log */
    SWITCH(0x30, 9),          /* float mode */
    SWITCH(0x31, 10),         /* emergency button */
    SWITCH(0x32, 11),         /* dry contact intermittent */
    SWITCH(0x33, 12),         /* discharge over-current II */
    SWITCH(0x34, 13),         /* and III */
    SWITCH(0x35, 14),         /* GPS lock of charging */
    SWITCH(0x36, 15),         /* and of discharging */
    ACTION(0x37, 1),          /* written by the app at connect; meaning unknown */
    ACTION(0x38, 1),           SETTING(0x39, 1, 286, 1), /* smart sleep hours */
    SETTING(0x3A, 1, 296, 1),                   /* discharge under-temperature and release */
    SETTING(0x3B, 1, 297, 1),  ACTION(0x64, 4), /* voltage calibration */
    ACTION(0x65, 4),                            /* shutdown */
    ACTION(0x66, 4),                            /* restart */
    ACTION(0x67, 4),                            /* current calibration */
    ACTION(0x68, 4),                            /* presets: Li-ion, LFP, LTO */
    ACTION(0x69, 4),           ACTION(0x6A, 4),
    ACTION(0x6B, 4),           /* emergency */
    ACTION(0x6C, 4),           /* clock, seconds since 2020-01-01 */
    ACTION(0x9D, 4),           /* factory reset */
    INFORMATION(0xA5, 2, 184), /* UART1, CAN, UART2 protocol */
    INFORMATION(0xA6, 2, 185), INFORMATION(0xA8, 2, 218),
    INFORMATION(0xA9, 2, 234), /* buzzer, dry contact sources */
    INFORMATION(0xAA, 2, 235), INFORMATION(0xAB, 2, 236),
    INFORMATION(0xB3, 1, 266),                            /* charge and float time */
    INFORMATION(0xB4, 1, 267), INFORMATION(0xB5, 1, 269), /* emergency minutes */
    INFORMATION(0xB6, 2, 270),                            /* UART3 protocol */
    INFORMATION(0xB7, 1, 278),                            /* SOC at which charging starts again */
};

static enum err find_in(const struct jk_register *table, size_t n, uint8_t number,
                        struct jk_register *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (table[i].number == number) {
            *ret = table[i];
            return ERR_OK;
        }
    }
    return ERR_UNSUPPORTED;
}

#define FIND_IN(table, number, ret) find_in(table, sizeof table / sizeof table[0], number, ret)

/* Registers 01 to 20 are the 32 numbers at the start of both JK02 settings. */
static bool find_common(uint8_t number, struct jk_register *ret)
{
    if (number < 0x01 || number > 0x20)
        return false;
    *ret = (struct jk_register)SETTING(number, 4, (uint16_t)(JK_BODY_AT + 4 * (number - 1)), 4);
    return true;
}

enum err jk_register_find(enum jk_layout layout, uint8_t number, struct jk_register *ret)
{
    switch (layout) {
    case JK_LAYOUT_UNKNOWN: return ERR_UNSUPPORTED;
    case JK04: return FIND_IN(of_jk04, number, ret);
    case JK02_24S: return find_common(number, ret) ? ERR_OK : FIND_IN(of_24s, number, ret);
    case JK02_32S: return find_common(number, ret) ? ERR_OK : FIND_IN(of_32s, number, ret);
    }
    return ERR_UNSUPPORTED;
}

enum err jk_register_command(enum jk_layout layout, uint8_t number, uint32_t value,
                             struct jk_command *ret)
{
    struct jk_register reg;
    struct jk_command command;
    enum err err = jk_register_find(layout, number, &reg);

    if (err != ERR_OK)
        return err;
    if (reg.length < 4 && value >> (8 * reg.length) != 0)
        return ERR_RANGE;
    command = (struct jk_command){.number = number, .length = reg.length};
    for (unsigned i = 0; i < reg.length; i++)
        command.data[i] = (uint8_t)(value >> (8 * i));
    *ret = command;
    return ERR_OK;
}

static void put_bit(uint8_t *bytes, unsigned bit, bool on)
{
    uint8_t mask = (uint8_t)(1u << bit % 8);

    if (on)
        bytes[bit / 8] |= mask;
    else
        bytes[bit / 8] &= (uint8_t)~mask;
}

enum err jk_register_apply(enum jk_layout layout, const struct jk_command *command, uint8_t *frame)
{
    struct jk_register reg;
    enum jk_type type;
    uint32_t value = jk_command_value(command);
    enum err err = jk_register_find(layout, command->number, &reg);

    if (err != ERR_OK || reg.at == NOWHERE)
        return ERR_UNSUPPORTED;
    if (jk_frame_check(span_of(frame, JK_FRAME), &type).code != ERR_OK || type != reg.record)
        return ERR_MISMATCH;
    if (reg.bit >= 0) {
        put_bit(frame + reg.at, (unsigned)reg.bit, value != 0);
    } else {
        for (unsigned i = 0; i < reg.width; i++)
            frame[reg.at + i] = (uint8_t)(value >> (8 * i));
    }
    frame[JK_SUM_AT] = jk_sum8(span_of(frame, JK_SUM_AT));
    return ERR_OK;
}
