/* SPDX-License-Identifier: Apache-2.0
 *
 * Every single-bit flip of every golden frame: only the field that owns the bit may change. Who
 * owns which bit is typed in from the documents, not taken from the tables of the codec.
 */
#include "proto/pylon_can/test_pylon_can_fixture.h"

#define C(condition) COND_BIT(COND_##condition)

enum owner {
    NOBODY,
    CVL,
    CCL,
    DCL,
    DVL,
    SOC,
    SOH,
    VOLTAGE,
    CURRENT,
    TEMPERATURE,
    PROTECTIONS,
    WARNINGS,
    MODULES,
    CHARGE_ENABLE,
    DISCHARGE_ENABLE,
    FORCE_CHARGE,
    FULL_CHARGE,
    MAKER,
    CAPACITY,
    REMAINING,
    CELL_EXTREMES,
    TEMP_EXTREMES,
    COUNTS,
    PLACES,
};

struct piece {
    unsigned id;
    unsigned first, last; /* bits, 0 is the lowest of byte 0 */
    enum owner owner;
    uint32_t conditions;
};

/* Makes the two banks equal in what the owner may change. */
static void forget(struct bank *bank, const struct piece *piece)
{
    struct battery *b = &bank->sum;

    switch (piece->owner) {
    case NOBODY: break;
    case CVL:
        b->cvl_mv = 0;
        b->known &= ~(uint32_t)FIELD_CVL;
        break;
    case CCL:
        b->ccl_ma = 0;
        b->known &= ~(uint32_t)FIELD_CCL;
        break;
    case DCL:
        b->dcl_ma = 0;
        b->known &= ~(uint32_t)FIELD_DCL;
        break;
    case DVL:
        b->dvl_mv = 0;
        b->known &= ~(uint32_t)FIELD_DVL;
        break;
    case SOC:
        b->soc_pm = 0;
        b->known &= ~(uint32_t)FIELD_SOC_PM;
        break;
    case SOH:
        b->soh_pm = 0;
        b->known &= ~(uint32_t)FIELD_SOH_PM;
        break;
    case VOLTAGE:
        b->pack_mv = 0;
        b->known &= ~(uint32_t)FIELD_PACK_MV;
        break;
    case CURRENT:
        b->current_ma = 0;
        b->known &= ~(uint32_t)FIELD_CURRENT_MA;
        break;
    case TEMPERATURE:
        b->temp_dc[0] = 0;
        b->known &= ~(uint32_t)FIELD_TEMPS;
        break;
    case PROTECTIONS: b->protections &= ~piece->conditions; break;
    case WARNINGS: b->warnings &= ~piece->conditions; break;
    case MODULES: bank->online = 0; break;
    case CHARGE_ENABLE: b->charge_enable = false; break;
    case DISCHARGE_ENABLE: b->discharge_enable = false; break;
    case FORCE_CHARGE: b->force_charge = false; break;
    case FULL_CHARGE: b->full_charge_request = false; break;
    case MAKER: memset(b->maker, 0, sizeof b->maker); break;
    case CAPACITY:
        b->full_mah = 0;
        b->known &= ~(uint32_t)FIELD_FULL_MAH;
        break;
    case REMAINING:
        b->remaining_mah = 0;
        b->known &= ~(uint32_t)FIELD_REMAINING_MAH;
        break;
    case CELL_EXTREMES:
        b->cell_min_mv = b->cell_max_mv = 0;
        b->known &= ~(uint32_t)FIELD_CELL_MIN_MAX;
        break;
    case TEMP_EXTREMES:
        b->temp_min_dc = b->temp_max_dc = 0;
        b->known &= ~(uint32_t)FIELD_TEMP_MIN_MAX;
        break;
    case COUNTS:
        bank->online = bank->lost = bank->blocking_charge = bank->blocking_discharge = 0;
        break;
    case PLACES: bank->cell_min = (struct bank_place){0}; break;
    }
}

