/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host commands its controller: one row a command (Core 5.3, Vol 4 Part E 7).
 */
#include <string.h>

#include "sim/ble/hci_controller_priv.h"

/* How a command is answered at once. */
enum answer { BY_COMPLETE, BY_STATUS };

struct command {
    uint16_t opcode;
    uint8_t n; /* bytes of its parameters */
    enum answer answer;
    /* Returns the status; further return parameters into `ret`. NULL: nothing to do. */
    uint8_t (*run)(struct hci_controller *c, struct span p, struct buf *ret);
    /* What follows the answer of a command that went well; may be NULL. */
    void (*then)(struct hci_controller *c, struct span p);
};

static struct hci_address address_at(struct span p, size_t at)
{
    struct hci_address a;

    memcpy(a.bytes, p.p + at, HCI_ADDRESS);
    return a;
}

static uint16_t handle_at(struct span p)
{
    return (uint16_t)((p.p[0] | p.p[1] << 8) & HCI_ACL_HANDLE);
}

static void put_zeros(struct buf *b, size_t n)
{
    while (n-- > 0)
        buf_u8(b, 0);
}

/* ---- what the controller is ---- */

static uint8_t reset(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)p;
    (void)ret;
    hci_reset(c);
    return HCI_OK;
}

static uint8_t read_version(struct hci_controller *c, struct span p, struct buf *ret)
{
    enum { VERSION_5_0 = 9, NO_COMPANY = 0xFFFF };

    (void)c;
    (void)p;
    buf_u8(ret, VERSION_5_0);
    buf_u16le(ret, 0);
    buf_u8(ret, VERSION_5_0);
    buf_u16le(ret, NO_COMPANY);
    buf_u16le(ret, 0);
    return HCI_OK;
}

/* Bits of 6.27, by octet. */
static uint8_t read_commands(struct hci_controller *c, struct span p, struct buf *ret)
{
    static const struct {
        uint8_t octet, bits;
    } supported[] = {
        {0, 0x20},  /* disconnect */
        {2, 0x80},  /* remote version */
        {5, 0xC0},  /* event mask, reset */
        {10, 0x04}, /* transmit power level */
        {14, 0x28}, /* version, features */
        {15, 0x22}, /* address, RSSI */
        {24, 0x40}, /* LE host support */
        {25, 0xF7}, /* LE: event mask to advertising data */
        {26, 0xFF}, /* LE: scan response to accept list */
        {27, 0xA7}, /* LE: accept list, connection update, remote features, random */
        {28, 0x08}, /* LE: states */
    };
    uint8_t bits[64] = {0};

    (void)c;
    (void)p;
    for (size_t i = 0; i < sizeof supported / sizeof *supported; i++)
        bits[supported[i].octet] = supported[i].bits;
    buf_put(ret, span_of(bits, sizeof bits));
    return HCI_OK;
}

static uint8_t read_features(struct hci_controller *c, struct span p, struct buf *ret)
{
    static const uint8_t le_only[] = {0, 0, 0, 0, 0x60, 0, 0, 0};

    (void)c;
    (void)p;
    buf_put(ret, span_of(le_only, sizeof le_only));
    return HCI_OK;
}

static uint8_t read_no_features(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)c;
    (void)p;
    put_zeros(ret, 8);
    return HCI_OK;
}

/* FNV-1a. */
static uint32_t stir(uint32_t hash, uint32_t word)
{
    return (hash ^ word) * 16777619;
}

/* It depends on the batteries in the air, because BlueZ keeps what it has discovered of a device in
 * a folder of its adapter: another battery at the same address must not meet that. */
static uint8_t read_address(struct hci_controller *c, struct span p, struct buf *ret)
{
    uint32_t hash = 2166136261;

    (void)p;
    for (const struct hci_peer *peer = c->peers; peer != NULL; peer = peer->next) {
        for (size_t i = 0; i < HCI_ADDRESS; i++)
            hash = stir(hash, peer->address.bytes[i]);
        for (size_t i = 0; i < peer->table.n; i++) {
            const struct att_attribute *a = &peer->table.attributes[i];
            hash = stir(stir(stir(hash, a->handle), a->uuid), a->properties);
        }
    }
    buf_u32le(ret, hash);
    buf_u16le(ret, 0x0200); /* locally administered: 02:00:xx:xx:xx:xx */
    return HCI_OK;
}

