#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An ordinary bleak program that reads a JK BMS, knowing nothing of who plays it.

usage: bleak_client.py ADDRESS     exit code 77: there is no bleak here
"""
import asyncio
import sys

try:
    from bleak import BleakClient, BleakScanner
except ImportError:
    print("no bleak")
    sys.exit(77)

INFO = bytes.fromhex("aa5590eb97000000000000000000000000000011")
SETTINGS = bytes.fromhex("aa5590eb96000000000000000000000000000010")


def good(frame):
    return len(frame) == 300 and sum(frame[:299]) & 255 == frame[299]


async def main(address):
    found = await BleakScanner.discover(timeout=1.0, return_adv=True)
    device, heard = found[address]
    print(device.address, heard.local_name, heard.rssi, ",".join(u[4:8] for u in heard.service_uuids))
    got = bytearray()
    sizes = []

    def notified(_, data):
        if len(data) > 4:  # not the module's noise
            sizes.append(len(data))
            got.extend(data)

    async with BleakClient(device) as client:
        ways = list(client.services.characteristics.values())
        print([(w.uuid[4:8], sorted(w.properties)) for w in sorted(ways, key=lambda w: w.handle)])
        await client.start_notify([w for w in ways if "notify" in w.properties][0], notified)
        by_uuid = {w.uuid[4:8]: w for w in ways}
        await client.write_gatt_char(by_uuid["ffe2"], INFO, response=False)  # as old clients do
        await asyncio.sleep(0.5)
        await client.write_gatt_char(by_uuid["ffe1"], SETTINGS, response=True)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if got.count(b"\x55\xaa\xeb\x90\x02") >= 2 and len(got) >= 1540:
                break
    print(sizes[:5])
    heads = [i for i in range(len(got)) if got[i : i + 4] == b"\x55\xaa\xeb\x90"]
    print([got[i + 4] for i in heads[:4]], all(good(got[i : i + 300]) for i in heads[:4]))


asyncio.run(main(sys.argv[1]))
