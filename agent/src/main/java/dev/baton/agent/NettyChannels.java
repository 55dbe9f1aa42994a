package dev.baton.agent;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntConsumer;

/**
 * The server channels of Netty's native transports.
 *
 * <p><b>One that is being bound does not accept yet.</b> It listens, and only in a later task of its event loop begins to
 * read: it changes its watch of epoll(7), and if another socket were put in its place at that instant, the change would meet
 * no watch, or be undone. So the program is not ready before: a task that is submitted by one that is submitted before
 * the bind comes after what the bind submits.
 *
 * <p><b>An accept that was submitted to io_uring</b> holds the socket that its number meant when the kernel took it, and goes
 * on to take connections of that one, any number if it is multishot. So it has to be cancelled when the number means another,
 * and submitted anew. Only the channel's event loop may do either: the ring belongs to its thread, and Netty takes a
 * cancelled accept that it did not ask for as the end of reading. Netty does both, in this order and without losing what was
 * accepted meanwhile, when automatic reading is switched off and on again in one task of the loop: the first submits the
 * cancellation, the second asks for a read, and when the cancellation is through Netty submits the next accept, by the
 * number. What the old accept has taken until then is reported to Netty as always.
 */
final class NettyChannels {
    private final Readiness readiness;
    private final IntConsumer awaited;
    private final List<NettyChannel> channels = new ArrayList<>(); // guarded by this

    /**
     * None yet.
     *
     * @param awaited hears of the number for which one has begun to wait
     */
    NettyChannels(Readiness readiness, IntConsumer awaited) {
        this.readiness = readiness;
        this.awaited = awaited;
    }

    /** Called on the event loop of each, before it binds. */
    void add(Object channel) {
        try {
            NettyChannel added = new NettyChannel(channel);
            synchronized (this) {
                channels.removeIf(other -> !other.isOpen());
                channels.add(added);
            }
            readiness.starts(1);
            added.submit(() -> added.submit(() -> accepts(added)));
        } catch (ReflectiveOperationException e) {
            Log.channelNotKnown(channel, e);
        }
    }

    private void accepts(NettyChannel channel) {
        readiness.starts(-1);
        awaited.accept(channel.number);
    }

    /** A number means another socket. */
    synchronized void changed(int number) {
        channels.stream()
                .filter(channel -> channel.ring && channel.number == number)
                .forEach(channel -> channel.submit(channel::acceptAgain));
    }

    /** Netty's classes are the program's, and here known by the names of their public methods alone. */
    private static final class NettyChannel {
        private static final String PACKAGE = "io.netty.channel.";

        final int number;
        final boolean ring;
        private final Object channel;
        private final Executor loop;
        private final Class<?> channelType;
        private final Class<?> configType;

        NettyChannel(Object channel) throws ReflectiveOperationException {
            this.channel = channel;
            Class<?> type = channel.getClass();
            // Before it, where a library has given Netty another name.
            String name = type.getName();
            String prefix = name.substring(0, name.indexOf(PACKAGE) + PACKAGE.length());
            this.ring = name.startsWith(prefix + "uring.");
            this.channelType = Class.forName(prefix + "Channel", false, type.getClassLoader());
            this.configType = Class.forName(prefix + "ChannelConfig", false, type.getClassLoader());
            Object descriptor = Class.forName(prefix + "unix.UnixChannel", false, type.getClassLoader())
                    .getMethod("fd")
                    .invoke(channel);
            this.number = (int) descriptor.getClass().getMethod("intValue").invoke(descriptor);
            this.loop = (Executor) channelType.getMethod("eventLoop").invoke(channel);
        }

        boolean isOpen() {
            try {
                return (boolean) channelType.getMethod("isOpen").invoke(channel);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        void submit(Runnable task) {
            try {
                loop.execute(task);
            } catch (RejectedExecutionException e) {
                // The loop has ended, and the channel with it.
            }
        }

        void acceptAgain() {
            try {
                Object config = channelType.getMethod("config").invoke(channel);
                if (isOpen() && (boolean) configType.getMethod("isAutoRead").invoke(config)) {
                    Method set = configType.getMethod("setAutoRead", boolean.class);
                    set.invoke(config, false);
                    set.invoke(config, true);
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
