package dev.baton.http;

import com.sun.net.httpserver.HttpExchange;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Listeners;
import dev.baton.netty.NettyServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Requests to a server of its own before this process is ready: one on a Unix socket in a private directory, and those of a
 * {@link WarmUp} without paths as on a connection that has moved.
 *
 * <p>The classes that accept, decode, dispatch and answer are loaded by it, while the parent still serves; otherwise the
 * first clients after the switch would wait for them. The application sees nothing: its contexts, its registry of
 * connections and its listeners are not involved, so what is its own is as cold as before.
 */
final class Rehearsal {
    private static final long TIME_LIMIT_SECONDS = 5;

    private static final byte[] REQUEST =
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private Rehearsal() {}

    /**
     * Returns when the response has come. A failure costs nothing but the warmth.
     *
     * @param warmUp one without paths
     * @return the response; empty if it failed
     */
    static String run(WarmUp warmUp) {
        try {
            Path directory = Files.createTempDirectory("baton-rehearsal");
            Path socket = directory.resolve("s");
            try (Listener listener = Listeners.bind(ListenAddress.unix(socket), 0)) {
                return exchange(listener, socket, warmUp);
            } finally {
                Files.deleteIfExists(socket);
                Files.delete(directory);
            }
        } catch (IOException e) {
            Log.rehearsalFailed(e);
            return "";
        }
    }

    private static String exchange(Listener listener, Path socket, WarmUp warmUp) throws IOException {
        Contexts contexts = new Contexts();
        contexts.add(new Context("/", Rehearsal::answer, BatonHttpServer.create()));
        Dispatcher dispatcher = new Dispatcher(contexts, HttpServerOptions.defaults(), Thread::startVirtualThread);
        HttpPipeline pipeline = new HttpPipeline(dispatcher);
        NettyServer server = NettyServer.builder()
                .listener(listener)
                .childHandler(pipeline)
                .adopts(pipeline.adopters(pipeline))
                .threads(1)
                .build();
        try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.resume().join();
            client.connect(UnixDomainSocketAddress.of(socket));
            // The close ends a read that waits in vain.
            CompletableFuture.delayedExecutor(TIME_LIMIT_SECONDS, TimeUnit.SECONDS)
                    .execute(() -> close(client));
            client.write(ByteBuffer.wrap(REQUEST));
            ByteBuffer response = ByteBuffer.allocate(1024);
            while (response.hasRemaining() && client.read(response) >= 0) {}
            var _ = WarmUpClient.run(server, warmUp);
            return StandardCharsets.US_ASCII.decode(response.flip()).toString();
        } finally {
            server.close();
        }
    }

    private static void close(SocketChannel client) {
        try {
            client.close();
        } catch (IOException e) {
            Log.rehearsalFailed(e);
        }
    }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", "text/plain");
            exchange.sendResponseHeaders(200, 1);
            exchange.getResponseBody().write('.');
        }
    }
}
