package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;

/** Breaks bytes in the ways that parsers do not expect. */
final class Mutator {
    /** What means something somewhere in a request. */
    private static final String[] TOKENS = {
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "\u0000",
        " ",
        "\t",
        "\u000b",
        ":",
        ";",
        ",",
        "\"",
        "0\r\n\r\n",
        "0\r\n",
        "ffffffffffffffff\r\n",
        "7fffffff\r\n",
        "-1",
        "Content-Length: 5\r\n",
        "Content-Length: 0\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Expect: 100-continue\r\n",
        "Connection: close\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key1: x\r\nSec-WebSocket-Key2: y\r\n",
        "Host: other\r\n",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        " HTTP/2.0\r\n",
        "GET / HTTP/1.1\r\nHost: t\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001",
        "%",
        "#",
        "//",
        "\u00ff\u00fe"
    };

    private final Random random;

    Mutator(Random random) {
        this.random = random;
    }

    byte[] mutate(byte[] original) {
        byte[] bytes = original;
        for (int i = random.nextInt(5); i >= 0; i--) {
            bytes = mutateOnce(bytes);
        }
        return bytes;
    }

    byte[] garbage() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = random.nextInt(30); i >= 0; i--) {
            if (random.nextBoolean()) {
                bytes.writeBytes(token());
            } else {
                byte[] noise = new byte[random.nextInt(50)];
                random.nextBytes(noise);
                bytes.writeBytes(noise);
            }
        }
        return bytes.toByteArray();
    }

    private byte[] mutateOnce(byte[] bytes) {
        int from = at(bytes);
        int to = Math.min(bytes.length, from + random.nextInt(20));
        return switch (random.nextInt(7)) {
            case 0 -> join(bytes, from, new byte[] {(byte) random.nextInt(256)}, Math.min(bytes.length, from + 1));
            case 1 -> join(bytes, from, new byte[0], to);
            case 2 -> join(bytes, from, Arrays.copyOfRange(bytes, from, to), from);
            case 3 -> join(bytes, from, token(), to);
            case 4 -> Arrays.copyOf(bytes, from);
            default -> join(bytes, from, token(), from);
        };
    }

    /** Heads are short and bodies long, so most places are near the beginning. */
    private int at(byte[] bytes) {
        return random.nextInt(1 + (random.nextInt(4) == 0 ? bytes.length : Math.min(200, bytes.length)));
    }

    private byte[] token() {
        return TOKENS[random.nextInt(TOKENS.length)].getBytes(ISO_8859_1);
    }

    private static byte[] join(byte[] bytes, int end, byte[] middle, int begin) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(bytes, 0, end);
        joined.writeBytes(middle);
        joined.write(bytes, begin, bytes.length - begin);
        return joined.toByteArray();
    }
}
