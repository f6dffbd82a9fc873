/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames for tests, written from the specification byte by byte.
 */
#include <string.h>

#include "proto/jk_frame/test_jk_support.h"

void jk_poke(uint8_t *frame, unsigned at, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++)
        frame[at + i] = (uint8_t)(value >> (8 * i));
}

void jk_seal(uint8_t *frame)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < 299; i++)
        sum += frame[i];
    frame[299] = (uint8_t)sum;
}

void jk_blank(uint8_t *frame, enum jk_type type, uint8_t counter)
{
    memset(frame, 0, JK_FRAME);
    frame[0] = 0x55;
    frame[1] = 0xAA;
    frame[2] = 0xEB;
    frame[3] = 0x90;
    frame[4] = (uint8_t)type;
    frame[5] = counter;
    jk_seal(frame);
}

struct number {
    unsigned at, width;
    uint64_t value;
};

static void fill(uint8_t *frame, const struct number *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        jk_poke(frame, numbers[i].at, numbers[i].width, numbers[i].value);
    jk_seal(frame);
}

void jk_healthy_32s(uint8_t *frame)
{
    static const struct number numbers[] = {
        {70, 4, 0xFFFF},  {74, 2, 3300}, {144, 2, 250},     {150, 4, 52800},      {154, 4, 651816},
        {158, 4, 12345},  {162, 2, 200}, {164, 2, 210},     {173, 1, 75},         {174, 4, 210000},
        {178, 4, 280000}, {182, 4, 42},  {186, 4, 1234567}, {190, 1, 99},         {194, 4, 3600000},
        {198, 1, 1},      {199, 1, 1},   {214, 1, 0xFF},    {226, 4, 0x40400000}, {234, 2, 5280},
        {254, 2, 250},    {256, 2, 205}, {258, 2, 206},     {270, 4, 86400},      {287, 1, 0xFE},
    };

    jk_blank(frame, JK_CELLS, 7);
    for (unsigned i = 0; i < 16; i++)
        jk_poke(frame, 6 + 2 * i, 2, 3300);
    fill(frame, numbers, sizeof numbers / sizeof numbers[0]);
}

void jk_healthy_24s(uint8_t *frame)
{
    static const struct number numbers[] = {
        {54, 4, 0xFFFF},  {58, 2, 3300}, {118, 4, 52800},   {122, 4, 651816}, {126, 4, 12345},
        {130, 2, 200},    {132, 2, 210}, {134, 2, 250},     {141, 1, 75},     {142, 4, 210000},
        {146, 4, 280000}, {150, 4, 42},  {154, 4, 1234567}, {158, 1, 99},     {162, 4, 3600000},
        {166, 1, 1},      {167, 1, 1},   {182, 1, 0x07},    {202, 2, 1250},
    };

    jk_blank(frame, JK_CELLS, 7);
    for (unsigned i = 0; i < 16; i++)
        jk_poke(frame, 6 + 2 * i, 2, 3300);
    fill(frame, numbers, sizeof numbers / sizeof numbers[0]);
}

void jk_healthy_jk04(uint8_t *frame)
{
    static const struct number numbers[] = {
        {202, 4, 0x40533333}, /* 3.3 */
        {214, 4, 0xFFFF},     {218, 1, 3}, {219, 1, 9}, {286, 4, 1873811},
    };

    jk_blank(frame, JK_CELLS, 7);
    for (unsigned i = 0; i < 16; i++)
        jk_poke(frame, 6 + 4 * i, 4, 0x40533333);
    fill(frame, numbers, sizeof numbers / sizeof numbers[0]);
}
