/* SPDX-License-Identifier: Apache-2.0
 *
 * See pylon_can_battery.h.
 */
#include "sim/device/pylon_can_battery.h"

#include <stdlib.h>
#include <string.h>

#include "proto/pylon_can/pylon_can.h"
#include "sim/can_image.h"
#include "sim/device/pylon_can_bank.h"
#include "sim/device/pylon_can_knobs.h"
#include "sim/device/pylon_can_shape.h"
#include "sim/device/recording.h"

enum { CAN_BITRATE = 500000, RECORDED_MAX = 64 };
static const uint64_t calling_us = 1500 * US_PER_MS; /* 359 of one that waits for an inverter */
static const uint16_t alarms_id = 0x359;

struct pylon_can_battery {
    struct device base;
    struct sim_pylon_can knobs;
    const struct pylon_can_dialect *dialect;
    uint64_t period_us, gap_us;
    size_t n;                           /* of the frames that it may send */
    uint16_t ids[PYLON_CAN_MAX_FRAMES]; /* in the dialect's order */
    uint64_t set_us;                    /* when this set began, or when the next one will */
    size_t next;                        /* frame of this set, in the order of sending */
    unsigned sets;                      /* so far */
    uint64_t asked_until_us;            /* on request: 0 when nobody has asked */
    struct recording *recording;
    size_t n_recorded;
    uint16_t recorded[RECORDED_MAX]; /* the first frame of each id in the recording */
    struct stack scratch;
};

static struct pylon_can_battery *battery_of(struct device *device)
{
    return (struct pylon_can_battery *)(void *)device; /* base is the first member */
}

static const struct pylon_can_battery *battery_of_const(const struct device *device)
{
    return (const struct pylon_can_battery *)(const void *)device;
}

/* ---- frames ---- */

/* The frame with this id, as the stack stands. False: there is nothing to say in it. */
static bool make_frame(const struct pylon_can_battery *b, uint32_t id, const struct stack *stack,
                       struct can_msg *ret)
{
    struct can_msg msgs[PYLON_CAN_MAX_FRAMES];
    const char *maker = b->knobs.maker[0] != '\0' ? b->knobs.maker : NULL;
    struct bank bank;
    size_t n = 0;

    pylon_can_bank(stack, &bank);
    if (pylon_can_encode(b->dialect, &bank, maker, msgs, &n) != ERR_OK)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (msgs[i].id == id) {
            *ret = msgs[i];
            pylon_can_shape(&b->knobs, ret);
            return true;
        }
    }
    return false;
}

static void send_image(const struct pylon_can_battery *b, uint32_t id, struct span image,
                       bool recorded)
{
    char name[8];
    struct buf command = buf_of(name, sizeof name);

    buf_printf(&command, "%03X", (unsigned)id);
    const struct device_reply r = {.kind = DEVICE_ANSWER,
                                   .command = buf_span(&command),
                                   .bytes = image,
                                   .whole = true,
                                   .recorded = recorded};
    b->base.host.reply(b->base.host.ctx, &r);
}

static void send_frame(struct pylon_can_battery *b, uint32_t id)
{
    uint8_t bytes[CAN_IMAGE_MAX];
    struct buf image = buf_of(bytes, sizeof bytes);
    struct can_msg msg;

    b->base.host.stack(b->base.host.ctx, &b->scratch);
    if (make_frame(b, id, &b->scratch, &msg) && can_image_put(&msg, &image))
        send_image(b, id, buf_span(&image), false);
}

static void send_recorded(struct pylon_can_battery *b, size_t i)
{
    struct span command = recording_command(b->recording, b->recorded[i]), image;
    struct can_msg msg;

    if (!recording_find(b->recording, command, &image) || !can_image_get(image, &msg))
        return;
    send_image(b, msg.id, image, true);
    recording_next(b->recording, command);
}

/* ---- sets ---- */

