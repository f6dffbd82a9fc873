/* SPDX-License-Identifier: Apache-2.0
 *
 * A virtual controller with up to three batteries in its air, and the packets of a session of Linux
 * 6.1 with bluetoothd 5.66: for the tests of the controller. Packets to the host are kept until
 * they are asked for.
 */
#ifndef SIM_BLE_TEST_HCI_RIG_H
#define SIM_BLE_TEST_HCI_RIG_H

#include "sim/ble/hci_controller.h"

enum { HCI_RIG_PACKETS = 64, HCI_RIG_BATTERIES = 3 };

struct hci_battery {
    struct ble_peripheral *p;
    unsigned connects, disconnects, subscribes, writes;
    enum ble_end end;
    uint16_t mtu;
    uint8_t written[64];
    size_t written_n;
};

struct hci_rig {
    struct manual_clock clock;
    struct hci_controller *c;
    struct hci_battery battery[HCI_RIG_BATTERIES];
    uint8_t packet[HCI_RIG_PACKETS][300];
    size_t size[HCI_RIG_PACKETS];
    size_t n, read;
    uint64_t wake_us;
};

/* An old JK module: C8:47:8C:12:34:56, -61 dBm, every 100 ms, lost after 2 s. */
extern const struct ble_traits hci_rig_traits;

void hci_rig_up(struct hci_rig *r, unsigned batteries);
void hci_rig_down(struct hci_rig *r);
/* Battery i has the last byte of its address raised by i. */
enum err hci_rig_add(struct hci_rig *r, unsigned i, const struct ble_traits *of);
void hci_rig_pass(struct hci_rig *r, uint64_t us); /* what is due meanwhile comes */
void hci_rig_say(struct hci_rig *r, struct span packet);
struct span hci_rig_next(struct hci_rig *r); /* the next packet to the host; empty: there is none */
void hci_rig_none(struct hci_rig *r);        /* checks that there is none */

struct hci_exchange {
    struct span command, answer;
};

/* clang-format off */
#define Q(command, answer) {SPAN_INIT(command), SPAN_INIT(answer)}
/* clang-format on */

/* Commands and the one packet that each is answered by. */
void hci_rig_check(struct hci_rig *r, const struct hci_exchange *rows);

/* ---- pieces of the session ---- */

#define ADDRESS "\x56\x34\x12\x8C\x47\xC8"
#define SECOND  "\x57\x34\x12\x8C\x47\xC8"

#define SCAN_ON        "\x01\x0C\x20\x02\x01\x01"
#define SCAN_OFF       "\x01\x0C\x20\x02\x00\x00"
#define SCAN_DONE      "\x04\x0E\x04\x01\x0C\x20\x00"
#define ACTIVE         "\x01\x0B\x20\x07\x01\x12\x00\x12\x00\x01\x00"
#define PASSIVE_LISTED "\x01\x0B\x20\x07\x00\x60\x00\x60\x00\x00\x01"
#define PARAMETERS_OK  "\x04\x0E\x04\x01\x0B\x20\x00"
#define ADVERT(address)                                                                           \
    "\x04\x3E\x21\x02\x01\x00\x00" address "\x15\x02\x01\x06\x03\x03\xE0\xFF\x0D\x09JK-BD6A17S6P" \
    "\xC3"
#define RESPONSE                                                                                  \
    "\x04\x3E\x18\x02\x01\x04\x00" ADDRESS "\x0C\x0B\xFF\x65\x0B\x88\xA0\xC8\x47\x8C\x12\x34\x56" \
    "\xC3"
#define CONNECT(address)                               \
    "\x01\x0D\x20\x19\x60\x00\x60\x00\x00\x00" address \
    "\x00\x18\x00\x28\x00\x00\x00\x2A\x00\x00\x00\x00\x00"
#define CONNECT_STATUS "\x04\x0F\x04\x00\x01\x0D\x20"
#define CONNECTED(handle, address) \
    "\x04\x3E\x13\x01\x00" handle "\x00\x00\x00" address "\x18\x00\x00\x00\x2A\x00\x00"
#define COMPLETED(handle) "\x04\x13\x05\x01" handle "\x00\x01\x00"
#define DISCONNECT        "\x01\x06\x04\x03\x40\x00\x13"

void hci_rig_connect_to(struct hci_rig *r, struct span connect, struct span connected);
void hci_rig_connect_first(struct hci_rig *r);
void hci_rig_subscribe(struct hci_rig *r); /* on the link of handle 0x40 */

#endif
