/* SPDX-License-Identifier: Apache-2.0
 *
 * `info`: who the module is, and `stat`: what it has lived through. Source: specification 7 and 8.
 */
#include "proto/pylon_console/common.h"
#include "proto/pylon_console/view.h"

struct decoded pylon_info_from(const struct pylon_form *form, struct pylon_info *ret)
{
    struct view v = pylon_view_of(form);
    struct pylon_info i = {.address = 0};
    int32_t address = 0;
    int32_t cells = 0;

    pylon_view_int32(&v, "Device address", "", 0, PYLON_MAX_MODULES, &address);
    pylon_view_text(&v, "Manufacturer", i.manufacturer, sizeof i.manufacturer);
    bool named = pylon_view_text(&v, "Device name", i.device_name, sizeof i.device_name);
    pylon_view_text(&v, "Main Soft version", i.main_version, sizeof i.main_version);
    pylon_view_text(&v, "Soft version", i.soft_version, sizeof i.soft_version);
    bool barcode = pylon_view_text(&v, "Barcode", i.barcode, sizeof i.barcode);
    pylon_view_text(&v, "Specification", i.specification, sizeof i.specification);
    pylon_view_int32(&v, "Cell Number", "", 1, UINT8_MAX, &cells);
    i.has_max_discharge = pylon_view_int32(&v, "Max Dischg Curr", "mA", -PYLON_MA_MAX, PYLON_MA_MAX,
                                           &i.max_discharge_ma);
    i.has_max_charge = pylon_view_int32(&v, "Max Charge Curr", "mA", -PYLON_MA_MAX, PYLON_MA_MAX,
                                        &i.max_charge_ma);
    pylon_view_int32(&v, "Console Port rate", "", 1, 1000000, &i.console_rate);
    if (!named && !barcode)
        pylon_view_fail(&v, ERR_INCOMPLETE, NULL);
    i.address = (uint8_t)address;
    i.cell_number = (uint8_t)cells;
    if (v.verdict.code == ERR_OK)
        *ret = i;
    return v.verdict;
}

struct decoded pylon_stat_from(const struct pylon_form *form, struct pylon_stat *ret)
{
    struct view v = pylon_view_of(form);
    struct pylon_stat s = {.address = 0};
    const struct pylon_kv *address = pylon_form_find(form, "Device address");

    if (address == NULL)
        pylon_view_fail(&v, ERR_INCOMPLETE, NULL);
    else if (pylon_uint8(address->value, PYLON_MAX_MODULES, &s.address) != ERR_OK)
        pylon_view_fail(&v, ERR_SYNTAX, address);
    s.has_cycles = pylon_view_int32(&v, "CYCLE Times", "", 0, INT32_MAX, &s.cycles);
    s.has_soh = pylon_view_int32(&v, "SOH", "", 0, PYLON_PC_MAX, &s.soh_pc) && s.soh_pc > 0;
    s.has_coulomb = pylon_view_number(&v, "Pwr Coulomb", "", 0, INT64_MAX, &s.coulomb_mas);
    s.has_dsg_cap = pylon_view_number(&v, "Dsg Cap", "", 0, INT64_MAX, &s.dsg_cap_mah);
    if (v.verdict.code == ERR_OK)
        *ret = s;
    return v.verdict;
}