/* 0 with a dialect whose frames are all left out. */
static size_t frames_of_set(const struct pylon_can_battery *b)
{
    return b->recording != NULL ? b->n_recorded : b->n;
}

/* Which of the dialect's frames is the k-th of this set. */
static size_t place(const struct pylon_can_battery *b, size_t k)
{
    size_t n = frames_of_set(b);

    switch (b->knobs.order) {
    case PYLON_CAN_ORDER_OWN: return k;
    case PYLON_CAN_ORDER_REVERSED: return n - 1 - k;
    case PYLON_CAN_ORDER_ROTATING: return (k + b->sets) % n; /* called with k < n only */
    }
    return k;
}

static bool is_asked(const struct pylon_can_battery *b, uint64_t now_us)
{
    return !b->knobs.on_request || now_us < b->asked_until_us;
}

/* Every frame of the set in its turn; one that waits for an inverter sends its alarms only. */
static void send_next(struct pylon_can_battery *b, uint64_t now_us)
{
    size_t i = place(b, b->next);

    if (b->recording != NULL) {
        send_recorded(b, i);
        return;
    }
    uint16_t id = b->ids[i];
    bool due = b->sets % pylon_can_every(&b->knobs, id, b->period_us) == 0;
    if (due && (is_asked(b, now_us) || id == alarms_id))
        send_frame(b, id);
}

static void end_set(struct pylon_can_battery *b, uint64_t now_us)
{
    if (b->knobs.echoes_keepalive) {
        uint8_t bytes[CAN_IMAGE_MAX];
        struct buf image = buf_of(bytes, sizeof bytes);
        const struct can_msg msg = {.id = 0x305, .dlc = 8, .data = {0x21}};
        if (can_image_put(&msg, &image))
            send_image(b, msg.id, buf_span(&image), false);
    }
    b->next = 0;
    b->sets++;
    b->set_us += is_asked(b, now_us) ? b->period_us : calling_us;
}

/* A battery that was stopped does not make up for what it did not send. */
static void skip_missed(struct pylon_can_battery *b, uint64_t now_us)
{
    uint64_t due_us = b->set_us + b->next * b->gap_us;

    if (now_us < due_us + b->period_us)
        return;
    b->set_us += (now_us - b->set_us) / b->period_us * b->period_us;
    b->next = 0;
}

static void on_deadline(struct device *device, uint64_t now_us)
{
    struct pylon_can_battery *b = battery_of(device);

    skip_missed(b, now_us);
    while (now_us >= b->set_us + b->next * b->gap_us) {
        if (b->next < frames_of_set(b))
            send_next(b, now_us);
        b->next++;
        if (b->next >= frames_of_set(b))
            end_set(b, now_us);
    }
}

static uint64_t next_deadline(const struct device *device)
{
    const struct pylon_can_battery *b = battery_of_const(device);

    return b->set_us + b->next * b->gap_us;
}

/* ---- the inverter ---- */

static void power_up(struct device *device, uint64_t now_us)
{
    struct pylon_can_battery *b = battery_of(device);

    b->set_us = now_us + b->period_us;
    b->next = 0;
    b->asked_until_us = 0;
    b->base.host.baud(b->base.host.ctx, CAN_BITRATE);
}

/* One that slept begins its set at once. */
static void take_keepalive(struct pylon_can_battery *b, uint64_t now_us)
{
    bool slept = !is_asked(b, now_us);

    b->asked_until_us = deadline_add(now_us, b->knobs.request_us);
    if (slept) {
        b->set_us = now_us;
        b->next = 0;
        b->base.host.note(b->base.host.ctx, "wake-up", "the keep-alive was heard");
    }
}

/* Inverters send 305, 306 and 307 (Growatt 301). Who sends a battery's frames to a battery is a
 * bridge on the wrong bus. */
