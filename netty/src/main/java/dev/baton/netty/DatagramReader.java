package dev.baton.netty;

import dev.baton.drain.ServerClosedException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.AttributeKey;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Reads the datagrams of one socket while the server may.
 *
 * <pre>
 *   PARKED <---> READING      either ---> CLOSED
 * </pre>
 *
 * <p><b>Read versus park, settled here.</b> Every read happens in one event loop, within an event of epoll, and hands its
 * datagrams to the pipeline before the event ends. {@link #park} is a task of that loop: when it runs no read is running.
 * It takes EPOLLIN out of what epoll watches, and {@link #read}, which every request to read more passes, puts it back only
 * while READING. So no read follows, and what comes later waits in the socket for whoever reads there: another process has
 * the same socket, and the kernel gives each datagram to one recvmsg(2) alone, so that while both read none is lost and
 * none comes twice. All that was read before is known to {@link #finish}: channelRead has returned, and with it
 * {@link #track} for what is answered later.
 *
 * <p>Unlike the {@link Acceptor}, the channel stays registered when parked, for EPOLLOUT: the answers to what was read go
 * out from this address, and one that finds the socket's send buffer full must be told when there is room. Epoll reports
 * errors unasked, and Netty reads on one; but a socket that is not connected has none to report unless somebody sets
 * IP_RECVERR (ip(7)), and a datagram that was read so would be answered like the others.
 *
 * <p>Nothing about the shared socket is changed by parking or closing. The descriptor is a duplicate that belongs to the
 * channel; Netty takes it out of the epoll set before it closes it.
 */
final class DatagramReader extends ChannelOutboundHandlerAdapter {
    private static final AttributeKey<DatagramReader> READER = AttributeKey.valueOf(DatagramReader.class, "reader");

    private enum State {
        PARKED,
        READING,
        CLOSED
    }

    private final Channel channel;
    private final EventLoop loop;
    private final Map<ChannelOption<?>, Object> options;

    /** What was begun with {@link #track} and has not ended. */
    private final AtomicInteger inProgress = new AtomicInteger();

    // In the loop only.
    private State state = State.PARKED;

    @Nullable
    private CompletableFuture<Void> finished;

    /** Takes channel and loop over; it is parked at first. */
    DatagramReader(Channel channel, EventLoop loop, ChannelHandler handler, Map<ChannelOption<?>, Object> options) {
        this.channel = channel;
        this.loop = loop;
        this.options = options;
        channel.config().setAutoRead(false);
        channel.attr(READER).set(this);
        channel.pipeline().addLast(this, handler);
    }

    /** The reader of a channel that a handler has. */
    static DatagramReader of(Channel channel) {
        DatagramReader reader = channel.attr(READER).get();
        if (reader == null) {
            throw new IllegalArgumentException(channel + " is no channel of a DatagramServer");
        }
        return reader;
    }

    /** From any thread: counts work that the end of a drain waits for. */
    void track(CompletionStage<?> work) {
        inProgress.incrementAndGet();
        var _ = work.whenComplete((_, _) -> {
            inProgress.decrementAndGet();
            // After what the work has written: that is in the loop's queue already.
            inLoop(this::checkFinished);
        });
    }

    int inProgress() {
        return inProgress.get();
    }

    /** Begins to read; fails once closed. */
    CompletableFuture<Void> resume() {
        return afterInLoop(done -> {
            if (state == State.CLOSED) {
                throw new ServerClosedException("read datagrams");
            }
            if (state == State.PARKED) {
                register();
                state = State.READING;
                if (finished != null) {
                    finished.completeExceptionally(new CancellationException("the drain was undone"));
                    finished = null;
                }
                channel.config().setAutoRead(true);
                // A handler may have switched it on while this was parked, and then nothing has changed.
                channel.read();
            }
            done.complete(null);
        });
    }

    /** Options are set now and not before, because the socket is the parent's too, which read from it until now. */
    private void register() {
        if (channel.isRegistered()) {
            return;
        }
        options.forEach(this::set);
        // In the loop, registration with epoll is done when the call returns.
        ChannelFuture registered = loop.register(channel);
        if (!registered.isSuccess()) {
            throw new IllegalStateException("cannot watch the listener " + channel, registered.cause());
        }
    }

    @SuppressWarnings("unchecked") // The builder has put a value of the option's type there.
    private <T> void set(ChannelOption<T> option, Object value) {
        if (!channel.config().setOption(option, (T) value)) {
            throw new IllegalStateException("the option " + option + " is none of " + channel);
        }
    }

    CompletableFuture<Void> park() {
        return afterInLoop(done -> {
            if (state == State.READING) {
                state = State.PARKED;
                // In the loop, epoll_ctl(2) is done when the call returns; and it is called at a change alone, but a
                // handler that reads one by one has switched it off itself.
                channel.config().setAutoRead(true).setAutoRead(false);
            }
            done.complete(null);
        });
    }

    /** The last handler that a request for more passes, whether from the configuration or from the program's handlers. */
    @Override
    public void read(ChannelHandlerContext ctx) {
        if (state == State.READING) {
            ctx.read();
        }
    }

    /**
     * Only when parked: completes when nothing that was tracked is in progress and every answer has been sent; cancelled
     * by {@link #resume}.
     */
    CompletableFuture<Void> finish() {
        return afterInLoop(done -> {
            if (finished == null) {
                finished = new CompletableFuture<>();
            }
            var _ = finished.whenComplete((_, failure) -> {
                if (failure == null) {
                    done.complete(null);
                } else {
                    done.completeExceptionally(failure);
                }
            });
            checkFinished();
        });
    }

    private void checkFinished() {
        CompletableFuture<Void> waiting = finished;
        if (waiting == null || inProgress.get() > 0) {
            return;
        }
        if (!channel.isRegistered()) {
            waiting.complete(null);
            return;
        }
        // Netty sends nothing for an empty buffer, but not before all that was written earlier.
        var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> {
            if (inProgress.get() == 0) {
                waiting.complete(null);
            }
        });
    }

    /** Closes the duplicate of the descriptor as soon as no answer needs it any more. */
    void closeWhenFinished() {
        var _ = finish().thenRun(() -> inLoop(this::closeChannel));
    }

    /** Closes the duplicate of the descriptor and ends the loop. */
    void close() {
        inLoop(() -> {
            closeChannel();
            EventLoops.shutDown(loop);
        });
    }

    private void closeChannel() {
        state = State.CLOSED;
        if (finished != null) {
            finished.complete(null);
        }
        if (channel.isRegistered()) {
            var _ = channel.close();
        } else {
            channel.unsafe().closeForcibly();
        }
    }

    private interface Task {
        void run(CompletableFuture<Void> done);
    }

    private CompletableFuture<Void> afterInLoop(Task task) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            loop.execute(() -> {
                try {
                    task.run(done);
                } catch (RuntimeException e) {
                    done.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException _) {
            done.completeExceptionally(new ServerClosedException("read datagrams"));
        }
        return done;
    }

    private void inLoop(Runnable task) {
        try {
            loop.execute(task);
        } catch (RejectedExecutionException _) {
            // Closed before.
        }
    }
}
