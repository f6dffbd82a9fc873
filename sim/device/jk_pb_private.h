/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the JK-PB packs on RS485: jk_pb.c (bytes and time), jk_pb_answer.c (what is
 * answered), jk_pb_master.c (the polling of address 0).
 */
#ifndef SIM_DEVICE_JK_PB_PRIVATE_H
#define SIM_DEVICE_JK_PB_PRIVATE_H

#include "proto/jk_bus/jk_bus.h"
#include "proto/jk_modbus/jk_modbus.h"
#include "sim/device/jk_pb.h"
#include "sim/device/jk_pb_knobs.h"
#include "sim/device/jk_state.h"

enum { JK_MBAP = 7, JK_PB_REQUEST_MAX = JK_MODBUS_MAX + JK_MBAP, JK_PB_REPLY_MAX = 512 };

/* A request on the wire: whoever sent it. */
struct jk_pb_request {
    uint8_t bytes[JK_PB_REQUEST_MAX];
    size_t n;
};

/* An answer that is being prepared. */
struct jk_pb_pending {
    bool on;
    bool mixed; /* several talk at once */
    uint64_t due_us;
    struct jk_pb_request request;
};

struct jk_pb_master {
    uint8_t at;        /* the address it asks next; behind the last: its own broadcasts */
    bool settings;     /* the second question to that address */
    uint64_t next_us;  /* NEVER_US: there is no master */
    uint64_t cycle_us; /* when this cycle began */
};

struct jk_pb {
    struct device base;
    struct sim_jk_pb knobs;
    struct jk_unit unit[SIM_MAX_BATTERIES];
    bool shut_down[SIM_MAX_BATTERIES];
    struct stack stack; /* of the answer in hand */

    uint8_t rx[JK_PB_REQUEST_MAX];
    size_t rx_n;
    bool rx_too_long;
    uint64_t rx_end_us; /* the pause that ends a telegram; NEVER_US: none begun */

    struct jk_pb_pending pending;
    uint64_t busy_until_us; /* somebody sends */
    uint64_t deaf_until_us; /* after a read */
    uint64_t traffic_us;    /* newest telegram */
    bool silent_before;     /* no telegram since power-up */
    bool triggered;         /* a trigger was seen since the bus was cold */
    uint64_t trigger_us;    /* the newest trigger */
    bool any_trigger;
    struct jk_pb_master master;
};

/* ---- jk_pb_answer.c ---- */

enum jk_pb_what {
    JK_PB_SILENT,
    JK_PB_DATA,    /* tells something of the stack */
    JK_PB_DONE,    /* a write is acknowledged */
    JK_PB_REFUSED, /* an exception */
};

/* A telegram without what carries it: RTU, whatever came. */
struct jk_pb_telegram {
    bool tcp;
    uint16_t transaction;
    uint8_t rtu[JK_MODBUS_MAX + 2];
    size_t n;
};

/* False: no telegram (length or CRC). */
bool jk_pb_unwrap(enum jk_framing framing, struct span bytes, struct jk_pb_telegram *ret);
/* Is it one, and for which record? */
bool jk_pb_is_trigger(const struct jk_pb_telegram *t, uint8_t *ret_unit, enum jk_type *ret_type);
/* Bit i: battery i is there, up, and has this address. */
uint32_t jk_pb_units_at(const struct jk_pb *pb, const struct stack *stack, uint8_t address);

/* What the units say to a request, if the stack looked like this. Appends to *out. A write is not
 * executed: it is only judged. */
enum jk_pb_what jk_pb_answer(const struct jk_pb *pb, struct span request, const struct stack *stack,
                             struct buf *out);
/* The same when everybody talks at once. */
void jk_pb_mixed_answer(const struct jk_pb *pb, struct span request, const struct stack *stack,
                        struct buf *out);
/* The same request to another unit. */
bool jk_pb_readdress(const struct jk_pb *pb, struct span request, uint8_t address, struct buf *out);
/* Executes an accepted write on every unit that it is for (unit 0: all). */
void jk_pb_execute(struct jk_pb *pb, const struct jk_pb_telegram *t, const struct stack *stack);
/* The request of a trigger, also of the master's own records (unit 0). */
void jk_pb_trigger(uint8_t unit, enum jk_type type, struct buf *out);

/* ---- jk_pb.c ---- */

uint64_t jk_pb_wire_us(const struct jk_pb *pb, size_t bytes);
void jk_pb_note(const struct jk_pb *pb, const char *kind, const char *text);
/* A request is on the wire: units hear it and prepare their answer. */
void jk_pb_heard(struct jk_pb *pb, struct span request, uint64_t end_us, uint64_t now_us);
/* Something goes out as a reply to `request`. */
void jk_pb_send(struct jk_pb *pb, enum device_reply_kind kind, struct span request,
                struct span bytes, uint64_t now_us);

/* ---- jk_pb_master.c ---- */

void jk_pb_master_start(struct jk_pb *pb, uint64_t now_us);
void jk_pb_master_step(struct jk_pb *pb, uint64_t now_us);

#endif
