/* SPDX-License-Identifier: Apache-2.0
 *
 * The console's state words and event masks as the project's conditions. Private to this folder.
 */
#ifndef PROTO_PYLON_CONSOLE_PYLON_WORDS_H
#define PROTO_PYLON_CONSOLE_PYLON_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* COND_BIT sets. */
struct pylon_alarms {
    uint32_t warnings;
    uint32_t protections;
};

/* Which way the current flows decides whether a temperature or a current concerns charging or
 * discharging; at rest it concerns both. */
struct pylon_flow {
    bool charging;
    bool discharging;
};
struct pylon_flow pylon_flow_of(int32_t curr_ma, const char *base_word);

/* Each adds what the word of its column says. The empty word (no such column) says nothing; a word
 * that nobody knows is a COND_UNKNOWN_WORD warning. */
void pylon_word_base(const char *word, struct pylon_alarms *a);
void pylon_word_pack_voltage(const char *word, struct pylon_alarms *a);
void pylon_word_cell_voltage(const char *word, struct pylon_alarms *a);
void pylon_word_current(const char *word, struct pylon_flow flow, struct pylon_alarms *a);
void pylon_word_temperature(const char *word, struct pylon_flow flow, struct pylon_alarms *a);
void pylon_word_mos(const char *word, struct pylon_flow flow, struct pylon_alarms *a);
void pylon_word_sys_alarm(const char *word, struct pylon_alarms *a);
void pylon_word_coulomb(const char *word, struct pylon_alarms *a);
void pylon_word_soh(const char *word, struct pylon_alarms *a);

/* `Bat Events` (cells) and `Power Events` (pack), and any bit of `System Fault`. */
void pylon_mask_events(uint32_t events, bool cells, struct pylon_flow flow, struct pylon_alarms *a);
void pylon_mask_fault(uint32_t fault, struct pylon_alarms *a);

#endif