#define OVERVOLTAGE  (C(CELL_OVERVOLTAGE) | C(PACK_OVERVOLTAGE))
#define UNDERVOLTAGE (C(CELL_UNDERVOLTAGE) | C(PACK_UNDERVOLTAGE))
#define HOT          (C(CHARGE_OVERTEMPERATURE) | C(DISCHARGE_OVERTEMPERATURE))
#define COLD         (C(CHARGE_UNDERTEMPERATURE) | C(DISCHARGE_UNDERTEMPERATURE))

#define LIMITS_AND_STATE                                                                          \
    {0x351, 0, 15, CVL, 0}, {0x351, 16, 31, CCL, 0}, {0x351, 32, 47, DCL, 0},                     \
        {0x351, 48, 63, DVL, 0}, {0x355, 0, 15, SOC, 0}, {0x355, 16, 31, SOH, 0},                 \
        {0x356, 0, 15, VOLTAGE, 0}, {0x356, 16, 31, CURRENT, 0}, {0x356, 32, 47, TEMPERATURE, 0}, \
    {                                                                                             \
        0x35E, 0, 63, MAKER, 0                                                                    \
    }

#define REQUESTS_AND_ALARMS                                                                       \
    {0x359, 7, 7, PROTECTIONS, C(DISCHARGE_OVERCURRENT)}, {0x359, 4, 4, PROTECTIONS, COLD},       \
        {0x359, 3, 3, PROTECTIONS, HOT}, {0x359, 2, 2, PROTECTIONS, UNDERVOLTAGE},                \
        {0x359, 1, 1, PROTECTIONS, OVERVOLTAGE}, {0x359, 11, 11, PROTECTIONS, C(INTERNAL_FAULT)}, \
        {0x359, 8, 8, PROTECTIONS, C(CHARGE_OVERCURRENT)},                                        \
        {0x359, 23, 23, WARNINGS, C(DISCHARGE_OVERCURRENT)}, {0x359, 20, 20, WARNINGS, COLD},     \
        {0x359, 19, 19, WARNINGS, HOT}, {0x359, 18, 18, WARNINGS, UNDERVOLTAGE},                  \
        {0x359, 17, 17, WARNINGS, OVERVOLTAGE}, {0x359, 27, 27, WARNINGS, C(COMMUNICATION_LOSS)}, \
        {0x359, 24, 24, WARNINGS, C(CHARGE_OVERCURRENT)}, {0x359, 32, 39, MODULES, 0},            \
        {0x35C, 7, 7, CHARGE_ENABLE, 0}, {0x35C, 6, 6, DISCHARGE_ENABLE, 0},                      \
        {0x35C, 5, 5, FORCE_CHARGE, 0}, {0x35C, 4, 4, FORCE_CHARGE, 0},                           \
    {                                                                                             \
        0x35C, 3, 3, FULL_CHARGE, 0                                                               \
    }

#define HALF(from, set)                                                      \
    {0x35A, (from), (from) + 1, set, C(UNKNOWN_WORD)},                       \
        {0x35A, (from) + 2, (from) + 3, set, C(PACK_OVERVOLTAGE)},           \
        {0x35A, (from) + 4, (from) + 5, set, C(PACK_UNDERVOLTAGE)},          \
        {0x35A, (from) + 6, (from) + 7, set, C(DISCHARGE_OVERTEMPERATURE)},  \
        {0x35A, (from) + 8, (from) + 9, set, C(DISCHARGE_UNDERTEMPERATURE)}, \
        {0x35A, (from) + 10, (from) + 11, set, C(CHARGE_OVERTEMPERATURE)},   \
        {0x35A, (from) + 12, (from) + 13, set, C(CHARGE_UNDERTEMPERATURE)},  \
        {0x35A, (from) + 14, (from) + 15, set, C(DISCHARGE_OVERCURRENT)},    \
        {0x35A, (from) + 16, (from) + 17, set, C(CHARGE_OVERCURRENT)},       \
        {0x35A, (from) + 18, (from) + 19, set, C(UNKNOWN_WORD)},             \
        {0x35A, (from) + 20, (from) + 21, set, C(SHORT_CIRCUIT)},            \
        {0x35A, (from) + 22, (from) + 23, set, C(INTERNAL_FAULT)},           \
    {                                                                        \
        0x35A, (from) + 24, (from) + 25, set, C(IMBALANCE)                   \
    }

