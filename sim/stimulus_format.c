/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints stimuli in their one canonical text, so that what was read comes out the same, and the
 * help text that teaches the grammar at the terminal.
 */
#include "sim/stimulus.h"

#include <string.h>

#include "sim/stimulus_grammar.h"

#define MICRO 1000000LL

static bool put_time(uint64_t us, struct buf *out)
{
    return quantity_format((struct quantity){(int64_t)us, DIM_TIME}, out);
}

/* A text in quotes with the escapes of base/conf.h. */
static bool put_string(const char *text, struct buf *out)
{
    bool ok = buf_u8(out, '"');

    for (; *text != '\0'; text++) {
        switch (*text) {
        case '"': ok = ok && buf_str(out, "\\\""); break;
        case '\\': ok = ok && buf_str(out, "\\\\"); break;
        case '\n': ok = ok && buf_str(out, "\\n"); break;
        case '\t': ok = ok && buf_str(out, "\\t"); break;
        default: ok = ok && buf_u8(out, (uint8_t)*text); break;
        }
    }
    return ok && buf_u8(out, '"');
}

static bool put_value(const struct stimulus *s, struct quantity q, struct buf *out)
{
    const struct bms_path_info *info = bms_path_info(s->path.id);

    switch (info->value) {
    case BMS_QUANTITY: return quantity_format(q, out);
    case BMS_COUNT: return buf_fixed(out, q.micro, 6, true);
    case BMS_FLAG: return buf_str(out, q.micro != 0 ? "on" : "off");
    case BMS_TEXT:
        if (s->path.id == BMS_PATH_EVENTS_BATTERY || s->path.id == BMS_PATH_EVENTS_POWER ||
            s->path.id == BMS_PATH_FAULT_SYSTEM)
            return buf_str(out, s->text);
        return put_string(s->text, out);
    }
    return false;
}

static bool put_path(const struct stimulus *s, struct buf *out)
{
    return buf_u8(out, ' ') && bms_path_format(&s->path, out);
}

static bool put_fault(const struct stimulus *s, struct buf *out)
{
    const struct fault_row *row = &fault_rows[s->fault];
    bool ok = buf_u8(out, ' ') && buf_str(out, row->word);

    if (row->has_amount)
        ok = ok && buf_u8(out, ' ') && quantity_format(s->value, out);
    if (s->count > 0)
        return ok && buf_printf(out, " for %u %s", (unsigned)s->count,
                                s->count == 1 ? "reply" : "replies");
    return ok && buf_str(out, " for ") && put_time(s->duration_us, out);
}

static bool put_replay(const struct stimulus *s, struct buf *out)
{
    bool ok = buf_u8(out, ' ') && put_string(s->text, out);

    if (s->speed.micro != MICRO)
        ok = ok && buf_str(out, " speed ") && buf_fixed(out, s->speed.micro, 6, true);
    return ok;
}

static bool put_form(const struct stimulus *s, struct buf *out)
{
    switch (stimulus_rows[s->verb].form) {
    case FORM_NONE: return true;
    case FORM_UNPLUG: return !s->adapter || buf_str(out, " adapter");
    case FORM_PATH: return put_path(s, out);
    case FORM_PATH_VALUE:
        return put_path(s, out) && buf_u8(out, ' ') && put_value(s, s->value, out);
    case FORM_RAMP:
        return put_path(s, out) && buf_u8(out, ' ') && put_value(s, s->value, out) &&
               buf_str(out, " -> ") && put_value(s, s->to, out) && buf_str(out, " over ") &&
               put_time(s->duration_us, out);
    case FORM_TIME: return buf_u8(out, ' ') && put_time(s->duration_us, out);
    case FORM_DELAY: return buf_u8(out, ' ') && quantity_format(s->value, out);
    case FORM_FAULT: return put_fault(s, out);
    case FORM_TEXT:
    case FORM_HEX:
    case FORM_FRAME: return buf_u8(out, ' ') && put_string(s->text, out);
    case FORM_REPLAY: return put_replay(s, out);
    case FORM_KEEPALIVE:
        if (s->text[0] == '\0')
            return buf_str(out, " off");
        return buf_u8(out, ' ') && put_string(s->text, out) && buf_str(out, " every ") &&
               put_time(s->duration_us, out);
    }
    return false;
}

