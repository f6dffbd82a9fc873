/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing what was seen: a trace of JSON lines on one clock, and a candump -L log that other tools
 * open. The trace carries everything the judge looked at.
 *
 * Its fingerprint, a SHA-256, identifies what passed between the bridge and the world: every line
 * but notes and truths, which are the rig's own. It holds no ports, process ids or folders, so a
 * run in virtual time has the same one every time and everywhere:
 *     grep -vE '^[{]"t":[-0-9.]+,"(note|truth)":' trace.jsonl | sha256sum
 */
#ifndef HARNESS_TRACE_H
#define HARNESS_TRACE_H

#include "harness/judge/event.h"
#include "harness/scenario/scenario.h"

/* One line of the trace for an event, without newline ("{\"t\":12.345678,\"can\":\"351#...\"}"). */
struct json_out;
void trace_line(const struct scenario *scenario, const struct event *event, struct json_out *out);

enum { TRACE_SHA256_MAX = 65 };
/* ret_sha256 (may be NULL): the fingerprint, in lower-case hex. */
enum err trace_write(const char *path, const struct scenario *scenario, const struct events *events,
                     char ret_sha256[TRACE_SHA256_MAX]);

/* Is it a line of the fingerprint? */
bool trace_line_counts(struct span line);
struct trace_hash;
struct trace_hash *trace_hash_new(void);
void trace_hash_add(struct trace_hash *hash, struct span bytes);
/* Frees it. */
enum err trace_hash_end(struct trace_hash *hash, char ret_sha256[TRACE_SHA256_MAX]);

/* Compares the lines that count of two trace files; heap text that shows the first two that differ.
 */
char *trace_difference(const char *path_a, const char *path_b);

/* Frames of the DUT and of the inverter side. wall0_us: wall time of t = 0. */
enum err trace_write_candump(const char *path, const char *interface, uint64_t wall0_us,
                             const struct events *events);
/* The same of the battery's bus, when the battery is on one: its frames and those of the DUT. */
enum err trace_write_battery_candump(const char *path, const char *interface, uint64_t wall0_us,
                                     const struct events *events);

/* An event as people read it, for failure reports ("CAN  351#1402C012C012C201"). */
void trace_describe(const struct scenario *scenario, const struct event *event, char *out,
                    size_t cap);

#endif
