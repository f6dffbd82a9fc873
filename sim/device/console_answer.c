/* SPDX-License-Identifier: Apache-2.0
 *
 * From a command line to the bytes of its answer: finds the command, checks that this firmware
 * knows it in this mode, frames the body, turns failures into the console's error replies. Source:
 * specification sections 2.2 to 2.5.
 */
#include <string.h>

#include "sim/device/console_private.h"
#include "sim/device/recording.h"

enum {
    LIST_LINES = PYLON_PAGER_LINES - 1, /* lines behind the first one until the pager stops */
};

/* ---- parts of an answer ---- */

void console_begin(struct console_answer *a, enum pylon_sep sep, bool blank)
{
    struct pylon_text_style style = a->style;
    style.blank_after_at = blank;
    pylon_text_begin(&style, sep, &a->out);
    a->lines =
        sep == PYLON_SEP_K ? 1 : 0; /* the first line of a list counts, a headline does not */
    a->first = sep == PYLON_SEP_K;
}

static void stop_page(struct console_answer *a)
{
    buf_put(&a->out, pylon_pager_prompt);
    if (a->n_pages < ANSWER_PAGES)
        a->page_end[a->n_pages++] = a->out.n;
    buf_put(&a->out, pylon_pager_resume);
    a->lines = 0;
}

void console_list_line_sep(struct console_answer *a, struct span sep, const char *text)
{
    if (a->first) {
        a->first = false;
    } else if (a->pager && a->lines == LIST_LINES) {
        stop_page(a);
    } else {
        buf_put(&a->out, sep);
        a->lines++;
    }
    buf_str(&a->out, text);
}

void console_list_line(struct console_answer *a, const char *text)
{
    console_list_line_sep(a, SPAN_LIT("\r\n\r"), text);
}

/* ---- modes ---- */

static void set_prompt(const struct console *c, const struct stack *stack, bool debug,
                       struct console_answer *a)
{
    const struct product *master = stack->module[0].product;
    const char *user = c->knobs.prompt[0] != '\0' ? c->knobs.prompt
                       : master != NULL           ? master->prompt
                                                  : "pylon>";
    struct buf out = buf_of(a->prompt, sizeof a->prompt - 1);
    struct span name = span_str(user);

    if (debug && span_ends(name, ">")) {
        buf_put(&out, span_sub(name, 0, name.n - 1));
        buf_str(&out, "_debug>");
    } else {
        buf_put(&out, name);
    }
    a->prompt[out.n] = '\0';
    a->style.prompt = a->prompt;
}

enum pylon_status console_login(const struct console_call *call)
{
    if (call->console->debug) {
        /* The body names the mode before the usage error (captured, section 2.3). */
        return PYLON_INVALID;
    }
    if (!span_eq_str(call->args, "debug"))
        return PYLON_INVALID;
    console_begin(call->answer, PYLON_SEP_K, false);
    return PYLON_OK;
}

enum pylon_status console_logout(const struct console_call *call)
{
    console_begin(call->answer, PYLON_SEP_K, false);
    return PYLON_OK;
}

static bool mode_after(const struct console_command *command, enum pylon_status status, bool debug)
{
    if (status != PYLON_OK)
        return debug;
    if (command->fn == console_login)
        return true;
    return command->fn == console_logout ? false : debug;
}

/* ---- dispatch ---- */

static unsigned reach_of(const struct console *c, const struct console_traits *traits)
{
    /* Nobody has seen the admin mode of a PYTES: it is its user mode here. */
    if (c->debug && traits->user != REACH_PYTES && traits->user != REACH_US3000D)
        return REACH_DEBUG;
    return traits->user;
}

/* Whether a knob of the port takes the command away ("Unknown command" then). */
static bool switched_off(const struct console *c, const struct console_traits *traits,
                         const struct console_command *command)
{
    if (command->fn == console_soh)
        return c->knobs.no_soh || !traits->soh;
    return c->knobs.no_login && (command->fn == console_login || command->fn == console_logout);
}

/* `info N` and `stat N` are usage errors on firmware that only knows itself (section 2.5). */
static bool argument_refused(const struct console_call *call, const struct console_command *command)
{
    const struct sim_console *knobs = &call->console->knobs;
    if (call->args.n == 0)
        return false;
    if (command->fn == console_info)
        return knobs->no_info_n || !call->traits->info_n;
    if (command->fn == console_stat)
        return knobs->no_stat_n || !call->traits->stat_n;
    return command->fn == console_time; /* setting the clock is refused */
}

