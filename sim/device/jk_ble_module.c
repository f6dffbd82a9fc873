/* SPDX-License-Identifier: Apache-2.0
 *
 * The radio modules of JK BMS: their GATT tables, MTU and how the controller hands over its bytes.
 * Source: docs/protocols/jk.md (attribute tables of eight recorded connections).
 */
#include "sim/device/jk_ble_module.h"

#include <string.h>

#include "sim/model/pack.h"

#define COMMAND BLE_WRITE_COMMAND
#define BOTH    (BLE_WRITE_COMMAND | BLE_WRITE | BLE_NOTIFY)

struct row {
    uint8_t oui[3];
    uint16_t mtu;
    bool asks_mtu;
    uint8_t notifies;
    struct ble_service service;
};

static const struct row rows[] = {
    [JK_MODULE_BK3432] = {{0xC8, 0x47, 0x80},
                          BLE_MTU_MIN,
                          false,
                          0,
                          {.uuid = 0xFFE0,
                           .handle = 0x0008,
                           .n = 1,
                           .characteristics = {{0xFFE1, 0x000A, COMMAND | BLE_NOTIFY, {0}}}}},
    [JK_MODULE_OLD] = {{0xC8, 0x47, 0x8C},
                       131,
                       true,
                       1,
                       {.uuid = 0xFFE0,
                        .handle = 0x000E,
                        .n = 2,
                        .characteristics = {{0xFFE2, 0x0010, COMMAND, {0}},
                                            {0xFFE1, 0x0012, BOTH, {0}}}}},
    [JK_MODULE_B5A] = {{0xC8, 0x47, 0x80},
                       115,
                       true,
                       0,
                       {.uuid = 0xFFE0,
                        .handle = 0x000E,
                        .n = 1,
                        .characteristics = {{0xFFE1, 0x0010, BOTH, {0}}}}},
    [JK_MODULE_TWO] = {{0x20, 0x21, 0x11},
                       247,
                       false,
                       1,
                       {.uuid = 0xFFE0,
                        .handle = 0x0001,
                        .n = 2,
                        .characteristics = {{0xFFE1, 0x0003, COMMAND | BLE_WRITE, {0}},
                                            {0xFFE1, 0x0005, BLE_READ | BLE_NOTIFY, {0}}}}},
    [JK_MODULE_TELINK] = {{0xA4, 0xC1, 0x38},
                          247,
                          false,
                          0,
                          {.uuid = 0xFFE0,
                           .handle = 0x0008,
                           .n = 2,
                           .characteristics = {{0xFFE1, 0x000A, BOTH, {0}},
                                               {0xFFE2, 0x000D, COMMAND, {0}}}}},
};

static enum jk_module module_of(const struct sim_jk_ble *knobs, const struct jk_traits *traits,
                                const char *firmware)
{
    if (knobs->module != JK_MODULE_AUTO)
        return knobs->module;
    if (strcmp(firmware, "8.0.3M") == 0)
        return JK_MODULE_B5A;
    if (traits->layout == JK04)
        return JK_MODULE_BK3432;
    return traits->major == 10 ? JK_MODULE_TWO : JK_MODULE_OLD;
}

/* 128+22+128+22 and 150+150 were seen from 10.x on, one piece cut by the MTU before. */
static uint16_t burst_of(const struct sim_jk_ble *knobs, const struct jk_traits *traits)
{
    if (knobs->has_burst)
        return knobs->burst;
    return traits->major >= 10 ? 150 : 0;
}

static void address_of(const struct sim_jk_ble *knobs, const struct row *row, uint8_t *ret)
{
    static const uint8_t device[] = {0x12, 0x34, 0x56};

    if (knobs->has_address) {
        memcpy(ret, knobs->address, BLE_ADDRESS);
        return;
    }
    memcpy(ret, row->oui, sizeof row->oui);
    memcpy(ret + sizeof row->oui, device, sizeof device);
}

/* 0x0B65 with 88 A0 and the address. */
static void put_maker(struct ble_traits *t)
{
    t->has_maker = true;
    t->maker = 0x0B65;
    t->maker_data[0] = 0x88;
    t->maker_data[1] = 0xA0;
    memcpy(t->maker_data + 2, t->address, BLE_ADDRESS);
    t->maker_n = 2 + BLE_ADDRESS;
}

const char *jk_ble_firmware(const struct sim_config *config)
{
    const struct sim_battery *b = &config->battery[0];

    return b->firmware[0] != '\0' ? b->firmware : product_find(b->product)->main_version;
}

void jk_ble_module(const struct sim_config *config, struct ble_module *ret)
{
    const struct sim_jk_ble *k = (const struct sim_jk_ble *)(const void *)config->knobs;
    const struct product *product = product_find(config->battery[0].product);
    const char *firmware = jk_ble_firmware(config);
    struct jk_traits traits;

    jk_traits_of(firmware, &k->look, &traits);
    const struct row *row = &rows[module_of(k, &traits, firmware)];
    *ret = (struct ble_module){.notifies = row->notifies, .burst = burst_of(k, &traits)};
    struct ble_traits *t = &ret->traits;
    address_of(k, row, t->address);
    span_to_str(span_str(k->name[0] != '\0' ? k->name : product->device_name), t->name,
                sizeof t->name);
    t->advertised[0] = 0xFFE0;
    t->garbled_uuid = k->garbled_uuid;
    put_maker(t);
    t->rssi = k->rssi;
    t->interval_us = 100 * US_PER_MS;
    t->supervision_us = (uint32_t)k->supervision_us;
    t->mtu = k->mtu != 0 ? k->mtu : row->mtu;
    t->asks_mtu = row->asks_mtu;
    t->n = 1;
    t->services[0] = row->service;
}
