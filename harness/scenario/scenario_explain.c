/* SPDX-License-Identifier: Apache-2.0
 *
 * A scenario as English sentences in the order of time, for people who read a failing test before
 * they know the language.
 */
#include <stdlib.h>
#include <string.h>

#include "harness/scenario/scenario_private.h"

/* One sentence under construction. */
struct sentence {
    char text[2560]; /* a stimulus alone may hold 1024 characters, escaped */
    struct buf b;
};

static struct buf *begin(struct sentence *s)
{
    s->b = buf_of(s->text, sizeof s->text);
    return &s->b;
}

static void end(const struct sentence *s, FILE *out)
{
    fwrite(s->text, 1, s->b.n, out);
    fputc('\n', out);
}

static const char *sink_title(enum sink sink)
{
    switch (sink) {
    case SINK_CAN: return "CAN";
    case SINK_JSON: return "JSON";
    case SINK_HA: return "Home Assistant";
    case SINK_INFLUX: return "InfluxDB";
    case SINK_COUNT: break;
    }
    return "?";
}

/* ---- stimuli ---- */

static void put_fault(const struct stimulus *s, struct buf *b)
{
    static const char *const phrases[FAULT_COUNT][2] = {
        [FAULT_DROP] = {"", " of the bytes of replies are lost"},
        [FAULT_DELAY] = {"replies start ", " late"},
        [FAULT_TRUNCATE] = {"replies are cut at ", ""},
        [FAULT_FLIP] = {"one bit is wrong in ", " of the bytes"},
        [FAULT_DUPLICATE] = {"", " of the bytes arrive twice"},
        [FAULT_ECHO] = {"requests come back before their replies", ""},
        [FAULT_GARBAGE] = {"", " of noise come before each reply and in between"},
        [FAULT_BAUD] = {"the device talks at ", ""},
        [FAULT_ADDR] = {"replies carry the address ", ""},
        [FAULT_STALE] = {"the previous reply comes again", ""},
        [FAULT_BLOCK] = {"a block of ", " is lost inside each reply"},
        [FAULT_STALL] = {"each reply pauses for ", " in the middle"},
        [FAULT_CHUNK] = {"replies come in pieces of ", ""},
    };

    buf_printf(b, "line of battery %u: %s", s->battery, phrases[s->fault][0]);
    if (s->fault != FAULT_ECHO && s->fault != FAULT_STALE)
        quantity_format(s->value, b);
    buf_printf(b, "%s, for ", phrases[s->fault][1]);
    if (s->count > 0)
        buf_printf(b, "%u replies", (unsigned)s->count);
    else
        put_time(b, s->duration_us);
}

/* The value of `bms 1 set PATH VALUE` as the stimulus itself prints it. */
static void put_set_value(const struct stimulus *s, struct buf *b)
{
    char text[2304];
    struct buf whole = buf_of(text, sizeof text);
    struct buf path = buf_of((uint8_t[96]){0}, 96);

    if (!stimulus_format(s, &whole) || !bms_path_format(&s->path, &path))
        return;
    size_t at = span_find(buf_span(&whole), 0, buf_span(&path));
    buf_put(b, span_trim(span_sub(buf_span(&whole), at + path.n, whole.n)));
}

static void put_bms(const struct stimulus *s, struct buf *b)
{
    unsigned n = s->battery;

    if (s->verb == STIM_SET || s->verb == STIM_RAMP || s->verb == STIM_RELEASE) {
        bms_path_format(&s->path, b);
        buf_printf(b, " of battery %u ", n);
    }
    if (s->verb == STIM_SET) {
        buf_str(b, "is held at ");
        put_set_value(s, b);
    } else if (s->verb == STIM_RAMP) {
        buf_str(b, "goes from ");
        quantity_format(s->value, b);
        buf_str(b, " to ");
        quantity_format(s->to, b);
        buf_str(b, " in ");
        put_time(b, s->duration_us);
    } else if (s->verb == STIM_RELEASE) {
        buf_str(b, "follows the physics again");
    } else if (s->verb == STIM_FAULT) {
        put_fault(s, b);
    } else if (s->verb == STIM_REBOOT) {
        buf_printf(b, "battery %u restarts and is off for ", n);
        put_time(b, s->duration_us);
    }
}

