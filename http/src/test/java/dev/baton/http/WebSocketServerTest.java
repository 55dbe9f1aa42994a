package dev.baton.http;

import java.io.IOException;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What the tests of WebSockets share: a server on which every request is for one. */
abstract class WebSocketServerTest extends HttpServerTest {
    final BlockingQueue<WebSocket> opened = new LinkedBlockingQueue<>();

    BatonHttpServer serve(WebSocketOptions options, WebSocket.Listener listener) throws IOException {
        return serve(exchange -> WebSockets.upgrade(exchange, options, listener).ifPresent(opened::add));
    }

    /** The server's side of the next WebSocket. */
    WebSocket accepted() throws InterruptedException {
        WebSocket webSocket = opened.poll(10, TimeUnit.SECONDS);
        if (webSocket == null) {
            throw new AssertionError("no WebSocket was opened");
        }
        return webSocket;
    }

    FrameClient open(String... headers) throws IOException {
        return FrameClient.open(connect(), headers);
    }
}
