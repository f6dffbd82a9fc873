/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of the JK state.
 */
#ifndef SIM_DEVICE_JK_STATE_PRIVATE_H
#define SIM_DEVICE_JK_STATE_PRIVATE_H

#include "sim/device/jk_state.h"

enum { NO_BIT = 0xFF };

#define JK_ERROR_WIRE       (UINT32_C(1) << 0)
#define JK_ERROR_CELL_COUNT (UINT32_C(1) << 2)
#define JK_ERROR_PASSWORD   (UINT32_C(1) << 19)

/* "0x80000" */
bool jk_parse_mask(const char *text, uint64_t *ret);

/* 0 LFP, 1 Li-ion, 2 LTO: by the voltage that is too much for a cell. */
uint8_t jk_chemistry(uint32_t cell_ovp_mv);

/* Puts what was written over a body. */
void jk_written_apply(const struct jk_written *written, uint8_t *body);
/* Keeps every group in which the first `n` bytes of the two bodies differ. */
void jk_written_keep(struct jk_written *written, const uint8_t *before, const uint8_t *after,
                     size_t n);

#endif
