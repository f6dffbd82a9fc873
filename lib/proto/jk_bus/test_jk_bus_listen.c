/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose frame it was, whatever is missing, glued or foreign.
 */
#include "proto/jk_bus/test_jk_bus_support.h"

static void test_both_forms(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_CELLS); /* 308 */
    put_hex(out, ASK_3_SETTINGS);
    put_settings(out, 3);
    put_hex(out, "00" ACK_3_SETTINGS "00"); /* 310 */
    hear_every_way(buf_span(out), "ask3c 3c/ack ask3s 3s/ack ");
}

/* Garbage of the driver, up to 4 bytes between, an answer nobody heard the request of. */
static void test_noise(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, "00ff0010165500aa");
    put_cells(out);
    put_hex(out, "00000000" ACK_1_CELLS "ff");
    hear_every_way(buf_span(out), "1c/ack ");
}

static void test_missing_ack(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    hear_every_way(buf_span(out), "ask3c 3c/request ");
    put_hex(out, ASK_1_CELLS); /* the next request decides it at once */
    hear_every_way(buf_span(out), "ask3c 3c/request ask1c ");
    put_cells(out);
    put_cells(out); /* the next frame, too; nobody asked for that one */
    hear_every_way(buf_span(out), "ask3c 3c/request ask1c 1c/request 0c/nobody ");
}

/* A broken acknowledge does not cancel a good frame; neither does one that comes too late. */
static void test_broken_ack(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, "03101620000105a8");
    hear_every_way(buf_span(out), "ask3c 3c/request ");
    out = room_empty(&room);
    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, "fffffffffe" ACK_3_CELLS);
    hear_every_way(buf_span(out), "ask3c 3c/request ack3c ");
}

/* Asked 3 for cells, but an acknowledge of settings follows: not of this frame. */
static void test_ack_of_other_record(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    put_hex(out, ACK_3_SETTINGS);
    hear_every_way(buf_span(out), "ask3c 3c/request ack3s ");
}

static void test_ack_first(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, ACK_3_CELLS);
    put_cells(out);
    hear_every_way(buf_span(out), "ack3c 3c/ack ");
    out = room_empty(&room);
    put_hex(out, ACK_3_SETTINGS); /* of another record */
    put_cells(out);
    hear_every_way(buf_span(out), "ack3s 0c/nobody ");
}

/* A trigger to 1 answered by 3: the acknowledge decides. */
static void test_wrong_one_answers(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);
    struct jk_bus_heard what;
    size_t used = 0;

    put_hex(out, ASK_1_CELLS);
    hear_feed(&bus, buf_span(out), MS, &h);
    out = room_empty(&room);
    put_cells(out);
    put_hex(out, ACK_3_CELLS);
    CU_ASSERT_EQUAL(jk_bus_feed(&bus, buf_span(out), 40 * MS, &used, &what), JK_BUS_FRAME);
    CU_ASSERT_EQUAL(what.unit, 3);
    CU_ASSERT_EQUAL(what.identity, JK_BUS_BY_ACK);
    CU_ASSERT(what.asked);
    CU_ASSERT_EQUAL(what.asked_unit, 1);
    CU_ASSERT_EQUAL(what.frame.n, JK_FRAME);
    hear(&h, JK_BUS_FRAME, &what, 40 * MS);
    CU_ASSERT_EQUAL(h.cycle.strangers, 1);
    CU_ASSERT_EQUAL(jk_bus_cycle_present(&h.cycle, 41 * MS), 1u << 3);
}

/* Two open requests: which of them the unsigned frame answers cannot be told. Settings name their
 * unit themselves. */
