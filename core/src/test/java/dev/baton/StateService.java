package dev.baton;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * A service that offers state in its first generation, passes one blob of it on in the second, and says what it inherits:
 * {@code GENERATION inherited NAME LENGTH FINGERPRINT}.
 */
final class StateService {
    private static final String[] NAMES = {"keys", "empty", "large", "broken", "nothing", "too large", "slow", "unknown"
    };

    private StateService() {}

    public static void main(String[] arguments) throws Exception {
        try (Baton baton = Baton.start()) {
            for (String name : NAMES) {
                System.out.println(baton.generation() + " inherited " + name + " "
                        + baton.inheritedState(name).map(StateService::describe).orElse("not"));
            }
            switch (baton.generation()) {
                case 1 -> offer(baton);
                case 2 -> {
                    byte[] keys = baton.inheritedState("keys").orElseThrow();
                    baton.offerState("keys", () -> keys);
                }
                default -> {}
            }
            baton.ready();
            System.out.println(baton.generation() + " ready");
            baton.awaitExit();
        }
    }

    @SuppressWarnings("NullAway") // What a program may do that is compiled without it.
    private static void offer(Baton baton) {
        baton.offerState("keys", () -> new byte[] {1});
        baton.offerState("keys", () -> new byte[] {1, 2, 3});
        baton.offerState("slow", () -> new CompletableFuture<byte[]>().join());
        baton.offerState("empty", () -> new byte[0]);
        baton.offerState("broken", () -> {
            throw new IllegalStateException("no state today");
        });
        baton.offerState("nothing", () -> null);
        baton.offerState("large", StateService::large);
        baton.offerState("too large", () -> new byte[15 << 20]);
    }

    /** A MiB and a byte, so that the last of many pieces is a short one. */
    static byte[] large() {
        byte[] bytes = new byte[(1 << 20) + 1];
        new Random(11).nextBytes(bytes);
        return bytes;
    }

    static String describe(byte[] blob) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(blob);
            return blob.length + " " + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
