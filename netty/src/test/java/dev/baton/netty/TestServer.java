package dev.baton.netty;

import dev.baton.drain.ConnectionState;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.DrainTimer;
import dev.baton.testkit.Await;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A plain Netty HTTP server on a {@link NettyServer}, whose events a test can wait for. */
final class TestServer implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(10);

    private final NettyServer server;
    private final Map<Channel, Http1Connection> http = new ConcurrentHashMap<>();
    private volatile Optional<Supplier<ChannelHandler>> inFront = Optional.empty();
    private volatile Optional<ChannelHandler> insteadOfHttp = Optional.empty();
    private final CompletableFuture<Void> released = new CompletableFuture<>();

    /** The states of every connection, in the order in which they came. Guarded by this, like the next. */
    private final List<ConnectionState> states = new ArrayList<>();

    private final List<String> requests = new ArrayList<>();

    TestServer(String name, DrainOptions options, DrainTimer timer, TestListener... listeners) throws IOException {
        Connections connections = new Connections(options, timer);
        connections.onStateChange((_, _, to) -> {
            synchronized (this) {
                states.add(to);
                notifyAll();
            }
        });
        NettyServer.Builder builder = NettyServer.builder()
                .connections(connections)
                .threads(2)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (insteadOfHttp.isPresent()) {
                            channel.pipeline().addLast(insteadOfHttp.get());
                            return;
                        }
                        inFront.ifPresent(each -> channel.pipeline().addLast(each.get()));
                        install(channel, name);
                    }
                });
        for (TestListener listener : listeners) {
            builder.listener(listener);
        }
        server = builder.build();
    }

    static TestServer started(String name, TestListener... listeners) throws Exception {
        return started(name, DrainOptions.defaults(), DrainTimer.system(), listeners);
    }

    static TestServer started(String name, DrainOptions options, DrainTimer timer, TestListener... listeners)
            throws Exception {
        TestServer server = new TestServer(name, options, timer, listeners);
        server.resume();
        return server;
    }

    /** Lets another handler begin the connections to come, which may install HTTP later. */
    void childHandler(ChannelHandler handler) {
        insteadOfHttp = Optional.of(handler);
    }

    void install(Channel channel, String name) {
        http.put(channel, Http1Connection.install(channel.pipeline(), new HttpServerCodec()));
        channel.pipeline().addLast(new TestHandler(name, this));
        var _ = channel.closeFuture().addListener(_ -> http.remove(channel));
    }

    /** A handler between the socket and what is installed, for the connections to come. */
    void inFront(Supplier<ChannelHandler> handler) {
        inFront = Optional.of(handler);
    }

    NettyServer netty() {
        return server;
    }

    Connections connections() {
        return server.connections();
    }

    void resume() throws InterruptedException {
        Await.event("resume", server.resume(), SOON);
    }

    void park() throws InterruptedException {
        Await.event("park", server.park(), SOON);
    }

    /** Lets the held responses go. */
    void release() {
        released.complete(null);
    }

    CompletableFuture<Void> released() {
        return released;
    }

    void hijack(Channel channel) {
        Http1Connection connection = http.get(channel);
        if (connection != null) {
            connection.hijack();
        }
    }

    /** The channels that are open, in no order. */
    List<Channel> channels() {
        return List.copyOf(http.keySet());
    }

    /** Returns when the loop of every connection has read what was in its socket, and done its tasks. */
    void turnLoops() throws Exception {
        for (Channel channel : channels()) {
            // A task that is scheduled by a task waits for the next turn, and between the two lies a round of reads.
            for (int i = 0; i < 2; i++) {
                CountDownLatch turned = new CountDownLatch(1);
                channel.eventLoop().execute(() -> {
                    var _ = channel.eventLoop().schedule(turned::countDown, 0, TimeUnit.NANOSECONDS);
                });
                turned.await();
            }
        }
    }

    synchronized void requestArrived(String path) {
        requests.add(path);
        notifyAll();
    }

    synchronized List<String> requests() {
        return List.copyOf(requests);
    }

    synchronized void awaitRequests(int count) throws InterruptedException {
        awaitUntil("the request number " + count, () -> requests.size() >= count);
    }

    synchronized List<ConnectionState> states() {
        return List.copyOf(states);
    }

    synchronized void awaitStates(ConnectionState... wanted) throws InterruptedException {
        awaitUntil(
                "the states " + List.of(wanted) + ", where there are " + states, () -> states.equals(List.of(wanted)));
    }

    synchronized void awaitState(ConnectionState last) throws InterruptedException {
        awaitUntil("the state " + last, () -> !states.isEmpty() && states.getLast() == last);
    }

    private synchronized void awaitUntil(String what, BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!holds.getAsBoolean()) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError(
                        "waited in vain for " + what + "; states " + states + ", requests " + requests);
            }
            wait(left);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
