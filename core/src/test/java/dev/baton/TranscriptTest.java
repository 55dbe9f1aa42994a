package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.Await;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Handoffs as releases of the past spoke them, byte for byte, against today's parent and today's successor. A transcript
 * is recorded when the protocol gains something, and never changes.
 *
 * <p>Each has two listeners, {@code 127.0.0.1:0} and {@code [::1]:0}.
 */
class TranscriptTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    /** One message: who sent it, how many descriptors it brought, and its bytes. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Message(boolean fromParent, int descriptors, byte[] bytes) {
        Frame frame() throws ProtocolException {
            return Objects.requireNonNull(Frame.decode(bytes));
        }
    }

    private static List<Message> transcript(String name) throws IOException {
        List<Message> messages = new ArrayList<>();
        try (InputStream in = Objects.requireNonNull(TranscriptTest.class.getResourceAsStream(name))) {
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", 0)) {
                if (!line.startsWith("#")) {
                    String[] words = line.split(" ", 0);
                    byte[] bytes = HexFormat.of().parseHex(words[2]);
                    messages.add(new Message(words[0].equals("parent"), Integer.parseInt(words[1]), bytes));
                }
            }
        }
        return messages;
    }

    /** Nobody to go on with connections: the transcripts are older. */
    private static final ConnectionTaker.Adopter NONE = (_, _, _) -> Optional.empty();

    @ParameterizedTest
    @ValueSource(strings = {"handoff-1.txt", "handoff-1-state.txt"})
    void theSuccessorUnderstandsTheParent(String name) throws Exception {
        try (Recorded recorded = playParent(name)) {
            Heard heard = new Heard();
            ParentLink link = recorded.link();
            assertThat(link.generation()).isEqualTo(2);
            link.listen(heard, NONE);
            link.sendReady();
            Await.event("SWITCH", heard.switched, SOON);
            link.sendAccepting();
            Await.event("PARKED", heard.parked, SOON);
            Await.event("the end", heard.lost, SOON);
            for (String address : List.of("127.0.0.1:0", "[::1]:0")) {
                assertThat(recorded.listeners
                                .claim(ListenAddress.parse(address), 0)
                                .inherited())
                        .isTrue();
            }
        }
    }

    @Test
    void theSuccessorFindsTheStateThatTheParentSent() throws Exception {
        try (Recorded recorded = playParent("handoff-1-state.txt")) {
            recorded.link().listen(new Heard(), NONE);
            recorded.link().sendReady();
            recorded.link().sendAccepting();
            InheritedState state = recorded.link().state();
            assertThat(state.get("empty").orElseThrow()).isEmpty();
            assertThat(state.get("keys").orElseThrow()).containsExactly(1, 2, 3);
            assertThat(state.get("other")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"handoff-1.txt", "handoff-1-state.txt"})
    void theParentUnderstandsTheSuccessor(String name) throws Exception {
        List<Message> successors =
                transcript(name).stream().filter(m -> !m.fromParent()).toList();
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        Sockets.setTimeout(pair[1], SOON);
        ListenerTable listeners = parentsListeners();
        CompletableFuture<Void> accepting = new CompletableFuture<>();
        Frame hello = successors.getFirst().frame();
        Thread parent = Thread.ofPlatform().start(() -> {
            try (FrameChannel channel = new FrameChannel(pair[0])) {
                OfferedState none = new OfferedState(SOON);
                SuccessorLink.Lineage lineage = new SuccessorLink.Lineage(2, 1, Optional.empty(), List.of());
                SuccessorLink.serve(
                        channel,
                        hello,
                        lineage,
                        new StandardError(),
                        listeners,
                        none,
                        NONE,
                        new SwitchingParent(accepting));
            }
        });
        expect(pair[1], Frame.Type.WELCOME, Frame.Type.LISTENERS, Frame.Type.MIGRATION, Frame.Type.HANDED);
        Messages.send(pair[1], successors.get(1).bytes(), new int[0], true);
        expect(pair[1], Frame.Type.SWITCH);
        Messages.send(pair[1], successors.get(2).bytes(), new int[0], true);
        Await.event("ACCEPTING", accepting, SOON);
        Descriptors.close(pair[1]);
        parent.join();
        listeners.closeAll();
    }

    private static void expect(int socket, Frame.Type... types) throws IOException {
        for (Frame.Type type : types) {
            var message = Messages.receive(socket, Frame.MAX_BYTES);
            assertThat(Objects.requireNonNull(Frame.decode(message.payload())).type())
                    .isEqualTo(type);
            for (int descriptor : message.descriptors()) {
                Descriptors.close(descriptor);
            }
        }
    }

    private static ListenerTable parentsListeners() throws IOException {
        ListenerTable listeners = new ListenerTable();
        listeners.claim(ListenAddress.parse("127.0.0.1:0"), 0);
        listeners.claim(ListenAddress.parse("[::1]:0"), 0);
        return listeners;
    }

    /** A parent that says what the transcript says, each frame after those of the successor that stand before it. */
    private Recorded playParent(String name) throws Exception {
        List<Message> messages = transcript(name);
        Path path = directory.resolve("parent.sock");
        int socket = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.bind(socket, UnixDomainSocketAddress.of(path));
        Sockets.listen(socket, 1);
        CompletableFuture<Void> talk = CompletableFuture.runAsync(
                () -> {
                    try {
                        play(messages, Sockets.accept(socket));
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                },
                task -> Thread.ofPlatform().start(task));
        ListenerTable listeners = new ListenerTable();
        Optional<ParentLink> link =
                ParentLink.connect(new HandoffVariables(path, "token"), listeners, new StandardError());
        Descriptors.close(socket);
        return new Recorded(link.orElseThrow(), listeners, talk);
    }

    private static void play(List<Message> messages, int socket) throws IOException {
        ListenerTable listeners = parentsListeners();
        Sockets.setTimeout(socket, SOON);
        for (Message message : messages) {
            if (!message.fromParent()) {
                expect(socket, message.frame().type());
                continue;
            }
            var offers = message.descriptors() == 0 ? List.<ListenerTable.Offer>of() : listeners.offers();
            int[] descriptors =
                    offers.stream().mapToInt(ListenerTable.Offer::descriptor).toArray();
            Messages.send(socket, message.bytes(), descriptors, true);
            for (ListenerTable.Offer offer : offers) {
                offer.close();
            }
        }
        Descriptors.close(socket);
        listeners.releaseAll();
    }

    /** A successor of today with a parent of the past. */
    private record Recorded(ParentLink link, ListenerTable listeners, CompletableFuture<Void> talk)
            implements AutoCloseable {
        @Override
        public void close() {
            talk.join();
            listeners.closeAll();
        }
    }

    private static final class Heard implements ParentLink.Events {
        private final CompletableFuture<Void> switched = new CompletableFuture<>();
        private final CompletableFuture<Void> parked = new CompletableFuture<>();
        private final CompletableFuture<Void> lost = new CompletableFuture<>();

        @Override
        public void switched() {
            switched.complete(null);
        }

        @Override
        public void parked(Duration undoWindow) {
            parked.complete(null);
        }

        @Override
        public void released() {
            // Nothing to undo in what was recorded.
        }

        @Override
        public void undone(String reason) {
            lost.completeExceptionally(new AssertionError("undone: " + reason));
        }

        @Override
        public void notUndone(String reason) {
            lost.completeExceptionally(new AssertionError("not undone: " + reason));
        }

        @Override
        public void stop(String origin) {
            // Nobody stops what was recorded.
        }

        @Override
        public void health() {
            lost.completeExceptionally(new AssertionError("asked for its health"));
        }

        @Override
        public void lost() {
            lost.complete(null);
        }

        @Override
        public void broken(IOException reason) {
            lost.completeExceptionally(reason);
        }
    }

    /** Does what a generation does: switches when its successor is ready. */
    private static final class SwitchingParent implements SuccessorLink.Events {
        private final CompletableFuture<Void> accepting;
        private Optional<SuccessorLink> link = Optional.empty();

        SwitchingParent(CompletableFuture<Void> accepting) {
            this.accepting = accepting;
        }

        @Override
        public void connected(SuccessorLink established) {
            link = Optional.of(established);
        }

        @Override
        public void ready() {
            try {
                link.orElseThrow().sendSwitch();
            } catch (IOException e) {
                broken(e);
            }
        }

        @Override
        public void accepting() {
            accepting.complete(null);
        }

        @Override
        public void givenUp(String reason) {
            broken(new IOException(reason));
        }

        @Override
        public void commit(Optional<String> stop) {
            broken(new IOException("COMMIT"));
        }

        @Override
        public void undo() {
            broken(new IOException("UNDO"));
        }

        @Override
        public void healthy(boolean healthy) {
            broken(new IOException("HEALTHY"));
        }

        @Override
        public void lost() {
            // The test hangs up.
        }

        @Override
        public void broken(IOException reason) {
            accepting.completeExceptionally(reason);
        }
    }
}
