package dev.baton.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * How long a generation takes for very many idle connections that come from the one before, against as many new ones.
 *
 * <p>Both arrive at a process that has just become ready. A round restarts the service twice: the first successor accepts
 * the connections, which then serve a request each; the second one takes them, and must answer on all of them. The new ones
 * arrive at a machine that is calm, the others in the restart itself.
 */
final class MoveTimes {
    /** After a restart both JVMs still have something to do that is no part of the measurement. */
    private static final Duration CALM = Duration.ofSeconds(1);

    private static final Duration UNDO_WINDOW = Duration.ofSeconds(10);

    private final int connections;
    private final List<Round> rounds = new ArrayList<>();

    MoveTimes(int connections) {
        this.connections = connections;
    }

    /** @param cpu of the process that accepts; of the two between which they move */
    private record Cost(long nanos, Duration cpu) {}

    private record Round(Cost accept, Cost move) {}

    List<Ratio> run(int count, Path directory, Children children, Progress progress)
            throws IOException, InterruptedException {
        try (MigrationService service =
                MigrationService.start(connections, Warmth.WARMED, UNDO_WINDOW, List.of(), directory, children)) {
            for (int round = 1; round <= count; round++) {
                progress.say(
                        "%,d connections, accepted and moved, round %d of %d".formatted(connections, round, count));
                rounds.add(round(service));
            }
        }
        String number = "%,d".formatted(connections);
        return List.of(
                ratio(
                        "move / accept " + number + ": time",
                        "below 1",
                        round -> (double) round.move.nanos / round.accept.nanos),
                ratio(
                        "move / accept " + number + ": CPU, of both processes / of one",
                        "",
                        round -> (double) round.move.cpu.toNanos() / round.accept.cpu.toNanos()),
                ratio("accept " + number + ": milliseconds", "", round -> round.accept.nanos / 1e6),
                ratio("accept " + number + ": CPU, milliseconds", "", round -> round.accept.cpu.toNanos() / 1e6),
                ratio("move " + number + ": milliseconds", "", round -> round.move.nanos / 1e6),
                ratio("move " + number + ": CPU, milliseconds", "", round -> round.move.cpu.toNanos() / 1e6));
    }

    private Round round(MigrationService service) throws IOException, InterruptedException {
        service.hangUp();
        var _ = service.awaitServing();
        calm();
        Duration cpu = service.cpuTime(1);
        long connecting = System.nanoTime();
        try (IdleConnections clients = IdleConnections.open(service.address(), connections)) {
            long accepted = service.awaitAccepted();
            Cost accept = new Cost(accepted - connecting, service.cpuTime(1).minus(cpu));
            clients.ask(service.generation());
            calm();
            service.hangUp();
            long switched = service.awaitServing();
            cpu = service.cpuTime(2);
            long taken = service.awaitTaken();
            Cost move = new Cost(taken - switched, service.cpuTime(2).minus(cpu));
            clients.ask(service.generation());
            return new Round(accept, move);
        }
    }

    private static void calm() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(CALM.toNanos());
    }

    private Ratio ratio(String title, String goal, ToDoubleFunction<Round> figure) {
        return new Ratio(
                title, goal, rounds.stream().mapToDouble(figure).boxed().toList());
    }
}