static void test_two_open(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_hex(out, ASK_1_CELLS ASK_3_CELLS);
    put_cells(out);
    hear_every_way(buf_span(out), "ask1c ask3c 0c/nobody ");
    out = room_empty(&room);
    put_hex(out, ASK_1_CELLS ASK_3_SETTINGS);
    put_settings(out, 3);
    hear_every_way(buf_span(out), "ask1c ask3s 3s/frame ");
    out = room_empty(&room);
    put_hex(out, ASK_3_CELLS ASK_3_CELLS); /* the same again is one */
    put_cells(out);
    hear_every_way(buf_span(out), "ask3c ask3c 3c/request ");
    out = room_empty(&room);
    put_hex(out, ASK_3_CELLS ASK_3_SETTINGS ASK_1_CELLS); /* more than two */
    put_cells(out);
    hear_every_way(buf_span(out), "ask3c ask3s ask1c 0c/nobody ");
    out = room_empty(&room);
    put_hex(out, ASK_3_SETTINGS); /* asked for something else */
    put_cells(out);
    hear_every_way(buf_span(out), "ask3s 0c/nobody ");
}

static void test_settings_name_their_unit(void)
{
    struct room room;
    struct buf *out = room_empty(&room);

    put_settings(out, 15);
    hear_every_way(buf_span(out), "15s/frame ");
    out = room_empty(&room);
    put_settings(out, 16); /* no such unit */
    hear_every_way(buf_span(out), "0s/nobody ");
    out = room_empty(&room);
    put_settings(out, 0x103);
    put_settings(out, 0x10003);
    put_settings(out, 0x1000003);
    hear_every_way(buf_span(out), "0s/nobody 0s/nobody 0s/nobody ");
}

static void test_old_request(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);

    hear_feed(&bus, jk_hex(ASK_3_CELLS), MS, &h);
    put_cells(out);
    hear_feed(&bus, buf_span(out), 222 * MS, &h); /* 221 ms later: nobody's */
    hear_expire(&bus, 300 * MS, &h);
    hear_feed(&bus, jk_hex(ASK_1_CELLS), 400 * MS, &h);
    hear_feed(&bus, jk_hex(ASK_3_CELLS), 621 * MS, &h); /* the first is no longer open */
    hear_feed(&bus, buf_span(out), 660 * MS, &h);
    hear_expire(&bus, 800 * MS, &h);
    heard_is(&h, "ask3c 0c/nobody ask1c ask3c 3c/request ");
}

/* ---- own polling ---- */

static void test_echo(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);

    jk_bus_sent(&bus, 3, JK_CELLS, MS);
    put_hex(out, ASK_3_CELLS);
    put_cells(out);
    hear_feed(&bus, buf_span(out), 40 * MS, &h);
    hear_expire(&bus, 90 * MS, &h);
    hear_feed(&bus, jk_hex(ASK_3_CELLS), 100 * MS, &h); /* not ours a second time */
    heard_is(&h, "echo3c 3c/request ask3c ");
    CU_ASSERT(jk_bus_cycle_has_master(&h.cycle, 100 * MS));
    CU_ASSERT_EQUAL(h.cycle.units[3].frames, 1);
}

static void test_own_without_echo(void)
{
    struct jk_bus bus = {0};
    struct heard h = {0};
    struct room room;
    struct buf *out = room_empty(&room);

    put_cells(out);
    jk_bus_sent(&bus, 3, JK_CELLS, MS);
    hear_feed(&bus, buf_span(out), 40 * MS, &h);
    hear_expire(&bus, 90 * MS, &h);
    jk_bus_sent(&bus, 2, JK_CELLS, 200 * MS);
    hear_feed(&bus, jk_hex(ASK_2_CELLS), 500 * MS, &h); /* too late to be the echo */
    heard_is(&h, "3c/request ask2c ");
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"308 and 310 bytes", test_both_forms},
        {"noise", test_noise},
        {"no acknowledge", test_missing_ack},
        {"a broken acknowledge", test_broken_ack},
        {"an acknowledge of another record", test_ack_of_other_record},
        {"the acknowledge first", test_ack_first},
        {"the wrong one answers", test_wrong_one_answers},
        {"two open requests", test_two_open},
        {"settings name their unit", test_settings_name_their_unit},
        {"an old request", test_old_request},
        {"the own echo", test_echo},
        {"no echo", test_own_without_echo},
        {0},
    };
    return testing_main(argc, argv, "jk_bus_listen", cases);
}
