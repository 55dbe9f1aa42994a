package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.Messages;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that do what they should not, against the socket and its channels in this process. */
class ControlSocketTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int LIMIT = 64;

    @TempDir
    private Path directory;

    private final FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
    private final List<Integer> peers = new ArrayList<>();
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final CountDownLatch held = new CountDownLatch(1);
    private boolean expected;
    private ControlSocket socket;

    @BeforeEach
    void open() throws IOException {
        socket = ControlSocket.open(Optional.of(directory.resolve("run")), new Echo());
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        held.countDown();
        for (int peer : peers) {
            Descriptors.close(peer);
        }
        socket.close();
        leaks.assertNone(SOON);
    }

    /** Says which frame came; keeps a connection that asks for that. */
    private final class Echo implements ControlSocket.Service {
        @Override
        public boolean expects(long pid) {
            return expected;
        }

        @Override
        public void serve(Visitors.Visitor visitor) throws IOException {
            try {
                Frame frame = visitor.channel().receive();
                if (frame != null && visitor.asks()) {
                    if (frame.type() == Frame.Type.HEALTH) {
                        heard.add("held");
                        held.await();
                    }
                    visitor.channel().send(frame);
                }
            } catch (ProtocolException e) {
                heard.add(String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private int connect() throws IOException {
        int peer = Sockets.unix(Sockets.Type.SEQPACKET);
        peers.add(peer);
        Sockets.setTimeout(peer, SOON);
        Sockets.connect(peer, UnixDomainSocketAddress.of(socket.path()));
        return peer;
    }

    private static void send(int peer, byte[] message, int... descriptors) throws IOException {
        Messages.send(peer, message, descriptors, true);
    }

    private static Optional<Frame> receive(int peer) throws IOException {
        try {
            var message = Messages.receive(peer, Frame.MAX_BYTES);
            return message.isEndOfStream() ? Optional.empty() : Optional.ofNullable(Frame.decode(message.payload()));
        } catch (PosixException e) {
            assertThat(e.errno()).isEqualTo(Errno.ECONNRESET);
            return Optional.empty();
        }
    }

    /** How many of eight messages the kernel has taken. */
    private static int sentBeforeTheEnd(int peer, byte[] message, int... descriptors) throws IOException {
        for (int sent = 0; sent < 8; sent++) {
            try {
                send(peer, message, descriptors);
            } catch (PosixException e) {
                assertThat(e.errno()).isIn(Errno.EPIPE, Errno.ECONNRESET);
                return sent;
            }
        }
        return 8;
    }

    private static byte[] frame(int type, int flags) {
        return ByteBuffer.allocate(4)
                .putShort((short) type)
                .putShort((short) flags)
                .array();
    }

    private void expectDropped(byte[] message, int... descriptors) throws IOException {
        int peer = connect();
        send(peer, message, descriptors);
        assertThat(receive(peer)).isEmpty();
    }

    private void expectServed() throws IOException {
        int peer = connect();
        send(peer, Frame.of(Frame.Type.READY).encode());
        assertThat(receive(peer).map(Frame::type)).contains(Frame.Type.READY);
    }

    @Test
    void whoeverSendsNoFrameIsDropped() throws Exception {
        expectDropped(new byte[0]);
        expectDropped(new byte[] {1});
        expectDropped(new byte[] {0, 6, 0});
        expectDropped(Arrays.copyOf(Frame.of(Frame.Type.READY).encode(), 9));
        expectDropped(new byte[Frame.MAX_BYTES]);
        expectDropped(new byte[Frame.MAX_BYTES + 1]);
        expectDropped(new byte[200_000]);
        expectDropped(frame(999, 0));
        expectServed();
    }

    @Test
    void descriptorsThatNobodyHasAskedForAreNeverOurs() throws Exception {
        int gift = connect();
        int[] most = new int[253];
        Arrays.fill(most, gift);
        byte[] ready = Frame.of(Frame.Type.READY).encode();
        expectDropped(ready, gift);
        expectDropped(ready, most);
        expectDropped(new byte[0], gift);
        expectDropped(frame(999, 1), most);
        assertThatThrownBy(() -> expectDropped(ready, Arrays.copyOf(most, 254)))
                .as("the kernel's limit")
                .isInstanceOf(PosixException.class);
        int peer = connect();
        // The first message ends the connection: what comes behind it goes with it, or is not taken any more.
        assertThat(sentBeforeTheEnd(peer, frame(11, 0), most)).isBetween(1, 8);
        assertThat(receive(peer)).isEmpty();
        expectServed();
    }

    @Test
    void whoeverIsSilentLongestGivesWayWhenAllPlacesAreTaken() throws Exception {
        List<Integer> silent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            silent.add(connect());
        }
        expectServed();
        // Of 201, the first 137 had to go.
        for (int i = 0; i < 200 + 1 - LIMIT; i++) {
            assertThat(receive(silent.get(i))).as("connection " + i).isEmpty();
        }
        for (int i = 200 + 1 - LIMIT; i < 200; i++) {
            send(silent.get(i), Frame.of(Frame.Type.READY).encode());
            assertThat(receive(silent.get(i)).map(Frame::type))
                    .as("connection " + i)
                    .contains(Frame.Type.READY);
        }
    }

    @Test
    void whoeverIsAwaitedGivesWayLast() throws Exception {
        expected = true;
        int awaited = connect();
        send(connect(), Frame.of(Frame.Type.HEALTH).encode());
        assertThat(heard.take()).isEqualTo("held"); // So both were accepted.
        expected = false;
        for (int i = 0; i < 200; i++) {
            var _ = connect();
        }
        send(awaited, Frame.of(Frame.Type.READY).encode());
        assertThat(receive(awaited).map(Frame::type)).contains(Frame.Type.READY);
    }

    @Test
    void whoeverAsksForSomethingGivesWayOnlyToOthersThatDo() throws Exception {
        int asking = connect();
        send(asking, Frame.of(Frame.Type.HEALTH).encode());
        assertThat(heard.take()).isEqualTo("held");
        for (int i = 0; i < 200; i++) {
            var _ = connect();
        }
        expectServed();
        held.countDown();
        assertThat(receive(asking).map(Frame::type)).contains(Frame.Type.HEALTH);
    }

    @Test
    void aDeadlineHoldsForAllThatIsSkippedTogether() throws Exception {
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        Duration limit = Duration.ofMillis(300);
        try (FrameChannel channel = new FrameChannel(pair[0])) {
            Thread peer = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        send(pair[1], frame(999, 1));
                    }
                } catch (IOException e) {
                    heard.add("hung up");
                }
            });
            channel.deadline(limit);
            long begin = System.nanoTime();
            assertThatThrownBy(channel::receive)
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("it said nothing in time");
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(limit);
            channel.shutdown();
            peer.join();
        }
        Descriptors.close(pair[1]);
    }

    @Test
    void aDeadlineHoldsForSilence() throws Exception {
        int[] pair = Sockets.pair(Sockets.Type.SEQPACKET);
        try (FrameChannel channel = new FrameChannel(pair[0])) {
            channel.deadline(Duration.ofMillis(50));
            assertThatThrownBy(channel::receive).hasMessage("it said nothing in time");
        }
        Descriptors.close(pair[1]);
    }

    @Test
    void closingDropsNobodyAndAcceptsNobody() throws Exception {
        int peer = connect();
        send(peer, Frame.of(Frame.Type.HEALTH).encode());
        assertThat(heard.take()).isEqualTo("held");
        socket.close();
        assertThat(socket.path()).doesNotExist();
        held.countDown();
        assertThat(receive(peer).map(Frame::type)).contains(Frame.Type.HEALTH);
        socket = ControlSocket.open(Optional.of(directory.resolve("run")), new Echo());
    }

    @Test
    void closingDoesNotWaitForAPlace() throws Exception {
        for (int i = 0; i < LIMIT; i++) {
            send(connect(), Frame.of(Frame.Type.HEALTH).encode());
            assertThat(heard.take()).isEqualTo("held");
        }
        var _ = connect(); // The acceptor waits until one of them has gone, which none does.
        Thread closer = Thread.ofPlatform().start(socket::close);
        assertThat(closer.join(SOON)).isTrue();
        socket = ControlSocket.open(Optional.of(directory.resolve("run")), new Echo());
    }
}
