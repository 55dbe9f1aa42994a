package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** WebSockets whose sessions move live through restarts: their clients count every message in both directions. */
@Timeout(240)
class MovedWebSocketsTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Pattern LISTENS = Pattern.compile("1 listens on /(127\\.0\\.0\\.1:\\d+)");
    private static final int SESSIONS = 50;
    private static final int RESTARTS = 3;

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private @Nullable ChildJvm child;

    @AfterEach
    void close() {
        http.shutdownNow();
        if (child != null) {
            child.close();
        }
    }

    private ChildJvm start() throws Exception {
        ChildJvm started = ChildJvm.of(MovedWebSocketsService.class)
                .environment("BATON_PID_FILE", directory.resolve("pid").toString())
                .environment("BATON_UNDO_WINDOW", "0") // An old process exits when it has drained.
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("127.0.0.1:0")
                .start();
        child = started;
        return started;
    }

    /** Sends numbers until it is told to stop, never connects again, and fails at the first message that is not the next. */
    private static final class Client implements WebSocket.Listener {
        private final CompletableFuture<Void> failed = new CompletableFuture<>();
        private final List<CompletableFuture<Void>> seen = new ArrayList<>();
        private final CompletableFuture<Long> lastSent = new CompletableFuture<>();
        private final CompletableFuture<Void> allEchoed = new CompletableFuture<>();
        private volatile boolean stops;
        private final StringBuilder message = new StringBuilder();
        private long echoes;
        private long ticks;

        Client() {
            for (int generation = 0; generation <= RESTARTS + 1; generation++) {
                seen.add(new CompletableFuture<>());
            }
        }

        void send(WebSocket webSocket) {
            Thread.startVirtualThread(() -> {
                long number = 0;
                try {
                    while (!stops) {
                        number++;
                        webSocket.sendText(String.valueOf(number), true).join();
                        Thread.sleep(7);
                    }
                    lastSent.complete(number);
                    webSocket.sendText(String.valueOf(number + 1), true).join(); // Finds lastSent complete.
                } catch (RuntimeException | InterruptedException e) {
                    failed.completeExceptionally(e);
                }
            });
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            message.append(data);
            webSocket.request(1);
            if (last) {
                count(message.toString().split(" ", -1));
                message.setLength(0);
            }
            return null;
        }

        private void count(String[] words) {
            long number = Long.parseLong(words[1]);
            long expected = words[0].equals("echo") ? ++echoes : ++ticks;
            if (number != expected) {
                failed.completeExceptionally(
                        new AssertionError(words[0] + " " + number + " came where " + expected + " is next"));
            }
            if (words[0].equals("tick")) {
                seen.get(Integer.parseInt(words[2])).complete(null);
            }
            if (lastSent.isDone() && echoes > lastSent.join()) {
                allEchoed.complete(null);
            }
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            failed.completeExceptionally(new AssertionError("closed with " + statusCode + " " + reason));
            return null;
        }

        @Override
        public void onError(WebSocket webSocket, Throwable error) {
            failed.completeExceptionally(error);
        }

        void await(CompletableFuture<Void> event) throws Exception {
            var _ = CompletableFuture.anyOf(event, failed).get(SOON.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void sessionsGoOnThroughRestartsAndNoMessageIsLostOrDoubled() throws Exception {
        ChildJvm service = start();
        Matcher matcher = LISTENS.matcher(
                service.awaitLine(line -> LISTENS.matcher(line).matches(), SOON).text());
        assertThat(matcher.matches()).isTrue();
        service.awaitLine("1 ready", SOON);
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            Client client = new Client();
            clients.add(client);
            client.send(http.newWebSocketBuilder()
                    .buildAsync(URI.create("ws://" + matcher.group(1) + "/"), client)
                    .get(SOON.toSeconds(), TimeUnit.SECONDS));
        }
        for (int generation = 2; generation <= RESTARTS + 1; generation++) {
            long old = Long.parseLong(Files.readString(directory.resolve("pid")).strip());
            Signals.send(old, "HUP");
            service.awaitLine(generation + " ready", SOON);
            for (Client client : clients) {
                client.await(client.seen.get(generation));
            }
            Await.state("the old process has ended", SOON, () -> !ProcFs.running(old));
        }
        for (Client client : clients) {
            client.stops = true;
        }
        for (Client client : clients) {
            client.await(client.allEchoed);
        }
        System.out.println(SESSIONS + " WebSockets, " + RESTARTS + " restarts, "
                + clients.stream().mapToLong(each -> each.echoes).sum() + " messages answered, "
                + clients.stream().mapToLong(each -> each.ticks).sum() + " sent by the service, none lost or doubled");
        assertThat(service.lines())
                .noneMatch(line -> line.text().contains("came")
                        || line.text().contains("a tick failed")
                        || line.text().contains("cut before their end"));
    }
}
