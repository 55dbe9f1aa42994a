package dev.baton.spring;

import dev.baton.Listener;
import dev.baton.Participant;
import dev.baton.drain.Connections;
import dev.baton.drain.DrainOptions;
import dev.baton.netty.NativeTransportUnavailableException;
import dev.baton.netty.NettyServer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.scheduler.NonBlocking;
import reactor.netty.resources.LoopResources;

/**
 * Reactor Netty's pipelines on Baton's server.
 *
 * <p>Reactor Netty asks its {@link LoopResources} for a channel to bind, and puts its acceptor into the pipeline of that: a
 * handler to which the accepted connections are read, and which sets them up. The channel that it gets here
 * ({@link ReactorServerChannel}) accepts nothing. A {@link NettyServer} does, on the listener, and has each connection set
 * up by that acceptor ({@link ReactorConnections}). So the accepting, the states and the drain of connections are Baton's, and
 * everything that is done with a request is Reactor Netty's.
 */
final class ReactorNettyServer {
    private final Participant participant;
    private final LoopResources loops;

    private ReactorNettyServer(ReactorServerChannel channel, NettyServer server) {
        this.participant = new Staying(server);
        this.loops = new Loops(channel);
    }

    /**
     * A parked server.
     *
     * @throws BatonException if it cannot be had
     */
    static ReactorNettyServer on(Listener listener, DrainOptions options) {
        ReactorServerChannel channel = new ReactorServerChannel(listener.localAddress());
        try {
            NettyServer server = NettyServer.builder()
                    .listener(listener)
                    .childHandler(new ReactorConnections(channel.pipeline()))
                    .connections(new Connections(options))
                    .threads(LoopResources.DEFAULT_IO_WORKER_COUNT)
                    .threadFactory(threads())
                    .build();
            return new ReactorNettyServer(channel, server);
        } catch (IOException | NativeTransportUnavailableException e) {
            throw new BatonException(e);
        }
    }

    /** By the name that Reactor Netty gives its own; Reactor refuses to wait in them, as in those. */
    private static ThreadFactory threads() {
        AtomicInteger count = new AtomicInteger();
        return task -> new ServingThread(task, "reactor-http-baton-" + count.incrementAndGet());
    }

    private static final class ServingThread extends FastThreadLocalThread implements NonBlocking {
        ServingThread(Runnable task, String name) {
            super(task, name);
            setDaemon(false);
        }
    }

    /** What Reactor Netty is to run on. */
    LoopResources loops() {
        return loops;
    }

    Participant participant() {
        return participant;
    }

    /**
     * The server, of which no connection moves to another process: the channel of one that comes from there has no server
     * channel as its parent, and Reactor Netty 1.3 relies on one ({@code ServerTransportConfig}, where a connection enters
     * the group of channels that Spring Boot sets).
     */
    private record Staying(NettyServer server) implements Participant {
        @Override
        public CompletionStage<Void> resume() {
            return server.resume();
        }

        @Override
        public CompletionStage<Void> park() {
            return server.park();
        }

        @Override
        public void release() {
            server.release();
        }

        @Override
        public CompletionStage<Void> drain(DrainReason reason) {
            return server.drain(reason);
        }

        @Override
        public int close() {
            return server.close();
        }
    }

    /** One loop, for what Reactor Netty does with its server channel: to bind it and to close it. */
    private static final class Loops implements LoopResources {
        private final ReactorServerChannel channel;
        private final EventLoopGroup loop = new SetupLoop();

        Loops(ReactorServerChannel channel) {
            this.channel = channel;
        }

        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return loop;
        }

        @Override
        @SuppressWarnings("unchecked")
        public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
            if (type != ServerSocketChannel.class) {
                throw new UnsupportedOperationException("only for a server on a port, not for a " + type);
            }
            // It asks for a ServerSocketChannel, and uses it as the Channel that the method is said to return.
            return (C) (Channel) channel;
        }
    }

    /** The acceptor registers each connection that it has set up: those that are in a loop already stay there. */
    private static final class SetupLoop extends DefaultEventLoop {
        SetupLoop() {
            super(new DefaultThreadFactory("reactor-http-baton", true));
        }

        @Override
        public ChannelFuture register(Channel channel) {
            return channel.isRegistered() ? channel.newSucceededFuture() : super.register(channel);
        }
    }
}
