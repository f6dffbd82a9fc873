/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated battery as the records of a JK BMS: one state for Modbus, the UART, the pack bus and
 * Bluetooth. Truth in (struct stack_module), records out (proto/jk_frame/jk_record.h), and what a
 * client writes: settings and information are kept by the unit and win over what the model says.
 *
 * The switches that are written act on the MOSFETs that the records show; by written thresholds,
 * delays and currents the model acts, as soon as the device has told it (jk_state_tell_owner).
 * Values that a record cannot hold are cut at what it holds.
 *
 * Overlay words: serial, firmware (also decides which quirks there are: a firmware update),
 * fault.system (more error bits, "0x80000" asks to change the password), events.battery (mask of
 * balance wires with too much resistance).
 *
 * Source: docs/protocols/jk.md. Pure: no I/O, no clock.
 */
#ifndef SIM_DEVICE_JK_STATE_H
#define SIM_DEVICE_JK_STATE_H

#include "proto/jk_frame/jk_record.h"
#include "sim/device/device.h"
#include "sim/device/jk_traits.h"

/* ---- what a unit remembers ---- */

/* Bytes of a record's body that were written, in groups of four, the size of its numbers. */
struct jk_written {
    uint8_t body[JK_BODY];
    uint8_t groups[(JK_BODY / 4 + 1 + 7) / 8]; /* a bit each */
};

/* Zero-initialise it; a reboot keeps what was written and renews powered_us. */
struct jk_unit {
    struct jk_written settings, info;
    uint64_t powered_us;
};

/* ---- one unit at one instant ---- */

struct jk_scene {
    const struct jk_look *look;
    const struct jk_unit *unit;
    const struct stack *stack;
    unsigned module; /* index in the stack */
    uint8_t address; /* on RS485; 0: it has none, or is the master */
};

void jk_scene_traits(const struct jk_scene *scene, struct jk_traits *ret);

/* Records of JK02. Of a JK04 they are what a 24S would say. */
void jk_state_cells(const struct jk_scene *scene, struct jk_cells *ret);
void jk_state_settings(const struct jk_scene *scene, struct jk_settings *ret);
void jk_state_info(const struct jk_scene *scene, struct jk_info *ret);
/* Records of JK04. */
void jk_state_cells04(const struct jk_scene *scene, struct jk04_cells *ret);
void jk_state_settings04(const struct jk_scene *scene, struct jk04_settings *ret);

/* Appends the frame of a record, coded as the unit's layout says; the logbook holds the last start.
 * ERR_SPACE. */
enum err jk_state_frame(const struct jk_scene *scene, enum jk_type type, uint8_t counter,
                        struct buf *out);

/* ---- registers (Modbus) ---- */

/* `words` from the byte address `address` into ret (2 * words bytes); ERR_RANGE: no such registers,
 * or not in one block. */
enum err jk_state_read(const struct jk_scene *scene, uint16_t address, uint16_t words,
                       uint8_t *ret);
/* Changes scene->unit, which must be *unit. ERR_NOT_FOUND: no such registers; ERR_UNSUPPORTED: they
 * can only be read; ERR_RANGE: the BMS does not accept that value. */
enum err jk_state_write(const struct jk_scene *scene, struct jk_unit *unit, uint16_t address,
                        struct span data);

/* ---- commands (Bluetooth) ---- */

/* A register write: the same errors, ERR_NOT_FOUND: no such register in this layout;
 * ERR_UNSUPPORTED: an action (shut down, set the clock, ...) that changes no record. */
enum err jk_state_command(const struct jk_scene *scene, struct jk_unit *unit,
                          const struct jk_command *command);

/* After a write: what the model is to act by now. A JK04 has no such settings. */
void jk_state_tell_owner(const struct jk_scene *scene, const struct device_host *host);

/* ---- for struct device_ops ---- */

/* Whether JK devices show such an overlay word. */
bool jk_state_accepts(uint16_t path, const char *text, const char **ret_why);

#endif
