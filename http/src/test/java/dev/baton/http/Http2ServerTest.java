package dev.baton.http;

import com.sun.net.httpserver.HttpHandler;
import dev.baton.testkit.Http2Client;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** What the tests of HTTP/2 share: raw clients with prior knowledge. */
abstract class Http2ServerTest extends HttpServerTest {
    private final List<Http2Client> http2Clients = new ArrayList<>();

    /** A client that has sent nothing, and is closed after the test. */
    Http2Client connectRawly() throws IOException {
        Http2Client client = Http2Client.connect((InetSocketAddress) address());
        http2Clients.add(client);
        return client;
    }

    /** A client that has sent its preface. */
    Http2Client connectHttp2() throws IOException {
        return connectRawly().preface();
    }

    BatonHttpServer serve(HttpServerOptions options, HttpHandler handler) throws IOException {
        return serve(Transport.TCP, options, handler);
    }

    @AfterEach
    void closeHttp2Clients() throws IOException {
        for (Http2Client client : http2Clients) {
            client.close();
        }
    }
}
