/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of events.
 */
#include "harness/judge/event.h"

#include <stdlib.h>
#include <string.h>

static void *copy(const void *p, size_t n)
{
    uint8_t *c = malloc(n + 1);
    if (!c)
        abort();
    if (n)
        memcpy(c, p, n);
    c[n] = 0;
    return c;
}

void events_init(struct events *list)
{
    *list = (struct events){0};
}

void events_free(struct events *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free((void *)(uintptr_t)list->at[i].topic);
        free((void *)(uintptr_t)list->at[i].data);
        free((void *)(uintptr_t)list->at[i].text);
    }
    free(list->at);
    events_init(list);
}

void events_add(struct events *list, const struct event *event)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 1024;
        struct event *at = realloc(list->at, cap * sizeof *at);
        if (!at)
            abort();
        list->at = at;
        list->cap = cap;
    }
    struct event *e = &list->at[list->n++];
    *e = *event;
    e->topic = event->topic ? copy(event->topic, strlen(event->topic)) : NULL;
    e->data = event->data ? copy(event->data, event->size) : NULL;
    e->text = event->text ? copy(event->text, strlen(event->text)) : NULL;
}

/* Merge sort: stable, because events of one instant must keep the order in which they happened. */
static void merge(struct event *at, struct event *tmp, size_t lo, size_t mid, size_t hi)
{
    size_t i = lo, j = mid, k = lo;
    if (at[mid - 1].t_us <= at[mid].t_us)
        return; /* as nearly always: events come almost in order */
    while (i < mid && j < hi)
        tmp[k++] = at[j].t_us < at[i].t_us ? at[j++] : at[i++];
    while (i < mid)
        tmp[k++] = at[i++];
    while (j < hi)
        tmp[k++] = at[j++];
    memcpy(at + lo, tmp + lo, (hi - lo) * sizeof *at);
}

void events_sort(struct events *list)
{
    if (list->n < 2)
        return;
    struct event *tmp = malloc(list->n * sizeof *tmp);
    if (!tmp)
        abort();
    for (size_t width = 1; width < list->n; width *= 2)
        for (size_t lo = 0; lo + width < list->n; lo += 2 * width) {
            size_t hi = lo + 2 * width < list->n ? lo + 2 * width : list->n;
            merge(list->at, tmp, lo, lo + width, hi);
        }
    free(tmp);
}
