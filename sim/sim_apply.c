/* SPDX-License-Identifier: Apache-2.0
 *
 * Stimuli: what a scenario or a person does to the port. Each either takes effect at once and says
 * which reply will show it, or is refused with a reason.
 *
 * A cable that is unplugged lets nothing through in either direction; the client's descriptor stays
 * as it is, as with a pulled RS232 plug. A pulled USB adapter takes the port itself (sim_port.c).
 */
#include <string.h>

#include "sim/sim_private.h"

static enum err refuse(const char **ret_why, enum err e, const char *why)
{
    *ret_why = why;
    return e;
}

/* ---- values ---- */

static const char *why_of(enum err e)
{
    if (e == ERR_NOT_FOUND)
        return "the battery has no such cell";
    if (e == ERR_RANGE)
        return "the value is outside what can be set";
    if (e == ERR_SPACE)
        return "too many overridden words";
    return "this value cannot be set";
}

static enum err apply_overlay(struct sim *sim, const struct stimulus *s, unsigned tag,
                              const char **ret_why)
{
    struct overlay *overlay = &sim->overlay[s->battery - 1];
    const char *old = overlay_get(overlay, s->path.id);
    struct tracker t = {.kind = TRACK_OVERLAY, .tag = tag, .battery = s->battery, .path = s->path};

    span_to_str(span_str(old != NULL ? old : ""), t.old_text, sizeof t.old_text);
    if (s->verb == STIM_RELEASE) {
        overlay_unset(overlay, s->path.id);
    } else {
        if (!sim->device->ops->accepts(sim->device, s->path.id, s->text, ret_why))
            return ERR_RANGE;
        enum err e = overlay_set(overlay, s->path.id, s->text);
        if (e != ERR_OK)
            return refuse(ret_why, e, why_of(e));
    }
    sim_track(sim, &t);
    return ERR_OK;
}

static enum err change_pack(struct pack *pack, const struct stimulus *s)
{
    if (s->verb == STIM_SET)
        return pack_set(pack, &s->path, s->value.micro);
    if (s->verb == STIM_RAMP)
        return pack_ramp(pack, &s->path, s->value.micro, s->to.micro, s->duration_us);
    return pack_release(pack, &s->path);
}

static enum err apply_value(struct sim *sim, const struct stimulus *s, unsigned tag,
                            const char **ret_why)
{
    struct pack *pack = sim->pack[s->battery - 1];
    struct tracker t = {.kind = TRACK_VALUE, .tag = tag, .battery = s->battery, .path = s->path};

    if (!bms_path_info(s->path.id)->truth)
        return apply_overlay(sim, s, tag, ret_why);
    pack_step(pack, loop_now(sim->loop));
    bool had = pack_get(pack, &s->path, &t.old_micro);
    enum err e = change_pack(pack, s);
    if (e != ERR_OK)
        return refuse(ret_why, e, why_of(e));
    if (s->verb == STIM_RAMP)
        t.old_micro = s->value.micro;
    if (had || s->verb == STIM_RAMP)
        sim_track(sim, &t);
    return ERR_OK;
}

/* ---- cable, modules, power ---- */

static void wait_for_answer(struct sim *sim, unsigned tag)
{
    const struct tracker t = {.kind = TRACK_ANSWER, .tag = tag};
    sim_track(sim, &t);
}

static enum err unplug(struct sim *sim, const struct stimulus *s, const char **ret_why)
{
    enum err e = s->adapter ? sim_pull_adapter(sim) : ERR_OK;

    if (e == ERR_UNSUPPORTED)
        return refuse(ret_why, e,
                      "the adapter of a real serial port cannot be pulled by a program; `unplug` "
                      "keeps the bytes back");
    if (e != ERR_OK)
        return refuse(ret_why, e, "the port is not open");
    if (!s->adapter && sim->wire != NULL && sim->wire->ops->plug != NULL)
        sim->wire->ops->plug(sim->wire, false);
    sim->unplugged = true;
    sim_drop_replies(sim);
    sim_untrack_answers(sim);
    return ERR_OK;
}

