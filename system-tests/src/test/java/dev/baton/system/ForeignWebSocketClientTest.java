package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.testkit.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** WebSockets as a client of another language sees them: node with the package {@code ws}, where there is one. */
@Timeout(120)
class ForeignWebSocketClientTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private static ProcessBuilder node(String... arguments) {
        List<String> command = new ArrayList<>(List.of("node"));
        command.addAll(List.of(arguments));
        ProcessBuilder node = new ProcessBuilder(command).redirectErrorStream(true);
        node.environment()
                .putIfAbsent(
                        "NODE_PATH",
                        Path.of("target/npm/node_modules").toAbsolutePath().toString());
        return node;
    }

    private static boolean isThere() throws InterruptedException {
        try {
            Process probe = node("-e", "require('ws')")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return probe.waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void nodeTalksCompressedAndInFragmentsAndHearsOfTheRestart() throws Exception {
        assumeTrue(isThere(), "node or its package ws is missing: npm install --prefix system-tests/target/npm ws");
        try (ChildJvm service = ChildJvm.of(ConversationService.class)
                .environment("BATON_UNDO_WINDOW", "0") // An old process exits when it has drained.
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("127.0.0.1:0", "0")
                .start()) {
            String address = service.awaitLine(line -> line.startsWith("1 listens on /"), SOON)
                    .text()
                    .substring("1 listens on /".length());
            service.awaitLine("1 ready", SOON);
            String script = Path.of(
                            Objects.requireNonNull(ForeignWebSocketClientTest.class.getResource("websocket-client.js"))
                                    .toURI())
                    .toString();
            Process client = node(script, "ws://" + address + "/echo").start();
            List<String> said = new ArrayList<>();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    said.add(line);
                    if (line.startsWith("pong")) {
                        service.signal("HUP");
                    }
                }
            } finally {
                client.destroy();
            }
            assertThat(client.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(said)
                    .containsExactly(
                            "open permessage-deflate",
                            "right text",
                            "right binary",
                            "right fragments",
                            "right big",
                            "pong p",
                            "close 1012");
            assertThat(service.awaitExit(SOON)).isZero();
        }
    }
}
