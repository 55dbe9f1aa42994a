package dev.baton.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A server on a plain ServerSocket that gives each connection to a script, right or wrong. */
final class MisbehavingServer implements AutoCloseable {
    private final ServerSocket listener;
    private final Queue<Socket> open = new ConcurrentLinkedQueue<>();

    /** What the server does with a connection; it is closed afterwards. */
    @FunctionalInterface
    interface Script {
        void play(Wire wire) throws IOException;
    }

    /** One accepted connection. */
    record Wire(Socket socket) {
        /** Reads up to the end of a request head; false at the end of the stream. */
        boolean readRequest() throws IOException {
            InputStream in = socket.getInputStream();
            int matched = 0;
            for (int b = in.read(); b >= 0; b = in.read()) {
                matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : (b == '\r' ? 1 : 0);
                if (matched == 4) {
                    return true;
                }
            }
            return false;
        }

        void write(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        void answer(String body, String... headers) throws IOException {
            write("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n"
                    + String.join(
                            "",
                            java.util.Arrays.stream(headers)
                                    .map(h -> h + "\r\n")
                                    .toList()) + "\r\n" + body);
        }

        /** A close that sends RST. */
        void reset() throws IOException {
            socket.setOption(StandardSocketOptions.SO_LINGER, 0);
            socket.close();
        }

        /** Does nothing until the client closes. */
        void hang() throws IOException {
            while (socket.getInputStream().read() >= 0) {
                // Thrown away.
            }
        }
    }

    MisbehavingServer(Script script) throws IOException {
        listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> accept(script));
    }

    private void accept(Script script) {
        try {
            while (true) {
                Socket socket = listener.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        script.play(new Wire(socket));
                    } catch (IOException e) {
                        // The client has given the connection up, as it should.
                    }
                });
            }
        } catch (IOException e) {
            // Closed: the test is over.
        }
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
