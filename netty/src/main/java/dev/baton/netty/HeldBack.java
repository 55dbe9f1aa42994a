package dev.baton.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.PromiseNotifier;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has come, and what was asked for, while a connection was on its way to another process: it happens if the connection
 * stays, in the order in which it would have, and is given up if it has moved. In the event loop.
 */
final class HeldBack {
    private record Write(Object message, ChannelPromise promise) {}

    private final Channel channel;
    private final List<ByteBuf> stash = new ArrayList<>(0);
    private final List<Write> writes = new ArrayList<>(0);
    private final List<Runnable> later = new ArrayList<>(0);
    private boolean inputEnded;

    @Nullable
    private ChannelPromise close;

    @Nullable
    private ChannelPromise shutdown;

    HeldBack(Channel channel) {
        this.channel = channel;
    }

    void read(Object message) {
        if (message instanceof ByteBuf bytes) {
            stash.add(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    void write(Object message, ChannelPromise promise) {
        writes.add(new Write(message, promise));
    }

    void inputEnded() {
        inputEnded = true;
    }

    void close(ChannelPromise promise) {
        if (close == null) {
            close = promise.unvoid();
        } else if (!promise.isVoid()) {
            var _ = close.addListener((ChannelFuture _) -> promise.trySuccess());
        }
    }

    ChannelFuture shutdownOutput() {
        if (shutdown == null) {
            shutdown = channel.newPromise();
        }
        return shutdown;
    }

    void later(Runnable task) {
        later.add(task);
    }

    /** Whether the connection has to stay because of it. Bytes that were read can move. */
    boolean keeps() {
        return inputEnded || close != null || shutdown != null || !writes.isEmpty();
    }

    void copyRead(ByteBuf target) {
        stash.forEach(each -> target.writeBytes(each, each.readerIndex(), each.readableBytes()));
    }

    // It stays.

    void replay(ServedConnection served, boolean allowHalfClosure) {
        replayRead(served);
        if (inputEnded && allowHalfClosure) {
            channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        } else if (inputEnded) {
            var _ = channel.close();
        }
        for (Write each : writes) {
            served.writeHeld(each.message, each.promise);
        }
        writes.clear();
        if (shutdown != null) {
            var _ = PromiseNotifier.cascade(served.shutdownOutput(), shutdown);
        }
        if (close != null) {
            var _ = channel.close(close);
        }
    }

    void replayRead(ServedConnection served) {
        if (!stash.isEmpty()) {
            CompositeByteBuf bytes = channel.alloc().compositeBuffer(Math.max(2, stash.size()));
            bytes.addComponents(true, List.copyOf(stash));
            stash.clear();
            served.replay(bytes);
        }
    }

    void runLater() {
        List<Runnable> tasks = List.copyOf(later);
        later.clear();
        tasks.forEach(Runnable::run);
    }

    // It has moved, or has ended.

    void drop() {
        stash.forEach(ReferenceCountUtil::release);
        stash.clear();
        for (Write each : writes) {
            ReferenceCountUtil.release(each.message);
            each.promise.tryFailure(new ClosedChannelException());
        }
        writes.clear();
        later.clear();
        if (shutdown != null) {
            shutdown.tryFailure(new ClosedChannelException());
        }
        if (close != null) {
            close.trySuccess();
        }
    }
}
