package dev.baton.system;

import static dev.baton.system.UnmodifiedServer.SOON;

import dev.baton.testkit.Answer;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.stream.Collectors;

/** Clients of HTTP/1.1. */
final class UnmodifiedHttpClients implements UnmodifiedClients {
    private final Request request;

    /** Of the programs of the module {@code unmodified}. */
    UnmodifiedHttpClients() {
        this(UnmodifiedServer.request("/"));
    }

    UnmodifiedHttpClients(Request request) {
        this.request = request;
    }

    @Override
    public Load start(InetSocketAddress address, boolean fresh, int connections) {
        RunningLoad load = dev.baton.testkit.Load.of(address, request)
                .mode(fresh ? LoadMode.newConnections() : LoadMode.persistent(THINK_TIME))
                .connections(connections)
                .start();
        return new Load() {
            @Override
            public void awaitAnswers(long more) throws InterruptedException {
                load.awaitAnswers(more, SOON);
            }

            @Override
            public Report stop() throws InterruptedException {
                return report(load.stop());
            }

            @Override
            public void close() {
                load.close();
            }
        };
    }

    private static Report report(LoadReport report) {
        Map<Integer, Long> lastAnswers = report.generations().entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().lastNanos()));
        return new Report(report.requests(), report.failed(), lastAnswers, report.toString());
    }

    @Override
    public SlowRequest slow(InetSocketAddress address) throws IOException {
        StrictConnection connection = StrictConnection.open(address);
        connection.send(UnmodifiedServer.request("/slow"));
        return new SlowRequest() {
            @Override
            public int answerer() throws IOException {
                Outcome outcome = connection.receive(UnmodifiedServer.request("/slow"), SOON);
                if (outcome instanceof Answer answer) {
                    return answer.generation().orElseThrow();
                }
                throw new IOException("no answer: " + outcome);
            }

            @Override
            public void close() throws IOException {
                connection.close();
            }
        };
    }
}