static void put_own(const struct own_stimulus *s, struct buf *b)
{
    switch (s->verb) {
    case OWN_NONE: break;
    case OWN_CLEAN: buf_str(b, "the bridge's command removes it from Home Assistant"); break;
    case OWN_CLOCK:
        buf_str(b, "the wall clock jumps by ");
        quantity_format(s->step, b);
        break;
    case OWN_PUBLISH:
        if (s->payload[0] == '\0')
            buf_printf(b, "somebody removes what is retained on %s", s->topic);
        else
            buf_printf(b, "somebody publishes on %s%s: %s", s->topic, s->retain ? ", retained" : "",
                       s->payload);
        break;
    }
}

static void put_stimulus(const struct stimulus *s, struct buf *b)
{
    unsigned n = s->battery;

    switch (s->verb) {
    case STIM_SET:
    case STIM_RAMP:
    case STIM_RELEASE:
    case STIM_FAULT:
    case STIM_REBOOT: put_bms(s, b); break;
    case STIM_UNPLUG:
        buf_str(b, s->adapter ? "the serial adapter is pulled out: the port is gone"
                              : "the battery's cable is pulled");
        break;
    case STIM_PLUG: buf_str(b, "the battery's cable or adapter is put back"); break;
    case STIM_LEAVE: buf_printf(b, "battery %u leaves the stack", n); break;
    case STIM_JOIN: buf_printf(b, "battery %u comes back to the stack", n); break;
    case STIM_HOLD: buf_printf(b, "another central takes battery %u", n); break;
    case STIM_FREE: buf_printf(b, "the other central lets battery %u go", n); break;
    case STIM_FREEZE: buf_printf(b, "battery %u takes bytes and answers nothing", n); break;
    case STIM_THAW: buf_printf(b, "battery %u answers again", n); break;
    case STIM_TYPE:
        buf_printf(b, "somebody types \"%s\" on the console of battery %u", s->text, n);
        break;
    case STIM_SEND: buf_printf(b, "battery %u sends the bytes %s unasked", n, s->text); break;
    case STIM_REPLAY:
        buf_printf(b, "battery %u answers from the recording \"%s\"", n, s->text);
        break;
    case STIM_BROKER_STOP: buf_str(b, "the broker is killed"); break;
    case STIM_BROKER_START: buf_str(b, "the broker starts"); break;
    case STIM_BROKER_FREEZE: buf_str(b, "the broker hangs, its connections stay open"); break;
    case STIM_BROKER_THAW: buf_str(b, "the broker goes on"); break;
    case STIM_BROKER_RESET: buf_str(b, "the broker restarts and forgets its sessions"); break;
    case STIM_BROKER_SLOW:
        buf_str(b, "the broker delays every packet by ");
        quantity_format(s->value, b);
        break;
    case STIM_CANBUS_OFF: buf_str(b, "the CAN bus goes off"); break;
    case STIM_CANBUS_PASSIVE: buf_str(b, "the CAN bus becomes error-passive"); break;
    case STIM_CANBUS_ON: buf_str(b, "the CAN bus is back"); break;
    case STIM_INVERTER_SEND: buf_printf(b, "the inverter sends %s", s->text); break;
    case STIM_INVERTER_KEEPALIVE:
        if (s->text[0] == '\0') {
            buf_str(b, "the inverter stops its keepalive");
            break;
        }
        buf_printf(b, "the inverter begins to send %s every ", s->text);
        put_time(b, s->duration_us);
        break;
    case STIM_DUT_START: buf_str(b, "the bridge is started"); break;
    case STIM_DUT_STOP: buf_str(b, "the bridge is told to stop"); break;
    case STIM_DUT_KILL: buf_str(b, "the bridge is killed"); break;
    case STIM_DUT_FREEZE: buf_str(b, "the bridge is suspended"); break;
    case STIM_DUT_THAW: buf_str(b, "the bridge goes on"); break;
    case STIM_COUNT: break;
    }
}

