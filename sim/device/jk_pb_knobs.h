/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be chosen about simulated JK-PB packs on RS485.
 */
#ifndef SIM_DEVICE_JK_PB_KNOBS_H
#define SIM_DEVICE_JK_PB_KNOBS_H

#include "base/clock.h"
#include "sim/config.h"
#include "sim/device/jk_traits.h"

/* AUTO: a telegram with a good CRC is RTU, else one with a good header is MODBUS/TCP. */
enum jk_framing { JK_FRAMING_AUTO, JK_FRAMING_RTU, JK_FRAMING_TCP };

/* What happens to reads (03) on a bus that was silent: nothing, the first is not answered, none is
 * until a trigger was seen. */
enum jk_cold_bus { JK_COLD_OFF, JK_COLD_FIRST, JK_COLD_DEAD };

enum jk_ack_place { JK_ACK_BEHIND, JK_ACK_FIRST, JK_ACK_MISSING };

enum jk_control_choice { JK_CONTROL_BY_FIRMWARE, JK_CONTROL_IS_V1_0, JK_CONTROL_IS_V1_1 };

struct sim_jk_pb {
    struct jk_look look;
    uint8_t address[SIM_MAX_BATTERIES]; /* of bms 1, 2, ...; 0: the master of the bus */
    uint8_t n_addresses;                /* 0: bms n has address n */
    uint32_t baud;
    enum jk_framing framing;
    uint64_t answer_delay_us; /* end of the request to first byte */
    uint64_t frame_gap_us;    /* 0: 3.5 characters, at least 1.75 ms */
    uint64_t recovery_us;     /* deaf for so long after a read */
    uint16_t longest_read;    /* words */
    bool long_read_silent;    /* more words: silence instead of exception 2 */
    bool broken;              /* answers everything with exception 4 */
    enum jk_cold_bus cold_bus;
    uint64_t cold_after_us; /* silent for this long: cold */
    enum jk_control_choice control;
    bool form_310; /* zeros before and behind the acknowledge */
    enum jk_ack_place ack;
    uint64_t together_us;  /* triggers closer than this are answered by all units */
    uint64_t cycle_us;     /* of the master */
    bool master_broadcast; /* it sends its own cells and settings */
};

extern const struct device_kind jk_modbus_kind;
extern const struct device_kind jk_bus_kind;

/* The knobs of a configuration whose device is one of these. */
static inline struct sim_jk_pb *jk_pb_knobs(struct sim_config *config)
{
    return (struct sim_jk_pb *)(void *)config->knobs;
}

/* The address of a battery (by index) on the bus. */
uint8_t jk_pb_address(const struct sim_jk_pb *knobs, unsigned battery);

#endif