static void on_bytes(struct device *device, struct span bytes, uint64_t now_us)
{
    struct pylon_can_battery *b = battery_of(device);
    struct can_msg msg;
    char text[40];
    struct buf out = buf_of(text, sizeof text - 1);

    if (!can_image_get(bytes, &msg) || msg.extended || msg.remote)
        return;
    if (msg.id == pylon_can_keepalive_id(b->dialect)) {
        take_keepalive(b, now_us);
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (b->ids[i] != msg.id)
            continue;
        can_msg_format(&msg, &out);
        text[out.n] = '\0';
        b->base.host.note(b->base.host.ctx, "forbidden", text);
    }
}

/* ---- what the host asks ---- */

static uint32_t bitrate(const struct device *device)
{
    (void)device;
    return CAN_BITRATE;
}

static bool accepts(const struct device *device, uint16_t path, const char *text,
                    const char **ret_why)
{
    size_t n = strlen(text);

    (void)device;
    if (path == BMS_PATH_SERIAL) {
        *ret_why = "a serial number has 1 to 16 characters";
        return n >= 1 && n <= 16;
    }
    *ret_why = "a battery on CAN has no such word";
    return false;
}

static enum err render(const struct device *device, struct span command, const struct stack *stack,
                       struct buf *out)
{
    const struct pylon_can_battery *b = battery_of_const(device);
    struct can_msg msg;
    uint64_t id = 0;

    if (b->recording != NULL || !parse_hex(command, 0x7FF, &id) ||
        !make_frame(b, (uint32_t)id, stack, &msg))
        return ERR_NOT_FOUND;
    return can_image_put(&msg, out) ? ERR_OK : ERR_SPACE;
}

static bool is_first(const struct recording *recording, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (span_eq(recording_command(recording, k), recording_command(recording, i)))
            return false;
    }
    return true;
}

/* A set has every recorded id once, in the order of the log; the next set goes on in it. */
static void replay(struct device *device, struct recording *recording)
{
    struct pylon_can_battery *b = battery_of(device);
    size_t n = recording != NULL ? recording_count(recording) : 0;

    b->recording = recording;
    b->next = 0;
    b->n_recorded = 0;
    for (size_t i = 0; i < n && i <= UINT16_MAX && b->n_recorded < RECORDED_MAX; i++) {
        if (is_first(recording, i))
            b->recorded[b->n_recorded++] = (uint16_t)i;
    }
}

static void destroy(struct device *device)
{
    free(battery_of(device));
}

static const struct device_ops ops = {
    .name = "pylon-can",
    .destroy = destroy,
    .power_up = power_up,
    .on_bytes = on_bytes,
    .next_deadline = next_deadline,
    .on_deadline = on_deadline,
    .baud = bitrate,
    .accepts = accepts,
    .render = render,
    .replay = replay,
};

static void list_frames(struct pylon_can_battery *b)
{
    struct pylon_can_frame frame;

    for (size_t i = 0; pylon_can_frame_at(b->dialect, i, &frame); i++) {
        if (frame.dlc > 0 && !pylon_can_omits(&b->knobs, frame.id) && b->n < PYLON_CAN_MAX_FRAMES)
            b->ids[b->n++] = frame.id;
    }
}

enum err pylon_can_battery_new(const struct sim_config *config, const struct device_host *host,
                               struct device **ret)
{
    struct pylon_can_battery *b = calloc(1, sizeof *b);

    if (b == NULL)
        return ERR_MEMORY;
    b->base.ops = &ops;
    b->base.host = *host;
    memcpy(&b->knobs, config->knobs, sizeof b->knobs);
    b->dialect = pylon_can_find(b->knobs.dialect);
    if (b->dialect == NULL) {
        free(b);
        return ERR_NOT_FOUND;
    }
    b->period_us =
        b->knobs.period_us != 0 ? b->knobs.period_us : pylon_can_period_ms(b->dialect) * US_PER_MS;
    b->gap_us = pylon_can_gap_us(&b->knobs);
    list_frames(b);
    *ret = &b->base;
    return ERR_OK;
}
