/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a form (`pwr N`, `info`, `stat`, `pwrsys`) line by line for the codec, which prints it.
 * Texts are copied into the builder, so temporaries are fine. Private to sim/device.
 */
#ifndef SIM_DEVICE_CONSOLE_FORM_H
#define SIM_DEVICE_CONSOLE_FORM_H

#include "proto/pylon_console/pylon_console.h"

struct form_builder {
    struct pylon_form form;
    uint8_t number_width; /* 0: the usual one of the form */
    uint8_t mask_width;
    uint8_t label_width;
    char memory[4096];
    struct buf arena;
    bool overflow; /* too many lines or too much text */
};

void form_begin(struct form_builder *b);
void form_number(struct form_builder *b, const char *label, int64_t value, const char *unit);
void form_word(struct form_builder *b, const char *label, const char *word);
void form_text(struct form_builder *b, const char *label, const char *text);
/* A text padded to `width`. */
void form_text_padded(struct form_builder *b, const char *label, const char *text, uint8_t width);
void form_mask(struct form_builder *b, const char *label, uint32_t mask, struct span names);
/* Identifiers; each followed by a blank, or only separated by blanks when `tight`. */
void form_list(struct form_builder *b, const char *label, const char *words, bool tight);
void form_plain(struct form_builder *b, const char *label); /* a line without a colon */
void form_plain_number(struct form_builder *b, const char *label, unsigned value);
void form_rule(struct form_builder *b);
void form_blank(struct form_builder *b);

/* Prints it; ERR_SPACE when it did not fit. */
enum err form_end(const struct form_builder *b, enum pylon_form_kind kind, struct buf *out);

#endif
