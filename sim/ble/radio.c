/* SPDX-License-Identifier: Apache-2.0
 *
 * See radio.h.
 */
#include "sim/ble/radio.h"

#include "base/span.h"
#include "sim/ble/hci_user.h"
#include "sim/ble/hci_vhci.h"

static bool is_vhci(const char *where)
{
    return span_eq_str(span_str(where), "vhci");
}

static bool is_user(const char *where, unsigned *ret_index)
{
    struct span text = span_str(where);
    int64_t index;

    if (!span_starts(text, "hci") || !parse_i64(span_sub(text, 3, SIZE_MAX), 0, UINT16_MAX, &index))
        return false;
    *ret_index = (unsigned)index;
    return true;
}

bool ble_radio_is_real(const char *where)
{
    unsigned index;

    return is_vhci(where) || is_user(where, &index);
}

enum err ble_radio_open(struct loop *loop, const char *where,
                        const struct ble_radio_handler *handler, struct ble_radio **ret)
{
    unsigned index;

    if (is_vhci(where))
        return hci_vhci_new(loop, handler, ret);
    return is_user(where, &index) ? hci_user_new(loop, index, handler, ret) : ERR_USAGE;
}

const char *ble_radio_hint(const char *where, enum err e)
{
    bool vhci = is_vhci(where);

    if (!ble_radio_is_real(where))
        return NULL;
    switch ((int)e) {
    case ERR_NOT_FOUND:
        return vhci ? "this kernel has no /dev/vhci: modprobe hci_vhci, or ci/vm/vm-run -B"
                    : "no such adapter: hciconfig -a or bluetoothctl list shows what there is";
    case ERR_DENIED:
        return vhci ? "/dev/vhci is root's: sudo, or chmod it"
                    : "taking an adapter from the system needs CAP_NET_ADMIN: sudo";
    case ERR_BUSY: return "another program has the adapter";
    case ERR_UNSUPPORTED: return "this kernel has no Bluetooth";
    }
    return NULL;
}
