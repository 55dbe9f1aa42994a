package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.FailureKind;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guarantee 5 where most services stand: behind a proxy that keeps its connections to them. A real nginx and a real HAProxy,
 * which must not repeat a request, see no connection end in ten restarts ({@code -Dbaton.trials=full}; otherwise three).
 */
class BehindProxiesTest {
    private static final int CLIENTS = 64;

    @TempDir
    private Path directory;

    @Test
    void nginxKeepsItsConnectionsAndAnswersNobodyWith5xx() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of());
                ForeignProxy nginx = ForeignProxy.nginx(proxyDirectory(), service.address())) {
            LoadReport report = restartUnderLoad(service, nginx);
            int connections = nginx.nginxConnections();
            System.out.println("behind nginx, which made " + connections + " connections: " + report);
            assertThat(connections).as("%s", report).isLessThanOrEqualTo(CLIENTS);
        }
    }

    @Test
    void haproxyKeepsItsConnectionsAndAnswersNobodyWith5xx() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of());
                ForeignProxy haproxy = ForeignProxy.haproxy(proxyDirectory(), service.address(), "")) {
            LoadReport report = restartUnderLoad(service, haproxy);
            int connections = haproxy.haproxyConnections();
            System.out.println("behind HAProxy, which made " + connections + " connections: " + report);
            assertThat(connections).as("%s", report).isLessThanOrEqualTo(CLIENTS);
        }
    }

    @Test
    void haproxyWithTheProxyProtocolKeepsItsConnectionsToo() throws Exception {
        try (RunningService service = RunningService.start(directory, List.of(Service.PROXY_PROTOCOL, "true"));
                ForeignProxy haproxy = ForeignProxy.haproxy(proxyDirectory(), service.address(), "send-proxy-v2")) {
            LoadReport report = restartUnderLoad(service, haproxy);
            int connections = haproxy.haproxyConnections();
            System.out.println("behind HAProxy with send-proxy-v2, " + connections + " connections: " + report);
            assertThat(connections).as("%s", report).isLessThanOrEqualTo(CLIENTS);
        }
    }

    private Path proxyDirectory() throws Exception {
        return Files.createDirectory(directory.resolve("proxy"));
    }

    private static LoadReport restartUnderLoad(RunningService service, ForeignProxy proxy) throws Exception {
        List<Request> requests = IntStream.range(0, 1_000)
                .mapToObj(number -> RunningService.request("/hello/" + number))
                .toList();
        try (RunningLoad load = proxy.load(requests)
                .mode(LoadMode.persistent(Duration.ZERO, Duration.ofMillis(10)))
                .connections(CLIENTS)
                .start()) {
            int restarts = Trials.of(10);
            for (int next = 2; next <= 1 + restarts; next++) {
                load.awaitAnswers(1_000, SOON);
                service.restart(next);
            }
            load.awaitAnswers(1_000, SOON);
            LoadReport report = load.stop();
            assertThat(report.failures(FailureKind.SERVER_ERROR))
                    .as("5xx: %s", report)
                    .isZero();
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.generations()).hasSize(1 + restarts);
            return report;
        }
    }
}
