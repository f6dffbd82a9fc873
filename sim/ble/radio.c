/* SPDX-License-Identifier: Apache-2.0
 *
 * See radio.h.
 */
#include "sim/ble/radio.h"

#include "base/span.h"
#include "sim/ble/hci_vhci.h"

static bool is_vhci(const char *where)
{
    return span_eq_str(span_str(where), "vhci");
}

bool ble_radio_is_real(const char *where)
{
    return is_vhci(where);
}

enum err ble_radio_open(struct loop *loop, const char *where,
                        const struct ble_radio_handler *handler, struct ble_radio **ret)
{
    return is_vhci(where) ? hci_vhci_new(loop, handler, ret) : ERR_USAGE;
}

const char *ble_radio_hint(const char *where, enum err e)
{
    if (!is_vhci(where))
        return NULL;
    if (e == ERR_NOT_FOUND)
        return "this kernel has no /dev/vhci: modprobe hci_vhci, or ci/vm/vm-run -B";
    if (e == ERR_DENIED)
        return "/dev/vhci is root's: sudo, or chmod it";
    return NULL;
}
