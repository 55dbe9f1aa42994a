package dev.baton.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.SimpleFileServer;
import dev.baton.http.RawClient.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The JDK's own file server on this server. */
final class FileServerTest extends HttpServerTest {

    private Path files() throws IOException {
        return Files.createDirectories(directory.resolve("files"));
    }

    @ParameterizedTest
    @EnumSource
    void filesAreServed(Transport transport) throws Exception {
        byte[] content = new byte[5_000_000];
        new Random(1).nextBytes(content);
        Files.write(files().resolve("large.bin"), content);
        Files.writeString(files().resolve("a.txt"), "text");
        serve(transport, HttpServerOptions.defaults(), SimpleFileServer.createFileHandler(files()));
        RawClient client = connect();

        assertThat(client.get("/large.bin").receive().content()).isEqualTo(content);
        Response text = client.get("/a.txt").receive();
        assertThat(text.text()).isEqualTo("text");
        assertThat(text.header("Content-Type")).isEqualTo("text/plain");
        assertThat(client.get("/").receive().text()).contains("a.txt", "large.bin");
        assertThat(client.get("/missing").receive().status()).isEqualTo(404);
        Response head =
                client.send("HEAD /large.bin HTTP/1.1\r\nHost: t\r\n\r\n").receiveToHead();
        assertThat(head.header("Content-Length")).isEqualTo("5000000");
        assertThat(client.send("DELETE /a.txt HTTP/1.1\r\nHost: t\r\n\r\n")
                        .receive()
                        .status())
                .isEqualTo(405);
        assertThat(client.get("/a.txt").receive().text()).isEqualTo("text");
    }

    @Test
    void theOutputFilterLogsEachExchange() throws Exception {
        Files.writeString(files().resolve("a.txt"), "text");
        CountDownLatch logged = new CountDownLatch(1);
        ByteArrayOutputStream log = new ByteArrayOutputStream() {
            @Override
            public synchronized void flush() {
                if (toString(StandardCharsets.UTF_8).contains("Content-length")) {
                    logged.countDown();
                }
            }
        };
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", SimpleFileServer.createFileHandler(files()))
                .getFilters()
                .add(SimpleFileServer.createOutputFilter(log, SimpleFileServer.OutputLevel.VERBOSE));
        start(server, Transport.TCP);
        connect().get("/a.txt").receive();

        assertThat(logged.await(5, TimeUnit.SECONDS)).isTrue();
        assertThat(log.toString(StandardCharsets.UTF_8))
                .contains("\"GET /a.txt HTTP/1.1\" 200 -")
                .contains(
                        "Resource requested: " + Objects.requireNonNull(files()).resolve("a.txt"))
                .contains("< Content-length: 4");
    }
}
