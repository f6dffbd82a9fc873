/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing what was seen: a trace of JSON lines on one clock, and a candump -L log that other tools
 * open. The trace carries everything the judge looked at; its SHA-256 identifies a run.
 */
#ifndef HARNESS_TRACE_H
#define HARNESS_TRACE_H

#include "harness/judge/event.h"
#include "harness/scenario/scenario.h"

/* One line of the trace for an event, without newline ("{\"t\":12.345678,\"can\":\"351#...\"}"). */
struct json_out;
void trace_line(const struct scenario *scenario, const struct event *event, struct json_out *out);

enum err trace_write(const char *path, const struct scenario *scenario,
                     const struct events *events);
enum { TRACE_SHA256_MAX = 65 };
/* SHA-256 of a file, as lower-case hex. */
enum err trace_sha256(const char *path, char ret[TRACE_SHA256_MAX]);
/* Frames of the DUT and of the inverter side. wall0_us: wall time of t = 0. */
enum err trace_write_candump(const char *path, const char *interface, uint64_t wall0_us,
                             const struct events *events);

/* An event as people read it, for failure reports ("CAN  351#1402C012C012C201"). */
void trace_describe(const struct scenario *scenario, const struct event *event, char *out,
                    size_t cap);

#endif
