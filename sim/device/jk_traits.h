/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the firmwares of JK BMS, found from the version text of a battery. Source:
 * docs/protocols/jk.md and the firmware matrix of the project's JK specification (captures of 3.3.0
 * to 21.00).
 */
#ifndef SIM_DEVICE_JK_TRAITS_H
#define SIM_DEVICE_JK_TRAITS_H

#include "proto/jk_frame/jk_frame.h"
#include "proto/jk_modbus/jk_registers.h"

/* How a sensor that is not fitted reads. */
enum jk_absent { JK_ABSENT_BY_FIRMWARE, JK_ABSENT_MINUS_200, JK_ABSENT_ZERO };

/* What [port] chooses for all units on it. */
struct jk_look {
    enum jk_layout layout; /* JK_LAYOUT_UNKNOWN: by firmware */
    enum jk_absent absent;
    uint8_t sensors;  /* how many of T1 T2 T4 T5 are fitted; JK_ALL_SENSORS: as the model has */
    uint64_t boot_us; /* so long after power-up charge, SOC and cycles read 0 */
};

enum { JK_ALL_SENSORS = 0xFF };

struct jk_traits {
    enum jk_layout layout;
    unsigned major;
    int16_t absent_dc;
    uint8_t sensor_mask; /* @214, right only on old firmware */
    bool password_bit;   /* error bit 19 is set on healthy packs: 11.x */
    bool aged_capacity;  /* full capacity ages: from 11 on */
    bool asks_voltage;   /* requests charge and float voltage; sends "AT", record 03 after 96: 14 */
    bool has_phase;      /* charge phase: from 15 on */
    bool heater;         /* @284 is heater start and end: 15.41 and from 16 on */
    bool long_serial;    /* 16 characters: from 19 on */
    uint8_t bus_counter; /* byte 5 on RS485 */
    uint8_t sensors;     /* cell sensors that are fitted and shown: 24S up to 2, 32S up to 4 */
    enum jk_control_map control;
};

/* `version` as "15.41", "8.0.6G", "11.288H"; one that begins with no number is taken as 15.41. */
void jk_traits_of(const char *version, const struct jk_look *look, struct jk_traits *ret);

#endif