bool stimulus_format(const struct stimulus *s, struct buf *out)
{
    size_t start = out->n;
    bool ok = buf_str(out, stimulus_actors[s->actor]);

    if (s->actor == ACTOR_BMS)
        ok = ok && buf_printf(out, " %u", (unsigned)s->battery);
    ok = ok && buf_u8(out, ' ') && buf_str(out, stimulus_verb_name(s->verb)) && put_form(s, out);
    if (!ok)
        out->n = start;
    return ok;
}

static bool quantity_eq(struct quantity a, struct quantity b)
{
    return a.micro == b.micro && a.dim == b.dim;
}

bool stimulus_eq(const struct stimulus *a, const struct stimulus *b)
{
    return a->actor == b->actor && a->verb == b->verb && a->battery == b->battery &&
           a->path.id == b->path.id && a->path.cell == b->path.cell &&
           quantity_eq(a->value, b->value) && quantity_eq(a->to, b->to) &&
           a->duration_us == b->duration_us && a->count == b->count && a->adapter == b->adapter &&
           a->fault == b->fault && strcmp(a->text, b->text) == 0 && quantity_eq(a->speed, b->speed);
}

const char *stimulus_verb_name(enum stimulus_verb verb)
{
    return stimulus_rows[verb].word;
}

const char *stimulus_help(void)
{
    return "A line is an actor and what happens to it. `bms 1` may be left out at the terminal.\n"
           "Every number carries its unit; current is positive when charging.\n"
           "\n"
           "The battery's values (held until released, the BMS reacts to what it measures):\n"
           "  bms N set PATH VALUE               set soc 97 %        set cell 5 voltage 3.7 V\n"
           "  bms N ramp PATH Q -> Q over TIME   ramp soc 97 % -> 100 % over 10 s\n"
           "  bms N release PATH                 release cell 5 voltage\n"
           "    PATH: soc soh current voltage temp ambient cycles capacity\n"
           "          cell N voltage|temp|balancing   mos.temp board.temp\n"
           "          cvl dvl ccl dcl charge.enable discharge.enable force.charge full.charge\n"
           "          warning.NAME protection.NAME    (on, off)   NAME: cell_overvoltage, ...\n"
           "          state.base state.voltage state.current state.temperature state.cells\n"
           "          state.celltemp state.mos state.system   (the word the console prints)\n"
           "          events.battery events.power fault.system   (a mask: 0x2000)\n"
           "          serial firmware clock layout   (text)\n"
           "\n"
           "Cable, modules, device:\n"
           "  bms N unplug | plug                the cable of the port\n"
           "  bms N unplug adapter               the USB end: the client's port is gone until "
           "plug\n"
           "  bms N leave | join                 module N of a stack\n"
           "  bms N reboot TIME                  off for TIME, then the power-up state\n"
           "  bms N hold | free                  another central has it (Bluetooth)\n"
           "  bms N freeze | thaw                takes bytes, answers nothing\n"
           "\n"
           "The line (end of each: for TIME, or for N replies):\n"
           "  bms N fault drop 5 % for 10 s      each byte is lost with that probability\n"
           "  bms N fault flip 1 % for 10 s      one bit of a byte\n"
           "  bms N fault duplicate 1 % for 10 s\n"
           "  bms N fault delay 200 ms for 3 replies\n"
           "  bms N fault stall 6 s for 1 reply  a pause in the middle\n"
           "  bms N fault truncate 100 B for 5 s     -4 B: all but the last four\n"
           "  bms N fault block 150 B for 5 s    a block is missing somewhere inside\n"
           "  bms N fault chunk 1 B for 10 s     replies in pieces of that size\n"
           "  bms N fault garbage 20 B for 5 s   noise before replies and while idle\n"
           "  bms N fault echo for 5 s           the request comes back first\n"
           "  bms N fault stale for 10 s         the previous reply to that command again\n"
           "  bms N fault baud 9600 baud for 5 s the device talks at another rate\n"
           "  bms N fault addr 3 for 5 s         replies under another address\n"
           "\n"
           "Others at the port:\n"
           "  bms N type \"login debug\"           somebody types on the console\n"
           "  bms N send \"7E 32 30 0D\"           bytes nobody asked for\n"
           "  bms N replay \"FILE\" [speed 2]      answers from a recording\n"
           "\n"
           "The rest of the world:\n"
           "  broker stop | start | freeze | thaw | reset | slow TIME\n"
           "  canbus off | errorpassive | on\n"
           "  inverter send \"305#0000000000000000\"\n"
           "  inverter keepalive \"305#0000000000000000\" every 1 s | off\n"
           "  dut start | stop | kill | freeze | thaw\n";
}
