/* SPDX-License-Identifier: Apache-2.0
 *
 * The register blocks of JK-PB BMS: the records of the 300-byte frames, each number big endian, at
 * (frame offset - 6). A simulator fills blocks from its records and reads from them; a bridge puts
 * answers into them, in as many pieces as the limits force, and translates what is there.
 *
 * Source: docs/protocols/jk.md.
 */
#ifndef PROTO_JK_REGISTERS_H
#define PROTO_JK_REGISTERS_H

#include "proto/jk_frame/jk_battery.h"

enum {
    JK_REG_SETTINGS = 0x1000, /* read and write */
    JK_REG_STATUS = 0x1200,   /* read */
    JK_REG_INFO = 0x1400,     /* read, some write */
    JK_REG_CONTROL = 0x1600,  /* write */
};

/* Bytes in a block: up to the last documented register. 0: not the start of a readable block. */
uint16_t jk_registers_size(uint16_t base);

struct jk_registers {
    uint16_t base;
    uint8_t bytes[JK_BODY];
    uint8_t present[(JK_BODY + 7) / 8]; /* a bit per byte */
};

/* Nothing is present. */
void jk_registers_clear(struct jk_registers *r, uint16_t base);

/* Everything is present. ERR_UNSUPPORTED: a 24S, which has no registers. */
enum err jk_registers_of_cells(const struct jk_cells *cells, struct jk_registers *ret);
enum err jk_registers_of_settings(const struct jk_settings *settings, struct jk_registers *ret);
void jk_registers_of_info(const struct jk_info *info, struct jk_registers *ret);

/* `words` from the byte address `address`, 2 * words bytes. ERR_RANGE: outside the block or an odd
 * address; ERR_NOT_FOUND: a part is not present. */
enum err jk_registers_get(const struct jk_registers *r, uint16_t address, uint16_t words,
                          uint8_t *ret);
/* Sets bytes and makes them present; ERR_RANGE as above, also for an odd number of bytes. */
enum err jk_registers_put(struct jk_registers *r, uint16_t address, struct span data);

/* Whole records. ERR_MISMATCH: another block; ERR_INCOMPLETE: offset is the first byte of the block
 * that is not present. What only the frames have (the tail of the cell record) is 0. */
struct decoded jk_registers_cells(const struct jk_registers *r, struct jk_cells *ret);
struct decoded jk_registers_settings(const struct jk_registers *r, struct jk_settings *ret);
struct decoded jk_registers_info(const struct jk_registers *r, struct jk_info *ret);

/* What is present of a block, by its kind; the rest of *b stays as it was. ERR_INCOMPLETE: a
 * settings block of which a part that limits depend on is missing; ERR_IMPLAUSIBLE; ERR_MISMATCH:
 * no such block. *b is untouched then. Pieces that are read at different moments may contradict
 * each other under load: read cells and pack voltage close together. */
enum err jk_registers_to_battery(const struct jk_registers *r, struct battery *b);

/* ---- control ---- */

/* The same address means different things: 0x1604 is the current calibration in V1.0 of the
 * document and "switch off" in V1.1. Nothing may be written here without knowing the firmware. */
enum jk_control_map { JK_CONTROL_V1_0, JK_CONTROL_V1_1 };

enum jk_control {
    JK_CONTROL_CALIBRATE_VOLTAGE,
    JK_CONTROL_SHUT_DOWN,
    JK_CONTROL_CALIBRATE_CURRENT,
    JK_CONTROL_PRESET_LI_ION,
    JK_CONTROL_PRESET_LFP,
    JK_CONTROL_PRESET_LTO,
    JK_CONTROL_EMERGENCY,
    JK_CONTROL_SET_TIME,
};

/* What a write to `address` does and how many words it takes; ERR_NOT_FOUND. */
enum err jk_control_find(enum jk_control_map map, uint16_t address, enum jk_control *ret_control,
                         uint16_t *ret_words);

#endif
