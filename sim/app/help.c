/* SPDX-License-Identifier: Apache-2.0
 *
 * What bms-sim says about itself: --help and `bms-sim list`.
 */
#include <inttypes.h>

#include "sim/app/options.h"
#include "sim/device/device.h"
#include "sim/model/pack.h"

static void put_keys(FILE *out, const char *const *keys)
{
    size_t column = 0;
    for (size_t i = 0; keys[i] != NULL; i++) {
        size_t n = span_str(keys[i]).n + 1;
        if (column == 0 || column + n > 66) {
            fprintf(out, "%s      ", column == 0 ? "" : "\n");
            column = 0;
        }
        fprintf(out, "%s ", keys[i]);
        column += n;
    }
    fputs("\n", out);
}

static const char usage[] =
    "Usage: bms-sim [DEVICE] [OPTION...]\n"
    "       bms-sim list\n"
    "\n"
    "A simulated battery on a port of this machine. It answers like the real one, down to the "
    "bytes; what\n"
    "happens to it is typed on the standard input (`help` there lists everything).\n"
    "\n"
    "DEVICE is how the battery talks; `bms-sim list` shows devices and products.\n"
    "Without one it is pylontech-console, the text console of Pylontech and PYTES batteries.\n"
    "\n"
    "  --port WHERE       where the client finds it (default: pty)\n"
    "                       pty             a new pseudo terminal; its name is printed\n"
    "                       pty:LINK        the same, and LINK points to it\n"
    "                       /dev/ttyUSB0    a real serial port, towards a real bridge\n"
    "                       tcp:4000        TCP port 4000 of this machine, one client at a time\n"
    "                       can0, hub:/tmp/bus, slcan:/dev/ttyACM0   a CAN bus (pty, tcp: behind "
    "a\n"
    "                                       serial adapter of its own)\n"
    "                       ble, ble:/tmp/air   Bluetooth played on a private D-Bus, in a folder "
    "of its\n"
    "                                       own or in that one; needs no radio\n"
    "                       ble:vhci        Bluetooth for this machine's own BlueZ: a virtual "
    "adapter\n"
    "                                       (root; kernel module hci_vhci)\n"
    "                       ble:hci1        Bluetooth on the air: that adapter is the battery's "
    "radio\n"
    "                                       (root; nothing else can use it meanwhile)\n"
    "  --bms N:PRODUCT[,KEY=VALUE...]\n"
    "                     battery N of the stack; N = 1 is the master. May be repeated\n"
    "  --modules N        a stack of N batteries (those without --bms are of --product)\n"
    "  --product PRODUCT  what --modules are (default: pylontech.us3000c)\n"
    "  --set KEY=VALUE    a property of the port. May be repeated\n"
    "  --scenario FILE    takes [port] and [bms N] from a scenario\n"
    "  --pace PACE        frame: a reply leaves when its last byte is due (default)\n"
    "                     byte: byte by byte    none: at once\n"
    "  --seed N           another seed, another battery: cell spread, noise, serial (default: 1)\n"
    "  --log-wire         prints every byte that passes\n"
    "  --and              what follows is one port more: a device and options of its own. "
    "Bluetooth\n"
    "                     batteries with the same --port are in the same air\n"
    "  -h, --help         this text\n"
    "  --version          the version\n"
    "\n";

static const char examples[] =
    "\n"
    "Examples:\n"
    "  bms-sim\n"
    "      one US3000C on a pseudo terminal. In another terminal:\n"
    "      picocom -b 115200 /dev/pts/N, then type: pwr\n"
    "  bms-sim --port pty:/tmp/battery --modules 3 --product us5000\n"
    "      a stack of three at a fixed name\n"
    "  bms-sim --bms 1:us5000,soc=45%,current=12A --bms 2:us2000b-plus,soc=40%\n"
    "      a mixed stack; the newest module is the master and chooses the table\n"
    "  bms-sim --bms 1:us2000 --set start=frames\n"
    "      an old module: silent until the wake-up frame at 1200 baud\n"
    "  bms-sim jk-ble\n"
    "      a JK BMS on Bluetooth LE; the line `bus:` is what bms-bridge, bluetoothctl or bleak\n"
    "      need in their environment to find it\n"
    "  echo 'set cell 5 voltage 3.7 V' | bms-sim --port tcp:4000\n"
    "      stimuli from a script; it goes on when the script ends\n"
    "\n"
    "Exit codes:\n"
    "  0 ended by quit, SIGINT or SIGTERM    1 internal error    2 wrong option or scenario\n"
    "  3 no such device or file              4 no permission     5 device used by another program\n"
    "  6 TCP port in use                     7 WHERE is no serial port\n"
    "\n"
    "See bms-sim(1) and docs/simulators.md.\n";

void options_help(FILE *out)
{
    fputs(usage, out);
    fputs("Keys of --bms (values carry their unit: soc=97%, current=-10A, capacity=74Ah):\n", out);
    put_keys(out, sim_config_bms_keys());
    for (size_t i = 0; device_kind_at(i) != NULL; i++) {
        const char *keys[SIM_PORT_KEYS_MAX + 1];
        sim_config_port_keys(device_kind_at(i), keys);
        fprintf(out, "Keys of --set, %s:\n", device_kind_at(i)->name);
        put_keys(out, keys);
    }
    fputs(examples, out);
}

static const char *layout_of(const char *layout)
{
    return layout != NULL ? layout : "-";
}

void options_list(FILE *out)
{
    fputs("Devices\n", out);
    for (size_t i = 0; device_kind_at(i) != NULL; i++)
        fprintf(out, "  %-20s %s\n", device_kind_at(i)->name, device_kind_at(i)->summary);
    fputs("\nProducts               printed as     cells  capacity  pwr  bat  rows  firmware\n",
          out);
    for (size_t i = 0; product_names()[i] != NULL; i++) {
        const struct product *p = product_find(product_names()[i]);
        fprintf(out, "  %-22s %-14s %3u  %5" PRId32 " Ah   %-4s %-4s %4u  %s\n", p->name,
                p->device_name, p->cells, p->capacity_mah / 1000, layout_of(p->layout),
                layout_of(p->bat_layout), p->slots, p->main_version);
    }
    fputs("\nLayouts of the table `pwr` (--set layout=P2; by default the master's)\n"
          "  P1  without MOS sensor                    P2  with MosTempr and M.T.St\n"
          "  P3  with cell numbers and SysAlarm.St     P4  with cell numbers, present rows only\n"
          "  PY  PYTES, with barcode and device type\n"
          "Layouts of the table `bat`: B1 charge only, B1n without current, B2 with SOC and\n"
          "balancer, B3 with two temperature states. Rows 0: only modules that are present.\n",
          out);
}
