package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import dev.baton.ListenAddress;
import dev.baton.drain.DrainOptions;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers whose certificate comes from files, and the sessions that they share. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class PemServerTest {
    private static final String TLS_1_3 = HttpsServerTest.TLS_1_3;
    private static final String TLS_1_2 = HttpsServerTest.TLS_1_2;

    @TempDir
    private Path directory;

    private final List<BatonHttpsServer> running = new ArrayList<>();

    private TlsOptions files(TlsProvider provider) throws Exception {
        return new TlsOptions(
                Files.writeString(
                        directory.resolve("cert.pem"),
                        HttpsServerTest.certificate().certificatePem()),
                Files.writeString(
                        directory.resolve("key.pem"),
                        HttpsServerTest.certificate().keyPem()),
                provider);
    }

    private InetSocketAddress start(BatonHttpsServer server) throws Exception {
        return start(server, 0);
    }

    private InetSocketAddress start(BatonHttpsServer server, int port) throws Exception {
        running.add(server);
        server.createContext("/", exchange -> HttpServerTest.answer(exchange, 200, "ok"));
        server.listen(ListenAddress.tcp(new InetSocketAddress("127.0.0.1", port)));
        server.start();
        return (InetSocketAddress) server.addresses().getFirst();
    }

    @AfterEach
    void stop() {
        running.forEach(server -> server.stop(0));
    }

    @ParameterizedTest
    @EnumSource
    void eachProviderServesBothVersionsAndEndsWithCloseNotify(TlsProvider provider) throws Exception {
        InetSocketAddress address = start(BatonHttpsServer.create(HttpServerOptions.defaults(), files(provider)));
        for (String version : List.of(TLS_1_3, TLS_1_2)) {
            try (TlsClient client =
                    TlsClient.connect(address, HttpsServerTest.certificate().clientContext(), version)) {
                assertThat(client.http().get("/").receive().text()).isEqualTo("ok");
                client.http()
                        .send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5000000\r\nConnection: close\r\n\r\n");
                client.http().send(new byte[5_000_000]);
                assertThat(client.http().receive().text()).isEqualTo("ok");
                assertThat(client.http().isAtEnd()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"OPENSSL", "JDK"})
    void whatTheClientPrefersOfHttpIsNegotiated(TlsProvider provider) throws Exception {
        InetSocketAddress address = start(BatonHttpsServer.create(HttpServerOptions.defaults(), files(provider)));
        try (SocketChannel tcp = SocketChannel.open(address)) {
            SSLSocket tls = (SSLSocket) HttpsServerTest.certificate()
                    .clientContext()
                    .getSocketFactory()
                    .createSocket(tcp.socket(), "localhost", address.getPort(), true);
            var parameters = tls.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"something/2", "http/1.1"});
            tls.setSSLParameters(parameters);
            tls.startHandshake();
            assertThat(tls.getApplicationProtocol()).isEqualTo("http/1.1");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"OPENSSL", "JDK"})
    void olderVersionsAreNotSpoken(TlsProvider provider) throws Exception {
        InetSocketAddress address = start(BatonHttpsServer.create(HttpServerOptions.defaults(), files(provider)));
        SSLContext client = HttpsServerTest.certificate().clientContext();
        assertThatThrownBy(() -> TlsClient.connect(address, client, "TLSv1.1").close())
                .isInstanceOf(Exception.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void aSessionIsResumedByAServerThatHasItsTicketKeys(String version) throws Exception {
        TlsOptions files = files(TlsProvider.OPENSSL);
        SSLContext client = HttpsServerTest.certificate().clientContext();
        PemEngines first = PemEngines.of(files, true, InstantSource.system(), TicketKeys.none());
        byte[] handedOn = first.ticketKeys().encode();
        BatonHttpsServer before = new BatonHttpsServer(HttpServerOptions.defaults(), DrainOptions.defaults(), first);
        InetSocketAddress address = start(before);
        session(client, address, version).putValue("of", "the first server");
        before.stop(0);

        BatonHttpsServer after = new BatonHttpsServer(
                HttpServerOptions.defaults(),
                DrainOptions.defaults(),
                PemEngines.of(files, true, InstantSource.system(), TicketKeys.decode(handedOn)));
        start(after, address.getPort());
        assertThat(session(client, address, version).getValue("of")).isEqualTo("the first server");
        after.stop(0);

        start(
                new BatonHttpsServer(
                        HttpServerOptions.defaults(),
                        DrainOptions.defaults(),
                        PemEngines.of(files, true, InstantSource.system(), TicketKeys.none())),
                address.getPort());
        assertThat(session(client, address, version).getValue("of"))
                .as("with keys of its own")
                .isNull();
    }

    /** A session that was made, or resumed, with a request. */
    private static SSLSession session(SSLContext context, InetSocketAddress address, String version) throws Exception {
        try (SocketChannel tcp = SocketChannel.open(address)) {
            SSLSocket tls = (SSLSocket)
                    context.getSocketFactory().createSocket(tcp.socket(), "localhost", address.getPort(), true);
            tls.setEnabledProtocols(new String[] {version});
            tls.startHandshake();
            RawClient client = new RawClient(tcp, tls.getInputStream(), tls.getOutputStream());
            assertThat(client.get("/").receive().status()).isEqualTo(200);
            return tls.getSession();
        }
    }

    @Test
    void ticketKeysRotateWithTheClockAndOldTicketsStayGood() throws Exception {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.now());
        PemEngines engines = PemEngines.of(files(TlsProvider.OPENSSL), true, now::get, TicketKeys.none());
        InetSocketAddress address =
                start(new BatonHttpsServer(HttpServerOptions.defaults(), DrainOptions.defaults(), engines));
        SSLContext client = HttpsServerTest.certificate().clientContext();
        session(client, address, TLS_1_3).putValue("of", "the first key");
        assertThat(engines.ticketKeys().keys()).hasSize(1);

        now.set(now.get().plus(TicketKeys.ROTATION));
        assertThat(session(client, address, TLS_1_3).getValue("of")).isEqualTo("the first key");
        assertThat(engines.ticketKeys().keys()).hasSize(2);

        now.set(now.get().plus(Duration.ofDays(3)));
        session(client, address, TLS_1_3);
        assertThat(engines.ticketKeys().keys()).hasSize(1);
    }

    @Test
    void aServerWithFilesTakesNoConfigurator() throws Exception {
        BatonHttpsServer server = BatonHttpsServer.create(HttpServerOptions.defaults(), files(TlsProvider.JDK));
        running.add(server);
        assertThat(server.getHttpsConfigurator()).isNull();
        HttpsConfigurator configurator = new HttpsConfigurator(SSLContext.getDefault());
        assertThatThrownBy(() -> server.setHttpsConfigurator(configurator)).isInstanceOf(IllegalStateException.class);
    }
}
