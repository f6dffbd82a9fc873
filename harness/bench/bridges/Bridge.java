// SPDX-License-Identifier: Apache-2.0
//
// A small bridge as people write it in Java: Pylontech console in, JSON out, once a second. A
// scheduled executor, a reader thread on the blocking serial port, a queue, MQTT 3.1.1 by hand.
// Run as source (`java Bridge.java`). For measuring virtual time, not for use.
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

public class Bridge {
    private static byte[] words(String s) {
        byte[] text = s.getBytes(StandardCharsets.UTF_8);
        byte[] out = new byte[text.length + 2];
        out[0] = (byte) (text.length >> 8);
        out[1] = (byte) text.length;
        System.arraycopy(text, 0, out, 2, text.length);
        return out;
    }

    private static synchronized void send(DataOutputStream to, int type, byte[]... parts)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] part : parts)
            body.write(part);
        to.write(type);
        if (body.size() < 128) {
            to.write(body.size());
        } else {
            to.write(body.size() & 127 | 128);
            to.write(body.size() >> 7);
        }
        body.writeTo(to);
        to.flush();
    }

    private static void readLines(FileInputStream from, BlockingQueue<String> lines) {
        StringBuilder text = new StringBuilder();
        byte[] some = new byte[4096];
        try {
            for (int n; (n = from.read(some)) > 0;)
                for (int i = 0; i < n; i++)
                    if (some[i] == '\r' || some[i] == '\n') {
                        lines.add(text.toString());
                        text.setLength(0);
                    } else {
                        text.append((char) some[i]);
                    }
        } catch (IOException e) {
            throw new RuntimeException(e);
        }
    }

    private static String stateOf(String line) {
        String[] word = line.trim().split("\\s+");
        if (word.length < 13 || !word[0].equals("1") || !word[12].endsWith("%"))
            return null;
        return String.format(Locale.ROOT, "{\"Dc\":{\"Voltage\":%.3f,\"Current\":%.3f},\"Soc\":%s}",
            Integer.parseInt(word[1]) / 1000.0, Integer.parseInt(word[2]) / 1000.0,
            word[12].replace("%", ""));
    }

    public static void main(String[] argv) throws Exception {
        FileOutputStream serial = new FileOutputStream(argv[0]);
        FileInputStream input = new FileInputStream(argv[0]);
        new ProcessBuilder("stty", "-F", argv[0], "115200", "raw", "-echo").start().waitFor();
        BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        Socket socket = new Socket(argv[1], Integer.parseInt(argv[2]));
        DataOutputStream broker = new DataOutputStream(socket.getOutputStream());
        ScheduledExecutorService timers = Executors.newScheduledThreadPool(2);

        send(broker, 0x10, words("MQTT"), new byte[] {4, 2, 0, 10}, words("bench-java"));
        new Thread(() -> readLines(input, lines), "serial").start();
        timers.scheduleAtFixedRate(() -> {
            try {
                send(broker, 0xc0);
            } catch (IOException e) {
                System.exit(1);
            }
        }, 5, 5, TimeUnit.SECONDS);
        timers.scheduleAtFixedRate(() -> {
            try {
                serial.write("pwr\r".getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                System.exit(1);
            }
        }, 0, 1, TimeUnit.SECONDS);
        for (;;) {
            String state = stateOf(lines.take());
            if (state != null)
                send(broker, 0x30, words("bench/battery"), state.getBytes(StandardCharsets.UTF_8));
        }
    }
}