static uint8_t read_buffers(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)c;
    (void)p;
    buf_u16le(ret, HCI_ACL_DATA_MAX);
    buf_u8(ret, HCI_BUFFERS);
    return HCI_OK;
}

static uint8_t read_states(struct hci_controller *c, struct span p, struct buf *ret)
{
    static const uint8_t all[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x03, 0, 0};

    (void)c;
    (void)p;
    buf_put(ret, span_of(all, sizeof all));
    return HCI_OK;
}

static uint8_t read_advertising_power(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)c;
    (void)p;
    buf_u8(ret, 0); /* dBm */
    return HCI_OK;
}

static uint8_t read_random(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)p;
    buf_u64le(ret, rng_next(&c->random));
    return HCI_OK;
}

/* ---- scanning ---- */

static uint8_t set_scan_parameters(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)ret;
    if (c->scanning)
        return HCI_DISALLOWED;
    c->active = (p.p[0] & 1) != 0;
    c->scans_listed = (p.p[6] & 1) != 0;
    return HCI_OK;
}

static uint8_t scan(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)ret;
    if (p.p[0] > 1 || p.p[1] > 1)
        return HCI_INVALID_PARAMETERS;
    c->scanning = p.p[0] != 0;
    c->filters = p.p[1] != 0;
    hci_air_listen(c);
    return HCI_OK;
}

/* ---- the accept list ---- */

static uint8_t read_list_size(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)c;
    (void)p;
    buf_u8(ret, HCI_LIST);
    return HCI_OK;
}

static uint8_t clear_list(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)p;
    (void)ret;
    c->n_list = 0;
    hci_reschedule(c);
    return HCI_OK;
}

static uint8_t add_to_list(struct hci_controller *c, struct span p, struct buf *ret)
{
    struct hci_address a = address_at(p, 0);

    (void)ret;
    if (hci_is_listed(c, &a))
        return HCI_OK;
    if (c->n_list == HCI_LIST)
        return HCI_MEMORY_EXCEEDED;
    c->list[c->n_list++] = a;
    hci_air_listen(c);
    return HCI_OK;
}

static uint8_t remove_from_list(struct hci_controller *c, struct span p, struct buf *ret)
{
    struct hci_address a = address_at(p, 0);

    (void)ret;
    for (size_t i = 0; i < c->n_list; i++)
        if (memcmp(c->list[i].bytes, a.bytes, HCI_ADDRESS) == 0) {
            c->list[i] = c->list[--c->n_list];
            break;
        }
    hci_reschedule(c);
    return HCI_OK;
}

/* ---- connecting ---- */

/* Scan interval and window, policy (1: whoever is in the list), address, own address, interval from
 * and to, latency, time-out, connection event from and to. */
static uint8_t start_connecting(struct hci_controller *c, struct span p, struct buf *ret)
{
    struct hci_address a = address_at(p, 5);
    const struct hci_peer *peer = hci_by_address(c, &a);

    (void)ret;
    if (p.p[4] > 1)
        return HCI_INVALID_PARAMETERS;
    if (c->wanted != HCI_NOBODY)
        return HCI_DISALLOWED;
    if (p.p[4] == 0 && peer != NULL && peer->handle != 0)
        return HCI_CONNECTION_EXISTS;
    if (hci_free_handle(c) == 0)
        return HCI_CONNECTION_LIMIT;
    c->wanted = p.p[4] == 0 ? HCI_ONE : HCI_LISTED;
    c->wanted_one = a;
    memcpy(c->parameters, p.p + 13, 2);
    memcpy(c->parameters + 2, p.p + 17, 4);
    hci_air_listen(c);
    return HCI_OK;
}

static uint8_t cancel(struct hci_controller *c, struct span p, struct buf *ret)
{
    (void)p;
    (void)ret;
    return c->wanted == HCI_NOBODY ? HCI_DISALLOWED : HCI_OK;
}