static enum err plug(struct sim *sim, unsigned tag, const char **ret_why)
{
    enum err e = sim->pulled ? sim_put_adapter_back(sim) : ERR_OK;

    if (e != ERR_OK)
        return refuse(ret_why, e, "the port cannot be made again: its name or TCP port is taken");
    if (sim->unplugged && sim->wire != NULL && sim->wire->ops->flush != NULL)
        sim->wire->ops->flush(sim->wire); /* what was sent into the air */
    sim->unplugged = false;
    if (sim->wire != NULL && sim->wire->ops->plug != NULL)
        sim->wire->ops->plug(sim->wire, true);
    wait_for_answer(sim, tag);
    return ERR_OK;
}

/* A central that we do not see has the battery (the maker's app), or lets it go. */
static enum err hold(struct sim *sim, bool held, unsigned tag, const char **ret_why)
{
    if (sim->wire == NULL || sim->wire->ops->hold == NULL)
        return refuse(ret_why, ERR_UNSUPPORTED, "only a battery on Bluetooth can be somebody's");
    sim->wire->ops->hold(sim->wire, held);
    if (held)
        sim_untrack_answers(sim);
    else
        wait_for_answer(sim, tag);
    return ERR_OK;
}

/* The master is the one with the console: when it leaves, the port is dead until it is back. Units
 * on a bus have no such one. */
static bool is_port(const struct sim *sim, unsigned battery)
{
    return battery == 1 && sim->device->ops->unit_power_up == NULL;
}

static enum err move_module(struct sim *sim, const struct stimulus *s, unsigned tag,
                            const char **ret_why)
{
    bool joins = s->verb == STIM_JOIN;
    bool *present = &sim->present[s->battery - 1];
    const struct tracker t = {
        .kind = TRACK_PRESENCE, .tag = tag, .battery = s->battery, .old_present = *present};

    if (*present == joins)
        return refuse(ret_why, ERR_EXISTS,
                      joins ? "the module is in the stack already" : "the module has left already");
    sim->back[s->battery - 1].at_us = NEVER_US;
    if (joins)
        sim_unit_up(sim, s->battery - 1U);
    else
        *present = false;
    if (is_port(sim, s->battery))
        sim_power(sim, joins);
    sim_track(sim, &t);
    return ERR_OK;
}

/* The master takes the console with it; another module is out of the stack for a while. */
static enum err reboot(struct sim *sim, const struct stimulus *s, unsigned tag,
                       const char **ret_why)
{
    unsigned i = s->battery - 1u;
    uint64_t back_us = deadline_add(loop_now(sim->loop), s->duration_us);

    if (!sim->present[i])
        return refuse(ret_why, ERR_USAGE, "the module has left the stack");
    if (!is_port(sim, s->battery)) {
        sim->present[i] = false;
        sim->back[i] = (struct module_back){.at_us = back_us, .tag = tag};
        return ERR_OK;
    }
    sim_power(sim, false);
    sim->power_at_us = back_us;
    sim->frozen = false;
    wait_for_answer(sim, tag);
    return ERR_OK;
}

/* ---- the wire ---- */

/* Somebody else's keyboard: the text, and Enter unless the text brings its own. */
static void type(struct sim *sim, const struct stimulus *s)
{
    struct span text = span_str(s->text);

    sim_type(sim, text);
    if (!span_ends(text, "\n") && !span_ends(text, "\r"))
        sim_type(sim, SPAN_LIT("\r"));
}

static enum err send_raw(struct sim *sim, const struct stimulus *s, const char **ret_why)
{
    uint8_t bytes[sizeof s->text / 2];
    struct buf out = buf_of(bytes, sizeof bytes);
    struct span hex = span_str(s->text);
    uint64_t value;

    for (size_t i = 0; i + 1 < hex.n; i += 2) {
        if (!parse_hex(span_sub(hex, i, 2), 255, &value))
            return refuse(ret_why, ERR_SYNTAX, "the bytes are not hexadecimal");
        buf_u8(&out, (uint8_t)value);
    }
    enum err e = line_send(sim->line, SPAN_LIT(""), buf_span(&out), loop_now(sim->loop), 0, 0);
    return e == ERR_OK ? e : refuse(ret_why, e, "the line is full");
}