/* ---- judgements ---- */

/* "CAN must show ccl = 0 A", "JSON must never be stale" */
static void put_demand(enum sink sink, const char *must, const struct cond *cond, struct buf *b)
{
    buf_printf(b, "%s %s ", sink_title(sink), must);
    switch (cond->kind) {
    case COND_COMPARE:
    case COND_RANGE:
    case COND_SET:
    case COND_CLEAR:
        buf_str(b, "show ");
        cond_format(cond, b);
        break;
    case COND_STALE: buf_str(b, "be stale, by the bridge's declared policy"); break;
    case COND_FRESH: buf_str(b, "be fresh"); break;
    case COND_SILENT:
        buf_str(b, "be silent for ");
        put_time(b, cond->silent_us);
        break;
    }
}

static void put_track(const struct stmt *stmt, struct buf *b)
{
    buf_printf(b, "%s on %s must follow ", stmt->signal, sink_title(stmt->sink));
    truth_format(stmt, b);
    buf_str(b, " within ");
    quantity_format(stmt->tol, b);
    buf_str(b, ", at most ");
    put_time(b, stmt->lag_us);
    buf_str(b, " late");
}

static void put_every(const struct stmt *stmt, struct buf *b)
{
    if (stmt->n_ids == 0)
        buf_str(b, sink_title(stmt->sink));
    for (size_t i = 0; i < stmt->n_ids; i++)
        buf_printf(b, "%s0x%03X",
                   i == 0                ? ""
                   : i + 1 < stmt->n_ids ? ", "
                                         : " and ",
                   (unsigned)stmt->ids[i]);
    buf_printf(b, " must %scome every ", stmt->n_ids > 1 ? "each " : "");
    put_time(b, stmt->period_us);
    buf_str(b, " give or take ");
    quantity_format(stmt->tol, b);
    if (stmt->mean.micro != 0) {
        buf_str(b, ", in the mean ");
        quantity_format(stmt->mean, b);
    }
}

static void put_agree(const struct stmt *stmt, struct buf *b)
{
    buf_printf(b, "%s on %s and %s on %s must agree within ", stmt->signal, sink_title(stmt->sink),
               stmt->signal2, sink_title(stmt->sink2));
    quantity_format(stmt->tol, b);
    buf_str(b, "; one may be ");
    put_time(b, stmt->lag_us);
    buf_str(b, " ahead");
}

static void put_matches(const struct stmt *stmt, struct buf *b)
{
    buf_printf(b, "%s must be the recording \"%s\", message by message within ",
               sink_title(stmt->sink), stmt->file);
    quantity_format(stmt->tol, b);
    for (size_t i = 0; i < stmt->n_ignore; i++)
        buf_printf(b, "%s%s", i == 0 ? ", but for " : ", ", stmt->ignore[i]);
}

static void put_judgement(const struct stmt *stmt, struct buf *b)
{
    switch (stmt->kind) {
    case STMT_ALWAYS: put_demand(stmt->sink, "must always", &stmt->cond, b); break;
    case STMT_NEVER: put_demand(stmt->sink, "must never", &stmt->cond, b); break;
    case STMT_WITHIN:
    case STMT_CHECK: put_demand(stmt->sink, "must", &stmt->cond, b); break;
    case STMT_TRACK: put_track(stmt, b); break;
    case STMT_EVERY: put_every(stmt, b); break;
    case STMT_AGREE: put_agree(stmt, b); break;
    case STMT_MATCHES: put_matches(stmt, b); break;
    case STMT_STIMULUS:
        if (stmt->own.verb != OWN_NONE)
            put_own(&stmt->own, b);
        else
            put_stimulus(&stmt->stimulus, b);
        break;
    }
    buf_str(b, ".");
    if (stmt->req[0] != '\0')
        buf_printf(b, " [%s]", stmt->req);
}

/* ---- the whole ---- */

