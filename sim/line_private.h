/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the line, for its two files: line.c (queue and pacing) and line_fault.c (damage).
 */
#ifndef SIM_LINE_PRIVATE_H
#define SIM_LINE_PRIVATE_H

#include "sim/can_image.h"
#include "sim/line.h"
#include "sim/random.h"

struct fault {
    bool active;
    int64_t amount_micro;
    uint64_t until_us;     /* NEVER_US: by count */
    uint32_t replies_left; /* when counted */
    uint64_t noise_us;     /* FAULT_GARBAGE: when the idle line makes noise next */
    struct rng rng;
};

/* The last good reply to a command. */
struct memory {
    uint8_t *bytes; /* command, then reply */
    size_t command_n, reply_n;
};

enum { LINE_MEMORIES = 48 };

/* Bytes on their way. */
struct item {
    struct item *next;
    uint64_t start_us; /* the first bit is on the wire */
    uint64_t wire_us;  /* how long the bytes take, without the gap */
    size_t n, sent;
    size_t piece;  /* bytes of one write; 0: as the pace says */
    size_t gap_at; /* a pause of gap_us before this byte */
    uint64_t gap_us;
    unsigned id;
    bool damaged;
    uint8_t bytes[];
};

struct line {
    uint64_t seed;
    uint64_t n_faults; /* activated so far: the random stream of the next one */
    enum sim_pace pace;
    uint32_t baud;
    struct fault faults[FAULT_COUNT];
    struct memory memories[LINE_MEMORIES];
    size_t n_memories; /* remembered so far; the oldest is replaced */
    struct item *head, *tail;
    struct item *given; /* finished, but its bytes are still the caller's */
    uint64_t free_us;   /* when the wire is free again */
    size_t pending;
    bool echo_damaged; /* something before the next reply was hit */
    bool frames;
};

/* How a reply leaves once the faults have had it. */
struct leaving {
    struct buf bytes;
    bool damaged;
    uint64_t delay_us;
    uint64_t gap_us;
    size_t gap_at;
    size_t piece;
    uint32_t baud; /* of the wire */
    size_t
        wire_n; /* bytes that take time on the wire, before a wrong rate turned them into others */
};

enum { LINE_GROWTH = 4 }; /* faults never make more than so many times the bytes, plus noise */
enum { LINE_NOISE_MAX = 4096 };

bool fault_live(const struct fault *f, uint64_t now_us);
/* Applies what is active to a reply (is_reply) or to an echo; out->bytes must be empty and have
 * fault_room() bytes. Counts replies. */
void fault_apply(struct line *line, struct span command, struct span reply, bool is_reply,
                 uint64_t now_us, struct leaving *out);
/* What becomes of one frame. */
struct frame_fate {
    uint8_t image[CAN_IMAGE_MAX];
    size_t n; /* 0: it is lost */
    bool damaged;
    bool twice;
    unsigned foreign; /* frames of somebody else in front of it */
    uint64_t delay_us;
};
void fault_apply_frame(struct line *line, struct span command, struct span image, uint64_t now_us,
                       struct frame_fate *ret);
/* A frame that no battery sends, from the random numbers of the fault `garbage`. */
void fault_foreign_frame(struct line *line, struct buf *out);
/* Whether frames can suffer it. */
bool fault_befalls_frames(enum fault_kind kind);

size_t fault_room(struct line *line, struct span command, struct span reply);
void memory_free(struct line *line);

#endif
