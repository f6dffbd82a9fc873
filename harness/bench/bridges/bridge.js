// SPDX-License-Identifier: Apache-2.0
//
// A small bridge as people write it in Node: Pylontech console in, JSON out, once a second. Timers,
// a file stream on the serial port (read in libuv's threads), MQTT 3.1.1 by hand. For measuring
// virtual time, not for use.
'use strict';
const { spawnSync } = require('child_process');
const fs = require('fs');
const net = require('net');

const [path, host, port] = process.argv.slice(2);
spawnSync('stty', ['-F', path, '115200', 'raw', '-echo']);
const serial = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
const broker = net.connect(Number(port), host);
let text = '';

function words(s) {
    const bytes = Buffer.from(s);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

function packet(type, ...parts) {
    const body = Buffer.concat(parts);
    const n = body.length;
    const length = n < 128 ? [n] : [(n & 127) | 128, n >> 7];
    return Buffer.concat([Buffer.from([type, ...length]), body]);
}

function publish(line) {
    const word = line.trim().split(/\s+/);
    if (word.length < 13 || word[0] !== '1' || !word[12].endsWith('%'))
        return;
    const dc = { Voltage: word[1] / 1000, Current: word[2] / 1000 };
    const state = { Dc: dc, Soc: parseInt(word[12], 10) };
    broker.write(packet(0x30, words('bench/battery'), Buffer.from(JSON.stringify(state))));
}

broker.on('connect', () => broker.write(
    packet(0x10, words('MQTT'), Buffer.from([4, 2, 0, 10]), words('bench-node'))));
broker.on('data', () => {});
fs.createReadStream(null, { fd: serial }).on('data', (data) => {
    const lines = (text + data.toString('latin1')).split(/[\r\n]/);
    text = lines.pop();
    lines.forEach(publish);
});
setInterval(() => broker.write(packet(0xc0)), 5000);
setInterval(() => fs.write(serial, 'pwr\r', () => {}), 1000);
