package dev.baton.benchmarks;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A {@link MigrationServer} and its successors, as seen from outside. For one thread at a time. */
final class MigrationService implements AutoCloseable {
    static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final ChildJvm child;
    private final InetSocketAddress address;
    private final List<Long> pids = new ArrayList<>();

    private MigrationService(ChildJvm child) throws InterruptedException {
        this.child = child;
        this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), awaitProcess());
    }

    /**
     * Starts the first generation and waits until it serves.
     *
     * @param connections how many arrivals are worth a line
     * @param undoWindow for how long an old generation stays after it has nothing to do any more
     */
    static MigrationService start(
            int connections,
            Warmth warmth,
            Duration undoWindow,
            List<String> jvmOptions,
            Path directory,
            Children children)
            throws IOException, InterruptedException {
        ChildJvm child = children.add(ChildJvm.of(MigrationServer.class)
                .jvmOptions("-Xms256m", "-Xmx256m")
                .jvmOptions(jvmOptions.toArray(String[]::new))
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_UNDO_WINDOW", undoWindow.toSeconds() + "s")
                .arguments(Integer.toString(connections), warmth.name())
                .start());
        MigrationService service = new MigrationService(child);
        var _ = service.awaitServing();
        return service;
    }

    InetSocketAddress address() {
        return address;
    }

    /** The newest generation. */
    int generation() {
        return pids.size();
    }

    /** Sends SIGHUP to the newest generation, and makes its successor the newest without waiting for it to serve. */
    void hangUp() throws IOException, InterruptedException {
        Signals.send(pids.getLast(), "HUP");
        var _ = awaitProcess();
    }

    private int awaitProcess() throws InterruptedException {
        String start = pids.size() + 1 + MigrationServer.PROCESS;
        String[] words = child.awaitLine(line -> line.startsWith(start), TIMEOUT)
                .text()
                .substring(start.length())
                .split(" ", -1);
        pids.add(Long.parseLong(words[0]));
        return Integer.parseInt(words[1]);
    }

    /** When the newest generation began to accept. */
    long awaitServing() throws InterruptedException {
        return awaitInstant(MigrationServer.SERVES);
    }

    /** When the newest generation had accepted the connections. */
    long awaitAccepted() throws InterruptedException {
        return awaitInstant(MigrationServer.ACCEPTED);
    }

    /** When the newest generation had taken the connections of the one before. */
    long awaitTaken() throws InterruptedException {
        return awaitInstant(MigrationServer.TOOK);
    }

    private long awaitInstant(String what) throws InterruptedException {
        String start = generation() + what;
        String line = child.awaitLine(text -> text.startsWith(start), TIMEOUT).text();
        return Long.parseLong(line.substring(start.length()));
    }

    /** The processor time of the newest generations so far, in the kernel's account of it. */
    Duration cpuTime(int generations) {
        return pids.subList(pids.size() - generations, pids.size()).stream()
                .map(pid -> ProcessHandle.of(pid)
                        .flatMap(process -> process.info().totalCpuDuration())
                        .orElseThrow(() -> new IllegalStateException("process " + pid + " has ended")))
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** Waits until only the newest generation runs. */
    void awaitPredecessorsEnd() throws InterruptedException {
        List<Long> old = pids.subList(0, pids.size() - 1);
        var _ = Await.value(
                "the end of the old generations",
                TIMEOUT,
                () -> old.stream().noneMatch(ProcFs::running) ? Optional.of(true) : Optional.empty(),
                old::toString);
    }

    /** Ends the service gracefully. */
    void stop() throws IOException, InterruptedException {
        Signals.send(pids.getLast(), "TERM");
        child.awaitAllGone(TIMEOUT);
    }

    @Override
    public void close() {
        child.close();
    }
}
