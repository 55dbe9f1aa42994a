package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Sockets;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenerTableTest {
    private static final ListenAddress ANY_PORT = ListenAddress.parse("127.0.0.1:0");

    @TempDir
    private Path directory;

    @Test
    void aClaimFindsWhatTheParentPassedByTheRequestedAddress() throws IOException {
        ListenerTable parent = new ListenerTable();
        Listener original = parent.claim(ANY_PORT, 0);
        ListenerTable successor = inherit(parent);

        Listener inherited = successor.claim(ANY_PORT, 0);
        assertThat(inherited.inherited()).isTrue();
        assertThat(inherited.localAddress()).isEqualTo(original.localAddress());
        parent.releaseAll();
        assertThat(connects(inherited))
                .as("the socket outlives the parent's copy")
                .isTrue();
        successor.closeAll();
        assertThat(connects(inherited)).isFalse();
    }

    @Test
    void whatNobodyClaimsIsClosed() throws IOException {
        ListenerTable parent = new ListenerTable();
        Listener original = parent.claim(ANY_PORT, 0);
        ListenerTable successor = inherit(parent);
        parent.releaseAll();
        assertThat(connects(original)).isTrue();
        successor.takeOver();
        assertThat(successor.removeDropped()).containsExactly(ANY_PORT);
        assertThat(connects(original)).isFalse();
    }

    @Test
    void anAddressIsHandedOutOnce() throws IOException {
        ListenerTable table = new ListenerTable();
        Listener first = table.claim(ANY_PORT, 0);
        assertThatThrownBy(() -> table.claim(ANY_PORT, 0))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("this process already listens there");
        first.close();
        table.claim(ANY_PORT, 0).close();
    }

    @Test
    void aDescriptorThatIsNotWhatItIsSaidToBeIsRefusedAndStaysTheCallers() throws IOException {
        ListenerTable parent = new ListenerTable();
        parent.claim(ANY_PORT, 0);
        ListenerTable successor = new ListenerTable();
        ListenerTable.Offer offer = parent.offers().getFirst();
        for (String other : List.of("127.0.0.1:1", "127.0.0.2:0", "[::1]:0", "unix:/x")) {
            assertThatThrownBy(() -> successor.inherit(ListenAddress.parse(other), offer.descriptor()))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("the parent passed");
        }
        assertThat(Descriptors.isCloseOnExec(offer.descriptor())).isTrue();
        offer.close();
        parent.closeAll();
    }

    @Test
    void aUnixPathIsRemovedByTheLastGenerationAlone() throws IOException {
        Path path = directory.resolve("s");
        ListenerTable parent = new ListenerTable();
        parent.claim(ListenAddress.unix(path), 0);
        ListenerTable successor = inherit(parent);
        successor.claim(ListenAddress.unix(path), 0);
        parent.releaseAll();
        assertThat(path).exists();
        try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            successor.closeAll();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void aPathOfADeadProcessIsReplacedAndThatOfALivingOneIsNot() throws IOException {
        Path path = directory.resolve("s");
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(path).exists();
        Listener living = Listeners.bind(ListenAddress.unix(path), 0);
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.unix(path), 0))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("the address is in use");
        assertThat(path).exists();
        living.close();

        Path file = Files.writeString(directory.resolve("file"), "precious");
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.unix(file), 0)).isInstanceOf(ListenException.class);
        assertThat(file).hasContent("precious");
    }

    @Test
    void ofManyThatReplaceOneStalePathInTheSameInstantOneHasItAndTheOthersFail() throws Exception {
        int contenders = 8;
        try (ExecutorService threads = Executors.newFixedThreadPool(contenders)) {
            for (int round = 0; round < 100; round++) {
                Path path = directory.resolve("s");
                try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                    dead.bind(UnixDomainSocketAddress.of(path));
                }
                CyclicBarrier together = new CyclicBarrier(contenders);
                Callable<Optional<Listener>> contender = () -> {
                    together.await();
                    try {
                        return Optional.of(Listeners.bind(ListenAddress.unix(path), 0));
                    } catch (ListenException e) {
                        assertThat(e).hasMessageContaining("the address is in use");
                        return Optional.empty();
                    }
                };
                List<Listener> winners = new ArrayList<>();
                for (Future<Optional<Listener>> result :
                        threads.invokeAll(Collections.nCopies(contenders, contender))) {
                    result.get().ifPresent(winners::add);
                }
                assertThat(winners).as("round %d", round).hasSize(1);
                try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                    assertThat(client.isConnected()).isTrue();
                }
                winners.getFirst().close();
                assertThat(directory).as("neither the path nor a lock is left").isEmptyDirectory();
            }
        }
    }

    @Test
    void aPipeOrADeviceIsNoDeadSocket() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.unix(pipe), 0)).isInstanceOf(ListenException.class);
        assertThat(pipe).exists();
    }

    @Test
    void aHungProcessWithAFullQueueKeepsItsPathAndHoldsNobodyUp() throws IOException {
        Path path = directory.resolve("s");
        try (Listener _ = Listeners.bind(ListenAddress.unix(path), 1)) {
            UnixQueue.fill(path);
            assertTimeoutPreemptively(
                    Duration.ofSeconds(10),
                    () -> assertThatThrownBy(() -> Listeners.bind(ListenAddress.unix(path), 0))
                            .hasMessageContaining("the address is in use"));
            assertThat(path).exists();
        }
    }

    @Test
    void everyFailureSaysWhatToDo() throws IOException {
        Listener taken = Listeners.bind(ANY_PORT, 0);
        int port = ((InetSocketAddress) taken.localAddress()).getPort();
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.parse("127.0.0.1:" + port), 0))
                .hasMessage("cannot listen on 127.0.0.1:" + port
                        + ": the address is in use; stop the process that uses it or choose another");
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.parse("192.0.2.1:0"), 0))
                .hasMessageContaining("this machine does not have that address");
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.unix(directory.resolve("no/s")), 0))
                .hasMessageContaining("its folder does not exist; create it");
        assertThatThrownBy(() -> Listeners.bind(ListenAddress.unix(directory.resolve("x".repeat(120))), 0))
                .hasMessageContaining("must be shorter than 108 bytes");
        taken.close();
    }

    @Test
    void allAddressesAreThoseOfBothFamiliesAndOneKeyInEveryGeneration() throws IOException {
        assumeTrue(Sockets.isIpv6Available());
        ListenAddress all = ListenAddress.parse("*:0");
        ListenerTable parent = new ListenerTable();
        int port = ((InetSocketAddress) parent.claim(all, 0).localAddress()).getPort();
        ListenerTable successor = inherit(parent);
        Listener inherited = successor.claim(ListenAddress.parse(":0"), 0);
        assertThat(inherited.inherited()).isTrue();
        for (String host : List.of("127.0.0.1", "::1")) {
            try (Socket client = new Socket(host, port)) {
                assertThat(client.isConnected()).as(host).isTrue();
            }
        }
        parent.releaseAll();
        successor.closeAll();
    }

    @Test
    void ofTwoSocketsOfSystemdAtOnePortTheOneOfThatFamilyIsTaken() {
        ListenAddress ipv4 = ListenAddress.parse("0.0.0.0:80");
        ListenAddress ipv6 = ListenAddress.parse("[::]:80");
        for (ListenAddress requested : List.of(ipv4, ipv6)) {
            for (List<ListenAddress> passed : List.of(List.of(ipv4, ipv6), List.of(ipv6, ipv4))) {
                assertThat(PassedSockets.best(passed, Function.identity(), requested))
                        .contains(requested);
            }
            for (ListenAddress passed : List.of(ipv4, ipv6)) {
                assertThat(PassedSockets.best(List.of(passed), Function.identity(), requested))
                        .contains(passed);
            }
        }
        assertThat(PassedSockets.best(List.of(ipv4), Function.identity(), ListenAddress.parse("[::]:81")))
                .isEmpty();
    }

    @Test
    void anUnsupportedPlatformIsRefusedInWords() {
        String system = System.setProperty("os.name", "Plan 9");
        try {
            assertThatThrownBy(() -> Listeners.bind(ANY_PORT, 0))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("this is Plan 9");
            assertThatThrownBy(BatonOptions::configured).isInstanceOf(UnsupportedOperationException.class);
        } finally {
            System.setProperty("os.name", system);
        }
    }

    @Test
    void noDescriptorIsLeft() throws Exception {
        FdLeakCheck check = FdLeakCheck.ofThisJvm();
        ListenerTable parent = new ListenerTable();
        for (int i = 0; i < 20; i++) {
            parent.claim(ListenAddress.parse("127.0.0." + (i + 1) + ":0"), 0);
        }
        ListenerTable successor = inherit(parent);
        successor.claim(ListenAddress.parse("127.0.0.1:0"), 0);
        successor.takeOver();
        successor.closeAll();
        parent.closeAll();
        check.assertNone(Duration.ofSeconds(5));
    }

    private static ListenerTable inherit(ListenerTable parent) throws IOException {
        ListenerTable successor = new ListenerTable();
        for (ListenerTable.Offer offer : parent.offers()) {
            successor.inherit(offer.address(), offer.descriptor());
        }
        return successor;
    }

    private static boolean connects(Listener listener) {
        InetSocketAddress address = (InetSocketAddress) listener.localAddress();
        try (Socket _ = new Socket(address.getAddress(), address.getPort())) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
