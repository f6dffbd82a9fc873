/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that JK-PB packs add to [port]; docs/simulators.md explains them. The two kinds are the
 * same hardware, asked for its registers or for its frames.
 */
#include "sim/device/jk_pb_knobs.h"

#include <inttypes.h>

#include "sim/config_take.h"
#include "sim/device/jk_knobs.h"

enum { JK_ADDRESS_MAX = 15 };

static const char *const framings[] = {"auto", "rtu", "tcp", NULL};
static const char *const colds[] = {"off", "first", "dead", NULL};
static const char *const acks[] = {"behind", "first", "missing", NULL};
static const char *const controls[] = {"firmware", "v1.0", "v1.1", NULL};
static const char *const long_reads[] = {"exception", "silent", NULL};

enum jk_pb_key {
    KEY_ADDRESSES,
    KEY_BAUD,
    KEY_FRAMING,
    KEY_ANSWER_DELAY,
    KEY_FRAME_GAP,
    KEY_RECOVERY,
    KEY_LONGEST_READ,
    KEY_LONG_READ,
    KEY_BROKEN,
    KEY_COLD_BUS,
    KEY_COLD_AFTER,
    KEY_CONTROL,
    KEY_FORM,
    KEY_ACK,
    KEY_TOGETHER,
    KEY_CYCLE,
    KEY_MASTER_BROADCAST,
    KEY_SENSORS,
    KEY_ABSENT_SENSOR,
    KEY_BOOT,
    KEY_COUNT
};

static const char *const keys[KEY_COUNT + 1] = {
    [KEY_ADDRESSES] = "addresses",
    [KEY_BAUD] = "baud",
    [KEY_FRAMING] = "framing",
    [KEY_ANSWER_DELAY] = "answer-delay",
    [KEY_FRAME_GAP] = "frame-gap",
    [KEY_RECOVERY] = "recovery",
    [KEY_LONGEST_READ] = "longest-read",
    [KEY_LONG_READ] = "long-read",
    [KEY_BROKEN] = "broken",
    [KEY_COLD_BUS] = "cold-bus",
    [KEY_COLD_AFTER] = "cold-after",
    [KEY_CONTROL] = "control",
    [KEY_FORM] = "form",
    [KEY_ACK] = "ack",
    [KEY_TOGETHER] = "together",
    [KEY_CYCLE] = "cycle",
    [KEY_MASTER_BROADCAST] = "master-broadcast",
    [KEY_SENSORS] = "sensors",
    [KEY_ABSENT_SENSOR] = "absent-sensor",
    [KEY_BOOT] = "boot",
};

static void defaults(void *knobs)
{
    struct sim_jk_pb *k = knobs;

    *k = (struct sim_jk_pb){
        .look = {.layout = JK02_32S, .sensors = JK_ALL_SENSORS},
        .baud = 115200,
        .answer_delay_us = 10 * US_PER_MS, /* logic analyser: 10 ms from request to reply */
        .longest_read = 0x6E,
        .cold_after_us = 3 * US_PER_S,
        .together_us = 50 * US_PER_MS,
        .cycle_us = 4400 * US_PER_MS,
        .master_broadcast = true,
    };
}

static bool take_addresses(struct conf_cursor *c, struct sim_jk_pb *k)
{
    int64_t n;

    k->n_addresses = 0;
    do {
        if (k->n_addresses == SIM_MAX_BATTERIES) {
            conf_fail_at(c, conf_peek(c), "more addresses than there can be batteries");
            return false;
        }
        if (!conf_take_int(c, "an address (0 is the master of the bus)", 0, JK_ADDRESS_MAX, &n))
            return false;
        k->address[k->n_addresses++] = (uint8_t)n;
    } while (conf_peek(c)->kind != CONF_END);
    return true;
}

static bool take_words(struct conf_cursor *c, enum jk_pb_key key, struct sim_jk_pb *k)
{
    size_t i = 0;

    if (key == KEY_FRAMING && conf_take_known(c, "framing", framings, &i))
        k->framing = (enum jk_framing)i;
    else if (key == KEY_COLD_BUS && conf_take_known(c, "cold bus", colds, &i))
        k->cold_bus = (enum jk_cold_bus)i;
    else if (key == KEY_ACK && conf_take_known(c, "place of the acknowledge", acks, &i))
        k->ack = (enum jk_ack_place)i;
    else if (key == KEY_CONTROL && conf_take_known(c, "control map", controls, &i))
        k->control = (enum jk_control_choice)i;
    else if (key == KEY_LONG_READ && conf_take_known(c, "answer to a long read", long_reads, &i))
        k->long_read_silent = i == 1;
    else
        return false;
    return true;
}