static const struct piece pieces_1_2[] = {LIMITS_AND_STATE, REQUESTS_AND_ALARMS, {0}};
static const struct piece pieces_1_3[] = {
    LIMITS_AND_STATE, HALF(0, PROTECTIONS), HALF(32, WARNINGS), {0x35F, 32, 47, CAPACITY, 0}, {0}};
static const struct piece pieces_2_0_6[] = {
    LIMITS_AND_STATE,
    REQUESTS_AND_ALARMS,
    {0x35F, 32, 47, CAPACITY, 0},
    {0x370, 0, 31, TEMP_EXTREMES, 0},
    {0x370, 32, 63, CELL_EXTREMES, 0},
    {0x372, 0, 63, COUNTS, 0},
    {0x373, 0, 31, CELL_EXTREMES, 0},
    {0x373, 32, 63, TEMP_EXTREMES, 0},
    {0x374, 0, 39, PLACES, 0}, /* the fifth byte ends the digits */
    {0x379, 0, 15, CAPACITY, 0},
    {0}};
static const struct piece pieces_victron[] = {LIMITS_AND_STATE,
                                              {0x355, 32, 47, SOC, 0},
                                              HALF(0, PROTECTIONS),
                                              HALF(32, WARNINGS),
                                              {0x35A, 58, 59, WARNINGS, C(COMMUNICATION_LOSS)},
                                              {0x35F, 32, 47, REMAINING, 0},
                                              {0x360, 0, 7, FORCE_CHARGE, 0},
                                              {0x379, 0, 15, CAPACITY, 0},
                                              {0}};
static const struct piece pieces_sma[] = {
    LIMITS_AND_STATE,   {0x355, 32, 47, SOC, 0},      HALF(0, PROTECTIONS),
    HALF(32, WARNINGS), {0x35F, 32, 47, CAPACITY, 0}, {0}};

static const struct piece *owner_of(const struct piece *pieces, unsigned id, unsigned bit)
{
    static const struct piece nobody = {0};

    for (; pieces->id != 0; pieces++) {
        if (pieces->id == id && bit >= pieces->first && bit <= pieces->last) {
            return pieces;
        }
    }
    return &nobody;
}

struct flips {
    const char *dialect;
    const struct piece *pieces;
    struct can_msg msg;
    struct bank base;
};

static void check_flip(struct span flipped, size_t byte, unsigned bit, void *ctx)
{
    const struct flips *f = ctx;
    const struct piece *piece = owner_of(f->pieces, f->msg.id, (unsigned)byte * 8 + bit);
    struct can_msg msg = f->msg;
    struct bank after;
    struct bank before;

    memcpy(msg.data, flipped.p, flipped.n);
    memcpy(&after, &f->base, sizeof after);
    memcpy(&before, &f->base, sizeof before);
    struct decoded verdict = pylon_can_decode(pylon_can_find(f->dialect), &msg, &after);
    if (piece->owner == NOBODY && verdict.code != ERR_OK) {
        TESTING_FAIL("%s %03x byte %zu bit %u: %s, but the bit belongs to nobody", f->dialect,
                     (unsigned)msg.id, byte, bit, err_text(verdict.code));
    }
    forget(&after, piece);
    forget(&before, piece);
    if (memcmp(&after, &before, sizeof after) != 0) {
        TESTING_FAIL("%s %03x byte %zu bit %u changes a field it does not own", f->dialect,
                     (unsigned)msg.id, byte, bit);
    }
}

