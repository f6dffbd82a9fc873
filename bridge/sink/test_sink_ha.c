/* SPDX-License-Identifier: Apache-2.0
 *
 * The Home Assistant output with a broker of paper: what is announced when, states, availability,
 * birth, outages, a battery that is exchanged. Ids are those of docs/protocols/mqtt-failures.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/sink/homeassistant.h"
#include "bridge/sink/test_sink_support.h"
#include "testing/testing.h"

enum { MAX_MESSAGES = 400 };

struct message {
    char topic[96];
    char *text;
    int qos;
    bool retain;
    uint64_t at_us;
};

struct paper {
    struct sink_ha sink;
    struct sink ha;
    struct bank_pack packs[BANK_MAX_BATTERIES];
    struct bank bank;
    uint64_t now_us;
    bool up;
    unsigned takes; /* how many messages fit before the connection says ERR_AGAIN */
    unsigned n;
    struct message messages[MAX_MESSAGES];
};

static enum err paper_publish(void *ctx, const char *topic, struct span payload, int qos,
                              bool retain)
{
    struct paper *p = ctx;

    if (!p->up)
        return ERR_CLOSED;
    if (p->takes == 0)
        return ERR_AGAIN;
    p->takes--;
    if (p->n < MAX_MESSAGES) {
        struct message *m = &p->messages[p->n++];
        snprintf(m->topic, sizeof m->topic, "%s", topic);
        m->text = calloc(1, payload.n + 1);
        if (m->text == NULL)
            abort();
        span_to_str(payload, m->text, payload.n + 1);
        m->qos = qos;
        m->retain = retain;
        m->at_us = p->now_us;
    }
    return ERR_OK;
}

static bool paper_connected(void *ctx)
{
    const struct paper *p = ctx;

    return p->up;
}

static void paper_forget(struct paper *p)
{
    for (unsigned i = 0; i < p->n; i++)
        free(p->messages[i].text);
    p->n = 0;
}

static void paper_delete(struct paper *p)
{
    paper_forget(p);
    free(p);
}

static struct battery some_battery(const char *serial)
{
    struct battery b = {.known = FIELD_PACK_MV | FIELD_CURRENT_MA | FIELD_SOC_PM | FIELD_CCL |
                                 FIELD_DCL | FIELD_CVL | FIELD_DVL | FIELD_CELLS | FIELD_WARNINGS |
                                 FIELD_PROTECTIONS | FIELD_SERIAL,
                        .pack_mv = 49860,
                        .current_ma = -9000,
                        .soc_pm = 880,
                        .ccl_ma = 25000,
                        .dcl_ma = 25000,
                        .cvl_mv = 53250,
                        .dvl_mv = 46000,
                        .cell_count = 3};

    snprintf(b.serial, sizeof b.serial, "%s", serial);
    return b;
}

/* A connected sink over a rack of two slots (0 and 1) and a section of one (2). */
static struct paper *paper_new(void)
{
    struct paper *p = calloc(1, sizeof *p);
    const struct sink_ha_config config = {
        .name = "home",
        .topic = "bms/shed",
        .prefix = "homeassistant",
        .birth = "homeassistant/status",
        .status_topic = "bms/shed/status",
        .tells_status = true,
        .retain = true,
        .period_us = S(5),
    };
    const struct ha_end end = {.publish = paper_publish, .connected = paper_connected, .ctx = p};

    if (p == NULL)
        abort();
    p->now_us = T0;
    p->up = true;
    p->takes = UINT32_MAX;
    p->bank = test_bank_with_life(BANK_WAITING);
    sink_ha_init(&p->sink, &config, &end, p->packs, NULL);
    sink_ha_add_section(&p->sink, "rack", 0, 2);
    sink_ha_add_section(&p->sink, "jk", 2, 1);
    p->ha = sink_ha_as_sink(&p->sink);
    sink_ha_on_connected(&p->sink, T0);
    return p;
}

static void paper_run(struct paper *p)
{
    p->ha.ops->run(p->ha.self, &p->bank, p->now_us);
}

static void paper_pass(struct paper *p, uint64_t for_us)
{
    uint64_t end_us = p->now_us + for_us;

    for (;;) {
        uint64_t next_us = p->ha.ops->next_deadline(p->ha.self);
        if (next_us > end_us)
            break;
        p->now_us = next_us > p->now_us ? next_us : p->now_us;
        paper_run(p);
    }
    p->now_us = end_us;
}

