package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The successor's end, against parents that do what they should not. */
class ParentLinkTest {
    private static final ListenAddress ADDRESS = ListenAddress.parse("127.0.0.1:0");

    @TempDir
    private Path directory;

    private final FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
    private final ListenerTable parentsListeners = new ListenerTable();
    private final ListenerTable listeners = new ListenerTable();

    @BeforeEach
    void listen() throws IOException {
        parentsListeners.claim(ADDRESS, 0);
    }

    @AfterEach
    void noDescriptorIsLeft() throws Exception {
        listeners.abandon();
        parentsListeners.closeAll();
        leaks.assertNone(Duration.ofSeconds(10));
    }

    private interface FakeParent {
        void talk(FrameChannel channel) throws Exception;
    }

    /** Connects to a parent that reads HELLO and then follows its own script, and hangs up. */
    private Optional<ParentLink> connectTo(FakeParent parent) throws Exception {
        Path path = directory.resolve("parent.sock");
        int socket = Sockets.unix(Sockets.Type.SEQPACKET);
        Sockets.bind(socket, UnixDomainSocketAddress.of(path));
        Sockets.listen(socket, 1);
        CompletableFuture<Void> talk = CompletableFuture.runAsync(
                () -> {
                    try (FrameChannel channel = new FrameChannel(Sockets.accept(socket))) {
                        Frame hello = channel.receive();
                        assertThat(hello).isNotNull();
                        parent.talk(channel);
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                },
                task -> Thread.ofPlatform().start(task));
        try {
            return ParentLink.connect(new HandoffVariables(path, "token"), listeners, new StandardError());
        } finally {
            talk.join();
            Descriptors.close(socket);
        }
    }

    private static Frame welcome(int version) {
        return Frame.of(Frame.Type.WELCOME).with(Frame.Tag.VERSION, version).with(Frame.Tag.GENERATION, 2);
    }

    /** Sends the listener's descriptor this many times under these names. */
    private void sendListeners(FrameChannel channel, int descriptors, String... names) throws IOException {
        Frame frame = Frame.of(Frame.Type.LISTENERS);
        for (String name : names) {
            frame.with(Frame.Tag.LISTENER, name);
        }
        try (ListenerTable.Offer offer = parentsListeners.offers().getFirst()) {
            int[] copies = new int[descriptors];
            Arrays.fill(copies, offer.descriptor());
            channel.send(frame, copies);
        }
    }

    @Test
    void aWholeHandoffBringsTheListenersAndTheNumber() throws Exception {
        Optional<ParentLink> link = connectTo(channel -> {
            channel.send(welcome(1));
            sendListeners(channel, 1, ADDRESS.key());
            channel.send(Frame.of(Frame.Type.HANDED));
        });
        assertThat(link).isPresent();
        assertThat(link.get().generation()).isEqualTo(2);
        assertThat(link.get().pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(listeners.claim(ADDRESS, 0).inherited()).isTrue();
        link.get().abandon();
    }

    @Test
    void listenersForDatagramsComeInAFrameOfTheirOwn() throws Exception {
        ListenAddress udp = ListenAddress.parse("udp:127.0.0.1:0");
        parentsListeners.claim(udp, 0);
        Optional<ParentLink> link = connectTo(channel -> {
            channel.send(welcome(1));
            for (ListenerTable.Offer offer : parentsListeners.offers()) {
                if (offer.isForDatagrams()) {
                    channel.send(
                            Frame.of(Frame.Type.DATAGRAM_LISTENERS).with(Frame.Tag.LISTENER, udp.key()),
                            new int[] {offer.descriptor()});
                }
                offer.close();
            }
            channel.send(Frame.of(Frame.Type.HANDED));
        });
        assertThat(listeners.claim(udp, 0).inherited()).isTrue();
        link.orElseThrow().abandon();
    }

    @Test
    void aRefusalMeansAPlainStart() throws Exception {
        assertThat(connectTo(
                        channel -> channel.send(Frame.of(Frame.Type.REFUSED).with(Frame.Tag.REASON, "who are you?"))))
                .isEmpty();
    }

    @Test
    void aFailureEndsTheStartWithTheParentsReason() {
        assertThatThrownBy(() -> connectTo(
                        channel -> channel.send(Frame.of(Frame.Type.FAILED).with(Frame.Tag.REASON, "too old"))))
                .isInstanceOf(HandoffException.class)
                .hasMessage("the handoff from the parent failed: too old");
    }

    @Test
    void aVersionThatWeDoNotSpeakIsRefused() {
        assertThatThrownBy(() -> connectTo(channel -> channel.send(welcome(99))))
                .isInstanceOf(HandoffException.class)
                .hasMessageContaining("versions 99 to 99, this one in 1 to 1");
    }

    @Test
    void aParentThatHangsUpInTheMiddleIsNoPlainStart() {
        assertThatThrownBy(() -> connectTo(channel -> {
                    channel.send(welcome(1));
                    sendListeners(channel, 1, ADDRESS.key());
                }))
                .isInstanceOf(HandoffException.class)
                .hasMessageContaining("the parent hung up");
    }

    @Test
    void namesAndDescriptorsMustAgree() {
        assertThatThrownBy(() -> connectTo(channel -> {
                    channel.send(welcome(1));
                    sendListeners(channel, 3, ADDRESS.key(), "127.0.0.2:0");
                }))
                .isInstanceOf(HandoffException.class)
                .hasMessageContaining("names 2 and brings 3 descriptors");
    }

    @Test
    void aListenerThatIsNotWhatItIsCalledIsRefused() {
        assertThatThrownBy(() -> connectTo(channel -> {
                    channel.send(welcome(1));
                    sendListeners(channel, 3, ADDRESS.key(), "127.0.0.2:0", "nonsense");
                }))
                .isInstanceOf(HandoffException.class)
                .hasMessageContaining("as 127.0.0.2:0");
    }

    @Test
    void descriptorsWithAnyOtherFrameBreakTheHandoff() {
        assertThatThrownBy(() -> connectTo(channel -> {
                    try (ListenerTable.Offer offer = parentsListeners.offers().getFirst()) {
                        channel.send(welcome(1), new int[] {offer.descriptor()});
                    }
                }))
                .isInstanceOf(HandoffException.class)
                .hasMessageContaining("brought descriptors that nobody had asked for");
    }

    @Test
    void nobodyThereMeansAPlainStart() throws IOException {
        assertThat(ParentLink.connect(
                        new HandoffVariables(directory.resolve("none"), "token"), listeners, new StandardError()))
                .isEmpty();
    }

    @Test
    void aPathAtWhichThereCanBeNoParentMeansAPlainStart() throws IOException {
        assertThat(ParentLink.connect(
                        new HandoffVariables(Path.of("/" + "x".repeat(120)), "token"), listeners, new StandardError()))
                .isEmpty();
    }
}