static void flip_all(const char *dialect, const struct piece *pieces, const char *const *frames)
{
    struct flips f = {.dialect = dialect, .pieces = pieces};

    memset(&f.base, 0, sizeof f.base);
    for (size_t i = 0; frames[i] != NULL; i++) {
        f.msg = fixture_msg(frames[i]);
        CU_ASSERT_EQUAL(pylon_can_decode(pylon_can_find(dialect), &f.msg, &f.base).code, ERR_OK);
    }
    for (size_t i = 0; frames[i] != NULL; i++) {
        struct bank settled;

        f.msg = fixture_msg(frames[i]);
        memcpy(&settled, &f.base, sizeof settled);
        pylon_can_decode(pylon_can_find(dialect), &f.msg, &f.base);
        testing_every_bit_flip(span_of(f.msg.data, f.msg.dlc), check_flip, &f);
        memcpy(&f.base, &settled, sizeof settled);
    }
}

static void test_pylon_1_2(void)
{
    static const char *const frames[] = {"359#0000000003504E",
                                         "351#140272017201C201",
                                         "355#55006200",
                                         "356#031484FFEB00",
                                         "35C#C000",
                                         "35E#50594C4F4E202020",
                                         NULL};
    static const char *const alarmed[] = {"359#9F090000FF504E", "359#00009F0901504E", "35C#38",
                                          NULL};

    flip_all("pylon-1.2", pieces_1_2, frames);
    flip_all("pylon-1.2", pieces_1_2, alarmed);
}

static void test_pylon_1_3(void)
{
    static const char *const frames[] = {"351#1002C012C012C201",
                                         "355#540060000000",
                                         "356#7B13E9FE6B01",
                                         "35A#0000000000000000",
                                         "35E#50594C4F4E202020",
                                         "35F#4C4901033C02AA00",
                                         NULL};

    flip_all("pylon-1.3", pieces_1_3, frames);
}

static void test_pylon_2_0_6(void)
{
    static const char *const frames[] = {"351#140272017201C201",
                                         "355#5500620000000000",
                                         "356#031484FFEB000000",
                                         "359#0000000003504E00",
                                         "35C#C000000000000000",
                                         "35E#50594C4F4E202020",
                                         "35F#00000D052C010000",
                                         "370#F800DD008F0C7E0C",
                                         "372#0300000000000100",
                                         "373#7E0C8F0C27012901",
                                         "374#3032303400000000",
                                         "379#2C01000000000000",
                                         NULL};

    flip_all("pylon-2.0.6", pieces_2_0_6, frames);
}

static void test_victron(void)
{
    static const char *const frames[] = {"351#140272017201C201", "355#5500620059210000",
                                         "356#031484FFEB000000", "35A#AAAAAA02AAAAAA0A",
                                         "35E#4259440000000000", "35F#00000204FF000000",
                                         "360#0000000000000000", "378#400800002B070000",
                                         "379#2C01000000000000", NULL};

    flip_all("victron", pieces_victron, frames);
}

static void test_sma(void)
{
    static const char *const frames[] = {"351#140272017201C201",
                                         "355#550062005921",
                                         "356#031484FFEB00",
                                         "35A#AAAAAA02AAAAAA02",
                                         "35E#534D412020202020",
                                         "35F#000000002C010000",
                                         NULL};

    flip_all("sma", pieces_sma, frames);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"every bit of pylon-1.2", test_pylon_1_2},
        {"every bit of pylon-1.3", test_pylon_1_3},
        {"every bit of pylon-2.0.6", test_pylon_2_0_6},
        {"every bit of victron", test_victron},
        {"every bit of sma", test_sma},
        {0},
    };
    return testing_main(argc, argv, "pylon_can_flips", cases);
}
