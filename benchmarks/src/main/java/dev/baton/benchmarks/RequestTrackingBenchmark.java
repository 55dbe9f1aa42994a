package dev.baton.benchmarks;

import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.TrackedConnection;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What drain does for one request on a connection that is kept. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RequestTrackingBenchmark {
    /** How many listeners hear of each change of state. */
    @Param({"0", "1"})
    public int listeners;

    private long heard;
    private TrackedConnection connection = UnusedControl.open(new Connections(DrainOptions.defaults()));

    /** Opens the connection. */
    @Setup
    public void open() {
        Connections connections = new Connections(DrainOptions.defaults());
        for (int i = 0; i < listeners; i++) {
            connections.onStateChange((_, _, _) -> heard++);
        }
        connection = UnusedControl.open(connections);
    }

    /** The calls that Http1Connection and ServedConnection make for a request that comes and goes in one piece. */
    @Benchmark
    public TrackedConnection request() {
        connection.received(64);
        connection.active();
        connection.sent(128);
        connection.requestServed();
        connection.idle();
        return connection;
    }
}
