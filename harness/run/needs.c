/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scenario needs:
 *   bms N serial       a source of the DUT for the simulated device
 *   can [DIALECT]      the DUT sends CAN, in a dialect that begins like this
 *   json [FORM]        the DUT publishes JSON; `victron` is nested or union
 *   ha [clean]         the DUT speaks to Home Assistant, and has a command that cleans up there
 *   captures           the recorded consoles are on this machine
 *   own dut|broker     the timeline stops and starts them
 *   hub                bus faults
 * and, without being said, what its sections ask for: [limits], [broker], [dut] uptime and locale.
 */
#include "harness/run/needs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"
#include "harness/scenario/files.h"

#define CAPTURES "captures/pylontech-console"

const char *needs_captures(void)
{
    static const char beside[] = BMSRIG_SOURCE_DIR "/../shared/" CAPTURES;
    const char *shared = getenv("BMSRIG_CAPTURES");
    if (shared && access(shared, R_OK) == 0)
        return shared;
    return access(beside, R_OK) == 0 ? beside : NULL;
}

static bool source_known(const struct manifest *m, const char *device)
{
    for (size_t i = 0; i < m->n_sources; i++)
        if (strcmp(m->sources[i], device) == 0)
            return true;
    return m->n_sources == 0;
}

static const char *need_can(const struct manifest *m, struct span dialect)
{
    char want[24];
    if (!m->has_can)
        return "the DUT sends no CAN";
    span_to_str(dialect, want, sizeof want);
    return strncmp(m->dialect, want, strlen(want)) == 0 ? NULL
                                                        : "the DUT speaks another CAN dialect";
}

static const char *need_json(const struct manifest *m, struct span form)
{
    if (!m->has_json)
        return "the DUT publishes no JSON";
    if (!form.n || span_eq_str(form, m->form))
        return NULL;
    if (span_eq_str(form, "victron") &&
        (strcmp(m->form, "nested") == 0 || strcmp(m->form, "union") == 0))
        return NULL;
    return "the DUT publishes another form of JSON";
}

static const char *need_ha(const struct manifest *m, struct span what)
{
    if (!m->has_ha)
        return "the DUT does not speak to Home Assistant";
    return what.n && m->n_clean == 0 ? "the DUT has no command that cleans up at Home Assistant"
                                     : NULL;
}

static const char *need_own(const struct manifest *m, const struct run_options *o, struct span what)
{
    if (span_eq_str(what, "dut"))
        return m->attach ? "the timeline starts and stops the DUT, but the manifest only attaches"
                         : NULL;
    if (span_eq_str(what, "broker"))
        return o->broker || (m->attach && m->broker[0])
                   ? "the timeline stops the broker, but it is not ours"
                   : NULL;
    if (span_eq_str(what, "bus"))
        return o->tier == TIER_CABLE ? "the timeline takes the bus down, which is the bridge's own"
                                     : NULL;
    return "unknown need behind `own` (known: dut, broker, bus)";
}

static const char *unmet(const char *need, const struct scenario *s, const struct manifest *m,
                         const struct run_options *o)
{
    struct span rest = span_str(need), word, arg = {0};
    if (!span_token(&rest, &word))
        return NULL;
    span_token(&rest, &arg);
    if (span_eq_str(word, "bms"))
        return source_known(m, s->sim.kind->name) ? NULL : "the DUT has no source for this battery";
    if (span_eq_str(word, "can"))
        return need_can(m, arg);
    if (span_eq_str(word, "json"))
        return need_json(m, arg);
    if (span_eq_str(word, "ha"))
        return need_ha(m, arg);
    if (span_eq_str(word, "own"))
        return need_own(m, o, arg);
    if (span_eq_str(word, "captures"))
        return needs_captures() ? NULL
                                : "no recorded consoles here (set BMSRIG_CAPTURES to their folder)";
    if (span_eq_str(word, "hub"))
        return o->tier == TIER_CABLE ||
                       (o->can && strcmp(o->can, "hub") != 0 && strcmp(o->can, "auto") != 0)
                   ? "bus faults need the hub"
                   : NULL;
    return "a need this version does not know";
}

/* [limits]: what the user of the bridge has configured, so the manifest must be able to say it. */
static bool can_say(const struct manifest *m, const char *device, const char *limit)
{
    const char *config = manifest_config(m, device);
    char path[1024];
    struct span raw = {0};
    bool found = false;
    for (size_t i = 0; i < m->n_run; i++)
        found = found || manifest_names(m->run[i], limit);
    for (size_t i = 0; i < m->n_env; i++)
        found = found || manifest_names(m->env[i], limit);
    if (found || !config)
        return found;
    bool absolute = config[0] == '/';
    snprintf(path, sizeof path, "%s%s%s", absolute ? "" : m->dir, absolute ? "" : "/", config);
    if (file_read(path, &raw) != ERR_OK)
        return true; /* that is for dut_prepare() to say */
    char *text = calloc(1, raw.n + 1);
    if (!text)
        abort();
    span_to_str(raw, text, raw.n + 1);
    found = manifest_names(text, limit);
    free(text);
    free((void *)(uintptr_t)raw.p);
    return found;
}

static const char *limits_unmet(const struct scenario *s, const struct manifest *m)
{
    static const char *const names[] = {"ccl", "dcl", "cvl", "dvl"};
    const struct quantity *const values[] = {&s->limits.ccl, &s->limits.dcl, &s->limits.cvl,
                                             &s->limits.dvl};
    for (size_t i = 0; i < 4; i++) {
        if (values[i]->micro == 0)
            continue;
        if (m->attach)
            return "it sets the user's limits, but the manifest only attaches";
        if (!can_say(m, s->sim.kind->name, names[i]))
            return "the manifest has no place for a user's limit ({ccl}, {dcl}, {cvl}, {dvl})";
    }
    return NULL;
}

const char *needs_unmet(const struct scenario *s, const struct manifest *m,
                        const struct run_options *o)
{
    unsigned tier = o->tier == TIER_CABLE     ? TIER_BIT_CABLE
                    : o->tier == TIER_VIRTUAL ? TIER_BIT_VIRTUAL
                                              : TIER_BIT_PTY;
    if (!(s->tiers & tier))
        return "not made for this tier";
    for (size_t i = 0; i < s->n_needs; i++) {
        const char *why = unmet(s->needs[i], s, m, o);
        if (why)
            return why;
    }
    if (s->broker_refuses && need_own(m, o, span_str("broker")))
        return "the broker is to refuse logins, but it is not ours";
    if ((s->dut_comma || s->uptime_us) && m->attach)
        return "it makes the DUT's environment, but the manifest only attaches";
    return limits_unmet(s, m);
}