static void put_online(struct paper *p, unsigned slot, const char *serial)
{
    p->packs[slot] = (struct bank_pack){.b = some_battery(serial), .state = PACK_ONLINE};
    p->bank = test_bank_online();
}

static unsigned count(const struct paper *p, const char *topic)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->n; i++)
        n += strcmp(p->messages[i].topic, topic) == 0;
    return n;
}

/* Index of the last message on a topic; p->n when there is none. */
static unsigned last(const struct paper *p, const char *topic)
{
    for (unsigned i = p->n; i-- > 0;) {
        if (strcmp(p->messages[i].topic, topic) == 0)
            return i;
    }
    return p->n;
}

static const char *last_text(const struct paper *p, const char *topic)
{
    unsigned i = last(p, topic);

    return i < p->n ? p->messages[i].text : "";
}

#define CONFIG_1 "homeassistant/device/bms_shed_rack_1/config"
#define CONFIG_B "homeassistant/device/bms_shed_bank/config"
#define STATE_1  "bms/shed/rack/1/state"
#define STATE_B  "bms/shed/bank/all/state"
#define AVTY_1   "bms/shed/rack/1/availability"
#define AVTY_2   "bms/shed/rack/2/availability"
#define AVTY_B   "bms/shed/bank/all/availability"
#define STATUS   "bms/shed/status"

static void test_start(void)
{
    struct paper *p = paper_new();

    paper_run(p);
    paper_pass(p, S(20));
    CU_ASSERT_EQUAL(p->n, 1); /* nothing before the first reading, but that there is nothing */
    CU_ASSERT_STRING_EQUAL(last_text(p, STATUS), "offline");
    put_online(p, 0, "A");
    paper_run(p);
    /* document, state, availability of each device, then the status */
    static const char *const order[] = {STATUS,   CONFIG_B, STATE_B, AVTY_B,
                                        CONFIG_1, STATE_1,  AVTY_1,  STATUS};
    CU_ASSERT_EQUAL_FATAL(p->n, 8);
    for (unsigned i = 0; i < p->n; i++) {
        bool state = strstr(p->messages[i].topic, "/state") != NULL;
        CU_ASSERT_STRING_EQUAL(p->messages[i].topic, order[i]);
        CU_ASSERT_EQUAL(p->messages[i].retain, !state);
        CU_ASSERT_EQUAL(p->messages[i].qos, state ? 0 : 1);
    }
    CU_ASSERT_STRING_EQUAL(last_text(p, STATUS), "online");
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_1), "online");
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, CONFIG_1), "\"name\":\"bms shed rack 1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, CONFIG_1), "\"exp_aft\":15"));
    put_online(p, 2, "C");
    paper_run(p);
    const char *jk = last_text(p, "homeassistant/device/bms_shed_jk_1/config");
    CU_ASSERT_PTR_NOT_NULL(strstr(jk, "\"name\":\"bms shed jk\""));
    paper_delete(p);
}

static void test_cadence(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    paper_forget(p);
    paper_pass(p, S(100) + MS(60));
    CU_ASSERT_EQUAL(count(p, STATE_1), 20);
    CU_ASSERT_EQUAL(count(p, STATE_B), 20);
    CU_ASSERT_EQUAL(p->n, 40);
    CU_ASSERT_EQUAL(p->messages[0].at_us, T0 + S(5) + MS(50));
    paper_delete(p);
}

/* A limit that falls, an alarm that rises: at once, and only of whom it concerns. */
static void test_urgent(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    put_online(p, 1, "B");
    paper_run(p);
    paper_forget(p);
    p->packs[0].b.warnings = COND_BIT(COND_IMBALANCE);
    paper_run(p);
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, STATE_1), "\"warning_imbalance\":\"ON\""));
    p->bank.sum.ccl_ma = 0;
    p->packs[0].b.ccl_ma = 0;
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, STATE_B), "\"charge_current_limit\":0.000"));
    p->packs[0].b.warnings = 0; /* good news can wait */
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 3);
    paper_delete(p);
}

