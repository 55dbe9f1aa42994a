package dev.baton.system;

import static dev.baton.system.TlsSite.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.testkit.Answer;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TestCertificate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Guarantees 1 to 3 over TLS, and what becomes of the certificate. */
class TlsRestartTest {
    private static final int RESTARTS = 3;

    @TempDir
    private Path directory;

    static Stream<Arguments> loads() {
        return Stream.of(
                Arguments.of("8 clients that shake hands for each request", 8, LoadMode.newConnections()),
                Arguments.of(
                        "32 persistent connections, thinking 5 ms", 32, LoadMode.persistent(Duration.ofMillis(5))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("loads")
    void restartsLoseNothingAndEachConnectionEndsWithCloseNotify(String name, int connections, LoadMode mode)
            throws Exception {
        TestCertificate certificate = TestCertificate.create();
        try (TlsSite site = TlsSite.start(directory, certificate);
                RunningLoad load = site.load(certificate)
                        .mode(mode)
                        .connections(connections)
                        .start()) {
            for (int next = 2; next <= 1 + RESTARTS; next++) {
                load.awaitAnswers(200, SOON);
                site.restart(next);
            }
            load.awaitAnswers(200, SOON);
            LoadReport report = load.stop();
            System.out.println(name + ": " + report);
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(report.generations()).containsOnlyKeys(1, 2, 3, 4);
        }
    }

    @Test
    void aRenewedCertificateIsShownByTheNewProcess() throws Exception {
        TestCertificate before = TestCertificate.create();
        TestCertificate renewed = TestCertificate.create();
        try (TlsSite site = TlsSite.start(directory, before)) {
            assertShows(site, before);
            site.install(renewed.certificatePem(), renewed.keyPem());
            assertShows(site, before);

            site.restart(2);
            assertShows(site, renewed);
            assertThatThrownBy(() -> assertShows(site, before)).isInstanceOf(SSLException.class);
        }
    }

    /** The client trusts this one certificate, so that no other gets an answer from it. */
    private static void assertShows(TlsSite site, TestCertificate certificate) throws Exception {
        try (StrictConnection connection = StrictConnection.open(site.address(), certificate.clientContext())) {
            connection.send(TlsSite.request());
            assertThat(connection.receive(TlsSite.request(), SOON)).isInstanceOf(Answer.class);
        }
    }

    @Test
    void aBrokenCertificateFailsTheRestartAndChangesNothing() throws Exception {
        TestCertificate certificate = TestCertificate.create();
        TestCertificate other = TestCertificate.create();
        try (TlsSite site = TlsSite.start(directory, certificate);
                RunningLoad load = site.load(certificate)
                        .mode(LoadMode.newConnections(Duration.ofMillis(5)))
                        .connections(4)
                        .start()) {
            for (String key :
                    new String[] {other.keyPem(), "", certificate.keyPem().substring(0, 90)}) {
                site.install(certificate.certificatePem(), key);
                int mark = site.child().mark();
                site.hup();
                site.child().awaitLineAfter(mark, "one line", line -> line.startsWith("baton serve: the key"), SOON);
                site.child()
                        .awaitLineAfter(
                                mark,
                                "restart failed",
                                line -> line.contains("restart failed") && line.contains("status 2"),
                                SOON);
                load.awaitAnswers(50, SOON);
            }
            assertThat(load.progress().generation()).hasValue(1);

            site.install(certificate.certificatePem(), certificate.keyPem());
            site.restart(2);
            load.awaitAnswers(50, SOON);
            LoadReport report = load.stop();
            assertThat(report.failed()).as("%s", report).isZero();
        }
    }
}
