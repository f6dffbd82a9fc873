#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bms-sim against pyserial, the library most console scripts use: an old module is woken at 1200 baud
and then read at 115200; at the wrong rate both sides hear noise. Usage: test_bms_sim_serial.py BMS-SIM"""

import os
import subprocess
import sys
import tempfile

try:
    import serial
except ImportError:
    print("1..0 # SKIP python3-serial is not installed")
    sys.exit(77)

WAKE_UP = b"~20014682C0048520FCC3\r"
PATIENCE = 5.0


class Simulator:
    def __init__(self, program, *options):
        self.link = os.path.join(tempfile.mkdtemp(prefix="bmsrig-"), "battery")
        self.process = subprocess.Popen(
            [program, "--port", "pty:" + self.link, *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wait_for("port: ")

    def close(self):
        self.process.communicate("quit\n", timeout=PATIENCE)
        gone = not os.path.lexists(self.link)
        os.rmdir(os.path.dirname(self.link))
        return self.process.returncode == 0 and gone

    def wait_for(self, text):
        for line in self.process.stdout:
            if text in line:
                break

    def say(self, line):
        """Types a stimulus and waits until it has happened."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        self.wait_for("do      ")


def hear(port, seconds):
    """What arrives within that time: for silence and noise, which have no end mark."""
    port.timeout = seconds
    return port.read(4096)


def ask(port, command, prompt=b"pylon>"):
    port.timeout = PATIENCE
    port.write(command + b"\r")
    return port.read_until(prompt)


def test_wake_up(program):
    sim = Simulator(program, "--bms", "1:us2000,soc=55%", "--set", "start=frames")
    port = serial.Serial(sim.link, 115200)
    port.write(b"\rpwr\r")
    silent = hear(port, 0.3) == b""
    port.baudrate = 1200
    port.write(WAKE_UP)
    sim.wait_for("wake-up")
    port.baudrate = 115200
    prompt = ask(port, b"")
    table = ask(port, b"pwr")
    port.close()
    return silent and prompt.endswith(b"\n\rpylon>") and b" 55% " in table and sim.close()


def test_wrong_rate(program):
    sim = Simulator(program)
    port = serial.Serial(sim.link, 9600)
    port.write(b"pwr\r")
    noise = hear(port, 0.5)
    port.baudrate = 115200
    ask(port, b"")
    table = ask(port, b"pwr")
    port.close()
    return b"Power" not in noise and b"Power Volt" in table and sim.close()


def test_stimuli_reach_the_client(program):
    sim = Simulator(program, "--modules", "2")
    port = serial.Serial(sim.link, 115200)
    before = ask(port, b"bat 2")
    sim.say("bms 2 set cell 5 voltage 3.7 V")
    after = ask(port, b"bat 2")
    port.close()
    row = b"\n4        3700 "
    return row not in before and row in after and sim.close()


def main():
    program = sys.argv[1]
    tests = [test_wake_up, test_wrong_rate, test_stimuli_reach_the_client]
    failed = 0
    print("1..%d" % len(tests))
    for number, test in enumerate(tests, 1):
        ok = test(program)
        failed += not ok
        print("%s %d - %s" % ("ok" if ok else "not ok", number, test.__name__[5:].replace("_", " ")))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