static bool take_longest(struct conf_cursor *c, struct sim_jk_pb *k)
{
    int64_t n;

    if (!sim_take_count(c, "a number of words", 125, &n))
        return false;
    k->longest_read = (uint16_t)n;
    return true;
}

/* The length of an answer. */
static bool take_form(struct conf_cursor *c, struct sim_jk_pb *k)
{
    const struct conf_token *at = conf_peek(c);
    int64_t n;

    if (!conf_take_int(c, "308 or 310", 308, 310, &n))
        return false;
    if (n == 309) {
        conf_fail_at(c, at, "an answer has 308 or 310 bytes");
        return false;
    }
    k->form_310 = n == 310;
    return true;
}

static bool take_key(struct conf_cursor *c, size_t key, void *knobs)
{
    struct sim_jk_pb *k = knobs;

    switch ((enum jk_pb_key)key) {
    case KEY_ADDRESSES: return take_addresses(c, k);
    case KEY_BAUD: return sim_take_baud(c, &k->baud);
    case KEY_ANSWER_DELAY: return sim_take_time(c, &k->answer_delay_us);
    case KEY_FRAME_GAP: return sim_take_time(c, &k->frame_gap_us);
    case KEY_FORM: return take_form(c, k);
    case KEY_RECOVERY: return sim_take_time(c, &k->recovery_us);
    case KEY_LONGEST_READ: return take_longest(c, k);
    case KEY_BROKEN: return sim_take_switch(c, &k->broken);
    case KEY_COLD_AFTER: return sim_take_time(c, &k->cold_after_us);
    case KEY_TOGETHER: return sim_take_time(c, &k->together_us);
    case KEY_CYCLE: return sim_take_time(c, &k->cycle_us);
    case KEY_MASTER_BROADCAST: return sim_take_switch(c, &k->master_broadcast);
    case KEY_FRAMING:
    case KEY_LONG_READ:
    case KEY_COLD_BUS:
    case KEY_CONTROL:
    case KEY_ACK: return take_words(c, (enum jk_pb_key)key, k);
    case KEY_SENSORS: return jk_take_sensors(c, &k->look);
    case KEY_ABSENT_SENSOR: return jk_take_absent(c, &k->look);
    case KEY_BOOT: return sim_take_time(c, &k->look.boot_us);
    case KEY_COUNT: break;
    }
    return false;
}

uint8_t jk_pb_address(const struct sim_jk_pb *knobs, unsigned battery)
{
    if (knobs->n_addresses == 0)
        return (uint8_t)(battery + 1);
    return battery < knobs->n_addresses ? knobs->address[battery] : 0xFF;
}

static const char *check(const struct sim_config *config, const void *knobs)
{
    const struct sim_jk_pb *k = knobs;
    const char *why = jk_check_batteries(config, JK_ADDRESS_MAX + 1);
    unsigned n = 0, masters = 0;

    if (why != NULL)
        return why;
    for (unsigned i = 0; i < SIM_MAX_BATTERIES && config->battery[i].used; i++) {
        n++;
        masters += jk_pb_address(k, i) == 0;
    }
    if (k->n_addresses == 0 && n > JK_ADDRESS_MAX)
        return "sixteen packs are 15 and a master: say which with `addresses 0 1 2 ...`";
    if (k->n_addresses != 0 && k->n_addresses != n)
        return "`addresses` needs one number for each battery";
    if (masters > 1)
        return "only one battery can have address 0, the master of the bus";
    if (masters > 0 && k->framing == JK_FRAMING_TCP)
        return "a master of the bus (address 0) polls RTU; it cannot be with `framing tcp`";
    return NULL;
}

static void greet(const void *knobs, FILE *out)
{
    const struct sim_jk_pb *k = knobs;

    fprintf(out, ", %" PRIu32 " baud, addresses from %u", k->baud, jk_pb_address(k, 0));
}

_Static_assert(sizeof(struct sim_jk_pb) <= DEVICE_KNOBS_MAX, "DEVICE_KNOBS_MAX");

#define JK_PB_KIND                                                                        \
    .wire = DEVICE_TTY, .model = "jk.pb2a16s20p", .knobs_size = sizeof(struct sim_jk_pb), \
    .keys = keys, .defaults = defaults, .key = take_key, .check = check, .greet = greet

const struct device_kind jk_modbus_kind = {
    .name = "jk-modbus",
    .summary = "registers of JK-PB packs on RS485: Modbus RTU, 115200 baud; MODBUS/TCP",
    JK_PB_KIND,
};

const struct device_kind jk_bus_kind = {
    .name = "jk-bus",
    .summary = "bus between JK-PB packs on RS485: triggers, frames, a master at address 0",
    JK_PB_KIND,
};
