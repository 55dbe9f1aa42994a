package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Listeners that are the program's own: what the table makes of them. */
class HostedListenerTest {
    private final List<Integer> open = new ArrayList<>();

    /** A listener of the program, which closes it by saying so. */
    private static final class Own implements HostedListener {
        private final ListenAddress address;
        private final int descriptor;
        private boolean closed;

        Own(int descriptor, ListenAddress address) {
            this.descriptor = descriptor;
            this.address = address;
        }

        @Override
        public ListenAddress address() {
            return address;
        }

        @Override
        public OptionalInt duplicate() throws IOException {
            return closed ? OptionalInt.empty() : OptionalInt.of(Descriptors.duplicate(descriptor));
        }
    }

    /** The JDK's own kind: of IPv6, bound to an address of IPv4. */
    private Own own() throws IOException {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 127, 0, 0, 1};
        InetSocketAddress address = new InetSocketAddress(Inet6Address.getByAddress(null, mapped, -1), 0);
        int socket = Sockets.streamFor(address);
        open.add(socket);
        Sockets.bind(socket, address);
        Sockets.listen(socket, 1);
        int port = ((InetSocketAddress) Sockets.localAddress(socket)).getPort();
        return new Own(socket, ListenAddress.tcp(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port)));
    }

    @AfterEach
    void closeAll() throws IOException {
        for (int descriptor : open) {
            Descriptors.close(descriptor);
        }
    }

    private static ListenerTable inherit(ListenerTable parent) throws IOException {
        ListenerTable successor = new ListenerTable();
        for (ListenerTable.Offer offer : parent.offers()) {
            successor.inherit(offer.address(), offer.descriptor());
        }
        return successor;
    }

    @Test
    void theSuccessorTakesWhatTheProgramHosts() throws IOException {
        Own own = own();
        ListenerTable parent = new ListenerTable();
        parent.host(own);
        assertThat(parent.keys()).containsExactly(own.address().key());

        ListenerTable successor = inherit(parent);
        assertThat(successor.unclaimed()).containsExactly(own.address());
        int taken = successor.detach(own.address()).orElseThrow();
        open.add(taken);
        assertThat(Sockets.localAddress(taken)).isEqualTo(Sockets.localAddress(own.descriptor));
        assertThat(successor.detach(own.address())).isEmpty();
        assertThat(successor.unclaimed()).isEmpty();
        successor.takeOver();
        assertThat(Sockets.isListening(taken)).as("it is the taker's").isTrue();
    }

    @Test
    void aGroupOfOneAddressKeepsItsNumberAndOrder() throws IOException {
        Own first = own();
        Own second = own();
        ListenerTable parent = new ListenerTable();
        parent.host(first);
        parent.host(new Own(first.descriptor, first.address()));
        parent.host(second);
        second.closed = true;

        ListenerTable successor = inherit(parent);
        assertThat(successor.unclaimed()).containsExactly(first.address(), first.address());
        open.add(successor.detach(first.address()).orElseThrow());
        open.add(successor.detach(first.address()).orElseThrow());
        assertThat(successor.detach(first.address())).isEmpty();
    }

    @Test
    void whatTheProgramHasClosedIsForgotten() throws IOException {
        Own own = own();
        ListenerTable parent = new ListenerTable();
        parent.host(own);
        own.closed = true;
        assertThat(parent.offers()).isEmpty();
        assertThat(parent.keys()).isEmpty();
    }

    @Test
    void aProgramThatAsksForItsListenersFindsWhatOneThatDidNotHasPassed() throws IOException {
        Own own = own();
        ListenerTable parent = new ListenerTable();
        parent.host(own);
        ListenerTable successor = inherit(parent);
        Listener listener = successor.claim(own.address(), 0);
        assertThat(listener.inherited()).isTrue();
        successor.closeAll();
    }
}
