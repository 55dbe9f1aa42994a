package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.ListenAddress;
import dev.baton.drain.DrainReason;
import dev.baton.testkit.Http2Client;
import dev.baton.testkit.Http2Client.GoAway;
import dev.baton.testkit.Http2Frame;
import dev.baton.testkit.TestCertificate;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** HTTP/2 behind TLS, as ALPN negotiates it: the same streams and the same drain. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class Http2OverTlsTest {
    @TempDir
    private Path directory;

    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private BatonHttpsServer server = BatonHttpsServer.create();
    private final TestCertificate certificate;
    private InetSocketAddress address = new InetSocketAddress(0);

    Http2OverTlsTest() throws Exception {
        certificate = TestCertificate.create();
    }

    @BeforeEach
    void serve() throws Exception {
        Path chain = Files.writeString(directory.resolve("chain.pem"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("key.pem"), certificate.keyPem());
        server = BatonHttpsServer.create(HttpServerOptions.defaults(), TlsOptions.of(chain, key));
        server.createContext("/", exchange -> HttpServerTest.answer(exchange, 200, exchange.getProtocol()));
        server.createContext("/held", exchange -> {
            entered.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            HttpServerTest.answer(exchange, 200, "x".repeat(300_000));
        });
        address = (InetSocketAddress)
                server.listen(ListenAddress.parse("127.0.0.1:0")).localAddress();
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private Http2Client connect() throws Exception {
        SSLSocket socket = (SSLSocket)
                certificate.clientContext().getSocketFactory().createSocket(address.getAddress(), address.getPort());
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
        return Http2Client.over(socket).preface();
    }

    @Test
    void streamsAreServed() throws Exception {
        try (Http2Client client = connect()) {
            assertThat(client.response(client.get("/")).text()).isEqualTo("HTTP/2");
            assertThat(client.response(client.get("/")).text()).isEqualTo("HTTP/2");
        }
    }

    @Test
    void aDrainServesWhatIsOpenAndEndsInOrder() throws Exception {
        try (Http2Client client = connect()) {
            int held = client.get("/held");
            entered.await();
            var _ = server.connections().drain(DrainReason.SUCCEEDED);
            client.await(Http2Frame.GOAWAY);
            released.countDown();

            assertThat(client.response(held).body()).hasSize(300_000);
            client.readToEnd();
            assertThat(client.goAways()).containsExactly(new GoAway(Integer.MAX_VALUE, 0), new GoAway(held, 0));
        }
    }
}
