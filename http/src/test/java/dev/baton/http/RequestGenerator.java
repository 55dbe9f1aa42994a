package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/** Well-formed requests, the same for the same seed, each with the answer that {@link FuzzTest}'s handler must give. */
final class RequestGenerator {
    private static final String[] METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"};
    private static final String[] NAMES = {"X", "Accept", "Cookie", "X-Y-Z", "tE", "a!#$%&'*+-.^_`|~0"};
    private static final String[] VALUES = {"", "y", "a, b", "\"q;\\\"\"", "x y\tz", "0", "\u00e4", "chunked"};
    private static final String[] EXTENSIONS = {"", "", "", ";x", ";x=y", " ; x = \"a;b\"", ";x;y=\"\\\"\""};

    private final Random random;

    RequestGenerator(Random random) {
        this.random = random;
    }

    /**
     * A request.
     *
     * @param head whether it is HEAD, so that its answer has no body
     * @param answer the text of its answer
     */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares requests.
    record Request(byte[] bytes, boolean head, String answer) {}

    List<Request> requests() {
        List<Request> requests = new ArrayList<>();
        int count = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            requests.add(request());
        }
        return requests;
    }

    static byte[] join(List<Request> requests) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        requests.forEach(request -> all.writeBytes(request.bytes));
        return all.toByteArray();
    }

    private Request request() {
        String method = one(METHODS);
        // What the handler does with the body: reads it, skips it, reads it byte by byte, closes it.
        String path = "/" + one("read", "skip", "single", "close") + "/" + random.nextInt(1000);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] body = body();
        boolean chunked = random.nextBoolean();
        if (random.nextInt(4) == 0) {
            text(bytes, "\r\n".repeat(1 + random.nextInt(2)));
        }
        text(bytes, method + " " + (random.nextInt(8) == 0 ? "http://fuzz" + path : path) + " HTTP/1.1\r\n");
        text(bytes, one("Host", "host", "HOST") + ":" + one("", " ", "\t ") + "fuzz\r\n");
        for (int i = random.nextInt(4); i > 0; i--) {
            text(bytes, one(NAMES) + ":" + one("", " ", "  ") + one(VALUES) + "\r\n");
        }
        if (body.length > 0 || random.nextBoolean()) {
            text(bytes, chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " + body.length + "\r\n");
            text(bytes, "\r\n");
            if (chunked) {
                chunks(bytes, body);
            } else {
                bytes.writeBytes(body);
            }
        } else {
            text(bytes, "\r\n");
        }
        return new Request(bytes.toByteArray(), method.equals("HEAD"), answer(method, path, body));
    }

    private byte[] body() {
        int size = switch (random.nextInt(5)) {
            case 0, 1 -> 0;
            case 2 -> random.nextInt(10);
            case 3 -> random.nextInt(500);
            default -> random.nextInt(100_000);
        };
        byte[] body = new byte[size];
        random.nextBytes(body);
        return body;
    }

    private void chunks(ByteArrayOutputStream bytes, byte[] body) {
        for (int sent = 0; sent < body.length; ) {
            int size = Math.min(1 + random.nextInt(1 + body.length), body.length - sent);
            text(bytes, "0".repeat(random.nextInt(3)) + hex(size) + one(EXTENSIONS) + "\r\n");
            bytes.write(body, sent, size);
            text(bytes, "\r\n");
            sent += size;
        }
        text(bytes, "0" + one(EXTENSIONS) + "\r\n");
        for (int i = random.nextInt(3); i > 0; i--) {
            text(bytes, one(NAMES) + ": " + one(VALUES) + "\r\n");
        }
        text(bytes, "\r\n");
    }

    private String hex(int size) {
        String hex = Integer.toHexString(size);
        return random.nextBoolean() ? hex.toUpperCase(java.util.Locale.ROOT) : hex;
    }

    /** What the handler answers, if it sees this request. */
    static String answer(String method, String path, byte[] body) {
        if (!path.startsWith("/read/") && !path.startsWith("/single/")) {
            return method + " " + path;
        }
        CRC32 sum = new CRC32();
        sum.update(body);
        return method + " " + path + " " + body.length + " " + sum.getValue();
    }

    private String one(String... of) {
        return of[random.nextInt(of.length)];
    }

    private static void text(ByteArrayOutputStream bytes, String text) {
        bytes.writeBytes(text.getBytes(ISO_8859_1));
    }
}
