package dev.baton.system;

import java.util.Random;

/** Bytes that look random and are the same in every process. */
final class TestBytes {
    private TestBytes() {}

    static byte[] of(int length) {
        byte[] bytes = new byte[length];
        new Random(42).nextBytes(bytes);
        return bytes;
    }
}
