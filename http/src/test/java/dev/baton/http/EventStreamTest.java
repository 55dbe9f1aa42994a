package dev.baton.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Filter;
import dev.baton.drain.DrainReason;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EventStreamTest extends HttpServerTest {
    private final BlockingQueue<EventStream> opened = new LinkedBlockingQueue<>();

    private EventStream accepted() throws InterruptedException {
        EventStream stream = opened.poll(10, TimeUnit.SECONDS);
        if (stream == null) {
            throw new AssertionError("no stream was opened");
        }
        return stream;
    }

    private BatonHttpServer serveStreams() throws IOException {
        return serve(exchange -> opened.add(EventStream.open(exchange)));
    }

    @Test
    void eventsAreEncodedFieldByFieldAndLineByLine() {
        ServerSentEvent event = ServerSentEvent.of("one\ntwo\r\nthree\rgrün\n")
                .withId("7")
                .withEvent("tick")
                .withRetry(Duration.ofSeconds(2));
        assertThat(new String(event.encoded(), UTF_8))
                .isEqualTo(
                        "id: 7\nevent: tick\nretry: 2000\ndata: one\ndata: two\ndata: three\ndata: grün\ndata: \n\n");
        assertThat(new String(ServerSentEvent.comment("a\nb"), UTF_8)).isEqualTo(": a\n: b\n\n");
    }

    @Test
    void anEventThatWouldBreakTheStreamApartIsRefused() {
        ServerSentEvent event = ServerSentEvent.of("");
        assertThatThrownBy(() -> event.withId("1\n2")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> event.withId("\0")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> event.withEvent("a\rb")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theClientSeesTheHeadAtOnceAndEachEventWhenItIsSent() throws Exception {
        serveStreams();
        RawClient client = connect().send("GET / HTTP/1.1\r\nHost: t\r\nLast-Event-ID: gr\u00c3\u00bcn\r\n\r\n");
        List<String> head = client.receiveHead();
        assertThat(head).contains("Content-type: text/event-stream", "connection: close", "Cache-control: no-store");
        EventStream stream = accepted();
        assertThat(stream.lastEventId()).contains("grün");
        stream.send(ServerSentEvent.of("x"));
        assertThat(client.exactly(14)).asString(UTF_8).isEqualTo("9\r\ndata: x\n\n\r\n");
        stream.close();
        assertThat(client.input().readAllBytes()).asString(UTF_8).isEqualTo("0\r\n\r\n");
        assertThatThrownBy(() -> stream.send(ServerSentEvent.of("y")))
                .isInstanceOfSatisfying(
                        EventStreamEndedException.class,
                        e -> assertThat(e.reason()).isEmpty());
    }

    @Test
    void aDrainEndsItBetweenTwoEventsAndSaysWhichWasNotSent() throws Exception {
        BatonHttpServer server = serveStreams();
        RawClient client = connect().get("/");
        client.receiveHead();
        EventStream stream = accepted();
        CompletableFuture<Integer> notSent = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            int number = 0;
            try {
                while (true) {
                    stream.send(ServerSentEvent.of("x".repeat(1_000)).withId(String.valueOf(number)));
                    number++;
                }
            } catch (EventStreamEndedException e) {
                notSent.complete(e.reason().equals(Optional.of(DrainReason.SUCCEEDED)) ? number : -1);
            } catch (IOException e) {
                notSent.completeExceptionally(e);
            }
        });
        client.exactly(100_000);
        var drained = server.conversations().drain(DrainReason.SUCCEEDED);
        String rest = new String(client.input().readAllBytes(), UTF_8);
        assertThat(rest).endsWith("\n\n\r\n0\r\n\r\n");
        int lastId = rest.lastIndexOf("id: ") + 4;
        assertThat(Integer.parseInt(rest.substring(lastId, rest.indexOf('\n', lastId))))
                .as("the last event that the client has got")
                .isEqualTo(notSent.get(10, TimeUnit.SECONDS) - 1);
        drained.get(10, TimeUnit.SECONDS);
        stream.ended().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void oneWithoutAnEventToSendEndsToo() throws Exception {
        BatonHttpServer server = serveStreams();
        RawClient client = connect().get("/");
        client.receiveHead();
        EventStream stream = accepted();
        var _ = server.conversations().drain(DrainReason.STOPPED);
        assertThat(client.input().readAllBytes()).asString(UTF_8).isEqualTo("0\r\n\r\n");
        assertThatThrownBy(() -> stream.comment("alive?")).isInstanceOf(EventStreamEndedException.class);
    }

    @Test
    void anUndoneDrainLeavesOneOpenWhoseTurnHadNotCome() throws Exception {
        BatonHttpServer server = serveStreams();
        connect().get("/").receiveHead();
        accepted();
        RawClient second = connect().get("/");
        second.receiveHead();
        EventStream stream = accepted();
        var _ = server.conversations().drain(DrainReason.SUCCEEDED);
        server.conversations().resume();
        stream.comment("lives on");
        assertThat(second.exactly(17)).asString(UTF_8).isEqualTo("c\r\n: lives on\n\n\r\n");
    }

    @Test
    void aClientThatHasGoneIsFoundOutAndForgotten() throws Exception {
        BatonHttpServer server = serveStreams();
        RawClient client = connect().get("/");
        client.receiveHead();
        EventStream stream = accepted();
        client.reset();
        assertThatThrownBy(() -> {
                    while (true) {
                        stream.comment("still there?");
                    }
                })
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(EventStreamEndedException.class);
        assertThat(server.conversations().size()).isZero();
        assertThatThrownBy(() -> stream.comment("")).isInstanceOf(EventStreamEndedException.class);
    }

    @Test
    void itWorksBehindAFilterThatWrapsTheExchange() throws Exception {
        BatonHttpServer server = BatonHttpServer.create();
        server.createContext("/", exchange -> opened.add(EventStream.open(exchange)))
                .getFilters()
                .add(Filter.adaptRequest("wraps", request -> request.with("X", List.of("y"))));
        start(server, Transport.TCP);
        RawClient client = connect().get("/");
        client.receiveHead();
        accepted();
        var _ = server.conversations().drain(DrainReason.STOPPED);
        assertThat(client.input().readAllBytes()).asString(UTF_8).isEqualTo("0\r\n\r\n");
    }
}
