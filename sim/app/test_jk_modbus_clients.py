#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The simulated JK packs against Modbus clients that know nothing of them: mbpoll, a program on
libmodbus, and pymodbus, over a pseudo terminal and over TCP. Each reads cells and voltage, meets an
exception and an absent unit, writes and reads back. A client that is not installed is skipped.
Usage: test_jk_modbus_clients.py BMS-SIM [TRY_LIBMODBUS]"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

try:
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient
except ImportError:
    ModbusSerialClient = None

PATIENCE = 10.0
CELLS = [3301 + n for n in range(16)]
VOLTAGE = sum(CELLS)


class Simulator:
    """Unit 1 with cells of 3.301, 3.302, ... V; unit 2 is absent."""

    def __init__(self, program, how):
        self.folder = tempfile.mkdtemp(prefix="bmsrig-")
        self.link = os.path.join(self.folder, "battery")
        port = "pty:" + self.link if how == "rtu" else "tcp:0"
        self.process = subprocess.Popen(
            [program, "jk-modbus", "--port", port, "--bms", "1:pb2a16s20p",
             "--bms", "2:pb2a16s20p,present=off"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.where = re.search(r"port: (?:.*:)?(\S+)", self.wait_for("port: ")).group(1)
        for n, mv in enumerate(CELLS, 1):
            self.say("set cell %d voltage %d mV" % (n, mv))

    def wait_for(self, text):
        for line in self.process.stdout:
            if text in line:
                return line
        raise RuntimeError("bms-sim ended")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.wait_for("do      ")

    def close(self):
        self.process.communicate("quit\n", timeout=PATIENCE)
        shutil.rmtree(self.folder)
        return self.process.returncode == 0


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=PATIENCE, check=False)
    return done.stdout


# ---- mbpoll ----

def mbpoll(sim, how, unit, address, options, *values):
    link = ["-m", "rtu", "-b", "115200", "-P", "none"] if how == "rtu" else ["-m", "tcp"]
    port = [] if how == "rtu" else ["-p", sim.where]
    where = sim.link if how == "rtu" else "127.0.0.1"
    return run("mbpoll", *link, *port, "-a", str(unit), "-0", "-r", str(address), "-t", "4",
               *options, where, *values)


def mbpoll_read(sim, how, unit, address, words):
    return mbpoll(sim, how, unit, address, ["-c", str(words), "-1"])


def mbpoll_write(sim, how, unit, address, *values):
    return mbpoll(sim, how, unit, address, [], *values)


def values_of(text):
    return [int(v) for v in re.findall(r"^\[\d+\]:\s+(-?\d+)", text, re.M)]


def try_mbpoll(sim, how):
    cells = values_of(mbpoll_read(sim, how, 1, 0x1200, 17))
    voltage = values_of(mbpoll_read(sim, how, 1, 0x1290, 2))
    unknown = mbpoll_read(sim, how, 1, 1, 1)
    absent = mbpoll_read(sim, how, 2, 0x1200, 1)
    written = mbpoll_write(sim, how, 1, 0x1078, "0", "0")
    balancer = values_of(mbpoll_read(sim, how, 1, 0x1078, 2))
    refused = mbpoll_write(sim, how, 1, 0x1078, "0", "7")
    return [
        ("cells", cells == CELLS + [0]),
        ("voltage", voltage == [0, VOLTAGE]),
        ("unknown", "Illegal data address" in unknown),
        ("absent", "timed out" in absent),
        ("write", "Written 2 references" in written),
        ("balancer", balancer == [0, 0]),
        ("refused", "Illegal data value" in refused),
    ]


# ---- libmodbus ----

def try_libmodbus(program, sim, how):
    text = run(program, how, sim.link if how == "rtu" else sim.where)
    want = {
        "cells": " ".join(str(mv) for mv in CELLS + [0]),
        "voltage": "0 %d" % VOLTAGE,
        "unknown": "Illegal data address",
        "absent": "Connection timed out",
        "write": "done",
        "balancer": "0 0",
        "refused": "Illegal data value",
    }
    return [(name, re.search("^%s %s$" % (name, value), text, re.M) is not None)
            for name, value in want.items()]


# ---- pymodbus ----

def try_pymodbus(sim, how):
    if how == "rtu":
        client = ModbusSerialClient(port=sim.link, baudrate=115200, timeout=1, retries=0)
    else:
        client = ModbusTcpClient("127.0.0.1", port=int(sim.where), timeout=1, retries=0)
    client.connect()
    cells = client.read_holding_registers(0x1200, 17, slave=1)
    voltage = client.read_holding_registers(0x1290, 2, slave=1)
    unknown = client.read_holding_registers(1, 1, slave=1)
    written = client.write_registers(0x1078, [0, 0], slave=1)
    balancer = client.read_holding_registers(0x1078, 2, slave=1)
    refused = client.write_registers(0x1078, [0, 7], slave=1)
    absent = client.read_holding_registers(0x1200, 1, slave=2)
    client.close()
    return [
        ("cells", cells.registers == CELLS + [0]),
        ("voltage", voltage.registers == [0, VOLTAGE]),
        ("unknown", unknown.isError() and getattr(unknown, "exception_code", 0) == 2),
        ("write", not written.isError()),
        ("balancer", balancer.registers == [0, 0]),
        ("refused", refused.isError() and getattr(refused, "exception_code", 0) == 3),
        ("absent", absent.isError() and not hasattr(absent, "exception_code")),
    ]


def clients(libmodbus):
    """(name, function or None, why it is skipped)"""
    return [
        ("mbpoll", try_mbpoll if shutil.which("mbpoll") else None, "mbpoll is not installed"),
        ("libmodbus", (lambda sim, how: try_libmodbus(libmodbus, sim, how)) if libmodbus else None,
         "built without libmodbus-dev"),
        ("pymodbus", try_pymodbus if ModbusSerialClient else None,
         "python3-pymodbus or python3-serial-asyncio is not installed"),
    ]


def main():
    program = sys.argv[1]
    libmodbus = sys.argv[2] if len(sys.argv) > 2 else None
    number, failed, ran = 0, 0, 0
    for name, function, why in clients(libmodbus):
        for how in ("rtu", "tcp"):
            number += 1
            title = "%s over %s" % (name, "a pseudo terminal" if how == "rtu" else "TCP")
            if function is None:
                print("ok %d - %s # SKIP %s" % (number, title, why))
                continue
            ran += 1
            sim = Simulator(program, how)
            wrong = [what for what, good in function(sim, how) if not good]
            if not sim.close():
                wrong.append("end of bms-sim")
            failed += bool(wrong)
            print("%s %d - %s" % ("not ok" if wrong else "ok", number, title))
            for what in wrong:
                print("# wrong: %s" % what)
    print("1..%d" % number)
    sys.exit(1 if failed else 0 if ran else 77)


if __name__ == "__main__":
    main()
