package dev.baton.testkit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** How the bytes of a client go over its non-blocking channel: as they are, or within TLS. For one thread. */
sealed interface Wire permits Wire.Plain, TlsWire {

    /** As they are without a context, within TLS with one. Nothing is sent yet. */
    static Wire of(SocketChannel channel, @Nullable SSLContext tls) throws IOException {
        return tls == null ? new Plain(channel) : TlsWire.on(channel, tls);
    }

    /**
     * Reads what is there.
     *
     * @return the number of bytes; 0 if none is there now; -1 if the server has ended its side
     * @throws IOException also if the server's end was not an orderly one
     */
    int read(ByteBuffer into) throws IOException;

    /** Takes bytes as far as they can be sent now; to be called again until all are taken and {@link #isFlushed()}. */
    void write(ByteBuffer from) throws IOException;

    /** Whether everything that was taken is in the socket. */
    boolean isFlushed();

    /** The operations that are to be awaited before {@link #write} can go on. */
    int awaitedToWrite();

    /** Says that nothing more will be sent. */
    void shutdownOutput() throws IOException;

    /** Says, as far as the socket takes it now, that the connection is given up; the channel is left to the caller. */
    void end();

    /** The channel itself. */
    record Plain(SocketChannel channel) implements Wire {
        @Override
        public int read(ByteBuffer into) throws IOException {
            return channel.read(into);
        }

        @Override
        public void write(ByteBuffer from) throws IOException {
            channel.write(from);
        }

        @Override
        public boolean isFlushed() {
            return true;
        }

        @Override
        public int awaitedToWrite() {
            return SelectionKey.OP_WRITE;
        }

        @Override
        public void shutdownOutput() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public void end() {}
    }
}
