package dev.baton.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.Main;
import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** `baton serve --proxy-protocol` serves behind a header, and nobody else. */
class ServeProxyProtocolTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Pattern PORT = Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/");
    private static final String GET = "GET /file HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";

    @TempDir
    Path directory = Path.of("");

    @Test
    void withTheOptionARequestIsServedBehindAHeaderAndNotWithout() throws Exception {
        Files.writeString(directory.resolve("file"), "content");
        try (ChildJvm server = ChildJvm.of(Main.class)
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("serve", "--proxy-protocol", "--listen", "127.0.0.1:0", directory.toString())
                .start()) {
            Matcher url = PORT.matcher(server.awaitLine("serving ", SOON).text());
            assertThat(url.find()).isTrue();
            int port = Integer.parseInt(url.group(1));

            assertThat(answer(port, "PROXY TCP4 203.0.113.7 198.51.100.9 40000 80\r\n" + GET))
                    .startsWith("HTTP/1.1 200")
                    .endsWith("content");
            assertThat(answer(port, "G")).isEmpty();
        }
    }

    private static String answer(int port, String sent) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout((int) SOON.toMillis());
            socket.getOutputStream().write(sent.getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }
}
