package dev.baton.benchmarks;

import dev.baton.drain.ConnectionSnapshot;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.TrackedConnection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** What drain does for a connection that comes and goes while 10,000 others are open. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ConnectionRegistryBenchmark {
    private static final int OTHERS = 10_000;

    private final Connections connections = new Connections(DrainOptions.defaults());

    /** Opens the others. */
    @Setup
    public void open() {
        for (int i = 0; i < OTHERS; i++) {
            var _ = UnusedControl.open(connections);
        }
    }

    /** By one event loop; with {@code -prof gc}, the normalised allocation is the size of a TrackedConnection. */
    @Benchmark
    public TrackedConnection openAndClose() {
        TrackedConnection connection = UnusedControl.open(connections);
        connection.closed();
        return connection;
    }

    /** By two event loops, which share the registry's lock. */
    @Benchmark
    @Threads(2)
    public TrackedConnection openAndCloseByTwoThreads() {
        return openAndClose();
    }

    /** What an operator's question costs. */
    @Benchmark
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    public List<ConnectionSnapshot> snapshot() {
        return connections.snapshot();
    }
}
