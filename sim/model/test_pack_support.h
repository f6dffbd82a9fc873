/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the pack share: making one, reading and setting values by their dotted names.
 */
#ifndef SIM_MODEL_TEST_PACK_SUPPORT_H
#define SIM_MODEL_TEST_PACK_SUPPORT_H

#include <math.h>
#include <string.h>

#include "sim/model/pack.h"
#include "testing/testing.h"

#define N(array)   (sizeof(array) / sizeof(array)[0])
#define S(seconds) ((uint64_t)((seconds)*1000000.0))

static inline struct sim_battery battery_of(const char *model, int32_t soc_pm)
{
    struct sim_config config;

    sim_config_init(&config);
    struct sim_battery b = config.battery[0];
    span_to_str(span_str(model), b.product, sizeof b.product);
    b.soc_pm = soc_pm;
    return b;
}

static inline struct pack *open_pack(const struct sim_battery *b, uint64_t seed)
{
    struct pack *pack = NULL;

    CU_ASSERT_EQUAL_FATAL(pack_new(b, seed, 0, &pack), ERR_OK);
    return pack;
}

static inline int64_t get(const struct pack *pack, const char *path)
{
    struct bms_path p;
    int64_t micro = INT64_MIN;

    CU_ASSERT_TRUE_FATAL(bms_path_parse(span_str(path), &p));
    if (!pack_get(pack, &p, &micro))
        TESTING_FAIL("no truth for %s", path);
    return micro;
}

static inline double value(const struct pack *pack, const char *path)
{
    return (double)get(pack, path) / 1e6;
}

static inline double millis(const struct pack *pack, const char *path)
{
    return 1000.0 * value(pack, path);
}

static inline enum err set(struct pack *pack, const char *path, double value)
{
    struct bms_path p;

    CU_ASSERT_TRUE_FATAL(bms_path_parse(span_str(path), &p));
    return pack_set(pack, &p, llround(value * 1e6));
}

static inline enum err release(struct pack *pack, const char *path)
{
    struct bms_path p;

    CU_ASSERT_TRUE_FATAL(bms_path_parse(span_str(path), &p));
    return pack_release(pack, &p);
}

static inline bool near(double got, double want, double tol)
{
    return fabs(got - want) <= tol;
}

#define NEAR(got, want, tol)                                                            \
    do {                                                                                \
        double got_ = (double)(got);                                                    \
        if (!near(got_, (want), (tol)))                                                 \
            TESTING_FAIL("%s is %g, expected %g within %g", #got, got_, (double)(want), \
                         (double)(tol));                                                \
    } while (0)

#endif
