#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small bridge as people write it in Python: Pylontech console in, JSON out, once a second.

paho's network thread, a reader thread on the blocking serial port, a queue between it and the main
thread, Event.wait for the period: what CPython waits with. For measuring virtual time, not for use.
"""
import json
import os
import queue
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt

path, host, broker_port = sys.argv[1], sys.argv[2], int(sys.argv[3])
port = os.open(path, os.O_RDWR | os.O_NOCTTY)
subprocess.run(["stty", "-F", path, "115200", "raw", "-echo"], check=True)
lines = queue.Queue()


def read_lines():
    text = b""
    while True:
        text += os.read(port, 4096)
        *whole, text = text.replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            lines.put(line.decode("ascii", "replace"))


def state_of(line):
    """The row of battery 1 in the answer to `pwr`, or None."""
    word = line.split()
    if len(word) < 13 or word[0] != "1" or not word[12].endswith("%"):
        return None
    dc = {"Voltage": int(word[1]) / 1000, "Current": int(word[2]) / 1000}
    return {"Dc": dc, "Soc": int(word[12][:-1])}


client = mqtt.Client("bench-python")
client.connect(host, broker_port, 10)
client.loop_start()
threading.Thread(target=read_lines, daemon=True).start()
due = time.monotonic()
while True:
    os.write(port, b"pwr\r")
    state = None
    while state is None:
        try:
            state = state_of(lines.get(timeout=0.6))
        except queue.Empty:
            break
    if state is not None:
        client.publish("bench/battery", json.dumps(state))
    due += 1.0
    threading.Event().wait(max(0.0, due - time.monotonic()))
