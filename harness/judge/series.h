/* SPDX-License-Identifier: Apache-2.0
 *
 * A signal over time, decoded from the events: one sample for each frame or message that carries
 * it.
 */
#ifndef HARNESS_SERIES_H
#define HARNESS_SERIES_H

#include "harness/judge/judge.h"

struct sample {
    int64_t t_us;
    int64_t micro;
    size_t event; /* index in the list */
    bool known;   /* JSON: the key was there with a usable value; CAN: always */
    char *text;   /* text values; NULL for numbers; ha: also why a value is not known */
};

struct series {
    struct sample *at;
    size_t n;
};

void series_free(struct series *s);
/* Index of the last sample at or before t; s->n when there is none. */
size_t series_at(const struct series *s, int64_t t_us);

/* Samples of a signal of a sink (DBC signal, JSON path, or pseudo signal). */
void series_build(const struct judge_input *in, enum sink sink, const char *signal,
                  struct series *ret);
/* Truth of a path. */
void series_truth(const struct judge_input *in, unsigned battery, const struct bms_path *path,
                  struct series *ret);
/* One sample per frame of the dialect's set (CAN), per message on the main topic (JSON), or per
 * message with the bank's state of charge (ha). */
void series_traffic(const struct judge_input *in, enum sink sink, struct series *ret);

/* The JSON signals of all statements, or those of a NULL-terminated list, decoded at once. Put it
 * into judge_input.store while it lives; the list must live as long. */
struct series_store *series_store_new(const struct judge_input *in, const char *const *signals);
void series_store_delete(struct series_store *store);

/* cond applied to one sample; COND_STALE, COND_FRESH and COND_SILENT are not for samples. */
bool cond_holds(const struct cond *cond, const struct sample *sample);
/* "37 A", "\"PYLON\"", "missing" */
void sample_format(const struct cond *like, const struct sample *sample, char *out, size_t cap);

/* ---- liveness (stale.c) ---- */

struct span_us {
    int64_t from_us, to_us;
};
/* The intervals in which the sink shows no live data by the declared policy, in time order; an
 * interval that lasts to the end ends at INT64_MAX. */
struct stale_list {
    struct span_us *at;
    size_t n;
};
void stale_build(const struct judge_input *in, enum sink sink, struct stale_list *ret);
void stale_free(struct stale_list *list);

#endif