static enum err replay(struct sim *sim, const struct stimulus *s, unsigned tag,
                       const char **ret_why)
{
    const struct tracker t = {.kind = TRACK_RECORDED, .tag = tag};
    struct recording *recording;

    if (!sim->config.kind->replays)
        return refuse(ret_why, ERR_UNSUPPORTED,
                      "this device has no recordings; consoles and batteries on CAN have");
    enum err e = recording_load(s->text, &recording, ret_why);
    if (e != ERR_OK)
        return e;
    sim->device->ops->replay(sim->device, recording);
    recording_delete(sim->recording);
    sim->recording = recording;
    sim_track(sim, &t);
    return ERR_OK;
}

static enum err fault(struct sim *sim, const struct stimulus *s, const char **ret_why)
{
    enum err e = line_fault(sim->line, s, loop_now(sim->loop));

    return e == ERR_UNSUPPORTED ? refuse(ret_why, e, "this fault means nothing on a CAN bus") : e;
}

/* ---- dispatch ---- */

static enum err apply(struct sim *sim, const struct stimulus *s, unsigned tag, const char **ret_why)
{
    switch (s->verb) {
    case STIM_SET:
    case STIM_RAMP:
    case STIM_RELEASE: return apply_value(sim, s, tag, ret_why);
    case STIM_UNPLUG: return unplug(sim, s, ret_why);
    case STIM_PLUG: return plug(sim, tag, ret_why);
    case STIM_LEAVE:
    case STIM_JOIN: return move_module(sim, s, tag, ret_why);
    case STIM_REBOOT: return reboot(sim, s, tag, ret_why);
    case STIM_HOLD:
    case STIM_FREE: return hold(sim, s->verb == STIM_HOLD, tag, ret_why);
    case STIM_FREEZE:
        sim->frozen = true;
        sim_drop_replies(sim);
        sim_untrack_answers(sim);
        return ERR_OK;
    case STIM_THAW:
        sim->frozen = false;
        wait_for_answer(sim, tag);
        return ERR_OK;
    case STIM_FAULT: return fault(sim, s, ret_why);
    case STIM_TYPE: type(sim, s); return ERR_OK;
    case STIM_SEND: return send_raw(sim, s, ret_why);
    case STIM_REPLAY: return replay(sim, s, tag, ret_why);
    case STIM_BROKER_STOP:
    case STIM_BROKER_START:
    case STIM_BROKER_FREEZE:
    case STIM_BROKER_THAW:
    case STIM_BROKER_RESET:
    case STIM_BROKER_SLOW:
    case STIM_CANBUS_OFF:
    case STIM_CANBUS_PASSIVE:
    case STIM_CANBUS_ON:
    case STIM_INVERTER_SEND:
    case STIM_INVERTER_KEEPALIVE:
    case STIM_DUT_START:
    case STIM_DUT_STOP:
    case STIM_DUT_KILL:
    case STIM_DUT_FREEZE:
    case STIM_DUT_THAW:
    case STIM_COUNT: break;
    }
    return refuse(ret_why, ERR_UNSUPPORTED, "a battery's port can only do what is done to a bms");
}

enum err sim_apply(struct sim *sim, const struct stimulus *stimulus, unsigned tag,
                   const char **ret_why)
{
    const char *why = "";
    unsigned n = stimulus->battery;
    enum err e;

    if (stimulus->actor != ACTOR_BMS)
        e = refuse(&why, ERR_UNSUPPORTED, "only `bms N ...` is possible here");
    else if (n < 1 || n > SIM_MAX_BATTERIES || sim->pack[n - 1] == NULL)
        e = refuse(&why, ERR_NOT_FOUND, "there is no such battery behind this port");
    else
        e = apply(sim, stimulus, tag, &why);
    sim_reschedule(sim);
    if (ret_why != NULL)
        *ret_why = e == ERR_OK ? NULL : why[0] != '\0' ? why : err_text(e);
    return e;
}
