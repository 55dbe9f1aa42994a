package dev.baton.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The PROXY protocol in front of TLS. */
final class ProxyProtocolOverTlsTest extends HttpsServerTest {
    private static final InetSocketAddress CLIENT = new InetSocketAddress("203.0.113.7", 40000);

    @Test
    void theHeaderComesBeforeTheHandshake() throws Exception {
        CompletableFuture<InetSocketAddress> configuredFor = new CompletableFuture<>();
        HttpsConfigurator configurator = new HttpsConfigurator(certificate().serverContext()) {
            @Override
            public void configure(HttpsParameters parameters) {
                configuredFor.complete(parameters.getClientAddress());
                super.configure(parameters);
            }
        };
        serve(
                HttpServerOptions.builder().proxyProtocol(true).build(),
                configurator,
                exchange -> answer(exchange, 200, exchange.getRemoteAddress() + " to " + exchange.getLocalAddress()));
        SocketChannel tcp = connectTcp();
        tcp.write(ByteBuffer.wrap("PROXY TCP4 203.0.113.7 198.51.100.9 40000 443\r\n".getBytes(US_ASCII)));

        TlsClient client = closedAfterwards(TlsClient.connect(tcp, certificate().clientContext(), TLS_1_3));

        assertThat(client.http().get("/").receive().text()).isEqualTo("/203.0.113.7:40000 to /198.51.100.9:443");
        assertThat(configuredFor.get(5, TimeUnit.SECONDS)).isEqualTo(CLIENT);
    }

    @Test
    void aHandshakeWithoutAHeaderIsNotBegun() throws Exception {
        serve(HttpServerOptions.builder().proxyProtocol(true).build(), exchange -> answer(exchange, 200, "ok"));
        SocketChannel tcp = connectTcp();
        tcp.write(ByteBuffer.wrap(new byte[] {0x16}));

        assertThat(tcp.read(ByteBuffer.allocate(10))).isNegative();
    }
}
