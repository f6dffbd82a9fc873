# SPDX-License-Identifier: Apache-2.0
"""What the trials on a kernel's CAN share: frames, a simulated battery, the bridge with its log.

Times are generous where something must come, because emulated machines are slow, and exact where something
must not.
"""
import concurrent.futures
import os
import select
import socket
import struct
import subprocess
import time

FRAME = struct.Struct("=IB3x8s")
ERR_FLAG = 0x20000000
SOL_CAN_RAW, CAN_RAW_FILTER, CAN_RAW_ERR_FILTER = 101, 1, 2


class Failed(Exception):
    """What did not hold, in one sentence."""


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise Failed(" ".join(words) + ": " + done.stdout.decode().strip())
    return done.stdout.decode()


class Frame:
    def __init__(self, at, can_id, data):
        self.at, self.id, self.data = at, can_id, data

    def word(self, index):
        return int.from_bytes(self.data[2 * index : 2 * index + 2], "little")

    @property
    def ccl(self):  # of 0x351, in 0.1 A
        return self.word(1)


class Bus:
    """A raw socket on one interface."""

    def __init__(self, name):
        self.socket = socket.socket(socket.PF_CAN, socket.SOCK_RAW, socket.CAN_RAW)
        self.socket.setsockopt(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, struct.pack("=I", 0x1FFFFFFF))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((name,))
        self.name = name

    def send(self, can_id, data=b""):
        self.socket.send(FRAME.pack(can_id, len(data), data.ljust(8, b"\0")))

    def read(self, seconds):
        """The frames of the next so many seconds."""
        frames = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                frames.append(self.take())
        return frames

    def take(self):
        can_id, n, data = FRAME.unpack(self.socket.recv(16))
        return Frame(time.monotonic(), can_id, data[:n])

    def wait_for(self, seconds, what, wanted):
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0] and wanted(frame := self.take()):
                return frame
        raise Failed("%s: %s did not come within %s s" % (self.name, what, seconds))

    def wait_limits(self, seconds, what, wanted=lambda frame: True):
        return self.wait_for(seconds, what, lambda frame: frame.id == 0x351 and wanted(frame))


class Rig:
    """A battery on a PTY, and the bridge between it and some buses."""

    def __init__(self, bin_folder, folder, name, sections, bridge=None, user=None):
        self.bin, self.base = bin_folder, os.path.join(folder, name)
        self.port = self.base + "-battery"
        self.log_path = self.base + "-bridge.log"
        config = "[battery rack]\nsource pylontech-console\nport %s\n[bank]\nbatteries 1\n" % self.port
        with open(self.base + ".conf", "w", encoding="ascii") as file:
            file.write(config + sections)
        self.sim = subprocess.Popen(
            [self.bin + "/bms-sim", "--port", "pty:" + self.port, "--bms", "1:us3000c,soc=80%"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.bridge = None
        with open(self.log_path, "wb"):
            pass  # of an earlier run
        self.command = [bridge or self.bin + "/bms-bridge", "-c", self.base + ".conf"]
        self.user = user

    def start_bridge(self):
        until = time.monotonic() + 10
        while not os.path.exists(self.port):
            if time.monotonic() > until:
                raise Failed("the simulated battery has no port")
            time.sleep(0.05)
        os.chmod(self.port, 0o666)  # the bridge may be another user's
        with open(self.log_path, "ab") as log:
            self.bridge = subprocess.Popen((self.user or []) + self.command, stderr=log, stdout=log)

    def say(self, text):
        self.sim.stdin.write(text.encode() + b"\n")
        self.sim.stdin.flush()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_log(self, text, seconds):
        until = time.monotonic() + seconds
        while text not in self.log():
            if time.monotonic() > until:
                raise Failed("the bridge's log does not say '%s' (%s)" % (text, self.log_path))
            time.sleep(0.05)

    def close(self):
        for child in (self.bridge, self.sim):
            if child is not None:
                child.terminate()
                try:
                    child.wait(5)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        if self.bridge is not None and self.bridge.returncode not in (0, -15):
            raise Failed("the bridge ended with status %d" % self.bridge.returncode)


def play(parts, wanted):
    """Runs functions (name, function) at the same time and says how each went. True when all hold."""

    def attempt(name, part):
        began = time.monotonic()
        try:
            what = part()
            print("ok - %s: %s (%.0f s)" % (name, what, time.monotonic() - began), flush=True)
            return True
        except (Failed, OSError) as failure:
            print("not ok - %s: %s" % (name, failure), flush=True)
            return False

    parts = [part for part in parts if not wanted or part[0] in wanted]
    with concurrent.futures.ThreadPoolExecutor(max(1, len(parts))) as pool:
        return all(list(pool.map(lambda part: attempt(*part), parts)))
