package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** What every contender answers. */
final class Greeting {
    static final String TEXT = "Hello, world!\n";
    static final String CONTENT_TYPE = "text/plain";

    private Greeting() {}

    static byte[] bytes() {
        return TEXT.getBytes(US_ASCII);
    }
}