/* The battery is lost: offline at once; the bank goes on to say its limits, and no measurement. */
static void test_loss_and_return(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    paper_forget(p);
    p->packs[0].state = PACK_HELD;
    p->bank = test_bank_stale();
    paper_run(p);
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_1), "offline");
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_B), "offline");
    CU_ASSERT_EQUAL(count(p, STATE_1), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, STATE_B), "\"charge_current_limit\":0.000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, STATE_B), "\"voltage\":null"));
    CU_ASSERT_EQUAL(count(p, STATUS), 0);
    paper_pass(p, S(20));
    CU_ASSERT_EQUAL(count(p, STATE_1), 0);
    p->packs[0].state = PACK_LOST;
    p->bank = test_bank_with_life(BANK_LOST);
    paper_run(p);
    CU_ASSERT_STRING_EQUAL(last_text(p, STATUS), "offline");
    paper_forget(p);
    put_online(p, 0, "A");
    paper_run(p);
    CU_ASSERT_TRUE(last(p, STATE_1) < last(p, AVTY_1)); /* never online with an old state */
    CU_ASSERT_TRUE(last(p, AVTY_1) < last(p, STATUS));
    CU_ASSERT_TRUE(last(p, STATE_B) < last(p, AVTY_B));
    CU_ASSERT_EQUAL(count(p, CONFIG_1), 0); /* that was told */
    paper_delete(p);
}

/* The bank, which goes on to speak while it is stale, too: what it said then has no measurements.
 */
static void test_return_from_stale(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    p->packs[0].state = PACK_HELD;
    p->bank = test_bank_stale();
    paper_run(p);
    paper_pass(p, S(7));
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, STATE_B), "\"voltage\":null"));
    paper_forget(p);
    put_online(p, 0, "A");
    paper_run(p);
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_B), "online");
    CU_ASSERT_TRUE(last(p, STATE_B) < last(p, AVTY_B));
    CU_ASSERT_PTR_NULL(strstr(last_text(p, STATE_B), "\"voltage\":null"));
    CU_ASSERT_EQUAL(count(p, STATE_B), 1);
    paper_delete(p);
}

/* M40: after an outage the broker may have forgotten everything. */
static void test_reconnect(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    p->up = false;
    paper_run(p);
    CU_ASSERT_EQUAL(p->ha.ops->next_deadline(p->ha.self), NEVER_US);
    paper_forget(p);
    p->now_us += S(7);
    p->packs[0].b.soc_pm = 500;
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 0);
    p->up = true;
    sink_ha_on_connected(&p->sink, p->now_us);
    paper_run(p);
    CU_ASSERT_EQUAL(count(p, CONFIG_1), 1);
    CU_ASSERT_EQUAL(count(p, STATE_1), 1);
    CU_ASSERT_EQUAL(count(p, AVTY_1), 1);
    CU_ASSERT_EQUAL(count(p, STATUS), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, STATE_1), "\"soc\":50.0"));
    paper_delete(p);
}

/* M41: Home Assistant was restarted. */
static void test_birth(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    paper_forget(p);
    sink_ha_on_message(&p->sink, "homeassistant/status", SPAN_LIT("offline"), p->now_us);
    paper_pass(p, S(3));
    CU_ASSERT_EQUAL(p->n, 0);
    sink_ha_on_message(&p->sink, "homeassistant/status", SPAN_LIT("online"), p->now_us);
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 0); /* not at once: all devices of the house answer */
    uint64_t born_us = p->now_us;
    paper_pass(p, MS(1200));
    CU_ASSERT_EQUAL(count(p, CONFIG_B), 1);
    CU_ASSERT_EQUAL(count(p, CONFIG_1), 1);
    CU_ASSERT_EQUAL(count(p, STATE_1), 1);
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_1), "online");
    CU_ASSERT_TRUE(p->n > 0 && p->messages[0].at_us >= born_us + MS(100));
    paper_delete(p);
}

