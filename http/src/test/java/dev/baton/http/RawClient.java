package dev.baton.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client that sends the bytes it is told to and reads exactly one response at a time. */
final class RawClient implements AutoCloseable {
    private final SocketChannel channel;
    private final InputStream input;
    private final OutputStream output;

    private RawClient(SocketChannel channel) {
        this(channel, Channels.newInputStream(channel), Channels.newOutputStream(channel));
    }

    /** With streams that lie above the channel. */
    RawClient(SocketChannel channel, InputStream input, OutputStream output) {
        this.channel = channel;
        this.input = new BufferedInputStream(input);
        this.output = output;
    }

    static RawClient connect(SocketAddress address) throws IOException {
        SocketChannel channel = SocketChannel.open(address);
        if (address instanceof java.net.InetSocketAddress) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true); // Each send is a segment.
        }
        return new RawClient(channel);
    }

    /** Small buffers, so that a server that does not wait for its client is soon seen. */
    static RawClient connectWithSmallReceiveBuffer(SocketAddress address) throws IOException {
        SocketChannel channel = address instanceof java.net.InetSocketAddress
                ? SocketChannel.open()
                : SocketChannel.open(java.net.StandardProtocolFamily.UNIX);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 8 * 1024);
        channel.connect(address);
        return new RawClient(channel);
    }

    /** A final or interim response. */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares responses.
    record Response(int status, List<String> head, byte[] content) {
        String text() {
            return new String(content, ISO_8859_1);
        }

        @Nullable
        String header(String name) {
            List<String> values = headers(name);
            return values.isEmpty() ? null : values.getFirst();
        }

        List<String> headers(String name) {
            String prefix = name.toLowerCase(java.util.Locale.ROOT) + ":";
            return head.stream()
                    .filter(line -> line.toLowerCase(java.util.Locale.ROOT).startsWith(prefix))
                    .map(line -> line.substring(prefix.length()).strip())
                    .toList();
        }
    }

    RawClient send(String text) throws IOException {
        return send(text.getBytes(ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        output.write(bytes);
        return this;
    }

    RawClient get(String path) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
    }

    void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    InputStream input() {
        return input;
    }

    OutputStream output() {
        return output;
    }

    Response receive() throws IOException {
        return receive(true);
    }

    /** The answer to HEAD, which has no body whatever its head says. */
    Response receiveToHead() throws IOException {
        return receive(false);
    }

    private Response receive(boolean withBody) throws IOException {
        List<String> head = receiveHead();
        int status = Integer.parseInt(head.getFirst().substring(9, 12));
        Response response = new Response(status, head, new byte[0]);
        boolean bodiless = !withBody || status < 200 || status == 204 || status == 304;
        return bodiless ? response : new Response(status, head, content(response));
    }

    List<String> receiveHead() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            lines.add(line);
        }
        return lines;
    }

    private byte[] content(Response response) throws IOException {
        String length = response.header("Content-Length");
        if (length != null) {
            return exactly(Integer.parseInt(length));
        }
        if ("chunked".equals(response.header("Transfer-Encoding"))) {
            return chunks();
        }
        return input.readAllBytes();
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line(), 16);
            content.write(exactly(size));
            if (!line().isEmpty()) {
                throw new IOException("no line end after a chunk");
            }
            if (size == 0) {
                return content.toByteArray();
            }
        }
    }

    byte[] exactly(int count) throws IOException {
        byte[] bytes = input.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("truncated: " + bytes.length + " of " + count);
        }
        return bytes;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        while (true) {
            int c = input.read();
            if (c < 0) {
                throw new EOFException("closed after '" + line + "'");
            }
            if (c == '\n' && !line.isEmpty() && line.charAt(line.length() - 1) == '\r') {
                line.setLength(line.length() - 1);
                return line.toString();
            }
            line.append((char) c);
        }
    }

    /** Waits for the server's end of the connection; false if something else comes. */
    boolean isAtEnd() throws IOException {
        return input.read() < 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Closes with a reset instead of an orderly end. */
    void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }
}
