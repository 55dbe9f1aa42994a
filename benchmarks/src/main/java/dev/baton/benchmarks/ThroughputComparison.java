package dev.baton.benchmarks;

import dev.baton.benchmarks.Client.Sample;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Requests per second and processor time for a request, of all contenders in turn.
 *
 * <p>All servers run the whole time, one of them under load. A round drives each once, in an order that is reversed from
 * round to round, so that what the machine does beside it strikes all alike; only figures of the same round are compared.
 */
final class ThroughputComparison {
    private static final Duration WARM_UP = Duration.ofSeconds(4);

    private final Client client;
    private final int connections;
    private final Duration turn;
    private final List<Round> rounds = new ArrayList<>();

    ThroughputComparison(Client client, int connections, Duration turn) {
        this.client = client;
        this.connections = connections;
        this.turn = turn;
    }

    private record Figures(double rate, double cpuOfRequest) {}

    private record Round(Map<Contender, Figures> figures) {
        double rate(Contender contender) {
            return of(contender).rate;
        }

        double cpu(Contender contender) {
            return of(contender).cpuOfRequest;
        }

        private Figures of(Contender contender) {
            Figures found = figures.get(contender);
            if (found == null) {
                throw new IllegalStateException(contender + " had no turn");
            }
            return found;
        }
    }

    List<Ratio> run(int count, Children children, Progress progress) throws IOException, InterruptedException {
        List<ContenderProcess> servers = new ArrayList<>();
        for (Contender contender : Contender.values()) {
            servers.add(ContenderProcess.start(contender, children));
        }
        for (ContenderProcess server : servers) {
            progress.say("warming up " + server.contender());
            var _ = drive(server, WARM_UP);
        }
        for (int round = 1; round <= count; round++) {
            progress.say("requests per second, round %d of %d".formatted(round, count));
            Map<Contender, Figures> figures = new EnumMap<>(Contender.class);
            for (ContenderProcess server : servers) {
                figures.put(server.contender(), drive(server, turn));
            }
            rounds.add(new Round(figures));
            Collections.reverse(servers);
        }
        return ratios();
    }

    /** @throws IOException if a request failed: figures of a server that fails say nothing */
    private Figures drive(ContenderProcess server, Duration duration) throws IOException, InterruptedException {
        Duration before = server.cpuTime();
        Sample sample = client.drive(server.address(), connections, duration);
        Duration spent = server.cpuTime().minus(before);
        if (sample.failed() > 0 || sample.answered() == 0) {
            throw new IOException("%s answered %d requests and failed %d"
                    .formatted(server.contender(), sample.answered(), sample.failed()));
        }
        return new Figures(sample.rate(), (double) spent.toNanos() / sample.answered());
    }

    private List<Ratio> ratios() {
        List<Ratio> ratios = new ArrayList<>();
        addBoth(ratios, Contender.NETTY_WITH_BATON, Contender.NETTY, "at least 0.98");
        addBoth(ratios, Contender.THREADS_WITH_BATON, Contender.THREADS, "at least 0.98");
        ratios.add(ratio(
                "http / http without tracking: CPU alone, estimated",
                "at least 0.98",
                ThroughputComparison::httpAgainstNoTracking));
        addBoth(ratios, Contender.HTTP, Contender.HTTP_ALONE, "about 1");
        addBoth(ratios, Contender.HTTP, Contender.JDK, "at least 3");
        addBoth(ratios, Contender.JDK_WITH_AGENT, Contender.JDK, "at least 0.99");
        addBoth(ratios, Contender.NETTY_WITH_AGENT, Contender.NETTY, "at least 0.99");
        // As fast as http can become while handlers have threads of their own.
        addBoth(ratios, Contender.THREADS, Contender.JDK, "");
        for (Contender each : Contender.values()) {
            ratios.add(ratio(each + ": CPU per request, microseconds", "", round -> round.cpu(each) / 1000));
        }
        return ratios;
    }

    /**
     * The requests per second that tracking leaves to http if the processor is the only limit: the time that tracking adds
     * to a request of the Netty pair, as a share of what a request costs http. http itself cannot do without tracking.
     */
    private static double httpAgainstNoTracking(Round round) {
        double tracking = round.cpu(Contender.NETTY_WITH_BATON) - round.cpu(Contender.NETTY);
        return 1 - tracking / round.cpu(Contender.HTTP);
    }

    private void addBoth(List<Ratio> ratios, Contender one, Contender other, String goal) {
        String pair = one + " / " + other;
        ratios.add(ratio(pair + ": requests per second", goal, round -> round.rate(one) / round.rate(other)));
        ratios.add(ratio(pair + ": CPU per request", "", round -> round.cpu(one) / round.cpu(other)));
    }

    private Ratio ratio(String title, String goal, ToDoubleFunction<Round> figure) {
        return new Ratio(
                title, goal, rounds.stream().mapToDouble(figure).boxed().toList());
    }
}
