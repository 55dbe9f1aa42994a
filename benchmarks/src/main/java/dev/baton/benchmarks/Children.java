package dev.baton.benchmarks;

import dev.baton.testkit.ChildJvm;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The JVMs that were started and must not outlive this one, however it ends. Safe for use by any thread. */
final class Children implements AutoCloseable {
    private final List<ChildJvm> running = new CopyOnWriteArrayList<>();

    Children() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "benchmarks-cleanup"));
    }

    ChildJvm add(ChildJvm child) {
        running.add(child);
        return child;
    }

    /** Kills those that run. May be called again. */
    @Override
    public void close() {
        running.forEach(ChildJvm::close);
    }
}