/* What a former life left online is corrected, for a while after the connect. */
static void test_left_over(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    paper_forget(p);
    sink_ha_on_message(&p->sink, AVTY_1, SPAN_LIT("online"), p->now_us); /* our own */
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 0);
    sink_ha_on_message(&p->sink, AVTY_2, SPAN_LIT("offline"), p->now_us);
    CU_ASSERT_EQUAL(p->n, 0);
    sink_ha_on_message(&p->sink, AVTY_2, SPAN_LIT("online"), p->now_us);
    CU_ASSERT_EQUAL(p->n, 1);
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_2), "offline");
    CU_ASSERT_TRUE(p->messages[0].retain);
    sink_ha_on_message(&p->sink, "bms/other/1/availability", SPAN_LIT("online"), p->now_us);
    sink_ha_on_message(&p->sink, AVTY_2, SPAN_LIT("online"), p->now_us + S(6));
    CU_ASSERT_EQUAL(p->n, 1);
    /* what we said is offline, and is found online */
    p->packs[0].state = PACK_HELD;
    paper_run(p);
    paper_forget(p);
    sink_ha_on_message(&p->sink, AVTY_1, SPAN_LIT("online"), p->now_us);
    paper_run(p);
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_1), "offline");
    paper_delete(p);
}

/* The cells become known later; another battery with fewer cells comes into the same place. */
static void test_document_changes(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    p->packs[0].b.known &= ~(uint32_t)(FIELD_CELLS | FIELD_SERIAL);
    paper_run(p);
    CU_ASSERT_PTR_NULL(strstr(last_text(p, CONFIG_1), "cell_3_voltage"));
    put_online(p, 0, "A");
    paper_run(p);
    CU_ASSERT_EQUAL(count(p, CONFIG_1), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, CONFIG_1), "cell_3_voltage"));
    p->packs[0].b.known &= ~(uint32_t)(FIELD_CELLS | FIELD_SERIAL); /* not asked this time */
    paper_run(p);
    CU_ASSERT_EQUAL(count(p, CONFIG_1), 2);
    put_online(p, 0, "B");
    p->packs[0].b.cell_count = 2;
    paper_forget(p);
    paper_run(p);
    CU_ASSERT_EQUAL_FATAL(count(p, CONFIG_1), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(p->messages[0].text, "\"cell_3_voltage\":{\"p\":\"sensor\"}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p->messages[0].text, "\"sn\":\"B\""));
    CU_ASSERT_PTR_NULL(strstr(last_text(p, CONFIG_1), "cell_3_voltage"));
    CU_ASSERT_PTR_NULL(strstr(last_text(p, STATE_1), "cell_3_voltage"));
    paper_delete(p);
}

/* Large documents do not fit into the connection all at once: the rest follows, with fresh values.
 */
static void test_connection_full(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    put_online(p, 1, "B");
    p->takes = 1;
    paper_run(p);
    CU_ASSERT_EQUAL(p->n, 1);
    for (unsigned i = 0; i < 20 && count(p, STATUS) == 0; i++) {
        CU_ASSERT_TRUE(p->ha.ops->next_deadline(p->ha.self) <= p->now_us + MS(20));
        p->packs[1].b.soc_pm = 100;
        p->takes = 1;
        paper_pass(p, MS(20));
    }
    CU_ASSERT_STRING_EQUAL(last_text(p, STATUS), "online");
    CU_ASSERT_EQUAL(count(p, CONFIG_B), 1);
    CU_ASSERT_EQUAL(count(p, "homeassistant/device/bms_shed_rack_2/config"), 1);
    CU_ASSERT_EQUAL(count(p, AVTY_2), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last_text(p, "bms/shed/rack/2/state"), "\"soc\":10.0"));
    paper_delete(p);
}

static void test_goodbye(void)
{
    struct paper *p = paper_new();

    put_online(p, 0, "A");
    paper_run(p);
    paper_forget(p);
    sink_ha_goodbye(&p->sink);
    CU_ASSERT_EQUAL(p->n, 3);
    CU_ASSERT_STRING_EQUAL(last_text(p, STATUS), "offline");
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_1), "offline");
    CU_ASSERT_STRING_EQUAL(last_text(p, AVTY_B), "offline");
    p->up = false;
    sink_ha_goodbye(&p->sink);
    CU_ASSERT_EQUAL(p->n, 3);
    paper_delete(p);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"start", test_start},
        {"cadence", test_cadence},
        {"urgent", test_urgent},
        {"loss and return", test_loss_and_return},
        {"return from stale", test_return_from_stale},
        {"reconnect", test_reconnect},
        {"birth", test_birth},
        {"left over", test_left_over},
        {"the document changes", test_document_changes},
        {"the connection is full", test_connection_full},
        {"goodbye", test_goodbye},
        {0},
    };

    return testing_main(argc, argv, "sink_ha", cases);
}
