package dev.baton;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Sockets for datagrams, from one generation to the next. */
class UdpListenerTest {
    private static final ListenAddress ANY_PORT = ListenAddress.parse("udp:127.0.0.1:0");

    /** The JDK's first socket opens one more, which it keeps for closing others. */
    @BeforeAll
    static void openTheSocketThatTheJdkKeeps() throws IOException {
        DatagramChannel.open().close();
    }

    private final FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
    private final ListenerTable parent = new ListenerTable();
    private final ListenerTable successor = new ListenerTable();

    @AfterEach
    void noDescriptorIsLeft() throws Exception {
        successor.closeAll();
        parent.closeAll();
        leaks.assertNone(Duration.ofSeconds(10));
    }

    @Test
    void whatNobodyHasReadIsTheSuccessors() throws IOException {
        Listener original = parent.claim(ANY_PORT, 0);
        send(original, "127.0.0.1", "before");
        inherit();
        send(original, "127.0.0.1", "between");
        Listener inherited = successor.claim(ANY_PORT, 7);
        assertThat(inherited.inherited()).isTrue();
        assertThat(inherited.localAddress()).isEqualTo(original.localAddress());
        successor.takeOver();
        parent.releaseAll();
        send(inherited, "127.0.0.1", "after");
        assertThat(List.of(receive(inherited), receive(inherited), receive(inherited)))
                .containsExactly("before", "between", "after");
    }

    @Test
    void tcpAndUdpOfOnePortAreTwoKeys() throws IOException {
        Listener tcp = parent.claim(ListenAddress.parse("127.0.0.1:0"), 0);
        int port = ((InetSocketAddress) tcp.localAddress()).getPort();
        ListenAddress udp = ListenAddress.parse("udp:127.0.0.1:" + port);
        parent.claim(udp, 0);
        parent.claim(ANY_PORT, 0);
        inherit();
        assertThat(successor.claim(ListenAddress.parse("127.0.0.1:0"), 0).localAddress())
                .isEqualTo(tcp.localAddress());
        assertThat(successor.claim(udp, 0).inherited()).isTrue();
        successor.takeOver();
        assertThat(successor.removeDropped()).containsExactly(ANY_PORT);
    }

    @Test
    void aSecondServiceAtThePortFailsAndGetsNoDatagram() throws IOException {
        Listener first = parent.claim(ANY_PORT, 0);
        int port = ((InetSocketAddress) first.localAddress()).getPort();
        for (String host : List.of("127.0.0.1", "0.0.0.0", "*")) {
            ListenAddress same = ListenAddress.parse("udp:" + host + ":" + port);
            assertThatThrownBy(() -> Listeners.bind(same, 0))
                    .isInstanceOf(ListenException.class)
                    .hasMessage("cannot listen on " + same.key()
                            + ": the address is in use; stop the process that uses it or choose another");
        }
        try (DatagramChannel sharing = DatagramChannel.open()) {
            sharing.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            assertThatThrownBy(() -> sharing.bind(first.localAddress())).isInstanceOf(BindException.class);
        }
    }

    @Test
    void aDescriptorOfTheOtherKindIsRefused() throws IOException {
        parent.claim(ANY_PORT, 0);
        parent.claim(ListenAddress.parse("127.0.0.1:0"), 0);
        List<ListenerTable.Offer> offers = parent.offers();
        assertThatThrownBy(() -> successor.inherit(
                        ListenAddress.parse("127.0.0.1:0"), offers.get(0).descriptor()))
                .hasMessage("the parent passed something else than a listener for 127.0.0.1:0");
        assertThatThrownBy(() -> successor.inherit(ANY_PORT, offers.get(1).descriptor()))
                .hasMessage("the parent passed something else than a listener for udp:127.0.0.1:0");
        for (ListenerTable.Offer offer : offers) {
            offer.close();
        }
    }

    @Test
    void allAddressesAreThoseOfBothFamilies() throws IOException {
        assumeTrue(Sockets.isIpv6Available());
        Listener all = parent.claim(ListenAddress.parse("udp:*:0"), 0);
        assertThat(all.address()).isEqualTo(ListenAddress.udp(new InetSocketAddress(0)));
        for (String host : List.of("127.0.0.1", "::1")) {
            send(all, host, "to " + host);
            assertThat(receive(all)).isEqualTo("to " + host);
        }
    }

    private void inherit() throws IOException {
        for (ListenerTable.Offer offer : parent.offers()) {
            successor.inherit(offer.address(), offer.descriptor());
        }
    }

    private static void send(Listener listener, String host, String text) throws IOException {
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        byte[] bytes = text.getBytes(UTF_8);
        try (DatagramSocket client = new DatagramSocket()) {
            client.send(new DatagramPacket(bytes, bytes.length, InetAddress.getByName(host), port));
        }
    }

    /** Over loopback a datagram is in the receiver's queue when send returns. */
    private static String receive(Listener listener) throws IOException {
        int descriptor = listener.duplicate();
        try {
            return new String(Messages.receive(descriptor, 100).payload(), UTF_8);
        } finally {
            Descriptors.close(descriptor);
        }
    }
}
