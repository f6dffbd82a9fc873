/* SPDX-License-Identifier: Apache-2.0
 *
 * Ways to use a battery, made by formula so that they carry nobody's licence: a day with the sun, a
 * charge as a charger does it, an inverter with a nervous load. All in multiples of the capacity
 * per hour (C), all a function of time, seed and the pack's state, so that a run can be repeated.
 */
#include <math.h>

#include "sim/model/pack_state.h"
#include "sim/random.h"

#define PI 3.14159265358979323846

/* The current that puts the pack at a voltage. */
static double constant_voltage_a(const struct pack_state *s, double volts)
{
    double open_v = 0.0, ohm = 0.0;

    for (unsigned i = 0; i < s->cells; i++) {
        const struct cell *c = &s->cell[i];
        open_v += cell_voltage(c, &s->type, cell_soc(c, s->soc), 0.0);
        ohm += s->type.r0_ohm * c->k_resistance * c->r_factor;
    }
    return (volts - open_v) / ohm;
}

/* ---- solar-day: starts at sunrise, 06:00 ---- */

#define SUN_C     0.50 /* at noon, without clouds */
#define BASE_C    0.03
#define MORNING_C 0.10 /* around 07:30 */
#define EVENING_C 0.15 /* around 19:30 */
#define CLOUD_S   600.0

/* What clouds leave of the sun: every ten minutes anew, a quarter of them cloudy. */
static double clouds(uint64_t seed, double t_s)
{
    struct rng rng = rng_of(seed, UINT64_C(0x10000) + (uint64_t)(t_s / CLOUD_S));

    return rng_unit(&rng) < 0.25 ? 0.2 + 0.5 * rng_unit(&rng) : 1.0;
}

/* An hour wide. */
static double hump(double hour, double at)
{
    return exp(-(hour - at) * (hour - at) / 2.0);
}

static double solar_day_c(uint64_t seed, double t_s)
{
    double hour = fmod(6.0 + t_s / 3600.0, 24.0);
    double height = sin(PI * (hour - 6.0) / 12.0);
    double sun = height > 0.0 ? SUN_C * pow(height, 1.3) * clouds(seed, t_s) : 0.0;

    return sun - BASE_C - MORNING_C * hump(hour, 7.5) - EVENING_C * hump(hour, 19.5);
}

/* ---- step-charge ---- */

#define CHARGE_C     0.5
#define CHARGE_END_C 0.03
#define CHARGE_V     3.45 /* per cell */

static double step_charge_a(const struct pack_state *s)
{
    if (s->profile_done)
        return 0.0;
    return fmin(fmax(constant_voltage_a(s, CHARGE_V * s->cells), 0.0), CHARGE_C * s->rated_ah);
}

void profile_settle(struct pack_state *s)
{
    if (s->profile == PROFILE_STEP_CHARGE &&
        constant_voltage_a(s, CHARGE_V * s->cells) < CHARGE_END_C * s->rated_ah)
        s->profile_done = true;
}

/* ---- inverter-burst ---- */

static double burst_c(uint64_t seed, double t_s)
{
    static const double levels[] = {0.0, -0.2, -1.0};
    struct rng rng = rng_of(seed, UINT64_C(0x100000000) + (uint64_t)t_s);

    return levels[rng_below(&rng, 3)];
}

/* A well-behaved system keeps to the recommended limits, the voltage included. */
static double solar_day_a(const struct pack_state *s, double t_s)
{
    double wish = s->rated_ah * solar_day_c(s->profile_seed, t_s);

    if (wish <= 0.0)
        return fmax(wish, -s->allowed.dcl_ma / 1000.0);
    wish = fmin(wish, s->allowed.ccl_ma / 1000.0);
    return fmax(fmin(wish, constant_voltage_a(s, s->allowed.cvl_mv / 1000.0)), 0.0);
}

double profile_current_a(const struct pack_state *s, uint64_t t_us)
{
    double t_s = (double)(t_us - s->start_us) / 1e6;

    switch (s->profile) {
    case PROFILE_NONE: return 0.0;
    case PROFILE_SOLAR_DAY: return solar_day_a(s, t_s);
    case PROFILE_STEP_CHARGE: return step_charge_a(s);
    case PROFILE_INVERTER_BURST: return s->rated_ah * burst_c(s->profile_seed, t_s);
    }
    return 0.0;
}
