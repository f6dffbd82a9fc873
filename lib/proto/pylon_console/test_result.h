/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads one answer of a fixture's kind from any cut of the stream, and counts in how many fields
 * two readings differ.
 */
#ifndef PROTO_PYLON_CONSOLE_TEST_RESULT_H
#define PROTO_PYLON_CONSOLE_TEST_RESULT_H

#include "proto/pylon_console/pylon_console.h"
#include "proto/pylon_console/test_fixtures.h"

enum { RESULT_LOG = 8 };

struct result {
    uint8_t memory[4096]; /* the reader's; spans below point into it */
    struct pylon_reader reader;
    enum pylon_read read;
    unsigned pagers;
    struct decoded verdict; /* of split and decode */
    struct pylon_answer answer;
    struct pylon_pwr pwr;
    struct pylon_bat bat;
    struct pylon_form form;
    struct pylon_module module;
    struct pylon_info info;
    struct pylon_stat stat;
    struct pylon_system system;
    struct pylon_soh soh;
    struct pylon_getpwr getpwr;
    struct pylon_time time;
    char chip[16];
    size_t log_n;
    struct pylon_log_entry log[RESULT_LOG];
};

void result_begin(struct result *r);
/* Feeds bytes; false once the answer is complete. */
bool result_feed(struct result *r, struct span in);
/* Splits and decodes what was read. True when it is a good answer of the fixture's kind; for
 * FX_PLAIN when the frame could be split. */
bool result_end(struct result *r, const struct fixture *fx);

unsigned result_differences(const struct fixture *fx, const struct result *a,
                            const struct result *b);

#endif
