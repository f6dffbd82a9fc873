/* SPDX-License-Identifier: Apache-2.0
 *
 * A line of paper for the JK sources: hears what they send, answers at given times and in given
 * pieces, and keeps what they publish. The packs on it are a few values; their registers and frames
 * are written here from the maps of docs/protocols/jk.md, not by the project's encoders.
 */
#ifndef BRIDGE_SOURCE_TEST_JK_RIG_H
#define BRIDGE_SOURCE_TEST_JK_RIG_H

#include "base/log.h"
#include "bridge/source/source.h"
#include "testing/testing.h"

enum { RIG_UNITS = 16, RIG_PIECES = 1024, RIG_PIECE = 640, RIG_LOG = 16384, RIG_SENT = 8192 };

#define RIG_MS(n) ((uint64_t)(n)*US_PER_MS)
#define RIG_S(n)  ((uint64_t)(n)*US_PER_S)

/* A 16s pack: 52.8 V, +12.345 A, SOC 75 %, 210 of 280 Ah, 25 C, limits 100 A and 120 A, 55.2 V
 * asked for (3.45 V), protections at 2.6 V (release 2.7) and 3.65 V (release 3.6). */
struct paper_pack {
    bool there;
    uint16_t cell_mv[32];
    unsigned cells;
    uint32_t mask;
    uint32_t pack_mv;
    int32_t current_ma;
    int16_t mos_dc, t1_dc, t2_dc, t4_dc, t5_dc;
    uint32_t errors, wires;
    uint8_t soc_pc, soh_pc, charge_on, discharge_on;
    uint32_t remaining_mah, full_mah, cycles;
    /* settings */
    uint32_t uvp_mv, uvp_release_mv, ovp_mv, ovp_release_mv, charge_mv;
    uint32_t charge_max_ma, discharge_max_ma, cell_count, charge_switch, discharge_switch;
    const char *serial;
};

struct rig_piece {
    uint64_t at_us;
    size_t n;
    uint8_t bytes[RIG_PIECE];
};

struct jk_rig {
    uint64_t now_us;
    struct manual_clock clock;
    struct log log;
    char said[RIG_LOG];
    struct source source;
    struct battery got[RIG_UNITS];
    unsigned updates[RIG_UNITS];
    uint64_t got_us[RIG_UNITS];

    /* what the source sent */
    struct {
        uint64_t at_us;
        uint8_t n, bytes[24];
    } sent[RIG_SENT];
    unsigned n_sent;
    uint64_t heard_us;     /* last byte that was delivered to it */
    uint64_t least_gap_us; /* between that and what it sent next */

    /* the line */
    struct paper_pack packs[RIG_UNITS];
    void (*device)(struct jk_rig *rig, struct span telegram);
    /* May change an answer before it is delivered; NULL: as it is. */
    void (*spoil)(struct jk_rig *rig, struct buf *answer);
    unsigned spoiled; /* for the hook's use */
    bool mute;
    bool echo;
    uint64_t delay_us; /* of the first byte */
    uint64_t late_us;  /* added once, to the next answer */
    size_t chunk;      /* bytes delivered at once; 0: all */
    size_t hole_at, hole_n;
    size_t split_at; /* != 0: in two pieces */
    struct rig_piece pieces[RIG_PIECES];
    unsigned n_pieces;
};

/* In memory that rig_delete() gives back, at 1000 s. */
struct jk_rig *rig_new(void);
void rig_delete(struct jk_rig *rig);
void rig_open(struct jk_rig *rig);
void rig_close(struct jk_rig *rig);
void rig_run(struct jk_rig *rig, uint64_t for_us);
/* Until the battery with this index was published again; false after `limit_us`. */
bool rig_until_update(struct jk_rig *rig, unsigned index, uint64_t limit_us);
/* Bytes on the line `after_us` from now. */
void rig_put(struct jk_rig *rig, struct span bytes, uint64_t after_us);
/* An answer: through spoil, chunk and the delays. */
void rig_answer(struct jk_rig *rig, struct span bytes);
bool rig_logged(const struct jk_rig *rig, const char *text);
/* How often a telegram with these first bytes (hex) was sent since telegram number `from`. */
unsigned rig_count(const struct jk_rig *rig, const char *hex, unsigned from);

struct paper_pack paper_pack(void);
/* The register blocks at (byte address - base), big endian, as the map says. */
void paper_status(const struct paper_pack *p, uint8_t block[0x120]);
void paper_settings(const struct paper_pack *p, uint8_t block[0x120]);
void paper_info(const struct paper_pack *p, uint8_t block[0x120]);
/* The same as a frame: little endian at (byte address - base + 6). */
void paper_frame(const struct paper_pack *p, uint8_t type, uint8_t frame[300]);

uint16_t rig_crc(const uint8_t *p, size_t n);
/* Appends the CRC. */
void rig_seal(struct buf *b);

#endif