/* The connection that did not come about. */
static void cancelled(struct hci_controller *c, struct span p)
{
    uint8_t memory[24];
    struct buf out = buf_of(memory, sizeof memory);

    (void)p;
    buf_u8(&out, HCI_LE_CONNECTION_COMPLETE);
    buf_u8(&out, HCI_UNKNOWN_CONNECTION);
    buf_u16le(&out, 0);
    buf_u8(&out, 0);
    if (c->wanted == HCI_ONE)
        buf_put(&out, span_of(c->wanted_one.bytes, HCI_ADDRESS));
    else
        put_zeros(&out, HCI_ADDRESS);
    put_zeros(&out, 7);
    c->wanted = HCI_NOBODY;
    hci_send_meta(c, &out);
    hci_reschedule(c);
}

/* ---- on a link ---- */

/* For commands that need one; those that are answered by Complete repeat its handle. */
static uint8_t find_link(struct hci_controller *c, struct span p, struct buf *ret)
{
    buf_u16le(ret, handle_at(p));
    return hci_by_handle(c, handle_at(p)) != NULL ? HCI_OK : HCI_UNKNOWN_CONNECTION;
}

/* The reason says whether the central ends this link or all of its Bluetooth. */
static void disconnected(struct hci_controller *c, struct span p)
{
    enum ble_end why = p.p[2] == HCI_REMOTE_POWER_OFF ? BLE_END_HOST : BLE_END_CENTRAL;

    hci_end_link(hci_by_handle(c, handle_at(p)), HCI_LOCAL_TERMINATED, why);
}

static void remote_version(struct hci_controller *c, struct span p)
{
    enum { VERSION_4_2 = 8, NO_COMPANY = 0xFFFF };
    uint8_t memory[8];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, HCI_OK);
    buf_u16le(&out, handle_at(p));
    buf_u8(&out, VERSION_4_2);
    buf_u16le(&out, NO_COMPANY);
    buf_u16le(&out, 0);
    hci_send_event(c, HCI_REMOTE_VERSION_COMPLETE, buf_span(&out));
}

static void remote_features(struct hci_controller *c, struct span p)
{
    uint8_t memory[12];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, HCI_LE_REMOTE_FEATURES_COMPLETE);
    buf_u8(&out, HCI_OK);
    buf_u16le(&out, handle_at(p));
    put_zeros(&out, 8);
    hci_send_meta(c, &out);
}

/* Handle, interval from and to, latency, time-out, connection event from and to. */
static void updated(struct hci_controller *c, struct span p)
{
    uint8_t memory[12];
    struct buf out = buf_of(memory, sizeof memory);

    buf_u8(&out, HCI_LE_UPDATE_COMPLETE);
    buf_u8(&out, HCI_OK);
    buf_u16le(&out, handle_at(p));
    buf_put(&out, span_sub(p, 4, 6));
    hci_send_meta(c, &out);
}

static uint8_t read_rssi(struct hci_controller *c, struct span p, struct buf *ret)
{
    const struct hci_peer *peer = hci_by_handle(c, handle_at(p));

    buf_u16le(ret, handle_at(p));
    buf_u8(ret, peer != NULL ? (uint8_t)peer->table.traits.rssi : 127); /* 127: not available */
    return peer != NULL ? HCI_OK : HCI_UNKNOWN_CONNECTION;
}

static uint8_t read_power(struct hci_controller *c, struct span p, struct buf *ret)
{
    uint8_t status = find_link(c, p, ret);

    buf_u8(ret, 0); /* dBm */
    return status;
}

/* ---- the table ---- */

