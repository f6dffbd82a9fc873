/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of devices and the overlay of a battery; see device.h.
 */
#include "sim/device/device.h"

#include "sim/device/console.h"
#include "sim/device/console_knobs.h"
#include "sim/device/jk_ble.h"
#include "sim/device/jk_ble_knobs.h"
#include "sim/device/jk_pb.h"
#include "sim/device/jk_pb_knobs.h"
#include "sim/device/jk_uart_device.h"
#include "sim/device/jk_uart_knobs.h"
#include "sim/device/pylon_can_battery.h"
#include "sim/device/pylon_can_knobs.h"

/* ---- overlay ---- */

static size_t overlay_index(const struct overlay *overlay, uint16_t path)
{
    size_t i = 0;
    while (i < overlay->n && overlay->items[i].path != path)
        i++;
    return i;
}

const char *overlay_get(const struct overlay *overlay, uint16_t path)
{
    size_t i = overlay_index(overlay, path);
    return i < overlay->n ? overlay->items[i].text : NULL;
}

enum err overlay_set(struct overlay *overlay, uint16_t path, const char *text)
{
    struct span s = span_str(text);
    if (s.n == 0 || s.n >= OVERLAY_TEXT)
        return ERR_RANGE;
    size_t i = overlay_index(overlay, path);
    if (i == OVERLAY_MAX)
        return ERR_SPACE;
    if (i == overlay->n)
        overlay->n++;
    overlay->items[i].path = path;
    span_to_str(s, overlay->items[i].text, sizeof overlay->items[i].text);
    return ERR_OK;
}

void overlay_unset(struct overlay *overlay, uint16_t path)
{
    size_t i = overlay_index(overlay, path);
    if (i == overlay->n)
        return;
    overlay->items[i] = overlay->items[--overlay->n];
}

/* ---- devices ---- */

static const struct maker {
    const struct device_kind *kind;
    enum err (*make)(const struct sim_config *config, const struct device_host *host,
                     struct device **ret);
} makers[] = {
    {&console_kind, console_new},
    {&jk_ble_kind, jk_ble_new},
    {&pylon_can_battery_kind, pylon_can_battery_new},
    {&jk_modbus_kind, jk_pb_new},
    {&jk_bus_kind, jk_pb_new},
    {&jk_uart_kind, jk_uart_device_new},
};

enum err device_new(const struct sim_config *config, const struct device_host *host,
                    struct device **ret)
{
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        if (makers[i].kind == config->kind)
            return makers[i].make(config, host, ret);
    }
    return ERR_NOT_FOUND;
}

void device_delete(struct device *device)
{
    if (device != NULL)
        device->ops->destroy(device);
}
