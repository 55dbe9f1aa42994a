package dev.baton.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.ListenAddress;
import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import dev.baton.testkit.ProcFs;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** One listener of a program, set aside and put back; the program here is the test, with a channel of the JDK. */
class ProgramListenerTest {
    private static final int BACKLOG = 16;

    private final List<Integer> woken = new ArrayList<>();

    /** A channel, and the number of its descriptor. */
    private record Opened(ServerSocketChannel channel, int number) {}

    private static Opened open() throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), BACKLOG);
        channel.configureBlocking(false);
        int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
        int number = ProcFs.descriptors(ProcessHandle.current().pid()).keySet().stream()
                .filter(candidate -> isListenerOf(candidate, port))
                .findFirst()
                .orElseThrow();
        return new Opened(channel, number);
    }

    private static boolean isListenerOf(int candidate, int port) {
        try {
            return Sockets.isListening(candidate)
                    && ((InetSocketAddress) Sockets.localAddress(candidate)).getPort() == port;
        } catch (IOException e) {
            return false; // Not a socket, or closed.
        }
    }

    private ProgramListener listener(Opened opened) throws IOException {
        InetSocketAddress address = (InetSocketAddress) opened.channel.getLocalAddress();
        return new ProgramListener(
                (number, change) -> {
                    change.make();
                    woken.add(number);
                },
                ListenAddress.tcp(address),
                address,
                StreamFamily.of(opened.number).orElseThrow(),
                opened.number,
                SocketIdentity.of(opened.number).orElseThrow(),
                BACKLOG);
    }

    private static int events(Selector selector) throws IOException {
        int count = selector.selectNow();
        selector.selectedKeys().clear();
        return count;
    }

    @Test
    void whatComesWhileItIsAsideIsHeardWhenItIsBackAndNotBefore() throws IOException {
        Opened opened = open();
        try (ServerSocketChannel channel = opened.channel;
                Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_ACCEPT);
            assertThat(events(selector)).isZero();
            ProgramListener listener = listener(opened);
            listener.setAside();
            try (Socket client = new Socket()) {
                client.connect(channel.getLocalAddress());
                assertThat(events(selector)).isZero();
                assertThat(channel.accept()).isNull();

                listener.putBack();
                assertThat(events(selector)).isEqualTo(1);
                try (SocketChannel accepted = channel.accept()) {
                    assertThat(accepted.getRemoteAddress()).isEqualTo(client.getLocalSocketAddress());
                }
            }
            assertThat(woken).as("who waits is told of each change").containsExactly(opened.number, opened.number);
        }
    }

    @Test
    void nobodyReachesTheStandIn() throws IOException {
        Opened opened = open();
        try (ServerSocketChannel channel = opened.channel) {
            ProgramListener listener = listener(opened);
            listener.setAside();
            InetSocketAddress standIn = (InetSocketAddress) Sockets.localAddress(opened.number);
            assertThat(standIn.getPort()).isNotEqualTo(((InetSocketAddress) channel.getLocalAddress()).getPort());
            try (Socket client = new Socket()) {
                assertThatThrownBy(() -> client.connect(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), standIn.getPort()), 200))
                        .isInstanceOf(SocketTimeoutException.class);
            }
            listener.release();
        }
    }

    @Test
    void theStandInTakesConnectionsFromThePortThatIsAdmittedAndNoOther() throws IOException {
        Opened opened = open();
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocketChannel channel = opened.channel;
                Socket agent = new Socket();
                Socket other = new Socket()) {
            ProgramListener listener = listener(opened);
            listener.setAside();
            agent.bind(new InetSocketAddress(loopback, 0));
            InetSocketAddress standIn = new InetSocketAddress(
                    loopback, listener.admit(agent.getLocalPort()).orElseThrow());
            assertThatThrownBy(() -> other.connect(standIn, 200)).isInstanceOf(SocketTimeoutException.class);
            agent.connect(standIn, 5_000);
            listener.admitNobody();
            try (SocketChannel accepted = channel.accept()) {
                assertThat(accepted.getRemoteAddress()).isEqualTo(agent.getLocalSocketAddress());
                agent.getOutputStream().write(7);
                ByteBuffer received = ByteBuffer.allocate(1);
                assertThat(accepted.read(received)).isEqualTo(1);
                assertThat(received.get(0)).isEqualTo((byte) 7);
            }
            listener.release();
            assertThat(listener.admit(agent.getLocalPort())).isEmpty();
        }
    }

    @Test
    void theSocketEndsWithTheProgramsDescriptorWhileItIsInPlace() throws IOException {
        Opened opened = open();
        ProgramListener listener = listener(opened);
        OptionalInt duplicate = listener.duplicate();
        assertThat(duplicate).isPresent();
        Descriptors.close(duplicate.getAsInt());
        var address = opened.channel.getLocalAddress();
        opened.channel.close();
        assertThat(listener.isOpen()).isFalse();
        assertThat(listener.duplicate()).isEmpty();
        try (Socket client = new Socket()) {
            assertThatThrownBy(() -> client.connect(address)).isInstanceOf(ConnectException.class);
        }
        listener.setAside();
        listener.putBack();
        assertThat(woken).isEmpty();
    }

    @Test
    void aProgramThatClosesTheStandInHasClosedItsListener() throws IOException {
        Opened opened = open();
        ProgramListener listener = listener(opened);
        listener.setAside();
        var address = opened.channel.getLocalAddress();
        opened.channel.close();
        assertThat(listener.isOpen()).isFalse();
        assertThat(listener.duplicate()).isEmpty();
        listener.putBack();
        try (Socket client = new Socket()) {
            assertThatThrownBy(() -> client.connect(address)).isInstanceOf(ConnectException.class);
        }
    }
}
