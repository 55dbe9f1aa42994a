package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.posix.Descriptors;
import dev.baton.testkit.Await;
import dev.baton.testkit.FdLeakCheck;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.AlreadyBoundException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.IllegalSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ListenerChannelTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private Listener listener;

    @BeforeEach
    void listen() throws IOException {
        listener = Listeners.bind(ListenAddress.parse("127.0.0.1:0"), 0);
    }

    @AfterEach
    void close() {
        listener.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:0", "[::1]:0", ":0"})
    void itAcceptsTheConnectionsOfItsListenerAndTellsItsAddress(String address) throws Exception {
        try (Listener other = Listeners.bind(ListenAddress.parse(address), 0);
                ListenerChannel channel = ListenerChannel.open(other, ListenerChannelTest::nothing)) {
            channel.resume();
            int port = ((InetSocketAddress) other.localAddress()).getPort();
            String host = address.startsWith("[") ? "::1" : "127.0.0.1";
            try (SocketChannel client = SocketChannel.open(new InetSocketAddress(host, port));
                    SocketChannel accepted = channel.accept()) {
                assertThat(accepted.getRemoteAddress()).isEqualTo(client.getLocalAddress());
                assertThat(accepted.getLocalAddress()).isEqualTo(client.getRemoteAddress());
            }
            assertThat(channel.getLocalAddress()).isEqualTo(other.localAddress());
            assertThat(channel.socket().getLocalPort()).isEqualTo(port);
            assertThatThrownBy(() -> channel.bind(new InetSocketAddress(0))).isInstanceOf(AlreadyBoundException.class);
        }
    }

    @Test
    void theSharedSocketStaysNonBlocking() throws Exception {
        int duplicate = listener.duplicate();
        try (ListenerChannel channel = ListenerChannel.open(listener, ListenerChannelTest::nothing);
                Selector selector = Selector.open()) {
            assertThat(Descriptors.isNonBlocking(duplicate)).isTrue();
            channel.configureBlocking(false);
            assertThatThrownBy(() -> channel.register(selector, SelectionKey.OP_ACCEPT))
                    .isInstanceOf(IllegalSelectorException.class);
            channel.configureBlocking(true);
            assertThat(Descriptors.isNonBlocking(duplicate)).isTrue();
            channel.resume();
            CompletableFuture<SocketChannel> accepted = acceptedBy(channel);
            SocketChannel.open(listener.localAddress()).close();
            Await.event("the connection", accepted, SOON).close();
            assertThat(Descriptors.isNonBlocking(duplicate)).isTrue();
        } finally {
            Descriptors.close(duplicate);
        }
    }

    @Test
    void whatComesWhileItIsParkedWaitsForWhoeverSharesTheSocket() throws Exception {
        try (ListenerChannel parent = ListenerChannel.open(listener, ListenerChannelTest::nothing);
                ListenerChannel successor = ListenerChannel.open(listener, ListenerChannelTest::nothing)) {
            parent.resume();
            CompletableFuture<SocketChannel> ofParent = acceptedBy(parent);
            Await.event("the park", parent.park(), SOON);
            try (SocketChannel client = SocketChannel.open(listener.localAddress())) {
                successor.resume();
                try (SocketChannel accepted = Await.event("the connection", acceptedBy(successor), SOON)) {
                    assertThat(accepted.getRemoteAddress()).isEqualTo(client.getLocalAddress());
                }
            }
            assertThat(ofParent).isNotDone();
            Await.event("the park of the successor", successor.park(), SOON);
            parent.resume();
            SocketChannel.open(listener.localAddress()).close();
            Await.event("the connection after the undo", ofParent, SOON).close();
        }
    }

    @Test
    void aParkCompletesWhenTheLastConnectionWasHandedOver() throws Exception {
        CompletableFuture<Void> handing = new CompletableFuture<>();
        CountDownLatch go = new CountDownLatch(1);
        Consumer<SocketChannel> slow = _ -> {
            handing.complete(null);
            awaitUninterrupted(go);
        };
        try (ListenerChannel channel = ListenerChannel.open(listener, slow)) {
            channel.resume();
            CompletableFuture<SocketChannel> accepted = acceptedBy(channel);
            SocketChannel.open(listener.localAddress()).close();
            Await.event("the callback", handing, SOON);
            CompletableFuture<Void> parked = channel.park();
            assertThat(parked).isNotDone();
            go.countDown();
            Await.event("the park", parked, SOON);
            Await.event("the connection", accepted, SOON).close();
        }
    }

    @Test
    void aCallbackThatThrowsEndsItsConnectionAndNotTheChannel() throws Exception {
        IllegalStateException refusal = new IllegalStateException("on purpose");
        BlockingQueue<SocketChannel> seen = new LinkedBlockingQueue<>();
        Consumer<SocketChannel> refuse = connection -> {
            seen.add(connection);
            throw refusal;
        };
        try (ListenerChannel channel = ListenerChannel.open(listener, refuse)) {
            channel.resume();
            try (SocketChannel _ = SocketChannel.open(listener.localAddress())) {
                assertThatThrownBy(channel::accept).isSameAs(refusal);
                assertThat(seen.take().isOpen()).isFalse();
                assertThat(channel.isOpen()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void closingItWakesWhoAcceptsAndLeavesTheListenerOpen(boolean accepting) throws Exception {
        ListenerChannel channel = ListenerChannel.open(listener, ListenerChannelTest::nothing);
        if (accepting) {
            channel.resume();
        }
        CompletableFuture<SocketChannel> accepted = acceptedBy(channel);
        channel.close();
        assertThat(accepted).failsWithin(SOON).withThrowableThat().withCauseInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(channel::accept).isInstanceOf(ClosedChannelException.class);
        Await.event("the park of a closed channel", channel.park(), SOON);

        try (SocketChannel _ = SocketChannel.open(listener.localAddress());
                ListenerChannel next = ListenerChannel.open(listener, ListenerChannelTest::nothing)) {
            next.resume();
            Await.event("the connection", acceptedBy(next), SOON).close();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInterruptClosesItAsItClosesChannelsOfTheJdk(boolean accepting) throws Exception {
        try (ListenerChannel channel = ListenerChannel.open(listener, ListenerChannelTest::nothing)) {
            if (accepting) {
                channel.resume();
            }
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                try {
                    channel.accept();
                } catch (IOException e) {
                    failure.complete(e);
                }
            });
            thread.interrupt();
            assertThat(Await.event("the failure", failure, SOON)).isInstanceOf(ClosedByInterruptException.class);
            assertThat(channel.isOpen()).isFalse();
        }
    }

    @Test
    void twoThatTakeTurnsLoseNoConnection() throws Exception {
        int connections = 2_000;
        Set<SocketAddress> taken = ConcurrentHashMap.newKeySet();
        CountDownLatch all = new CountDownLatch(connections);
        List<Thread> acceptors = new ArrayList<>();
        Consumer<SocketChannel> take = connection -> {
            taken.add(remoteAddress(connection));
            all.countDown();
        };
        try (ListenerChannel one = ListenerChannel.open(listener, take);
                ListenerChannel other = ListenerChannel.open(listener, take)) {
            acceptors.addAll(List.of(acceptor(one), acceptor(other)));
            Thread client = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < connections; i++) {
                    try (SocketChannel _ = SocketChannel.open(listener.localAddress())) {
                        // It is the server's to find out.
                    } catch (IOException e) {
                        throw new IllegalStateException("refused", e);
                    }
                }
            });
            while (!all.await(1, TimeUnit.MILLISECONDS)) {
                one.resume();
                Await.event("the park of the other", other.park(), SOON);
                other.resume();
                Await.event("the park of the one", one.park(), SOON);
            }
            client.join();
        }
        for (Thread acceptor : acceptors) {
            acceptor.join();
        }
        assertThat(taken).hasSize(connections);
    }

    @Test
    void itLeavesNoDescriptorBehind() throws Exception {
        ListenerChannel.open(listener, ListenerChannelTest::nothing).close();
        FdLeakCheck leaks = FdLeakCheck.ofThisJvm();
        for (int i = 0; i < 10; i++) {
            ListenerChannel channel = ListenerChannel.open(listener, ListenerChannelTest::nothing);
            channel.resume();
            CompletableFuture<SocketChannel> accepted = acceptedBy(channel);
            channel.close();
            assertThat(accepted).failsWithin(SOON);
        }
        leaks.assertNone(SOON);
    }

    @Test
    void aListenerOfAnotherKindIsRefused(@TempDir Path directory) throws Exception {
        try (Listener unix = Listeners.bind(ListenAddress.unix(directory.resolve("s")), 0)) {
            assertThatThrownBy(() -> ListenerChannel.open(unix, ListenerChannelTest::nothing))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void nothing(SocketChannel connection) {
        // Who accepts has it.
    }

    private static Thread acceptor(ListenerChannel channel) {
        return Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    channel.accept().close();
                }
            } catch (ClosedChannelException _) {
                // Closed at the end of the test.
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static CompletableFuture<SocketChannel> acceptedBy(ListenerChannel channel) {
        CompletableFuture<SocketChannel> accepted = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                accepted.complete(channel.accept());
            } catch (IOException e) {
                accepted.completeExceptionally(e);
            }
        });
        return accepted;
    }

    private static SocketAddress remoteAddress(SocketChannel connection) {
        try {
            return connection.getRemoteAddress();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
