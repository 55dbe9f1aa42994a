package dev.baton.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Compares the open descriptors of a process with those that it had before.
 *
 * <pre>{@code
 *   FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
 *   ... open and close ...
 *   leaks.assertNone(Duration.ofSeconds(1));
 * }</pre>
 *
 * Descriptors are compared by what they refer to, because numbers are used again. Files that the JVM opens for itself as
 * it loads classes (jars, {@code modules}, its random sources) are not counted.
 */
public final class FdLeakCheck {
    private final long pid;
    private final Map<String, Integer> before;

    private FdLeakCheck(long pid) {
        this.pid = pid;
        this.before = countByTarget(pid);
    }

    /** Remembers the descriptors of this JVM. */
    public static FdLeakCheck ofThisJvm() {
        // The JDK opens a socket for itself with the first one of the program's, and keeps it.
        try (SocketChannel _ = SocketChannel.open()) {
            // Nothing to do with it.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return of(ProcessHandle.current().pid());
    }

    /** Remembers the descriptors of a process. */
    public static FdLeakCheck of(long pid) {
        return new FdLeakCheck(pid);
    }

    /** The descriptors that were not there before, by what they refer to, with their number. */
    public Map<String, Integer> leaked() {
        Map<String, Integer> now = countByTarget(pid);
        before.forEach((target, count) -> now.computeIfPresent(target, (_, n) -> n > count ? n - count : null));
        return now;
    }

    /**
     * Checks that no descriptor is open now that was not before.
     *
     * @param settle how long to wait for descriptors that other threads still close
     * @throws AssertionError if there are any; its message lists them
     */
    public void assertNone(Duration settle) throws InterruptedException {
        var _ = Await.value(
                "process " + pid + " to have no descriptor more than before",
                settle,
                () -> leaked().isEmpty() ? Optional.of(true) : Optional.empty(),
                () -> leaked().entrySet().stream()
                        .map(entry -> entry.getValue() + " x " + entry.getKey())
                        .collect(Collectors.joining(", ")));
    }

    private static Map<String, Integer> countByTarget(long pid) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String target : ProcFs.descriptors(pid).values()) {
            if (!ofTheJvm(target, pid)) {
                counts.merge(target, 1, Integer::sum);
            }
        }
        return counts;
    }

    private static boolean ofTheJvm(String target, long pid) {
        return target.endsWith(".jar")
                || target.endsWith("/modules")
                || target.endsWith("random")
                || target.equals("/proc/" + pid + "/fd");
    }
}
