package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import dev.baton.ListenAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's HttpsServer API, and requests over TLS. */
final class BatonHttpsServerTest extends HttpsServerTest {
    private static final int LARGE = 20 * 1024 * 1024;

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void aConnectionServesManyRequestsWhoseHandlersSeeTheSession(String version) throws Exception {
        BatonHttpsServer server = serve(exchange -> {
            HttpsExchange secure = (HttpsExchange) exchange;
            answer(exchange, 200, secure.getSSLSession().getProtocol() + exchange.getRequestURI());
        });
        RawClient client = connect(version).http();

        for (int i = 0; i < 10; i++) {
            assertThat(client.get("/" + i).receive().text()).isEqualTo(version + "/" + i);
        }
        assertThat(server.connections().size()).isEqualTo(1);
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        serve(exchange -> answer(exchange, 200, exchange.getRequestURI().getPath()));
        RawClient client = connect(TLS_1_3).http();
        client.send("GET /1 HTTP/1.1\r\nHost: test\r\n\r\nGET /2 HTTP/1.1\r\nHo")
                .send("st: test\r\n\r\n");

        assertThat(client.receive().text()).isEqualTo("/1");
        assertThat(client.receive().text()).isEqualTo("/2");
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS_1_3, TLS_1_2})
    void largeBodiesArriveWholeBothWays(String version) throws Exception {
        serve(exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, body.length);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        byte[] body = new byte[LARGE];
        new Random(42).nextBytes(body);
        RawClient client = connect(version).http();
        client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + LARGE + "\r\n\r\n")
                .send(body);

        assertThat(sha256(client.receive().content())).isEqualTo(sha256(body));
        assertThat(client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(200);
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void theConfiguratorIsAskedAboutEachConnection() throws Exception {
        CompletableFuture<InetSocketAddress> asked = new CompletableFuture<>();
        HttpsConfigurator onlyTls12 = new HttpsConfigurator(certificate().serverContext()) {
            @Override
            public void configure(HttpsParameters parameters) {
                asked.complete(parameters.getClientAddress());
                SSLParameters chosen = getSSLContext().getDefaultSSLParameters();
                chosen.setProtocols(new String[] {TLS_1_2});
                parameters.setSSLParameters(chosen);
            }
        };
        serve(HttpServerOptions.defaults(), onlyTls12, exchange -> answer(exchange, 200, "ok"));

        TlsClient client = connect(TLS_1_2);
        assertThat(client.http().get("/").receive().text()).isEqualTo("ok");
        assertThat(asked.get(5, TimeUnit.SECONDS)).isEqualTo(client.tcp().getLocalAddress());
        assertThatThrownBy(() -> connect(TLS_1_3)).isInstanceOf(SSLException.class);
    }

    @Test
    void aClientCertificateCanBeDemandedTheOldWay() throws Exception {
        HttpsConfigurator demanding = new HttpsConfigurator(certificate().serverContext()) {
            @Override
            @SuppressWarnings("deprecation") // Programs that are older than setSSLParameters do this.
            public void configure(HttpsParameters parameters) {
                parameters.setNeedClientAuth(true);
            }
        };
        serve(HttpServerOptions.defaults(), demanding, exchange -> answer(exchange, 200, "ok"));

        assertThatThrownBy(() -> connect(TLS_1_2)).isInstanceOf(SSLException.class);
    }

    @Test
    void aServerWithoutConfiguratorCannotBeStarted() throws Exception {
        BatonHttpsServer server = BatonHttpsServer.create();
        server.listen(ListenAddress.tcp(new InetSocketAddress("127.0.0.1", 0)));

        assertThat(server.getHttpsConfigurator()).isNull();
        assertThatThrownBy(server::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("HttpsConfigurator");
        server.stop(0);
    }

    @Test
    void theConfiguratorIsSetBeforeTheStart() throws Exception {
        HttpsConfigurator configurator = new HttpsConfigurator(certificate().serverContext());
        BatonHttpsServer server =
                serve(HttpServerOptions.defaults(), configurator, exchange -> answer(exchange, 200, ""));

        assertThat(server.getHttpsConfigurator()).isSameAs(configurator);
        assertThatThrownBy(() -> server.setHttpsConfigurator(configurator)).isInstanceOf(IllegalStateException.class);
        assertThat(server.createContext("/x", e -> answer(e, 200, "")).getServer())
                .isSameAs(server);
    }
}
