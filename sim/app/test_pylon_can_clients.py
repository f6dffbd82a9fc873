#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The simulated battery on CAN against programs that know nothing of this project: candump and
cansend (can-utils) on a hub, python-can on a hub and on the battery's serial adapter. The values
are read with a DBC file. A client that is not installed is skipped.
Usage: test_pylon_can_clients.py BMS-SIM PRELOAD DBC-FOLDER"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import can
except ImportError:
    can = None

PATIENCE = 10.0
# what the battery is told to be, and the signal of pylon-1.2.dbc that has it
WANTED = {"soc": 60.0, "current": -12.3, "ccl": 21.5, "dcl": 30.0, "voltage": 49.86,
          "charge_enable": 1, "modules": 1, "pn_p": 80, "pn_n": 78}


class Simulator:
    def __init__(self, program, port):
        self.folder = tempfile.mkdtemp(prefix="bmsrig-")
        self.where = os.path.join(self.folder, "battery")
        self.process = subprocess.Popen(
            [program, "pylon-can", "--port", port + self.where, "--set", "period=100ms",
             "--bms", "1:us3000c,soc=60%"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wait_for("port: ")
        for line in ("current -12.3 A", "voltage 49.86 V", "ccl 21.5 A", "dcl 30 A"):
            self.say("set " + line)

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
        rest = self.process.communicate("quit\n", timeout=PATIENCE)[0]
        shutil.rmtree(self.folder)
        return self.process.returncode == 0, rest


# ---- a DBC file in twenty lines: little endian, as all signals of these files are ----

def read_dbc(path):
    signals, message = {}, None
    for line in open(path, encoding="ascii"):
        head = re.match(r"BO_ (\d+) ", line)
        body = re.match(r" SG_ (\w+) : (\d+)\|(\d+)@1([+-]) \(([^,]+),([^)]+)\)", line)
        if head:
            message = int(head.group(1))
        elif body:
            name, start, length, sign, scale, offset = body.groups()
            signals[name] = (message, int(start), int(length), sign == "-", float(scale),
                             float(offset))
    return signals


def value(signals, name, frames):
    message, start, length, signed, scale, offset = signals[name]
    if message not in frames:
        return None
    raw = int.from_bytes(frames[message], "little") >> start & (1 << length) - 1
    if signed and raw >> length - 1:
        raw -= 1 << length
    return raw * scale + offset


def checks(signals, frames):
    wrong = {name: value(signals, name, frames) for name, want in WANTED.items()
             if value(signals, name, frames) is None or
             abs(value(signals, name, frames) - want) > 1e-6}
    maker = bytes(frames.get(0x35E, b""))
    return [("values %s" % wrong, not wrong), ("maker", maker == b"PYLON   ")]


# ---- clients ----

def environment(preload, sim):
    return dict(os.environ, LD_PRELOAD=preload, BMSRIG_CAN_HUB="vcan0=" + sim.where)


def run(env, *command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=env, timeout=PATIENCE, check=False).stdout


def try_candump(sim, preload, signals):
    env = environment(preload, sim)
    text = run(env, "candump", "-L", "-n", "24", "vcan0")
    frames = {int(i, 16): bytes.fromhex(d) for i, d in re.findall(r" ([0-9A-F]{3})#(\w*)", text)}
    order = re.findall(r" ([0-9A-F]{3})#", text)
    at = order.index("359") if "359" in order else 0
    run(env, "cansend", "vcan0", "351#1402000000000000")
    heard = sim.wait_for("forbidden")
    return checks(signals, frames) + [
        ("order", order[at:at + 6] == ["359", "351", "355", "356", "35C", "35E"]),
        ("cansend", "351#1402000000000000" in heard)]


PYTHON_CAN = """
import can, sys
bus = can.interface.Bus(sys.argv[2], bustype=sys.argv[1], bitrate=500000,
                        **({"sleep_after_open": 0.1} if sys.argv[1] == "slcan" else {}))
for _ in range(24):
    m = bus.recv(5)
    if m is None:
        break
    print("%X#%s%s" % (m.arbitration_id, m.data.hex(), "!" if m.is_extended_id else ""))
bus.send(can.Message(arbitration_id=0x351, data=[0x14, 2], is_extended_id=False))
bus.shutdown()
"""


def try_python_can(sim, env, kind, where, signals):
    text = run(env, sys.executable, "-c", PYTHON_CAN, kind, where)
    frames = {int(i, 16): bytes.fromhex(d) for i, d in re.findall(r"^([0-9A-F]+)#(\w*)$", text,
                                                                   re.M)}
    return checks(signals, frames) + [("send", "351#1402" in sim.wait_for("forbidden"))]


def report(name, results, closed):
    results = results + [("ends", closed)]
    bad = [what for what, good in results if not good]
    print("%s: %s" % (name, "ok" if not bad else "FAILED " + ", ".join(bad)))
    return not bad


def attempt(program, port, name, client):
    sim = Simulator(program, port)
    try:
        results = client(sim)
    finally:
        closed = sim.close()[0]
    return report(name, results, closed)


def main():
    program, preload, folder = sys.argv[1:4]
    signals = read_dbc(os.path.join(folder, "pylon-1.2.dbc"))
    outcomes = []
    if shutil.which("candump") and shutil.which("cansend"):
        outcomes.append(attempt(program, "hub:", "candump",
                                lambda sim: try_candump(sim, preload, signals)))
    else:
        print("candump: skipped, can-utils is not installed")
    if can is not None:
        outcomes.append(attempt(
            program, "hub:", "python-can socketcan",
            lambda sim: try_python_can(sim, environment(preload, sim), "socketcan", "vcan0",
                                       signals)))
        outcomes.append(attempt(
            program, "pty:", "python-can slcan",
            lambda sim: try_python_can(sim, dict(os.environ), "slcan", sim.where, signals)))
    else:
        print("python-can: skipped, python3-can is not installed")
    if not outcomes:
        return 77
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
