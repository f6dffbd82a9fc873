/* SPDX-License-Identifier: Apache-2.0
 *
 * What a whole answer says: is it the answer to our command, did the command succeed, where is its
 * text. Source: specification 2.2 (frame), 2.5 (error replies), 15 (rules for the parser).
 */
#include "proto/pylon_console/common.h"

/* The part of `s` behind its last line end. */
static struct span last_line(struct span s)
{
    size_t from = s.n;
    while (from > 0 && !pylon_is_line_end(s.p[from - 1]))
        from--;
    return span_sub(s, from, s.n);
}

static struct span trim_line_ends(struct span s)
{
    while (s.n > 0 && pylon_is_line_end(s.p[0]))
        s = span_sub(s, 1, s.n);
    while (s.n > 0 && pylon_is_line_end(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* A line without the prompt and the noise in front of it. */
static struct span bare(struct span line)
{
    size_t from = 0;

    for (size_t i = 0; i < line.n; i++) {
        bool prompt = line.p[i] == '>' && pylon_prompt_of(span_sub(line, from, i + 1 - from)).n > 0;
        if (prompt || (i == from && pylon_is_noise(line.p[i])))
            from = i + 1;
    }
    return pylon_strip(span_sub(line, from, line.n));
}

static bool is_blank(struct span s)
{
    struct span line;
    while (span_line(&s, &line)) {
        if (bare(line).n > 0)
            return false;
    }
    return true;
}

/* Moves *rest behind the last line that is the command's echo; some firmware prints it twice. */
static bool skip_echo(struct span *rest, struct span command)
{
    struct span at = *rest;
    struct span line;
    bool found = false;

    while (span_line(&at, &line)) {
        if (span_eq(bare(line), command)) {
            *rest = at;
            found = true;
        }
    }
    return found;
}

static void skip_at(struct span *rest)
{
    struct span next = *rest;
    struct span line;

    if (span_line(&next, &line) && span_eq_str(pylon_strip(line), "@"))
        *rest = next;
}

static enum pylon_status error_of_line(struct span line)
{
    static const struct {
        const char *text;
        enum pylon_status status;
    } known[] = {
        {"Unknown command", PYLON_UNKNOWN},
        {"Invalid command or fail to ex", PYLON_INVALID},
        {"Target device is not present", PYLON_NOT_PRESENT},
        {"Command failed", PYLON_FAILED},
        {"Command completed uncc", PYLON_FAILED},
        {"Command completed unsucc", PYLON_FAILED},
        {"This version do not support", PYLON_FAILED},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (pylon_starts_nocase(line, known[i].text))
            return known[i].status;
    }
    return PYLON_OK;
}

static enum pylon_status error_in(struct span body)
{
    struct span line;
    while (pylon_body_line(&body, &line)) {
        enum pylon_status status = error_of_line(pylon_strip(line));
        if (status != PYLON_OK)
            return status;
    }
    return PYLON_OK;
}

/* Takes the end of a good or bad answer off *body and says which it is. */
static enum pylon_status take_tail(struct span *body)
{
    struct span s = trim_line_ends(*body);
    struct span line = last_line(s);
    bool completed;

    if (span_eq_str(line, "$$") || span_eq_str(line, "$")) {
        s = trim_line_ends(span_sub(s, 0, s.n - line.n));
        line = last_line(s);
    }
    completed = pylon_starts_nocase(line, "Command completed successfully");
    if (completed)
        s = trim_line_ends(span_sub(s, 0, s.n - line.n));
    *body = s;

    enum pylon_status error = error_in(s);
    if (error != PYLON_OK)
        return error;
    return completed ? PYLON_OK : PYLON_NO_COMPLETION;
}

struct decoded pylon_answer_split(struct span text, struct span command, struct pylon_answer *ret)
{
    struct span prompt = pylon_prompt_of(last_line(text));
    if (prompt.n == 0)
        return (struct decoded){.code = ERR_INCOMPLETE, .offset = (uint32_t)text.n};

    struct span rest = span_sub(text, 0, text.n - last_line(text).n);
    struct pylon_answer answer = {.prompt = prompt, .debug_mode = span_ends(prompt, "_debug>")};
    if (is_blank(rest)) {
        answer.status = PYLON_EMPTY;
        answer.echo_ok = command.n == 0;
        answer.body = span_sub(rest, rest.n, 0);
        *ret = answer;
        return pylon_good();
    }
    if (command.n > 0) {
        if (!skip_echo(&rest, command))
            return (struct decoded){.code = ERR_MISMATCH, .offset = 0};
        answer.echo_ok = true;
    }
    skip_at(&rest);
    answer.body = rest;
    answer.status = take_tail(&answer.body);
    *ret = answer;
    return pylon_good();
}

/* The pager leaves its prompt and 50 blanks in the text; both are lines of their own. */
bool pylon_raw_line(struct span *rest, struct span *ret_line)
{
    struct span line;

    while (span_line(rest, &line)) {
        if (pylon_rtrim(line).n == 0 || span_starts(line, "Press [Enter] to be continued"))
            continue;
        *ret_line = line;
        return true;
    }
    return false;
}

bool pylon_body_line(struct span *rest, struct span *ret_line)
{
    struct span line;

    if (!pylon_raw_line(rest, &line))
        return false;
    *ret_line = pylon_rtrim(line);
    return true;
}
