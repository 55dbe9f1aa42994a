package dev.baton.system;

import static dev.baton.system.RunningService.SOON;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Failure;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Connects as fast as one thread can, over each transport in turn, from now until 5 ms after a switch, and sends a request
 * on each connection. It is an open loop: no connect waits for an answer, but for the oldest one's when there are many.
 */
final class ConnectBurst {
    static final long MARGIN_NANOS = 5_000_000;

    /** Bounds the descriptors that are open at once. */
    private static final int MOST_OPEN = 1_500;

    /**
     * What became of one connection.
     *
     * @param atNanos when connect(2) was called
     * @param outcome of its request
     */
    record Trial(long atNanos, Transport transport, Outcome outcome) {
        int generation() {
            return outcome instanceof Answer answer ? answer.generation().orElseThrow() : -1;
        }
    }

    private record Open(long atNanos, Transport transport, StrictConnection connection) {}

    private final Request request = RunningService.request("/burst").withHeader("Connection", "close");
    private final RunningService service;
    private final CompletableFuture<List<Trial>> trials = new CompletableFuture<>();
    private final List<Trial> done = new ArrayList<>();
    private final Queue<Open> open = new ArrayDeque<>();

    /** When the old generation had said that it is parked; 0 before. */
    private volatile long switchedNanos;

    private ConnectBurst(RunningService service) {
        this.service = service;
    }

    /** Begins; it ends with the switch to generation {@code next}. */
    static ConnectBurst start(RunningService service, int next) {
        ConnectBurst burst = new ConnectBurst(service);
        Thread.ofPlatform().name("burst").start(burst::run);
        Thread.ofPlatform().name("burst-end").start(() -> burst.awaitSwitch(next));
        return burst;
    }

    List<Trial> join() throws InterruptedException, ExecutionException {
        return trials.get();
    }

    private void awaitSwitch(int next) {
        try {
            service.awaitSwitch(next);
        } catch (AssertionError | InterruptedException e) {
            trials.completeExceptionally(e);
        }
        switchedNanos = System.nanoTime();
    }

    private void run() {
        try {
            while (switchedNanos == 0 || System.nanoTime() - switchedNanos < MARGIN_NANOS) {
                for (Transport transport : Transport.values()) {
                    connect(transport);
                }
                if (open.size() > MOST_OPEN) {
                    receive(open.remove());
                }
            }
            while (!open.isEmpty()) {
                receive(open.remove());
            }
            trials.complete(done);
        } catch (Exception e) {
            trials.completeExceptionally(e);
        }
    }

    private void connect(Transport transport) throws InterruptedException {
        long now = System.nanoTime();
        try {
            StrictConnection connection = transport.open(service);
            connection.send(request);
            open.add(new Open(now, transport, connection));
        } catch (IOException e) {
            done.add(new Trial(now, transport, new Failure(FailureKind.REFUSED, e.toString(), false, now)));
        }
    }

    private void receive(Open waiting) throws IOException {
        try (StrictConnection connection = waiting.connection()) {
            done.add(new Trial(waiting.atNanos(), waiting.transport(), connection.receive(request, SOON)));
        }
    }
}
