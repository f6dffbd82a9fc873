/* SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of the bus listener: events as words, and streams from parts.
 */
#ifndef PROTO_TEST_JK_BUS_SUPPORT_H
#define PROTO_TEST_JK_BUS_SUPPORT_H

#include "proto/jk_bus/jk_bus.h"
#include "proto/jk_frame/test_jk_support.h"

enum { MS = 1000 };

/* "ask3c " a request for the cells of unit 3, "echo1s ", "3c/ack " a frame with how its unit is
 * known, "ack3c " a lone acknowledge. */
struct heard {
    char text[2048];
    size_t n;
    struct jk_bus_cycle cycle;
};

char hear_letter(enum jk_type type); /* 'c', 's', 'i' */
void hear(struct heard *h, enum jk_bus_event event, const struct jk_bus_heard *what,
          uint64_t now_us);
void hear_feed(struct jk_bus *bus, struct span in, uint64_t now_us, struct heard *h);
void hear_expire(struct jk_bus *bus, uint64_t now_us, struct heard *h);
void heard_is(const struct heard *h, const char *want);
/* In every chunk size and every split; at the end all that waits is decided by time. */
void hear_every_way(struct span in, const char *want);

struct room {
    uint8_t bytes[4096];
    struct buf out;
};

struct buf *room_empty(struct room *room);
void put_hex(struct buf *out, const char *hex);
void put_cells(struct buf *out);
void put_settings(struct buf *out, uint32_t unit);

/* Requests and acknowledges of the specification. */
#define ASK_1_CELLS    "011016200001020000d6f1"
#define ASK_2_CELLS    "021016200001020000c201"
#define ASK_3_CELLS    "031016200001020000cf91"
#define ASK_3_SETTINGS "0310161e0001020000cb4f"
#define ACK_1_CELLS    "011016200001044b"
#define ACK_3_CELLS    "03101620000105a9"
#define ACK_3_SETTINGS "0310161e00016465"
#define ACK_0_CELLS    "001016200001059a"
#define ACK_0_SETTINGS "0010161e00016456"

#endif