static void put_error(const struct console_call *call, const struct console_command *command,
                      enum pylon_status status, struct span word)
{
    struct console_answer *a = call->answer;
    struct pylon_text_style style = a->style;
    size_t mark = a->out.n;

    style.blank_after_at = style.blank_after_at || call->traits->blank_after_at;
    if (command != NULL && command->fn == console_stat)
        style.exclamation = style.exclamation || call->traits->exclamation;
    pylon_text_error(&style, status, word, command != NULL ? command->text : NULL, &a->out);
    /* only a known command is invalid. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (status != PYLON_INVALID || command->fn != console_login || !call->console->debug)
        return;
    /* "Quit current mode" comes before the usage error: open the answer again. */
    uint8_t memory[256];
    struct buf tail = buf_of(memory, sizeof memory);
    buf_put(&tail, span_sub(buf_span(&a->out), mark + sizeof "@\r\n\r" - 1, sizeof memory));
    a->out.n = mark;
    buf_str(&a->out, "@\r\n\rQuit current mode\r\n\r");
    buf_put(&a->out, buf_span(&tail));
}

static enum pylon_status run(const struct console_call *call, const struct console_command *command)
{
    if (command->forbidden || command->fn == NULL || argument_refused(call, command))
        return PYLON_INVALID;
    return command->fn(call);
}

static void answer_from_recording(const struct console *c, struct span line, struct span word,
                                  struct console_answer *a)
{
    struct span bytes;
    a->recorded = recording_find(c->recording, line, &bytes);
    if (a->recorded) {
        buf_put(&a->out, bytes);
        a->status = PYLON_OK;
    } else {
        pylon_text_error(&a->style, PYLON_UNKNOWN, word, NULL, &a->out);
        a->status = PYLON_UNKNOWN;
    }
}

static void answer_from_stack(struct console_call *call, struct span word, bool *ret_debug)
{
    const struct console *c = call->console;
    struct console_answer *a = call->answer;
    const struct console_command *command = console_command_find(word, call->reach);
    bool known = command != NULL && !switched_off(c, call->traits, command);
    size_t mark = a->out.n;

    a->status = known ? run(call, command) : PYLON_UNKNOWN;
    *ret_debug = known ? mode_after(command, a->status, c->debug) : c->debug;
    set_prompt(c, call->stack, *ret_debug, a);
    if (a->status != PYLON_OK) {
        a->out.n = mark;
        a->n_pages = 0;
        put_error(call, known ? command : NULL, a->status, word);
        return;
    }
    struct pylon_text_style style = a->style;
    /* unknown commands ended above. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    if (command->fn == console_stat)
        style.exclamation = style.exclamation || call->traits->exclamation;
    pylon_text_end(&style, &a->out);
}

enum pylon_status console_answer(const struct console *console, struct span line,
                                 const struct stack *stack, struct console_answer *a,
                                 bool *ret_debug)
{
    struct buf out = a->out;
    struct span rest = line, word;

    *a = (struct console_answer){.out = out, .pager = console->knobs.pager};
    a->style.exclamation = console->knobs.exclamation;
    a->style.blank_after_at = console->knobs.blank_after_at;
    *ret_debug = console->debug;
    set_prompt(console, stack, console->debug, a);
    if (!span_token(&rest, &word)) {
        a->status = PYLON_EMPTY;
        pylon_text_error(&a->style, PYLON_EMPTY, word, NULL, &a->out);
    } else if (console->recording != NULL) {
        answer_from_recording(console, line, word, a);
    } else {
        const struct console_traits *traits = console_traits_of(stack->module[0].product);
        struct console_call call = {.console = console,
                                    .stack = stack,
                                    .traits = traits,
                                    .reach = reach_of(console, traits),
                                    .args = span_trim(rest),
                                    .answer = a};
        answer_from_stack(&call, word, ret_debug);
    }
    return a->status;
}

/* ---- arguments ---- */

unsigned console_slots(const struct console *console, const struct stack *stack)
{
    const struct product *master = stack->module[0].product;
    if (console->knobs.slots != 0)
        return console->knobs.slots;
    return master == NULL ? SIM_MAX_BATTERIES : master->slots;
}

enum pylon_status console_address(const struct console_call *call, struct span args,
                                  unsigned *ret_address)
{
    unsigned slots = console_slots(call->console, call->stack);
    int64_t n = 1;

    if (args.n > 0 && !parse_i64(args, 1, slots == 0 ? SIM_MAX_BATTERIES : slots, &n))
        return PYLON_INVALID;
    if (!call->stack->module[n - 1].present)
        return PYLON_NOT_PRESENT;
    *ret_address = (unsigned)n;
    return PYLON_OK;
}
