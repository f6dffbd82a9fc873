/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulators' own random numbers: SplitMix64 (Steele, Lea, Flood 2014; the generator of
 * java.util.SplittableRandom), so that a seed means the same world on every machine and compiler.
 * One word of state; each use takes a stream of its own, so that a fault that draws more numbers
 * does not change the spread of the cells.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15U;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* Independent numbers for each (seed, stream). */
static inline struct rng rng_of(uint64_t seed, uint64_t stream)
{
    struct rng r = {seed};
    uint64_t mixed = rng_next(&r);

    r.state = mixed ^ (stream * 0xD1342543DE82EF95U);
    rng_next(&r);
    return r;
}

/* 0 <= result < n, n > 0; the bias for n < 2^32 is below 2^-32. */
static inline uint64_t rng_below(struct rng *r, uint64_t n)
{
    return rng_next(r) % n;
}

/* True with a probability in millionths of a percent (micro of DIM_RATIO). */
static inline bool rng_chance(struct rng *r, int64_t micro_percent)
{
    return (int64_t)rng_below(r, 100000000U) < micro_percent;
}

/* 0 <= result < 1, 53 bits. */
static inline double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

/* Mean 0, deviation 1: the sum of twelve uniforms (Irwin-Hall), cut at 3, so that no cell is
 * absurd. */
static inline double rng_normal(struct rng *r)
{
    double sum = -6.0;

    for (int i = 0; i < 12; i++)
        sum += rng_unit(r);
    return sum > 3.0 ? 3.0 : sum < -3.0 ? -3.0 : sum;
}

#endif
