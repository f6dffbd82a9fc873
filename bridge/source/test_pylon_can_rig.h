/* SPDX-License-Identifier: Apache-2.0
 *
 * A bus for the source `pylon-can`: frames as text at given times, with the deadlines in between.
 */
#ifndef BRIDGE_SOURCE_TEST_PYLON_CAN_RIG_H
#define BRIDGE_SOURCE_TEST_PYLON_CAN_RIG_H

#include "bridge/source/pylon_can_source.h"
#include "testing/testing.h"

enum { RIG_SENT_MAX = 64, RIG_LOG_MAX = 4096 };

struct can_rig {
    struct manual_clock clock;
    struct log log;
    struct pylon_can_source can;
    struct source source;
    struct battery battery; /* the newest that was published */
    unsigned published;     /* how many */
    uint32_t sent[RIG_SENT_MAX];
    size_t n_sent;
    char said[RIG_LOG_MAX]; /* all log lines */
};

/* `dialect` NULL: automatic. The bus is up at 1 s. */
void rig_open(struct can_rig *rig, const char *dialect);
void rig_open_config(struct can_rig *rig, const struct pylon_can_source_config *config);
/* Runs what is due until then; times never go back. */
void rig_until(struct can_rig *rig, uint64_t ms);
/* Frames in candump text, blanks between them, all at this time. */
void rig_frames(struct can_rig *rig, uint64_t ms, const char *frames);
bool rig_logged(const struct can_rig *rig, const char *text);

/* A healthy stack of 6 modules on V1.2 (capture 01): 53.2 V, 480 A, 480 A, 45.0 V; 88 %, 94 %;
 * 49.86 V, -27.0 A, 36.3 C. */
extern const char rig_healthy[];

#endif