/* The host advertises to nobody, and its masks hide nothing that it would understand: accepted. */
static const struct command commands[] = {
    {HCI_DISCONNECT, 3, BY_STATUS, find_link, disconnected},
    {HCI_READ_REMOTE_VERSION, 2, BY_STATUS, find_link, remote_version},
    {HCI_SET_EVENT_MASK, 8, BY_COMPLETE, NULL, NULL},
    {HCI_RESET, 0, BY_COMPLETE, reset, NULL},
    {HCI_READ_POWER_LEVEL, 3, BY_COMPLETE, read_power, NULL},
    {HCI_WRITE_LE_HOST, 2, BY_COMPLETE, NULL, NULL},
    {HCI_READ_VERSION, 0, BY_COMPLETE, read_version, NULL},
    {HCI_READ_COMMANDS, 0, BY_COMPLETE, read_commands, NULL},
    {HCI_READ_FEATURES, 0, BY_COMPLETE, read_features, NULL},
    {HCI_READ_ADDRESS, 0, BY_COMPLETE, read_address, NULL},
    {HCI_READ_RSSI, 2, BY_COMPLETE, read_rssi, NULL},
    {HCI_LE_SET_EVENT_MASK, 8, BY_COMPLETE, NULL, NULL},
    {HCI_LE_READ_BUFFER_SIZE, 0, BY_COMPLETE, read_buffers, NULL},
    {HCI_LE_READ_FEATURES, 0, BY_COMPLETE, read_no_features, NULL},
    {HCI_LE_SET_RANDOM_ADDRESS, 6, BY_COMPLETE, NULL, NULL},
    {HCI_LE_SET_ADVERTISING_PARAMETERS, 15, BY_COMPLETE, NULL, NULL},
    {HCI_LE_READ_ADVERTISING_POWER, 0, BY_COMPLETE, read_advertising_power, NULL},
    {HCI_LE_SET_ADVERTISING_DATA, 32, BY_COMPLETE, NULL, NULL},
    {HCI_LE_SET_SCAN_RESPONSE, 32, BY_COMPLETE, NULL, NULL},
    {HCI_LE_ADVERTISE, 1, BY_COMPLETE, NULL, NULL},
    {HCI_LE_SET_SCAN_PARAMETERS, 7, BY_COMPLETE, set_scan_parameters, NULL},
    {HCI_LE_SCAN, 2, BY_COMPLETE, scan, NULL},
    {HCI_LE_CONNECT, 25, BY_STATUS, start_connecting, NULL},
    {HCI_LE_CONNECT_CANCEL, 0, BY_COMPLETE, cancel, cancelled},
    {HCI_LE_READ_LIST_SIZE, 0, BY_COMPLETE, read_list_size, NULL},
    {HCI_LE_CLEAR_LIST, 0, BY_COMPLETE, clear_list, NULL},
    {HCI_LE_ADD_TO_LIST, 7, BY_COMPLETE, add_to_list, NULL},
    {HCI_LE_REMOVE_FROM_LIST, 7, BY_COMPLETE, remove_from_list, NULL},
    {HCI_LE_UPDATE_CONNECTION, 14, BY_STATUS, find_link, updated},
    {HCI_LE_READ_REMOTE_FEATURES, 2, BY_STATUS, find_link, remote_features},
    {HCI_LE_RANDOM, 0, BY_COMPLETE, read_random, NULL},
    {HCI_LE_READ_STATES, 0, BY_COMPLETE, read_states, NULL},
};

static const struct command *find(uint16_t opcode)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].opcode == opcode)
            return &commands[i];
    return NULL;
}

static void answer(const struct hci_controller *c, enum answer how, uint16_t opcode, uint8_t status,
                   const struct buf *ret)
{
    uint8_t memory[HCI_EVENT_MAX];
    struct buf out = buf_of(memory, sizeof memory);

    if (how == BY_STATUS)
        buf_u8(&out, status);
    buf_u8(&out, 1); /* it takes one more command */
    buf_u16le(&out, opcode);
    if (how == BY_COMPLETE) {
        buf_u8(&out, status);
        buf_put(&out, buf_span(ret));
    }
    hci_send_event(c, how == BY_STATUS ? HCI_COMMAND_STATUS : HCI_COMMAND_COMPLETE, buf_span(&out));
}

void hci_command(struct hci_controller *c, uint16_t opcode, struct span p)
{
    const struct command *command = find(opcode);
    uint8_t memory[128];
    struct buf ret = buf_of(memory, sizeof memory);
    uint8_t status = HCI_OK;

    if (opcode == 0)
        return; /* NOP */
    if (command == NULL)
        status = HCI_UNKNOWN_COMMAND;
    else if (p.n != command->n)
        status = HCI_INVALID_PARAMETERS;
    else if (command->run != NULL)
        status = command->run(c, p, &ret);
    answer(c, command != NULL ? command->answer : BY_COMPLETE, opcode, status, &ret);
    if (status == HCI_OK && command->then != NULL)
        command->then(c, p);
}
