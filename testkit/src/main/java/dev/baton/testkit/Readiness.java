package dev.baton.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** Waits until a connected socket, which it makes non-blocking, can be read or written. For one thread at a time. */
final class Readiness implements Closeable {
    private final Selector selector;
    private final SelectionKey key;

    Readiness(SocketChannel channel) throws IOException {
        selector = Selector.open();
        channel.configureBlocking(false);
        key = channel.register(selector, SelectionKey.OP_READ);
    }

    /**
     * Waits for an operation of {@link SelectionKey}.
     *
     * @param deadline a value of {@link System#nanoTime()}
     * @return false if it has passed
     */
    boolean await(int operation, long deadline) throws IOException {
        key.interestOps(operation);
        long left = (deadline - System.nanoTime() + 999_999) / 1_000_000;
        return left > 0 && selector.select(ready -> {}, left) > 0;
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }
}