static void explain_within(const struct stmt *stmt, FILE *out)
{
    struct sentence s;
    struct buf *b = begin(&s);

    buf_str(b, "    Within ");
    put_time(b, stmt->within_us);
    buf_str(b, stmt->anchor == ANCHOR_EVENT ? " of that " : " of the reply that shows it ");
    if (stmt->still)
        buf_str(b, "(or already before) ");
    put_judgement(stmt, b);
    end(&s, out);
}

static void explain_statement(const struct scenario *scenario, size_t index, FILE *out)
{
    const struct stmt *stmt = &scenario->stmts[index];
    struct sentence s;
    struct buf *b = begin(&s);
    bool window = stmt->kind != STMT_STIMULUS && stmt->kind != STMT_CHECK;

    buf_str(b, window ? "From " : "At ");
    put_time(b, stmt->from_us);
    if (window) {
        buf_str(b, " to ");
        put_time(b, stmt->to_us);
    }
    buf_str(b, ": ");
    put_judgement(stmt, b);
    end(&s, out);
    for (size_t i = 0; i < scenario->n_stmts; i++)
        if (scenario->stmts[i].kind == STMT_WITHIN && scenario->stmts[i].stimulus_index == index)
            explain_within(&scenario->stmts[i], out);
}

static void explain_battery(unsigned n, const struct sim_battery *battery, FILE *out)
{
    struct sentence s;
    struct buf *b = begin(&s);

    buf_printf(b, "Battery %u: %s, SOC ", n, battery->product);
    buf_fixed(b, battery->soc_pm, 1, true);
    buf_str(b, " %, ");
    buf_fixed(b, battery->current_ma, 3, true);
    buf_printf(b, " A (%s), ",
               battery->current_ma > 0   ? "charging"
               : battery->current_ma < 0 ? "discharging"
                                         : "at rest");
    buf_fixed(b, battery->temp_dc, 1, true);
    buf_printf(b, " C%s.", battery->absent ? ", not in the stack" : "");
    end(&s, out);
}

static void explain_header(const struct scenario *scenario, FILE *out)
{
    static const char *const tiers[] = {"virtual", "pty", "cable"};
    struct sentence s;
    struct buf *b = begin(&s);

    buf_printf(b, "%s: %s\nIt lasts ", scenario->id, scenario->title);
    put_time(b, scenario->duration_us);
    buf_str(b, " and runs in the tiers");
    for (size_t i = 0; i < 3; i++)
        if ((scenario->tiers >> i & 1U) != 0)
            buf_printf(b, " %s", tiers[i]);
    buf_printf(b, " with the seed %llu.", (unsigned long long)scenario->seed);
    end(&s, out);
    fputs("It judges", out);
    for (size_t i = 0; i < scenario->n_covers; i++)
        fprintf(out, " %s", scenario->covers[i]);
    fputs(".\n", out);
    for (unsigned n = 1; n <= SIM_MAX_BATTERIES; n++)
        if (scenario->sim.battery[n - 1].used)
            explain_battery(n, &scenario->sim.battery[n - 1], out);
    if (scenario->dut_manual)
        fputs("The bridge is not running at first.\n", out);
    fputc('\n', out);
}

/* Indexes of all statements but `within`, by time, in file order where it is the same. */
static size_t *time_order(const struct scenario *scenario, size_t *ret_n)
{
    size_t *order = malloc((scenario->n_stmts + 1) * sizeof *order);
    size_t n = 0;

    for (size_t i = 0; order != NULL && i < scenario->n_stmts; i++) {
        if (scenario->stmts[i].kind == STMT_WITHIN)
            continue;
        size_t at = n++;
        for (; at > 0 && scenario->stmts[order[at - 1]].from_us > scenario->stmts[i].from_us; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    *ret_n = n;
    return order;
}

enum err scenario_explain(const struct scenario *scenario, FILE *out)
{
    size_t n;

    if (scenario_error_count(scenario) > 0)
        return ERR_SYNTAX;
    size_t *order = time_order(scenario, &n);
    if (order == NULL)
        return ERR_MEMORY;
    explain_header(scenario, out);
    for (size_t i = 0; i < n; i++)
        explain_statement(scenario, order[i], out);
    free(order);
    return ferror(out) != 0 ? ERR_IO : ERR_OK;
}
