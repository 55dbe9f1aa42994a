package dev.baton;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * What the program gives its successor besides listeners: names, and who is asked for their bytes.
 *
 * <p><b>A blob that cannot be had is left out, and the handoff goes on.</b> Whoever is asked runs in the release that is to
 * be replaced. If its fault ended the restart, the release that corrects it could never be started that way. The
 * successor sees that the blob is missing; one that cannot do without ends its start, and then nothing has changed.
 *
 * <p>For the same reason nobody is waited for without end. All are asked at once, each on a daemon thread of its own, so
 * neither the generation's owner nor the others wait for one that hangs.
 *
 * <p>The monitor guards the map. No bytes are logged: they may be keys.
 */
final class OfferedState {
    private static final int MAX_NAME_BYTES = 255;

    private final Duration patience;
    private final Map<String, Supplier<byte[]>> suppliers = new LinkedHashMap<>();

    /** @param patience how long all of them together may take to answer */
    OfferedState(Duration patience) {
        this.patience = patience;
    }

    /** In the place of an earlier offer of the same name. */
    synchronized void offer(String name, Supplier<byte[]> supplier) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length == 0 || length > MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "the name of a state must have 1 to " + MAX_NAME_BYTES + " bytes, but has " + length);
        }
        suppliers.put(name, supplier);
    }

    private synchronized Map<String, Supplier<byte[]>> suppliers() {
        return new LinkedHashMap<>(suppliers);
    }

    /** Asks everybody now, and returns what came in time and fits, in the order of the offers. */
    Map<String, byte[]> collect() {
        long deadline = System.nanoTime() + patience.toNanos();
        Map<String, CompletableFuture<byte[]>> answers = new LinkedHashMap<>();
        suppliers().forEach((name, supplier) -> answers.put(name, ask(supplier)));
        Map<String, byte[]> collected = new LinkedHashMap<>();
        long total = 0;
        for (var entry : answers.entrySet()) {
            String name = entry.getKey();
            try {
                byte[] value = entry.getValue().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                long size = InheritedState.size(name, value);
                if (size > Protocol.MAX_STATE_BYTES - total) {
                    Log.stateLeftOut(
                            name,
                            "it has " + value.length + " bytes, and all state together may have "
                                    + Protocol.MAX_STATE_BYTES);
                } else {
                    total += size;
                    collected.put(name, value);
                }
            } catch (ExecutionException e) {
                Log.stateLeftOut(name, "its supplier failed: " + e.getCause());
            } catch (TimeoutException e) {
                Log.stateLeftOut(name, "its supplier did not answer within " + Durations.format(patience));
            } catch (InterruptedException e) {
                throw new AssertionError("nobody interrupts a handoff's thread", e);
            }
        }
        return collected;
    }

    private static CompletableFuture<byte[]> ask(Supplier<byte[]> supplier) {
        return CompletableFuture.supplyAsync(
                () -> Objects.requireNonNull(supplier.get(), "it gave null"),
                task -> Thread.ofPlatform().daemon().name("baton-state").start(task));
    }
}
