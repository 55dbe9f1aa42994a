package dev.baton.netty;

import dev.baton.Listener;
import dev.baton.Participant;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Receives the datagrams of Baton's UDP listeners and can take part in restarts.
 *
 * <pre>{@code
 * DatagramServer server = DatagramServer.builder()
 *         .listener(baton.listen(ListenAddress.parse("udp:127.0.0.1:7")))
 *         .handler(new EchoHandler())            // gets a DatagramPacket for each datagram
 *         .build();                              // parked: give it to Baton, or call resume()
 * baton.join(server);
 * }</pre>
 *
 * <p>No datagram that has reached the socket is lost to a restart, and each is read by one generation alone: the successor
 * reads from the switch on, this one until it parks, and what neither has read waits in the socket. What the kernel drops
 * because the socket's receive buffer is full ({@code SO_RCVBUF}) it drops as ever.
 *
 * <p><b>What is finished.</b> A datagram has no connection whose end could be awaited. One that its handler answers before
 * it returns needs nothing: when {@link #park()} completes, no handler is running, and {@link #drain} sends what they have
 * written. A handler that answers later, from another thread, says so with {@link #track}: the drain waits for it. Until
 * then answers leave from the listener's address, as its clients expect.
 *
 * <p>Each listener is read by an event loop of its own, in the order in which datagrams come. A handler that blocks the loop
 * holds up the datagrams after it, and a restart. The threads keep the process alive while the server lives, and end with
 * {@link #close()}.
 *
 * <p>A datagram comes in a buffer of 64 KiB, so that none is cut; a program that keeps many, and knows that its own are
 * small, sets another {@code RECVBUF_ALLOCATOR}. Netty switches {@code IP_MULTICAST_ALL} off on the sockets that it is given, and sends no empty datagrams.
 *
 * <p>Safe for use by any thread; no method waits.
 */
public final class DatagramServer implements Participant {
    /** Nothing is cut off any datagram: the length in UDP's header has 16 bits. */
    private static final int MAX_DATAGRAM_BYTES = 65_536;

    private final List<DatagramReader> readers = new ArrayList<>();

    private DatagramServer(Builder builder, ChannelHandler handler) throws IOException {
        Map<ChannelOption<?>, Object> options = Map.copyOf(builder.options);
        try {
            for (Listener listener : builder.listeners) {
                readers.add(open(listener, handler, options));
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static DatagramReader open(Listener listener, ChannelHandler handler, Map<ChannelOption<?>, Object> options)
            throws IOException {
        Channel channel = ListenerChannels.openForDatagrams(listener);
        try {
            EventLoop loop = EventLoops.loop(new DefaultThreadFactory("baton-datagram", false));
            return new DatagramReader(channel, loop, handler, options);
        } catch (RuntimeException e) {
            channel.unsafe().closeForcibly();
            throw e;
        }
    }

    /** A builder that holds the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Says that a datagram is being worked on after its handler has returned: a drain does not end before this.
     *
     * @param channel the channel on which the datagram came: {@code ctx.channel()}
     * @param work completes, in whichever way, when the answer has been written
     * @throws IllegalArgumentException if the channel is not that of a datagram server
     */
    public static void track(Channel channel, CompletionStage<?> work) {
        DatagramReader.of(channel).track(work);
    }

    /**
     * Reads, or reads again after {@link #park()}; undoes a {@link #drain}.
     *
     * @return completes when every listener is watched; fails with {@link dev.baton.drain.ServerClosedException} after
     *     {@link #release()} or {@link #close()}
     */
    @Override
    public CompletableFuture<Void> resume() {
        return ofEachReader(DatagramReader::resume);
    }

    /**
     * Stops reading. Answers may still be written.
     *
     * @return completes when no datagram is read by this server any more, and the handlers of all that it has read have
     *     returned
     */
    @Override
    public CompletableFuture<Void> park() {
        return ofEachReader(DatagramReader::park);
    }

    /**
     * Closes this server's descriptors of its listeners, each when the last answer has left by it; it cannot read again.
     */
    @Override
    public void release() {
        readers.forEach(DatagramReader::closeWhenFinished);
    }

    /**
     * Finishes what was begun, whatever the reason: a client that speaks in datagrams cannot be told of it.
     *
     * @return completes when all that was {@linkplain #track tracked} has ended and every answer has been sent; cancelled
     *     by {@link #resume()}, with a {@link java.util.concurrent.CancellationException} as the cause
     */
    @Override
    public CompletableFuture<Void> drain(DrainReason reason) {
        return ofEachReader(DatagramReader::finish);
    }

    /**
     * Closes this server's descriptors and ends its event loops. The listeners themselves stay open. A second call does
     * nothing.
     *
     * @return how much of what was {@linkplain #track tracked} was in progress
     */
    @Override
    public int close() {
        int cut = readers.stream().mapToInt(DatagramReader::inProgress).sum();
        readers.forEach(DatagramReader::close);
        return cut;
    }

    private CompletableFuture<Void> ofEachReader(Function<DatagramReader, CompletableFuture<Void>> call) {
        return CompletableFuture.allOf(readers.stream().map(call).toArray(CompletableFuture<?>[]::new));
    }

    /** Collects what a server is made of. For one thread. */
    public static final class Builder {
        private final List<Listener> listeners = new ArrayList<>();
        private final Map<ChannelOption<?>, Object> options = new LinkedHashMap<>();

        @Nullable
        private ChannelHandler handler;

        private Builder() {
            options.put(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(MAX_DATAGRAM_BYTES));
        }

        /** A listener of UDP to receive from; at least one. It stays the caller's: the server works on a duplicate. */
        public Builder listener(Listener value) {
            listeners.add(value);
            return this;
        }

        /**
         * What is added to the pipeline of each listener's channel: a handler of {@code DatagramPacket}s, or a
         * {@code ChannelInitializer}. With several listeners it must be sharable.
         */
        public Builder handler(ChannelHandler value) {
            handler = value;
            return this;
        }

        /**
         * An option for each listener's channel, such as {@code SO_RCVBUF}; it is set when the server begins to read,
         * because generations share the socket.
         */
        public <T> Builder option(ChannelOption<T> option, T value) {
            options.put(option, value);
            return this;
        }

        /**
         * A parked server.
         *
         * @throws NativeTransportUnavailableException if Netty's epoll transport cannot be used
         * @throws IOException if a listener cannot be duplicated
         * @throws IllegalStateException if there is no listener or no handler
         * @throws IllegalArgumentException if a listener is not one of UDP
         */
        public DatagramServer build() throws IOException {
            if (!Epoll.isAvailable()) {
                throw new NativeTransportUnavailableException(Epoll.unavailabilityCause());
            }
            if (listeners.isEmpty()) {
                throw new IllegalStateException("a server needs at least one listener");
            }
            if (handler == null) {
                throw new IllegalStateException("a server needs a handler");
            }
            return new DatagramServer(this, handler);
        }
    }
}
