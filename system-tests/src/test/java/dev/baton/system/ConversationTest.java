package dev.baton.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Signals;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What has no end of its own, over a restart and a stop: WebSockets, streams of events, hijacked connections. */
@Timeout(180)
class ConversationTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Pattern LISTENS = Pattern.compile("1 listens on /(127\\.0\\.0\\.1:\\d+)");
    private static final int WEB_SOCKETS = 200;
    private static final int STREAMS = 50;
    private static final long SPREAD_MILLIS = 3_000;

    @TempDir
    private Path directory;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private @Nullable ChildJvm child;
    private String authority = "";

    @AfterEach
    void close() {
        http.shutdownNow();
        if (child != null) {
            child.close();
        }
    }

    private ChildJvm start() throws Exception {
        ChildJvm started = ChildJvm.of(ConversationService.class)
                .environment("BATON_PID_FILE", directory.resolve("pid").toString())
                .environment("BATON_UNDO_WINDOW", "0") // An old process exits when it has drained.
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("127.0.0.1:0", String.valueOf(SPREAD_MILLIS))
                .start();
        child = started;
        Matcher matcher = LISTENS.matcher(
                started.awaitLine(line -> LISTENS.matcher(line).matches(), SOON).text());
        assertThat(matcher.matches()).isTrue();
        authority = matcher.group(1);
        started.awaitLine("1 ready", SOON);
        return started;
    }

    private long publishedPid() throws Exception {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    /** A client that writes down how its WebSocket ends; it never connects again by itself. */
    private static final class Subscriber implements WebSocket.Listener {
        final CompletableFuture<String> generation = new CompletableFuture<>();
        final CompletableFuture<Integer> closed = new CompletableFuture<>();
        volatile long closedAt;
        private final StringBuilder message = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                if (!generation.isDone()) {
                    generation.complete(message.toString());
                } else if (!message.toString().equals("begin end")) {
                    closed.completeExceptionally(new AssertionError("a message is cut: " + message));
                }
                message.setLength(0);
            }
            webSocket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
            closedAt = System.nanoTime();
            if (message.isEmpty()) {
                closed.complete(statusCode);
            } else {
                closed.completeExceptionally(new AssertionError("closed in a message after " + message));
            }
            return null;
        }

        @Override
        public void onError(WebSocket webSocket, Throwable error) {
            closed.completeExceptionally(error);
        }
    }

    private List<Subscriber> subscribe(int count) throws Exception {
        List<Subscriber> subscribers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            subscribers.add(new Subscriber());
        }
        for (Subscriber subscriber : subscribers) {
            var _ = http.newWebSocketBuilder()
                    .buildAsync(URI.create("ws://" + authority + "/ticker"), subscriber)
                    .get(SOON.toSeconds(), TimeUnit.SECONDS);
        }
        for (Subscriber subscriber : subscribers) {
            subscriber.generation.get(SOON.toSeconds(), TimeUnit.SECONDS);
        }
        return subscribers;
    }

    /** Reads events until that many have come, over as many responses as it takes. Every response has to end regularly. */
    private List<Long> follow(int events, CompletableFuture<Void> begun) throws Exception {
        List<Long> ids = new ArrayList<>();
        while (ids.size() < events) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + authority + "/events"));
            if (!ids.isEmpty()) {
                request.header("Last-Event-ID", String.valueOf(ids.getLast()));
            }
            HttpResponse<InputStream> response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(response.body(), UTF_8))) {
                String line = lines.readLine();
                while (line != null && ids.size() < events) {
                    if (line.startsWith("id: ")) {
                        ids.add(Long.parseLong(line.substring(4)));
                        assertThat(lines.readLine()).isEqualTo("data: " + ids.getLast());
                        assertThat(lines.readLine()).isEmpty();
                        begun.complete(null);
                    }
                    line = lines.readLine();
                }
            }
        }
        return ids;
    }

    @Test
    void aRestartClosesEveryWebSocketWith1012OverTheWindowAndNoEventIsLostOrDoubled() throws Exception {
        ChildJvm service = start();
        List<Subscriber> before = subscribe(WEB_SOCKETS);
        assertThat(before).allSatisfy(each -> assertThat(each.generation).isCompletedWithValue("generation 1"));
        int events = 1_000; // Ten seconds of them: longer than the restart and the window.
        List<CompletableFuture<List<Long>>> followed = new ArrayList<>();
        List<CompletableFuture<Void>> begun = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            CompletableFuture<Void> first = new CompletableFuture<>();
            CompletableFuture<List<Long>> all = new CompletableFuture<>();
            begun.add(first);
            followed.add(all);
            Thread.startVirtualThread(() -> {
                try {
                    all.complete(follow(events, first));
                } catch (Exception | AssertionError e) {
                    first.completeExceptionally(e);
                    all.completeExceptionally(e);
                }
            });
        }
        for (CompletableFuture<Void> first : begun) {
            first.get(SOON.toSeconds(), TimeUnit.SECONDS);
        }

        long old = publishedPid();
        Signals.send(old, "HUP");
        service.awaitLine("2 ready", SOON);
        for (Subscriber subscriber : before) {
            assertThat(subscriber.closed.get(SOON.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(1012);
        }
        long[] times = before.stream().mapToLong(each -> each.closedAt).sorted().toArray();
        long millis = (times[times.length - 1] - times[0]) / 1_000_000;
        System.out.println(WEB_SOCKETS + " WebSockets closed over " + millis + " ms");
        assertThat(millis).as("spread over the window of %s ms", SPREAD_MILLIS).isBetween(1_500L, 10_000L);

        List<Subscriber> after = subscribe(WEB_SOCKETS);
        assertThat(after).allSatisfy(each -> assertThat(each.generation).isCompletedWithValue("generation 2"));
        for (CompletableFuture<List<Long>> ids : followed) {
            assertThat(ids.get(SOON.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(LongStream.rangeClosed(1, events).boxed().toList());
        }
        Await.state("the old process has ended", SOON, () -> !ProcFs.running(old));
        assertThat(service.lines()).noneMatch(line -> line.text().contains("cut before their end"));
    }

    @Test
    void aStopClosesEveryWebSocketWith1001AndEndsWhenTheyHaveEnded() throws Exception {
        ChildJvm service = start();
        List<Subscriber> subscribers = subscribe(20);
        service.signal("TERM");
        for (Subscriber subscriber : subscribers) {
            assertThat(subscriber.closed.get(SOON.toSeconds(), TimeUnit.SECONDS))
                    .isEqualTo(1001);
        }
        assertThat(service.awaitExit(SOON)).isZero();
        assertThat(service.lines()).noneMatch(line -> line.text().contains("cut before their end"));
    }

    @Test
    void aHijackedConnectionFinishesItsTransferWhileTheNextProcessServes() throws Exception {
        ChildJvm service = start();
        long old = publishedPid();
        long size = 30L << 20;
        String[] hostAndPort = authority.split(":", 2);
        try (Socket socket = new Socket(hostAndPort[0], Integer.parseInt(hostAndPort[1]))) {
            socket.getOutputStream()
                    .write(("GET /download?" + size
                                    + " HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: bytes\r\n\r\n")
                            .getBytes(ISO_8859_1));
            InputStream input = socket.getInputStream();
            assertThat(head(input)).startsWith("HTTP/1.1 101 ");
            Signals.send(old, "HUP");
            service.awaitLine("2 ready", SOON);
            service.awaitLine("told SUCCEEDED", SOON);
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + authority + "/"))
                    .build();
            assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("2");
            assertThat(ProcFs.running(old))
                    .as("the transfer holds the old process")
                    .isTrue();
            assertThat(input.transferTo(OutputStream.nullOutputStream())).isEqualTo(size);
        }
        Await.state("the old process has ended", SOON, () -> !ProcFs.running(old));
        assertThat(service.lines()).noneMatch(line -> line.text().contains("cut before their end"));
    }

    private static String head(InputStream input) throws Exception {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int c = input.read();
            assertThat(c).as("after %s", head).isNotNegative();
            head.append((char) c);
        }
        return head.toString();
    }
}
