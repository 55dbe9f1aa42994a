package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpsConfigurator;
import dev.baton.ListenAddress;
import dev.baton.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the tests against a running HTTPS server share: one server a test, closed after it. */
@Timeout(30)
@ExtendWith(LeakCheck.class)
abstract class HttpsServerTest {
    static final String TLS_1_3 = "TLSv1.3";
    static final String TLS_1_2 = "TLSv1.2";

    private static @Nullable TestCertificate certificate;

    private final List<AutoCloseable> clients = new ArrayList<>();
    private @Nullable BatonHttpsServer running;

    /** One for all tests of this JVM. */
    static synchronized TestCertificate certificate() throws Exception {
        TestCertificate made = certificate;
        if (made == null) {
            made = TestCertificate.create();
            certificate = made;
        }
        return made;
    }

    BatonHttpsServer serve(HttpHandler handler) throws Exception {
        return serve(HttpServerOptions.defaults(), handler);
    }

    BatonHttpsServer serve(HttpServerOptions options, HttpHandler handler) throws Exception {
        return serve(options, new HttpsConfigurator(certificate().serverContext()), handler);
    }

    BatonHttpsServer serve(HttpServerOptions options, HttpsConfigurator configurator, HttpHandler handler)
            throws Exception {
        BatonHttpsServer server = BatonHttpsServer.create(options);
        server.setHttpsConfigurator(configurator);
        server.createContext("/", handler);
        server.listen(ListenAddress.tcp(new InetSocketAddress("127.0.0.1", 0)));
        server.start();
        running = server;
        return server;
    }

    InetSocketAddress address() {
        if (running == null || running.getAddress() == null) {
            throw new IllegalStateException("no server was started");
        }
        return running.getAddress();
    }

    /** A client that has shaken hands, and is closed after the test. */
    TlsClient connect(String version) throws Exception {
        return closedAfterwards(TlsClient.connect(address(), certificate().clientContext(), version));
    }

    /** A connection on which nothing was sent, closed after the test. */
    SocketChannel connectTcp() throws IOException {
        return closedAfterwards(SocketChannel.open(address()));
    }

    <T extends AutoCloseable> T closedAfterwards(T client) {
        clients.add(client);
        return client;
    }

    static void answer(HttpExchange exchange, int status, String text) throws IOException {
        HttpServerTest.answer(exchange, status, text);
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable client : clients) {
            client.close();
        }
        if (running != null) {
            running.stop(0);
        }
    }
}
