/* SPDX-License-Identifier: Apache-2.0
 *
 * One answer of a JK BMS on its UART: is it whole, can it be true, what does it mean.
 */
#include "bridge/source/jk_uart_source.h"

enum { TEMP_MOS = 2, WARM_DC = 50 };

/* Without one of these it is half a reading. */
static bool is_complete(const struct jk_uart_values *v, uint8_t *ret_missing)
{
    static const uint8_t needed[] = {JK_TOKEN_CELLS, JK_TOKEN_PACK,   JK_TOKEN_CURRENT,
                                     JK_TOKEN_SOC,   JK_TOKEN_ALARMS, JK_TOKEN_STATUS};

    for (size_t i = 0; i < sizeof needed; i++) {
        if (!jk_uart_has(v, needed[i])) {
            *ret_missing = needed[i];
            return false;
        }
    }
    return true;
}

/* The user's switches; the codec gives the protections' currents. */
static void apply_switches(const struct jk_uart_values *v, struct battery *b)
{
    uint32_t on = 0;

    if (jk_uart_number(v, JK_TOKEN_CHARGE_SWITCH, &on) && on == 0)
        b->ccl_ma = 0;
    if (jk_uart_number(v, JK_TOKEN_DISCHARGE_SWITCH, &on) && on == 0)
        b->dcl_ma = 0;
}

/* Hardware 11 shows 0 C for MOSFETs that it does not measure: not beside warm cells. */
static void drop_missing_mos(struct battery *b)
{
    bool warm = battery_knows(b, FIELD_TEMP_MIN_MAX) &&
                (b->temp_min_dc > WARM_DC || b->temp_max_dc < -WARM_DC);

    if (warm && b->temp_count > TEMP_MOS && b->temp_dc[TEMP_MOS] == 0)
        b->temp_known &= (uint8_t) ~(1u << TEMP_MOS);
}

/* No charge voltage above this: where the over-voltage protection of the cells lets go, or the
 * pack's own. */
static int32_t highest_mv(const struct jk_uart_values *v)
{
    const uint8_t release_token = JK_TOKEN_CELL_OVP + 1;
    uint32_t cell = 0, release = 0, pack = 0;

    jk_uart_number(v, JK_TOKEN_CELL_OVP, &cell);
    jk_uart_number(v, release_token, &release);
    int32_t most = jk_pack_highest(v->cell_n, cell, release);
    if (jk_uart_number(v, JK_TOKEN_PACK_OVP, &pack) && pack > 0 && most > (int32_t)(10 * pack))
        most = (int32_t)(10 * pack);
    return most;
}

static bool judge(struct jk_uart_poller *s, const struct battery *reading, uint64_t now_us)
{
    const char *why = "";

    switch (jk_pack_offer(&s->pack, &s->config.caps, reading, now_us, &why)) {
    case JK_TAKEN: return false;
    case JK_WAITING:
        jk_uart_trouble(s, JK_UART_WAITING, now_us, "not published: %s", why);
        return false;
    case JK_DOUBTED:
        jk_uart_trouble(s, JK_UART_DOUBTED, now_us, "asked again: %s", why);
        return true;
    case JK_REFUSED:
        jk_uart_trouble(s, JK_UART_IMPLAUSIBLE, now_us, "not used: %s", why);
        return false;
    }
    return false;
}

bool jk_uart_take_reading(struct jk_uart_poller *s, struct span data, uint64_t now_us)
{
    struct battery reading;
    const char *why = "";
    uint8_t missing = 0;
    struct decoded d = jk_uart_values_decode(data, &s->values);

    if (d.code != ERR_OK) {
        jk_uart_trouble(s, JK_UART_LAYOUT, now_us, "tokens not read: %s at byte %u",
                        err_text(d.code), (unsigned)d.offset);
        return false;
    }
    if (!is_complete(&s->values, &missing)) {
        jk_uart_trouble(s, JK_UART_INCOMPLETE, now_us, "token %02X is missing", missing);
        return false;
    }
    battery_clear(&reading);
    if (!jk_uart_plausible(&s->values, &why) ||
        jk_uart_to_battery(&s->values, &reading) != ERR_OK) {
        jk_uart_trouble(s, JK_UART_IMPLAUSIBLE, now_us, "not used: %s", why);
        return false;
    }
    if (!battery_knows(&reading, FIELD_CURRENT_MA)) {
        jk_uart_trouble(s, JK_UART_LAYOUT, now_us,
                        "token %02X is not known: it may hide how the current is coded",
                        s->values.tail[0]);
        return false;
    }
    apply_switches(&s->values, &reading);
    drop_missing_mos(&reading);
    jk_pack_limits(&s->pack, &s->config.caps, &reading, highest_mv(&s->values), now_us);
    return judge(s, &reading, now_us);
}
