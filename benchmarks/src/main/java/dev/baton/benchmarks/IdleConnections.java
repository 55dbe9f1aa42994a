package dev.baton.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.baton.testkit.Load;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Very many connections to one server, on which next to nothing happens. None is opened again. For one thread. */
final class IdleConnections implements AutoCloseable {
    private static final byte[] REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII);

    /** So many requests are on their way at the same time. */
    private static final int AT_ONCE = 100;

    /** What a process needs besides. */
    private static final int OTHER_DESCRIPTORS = 1_000;

    private final List<Socket> sockets = new ArrayList<>();

    private IdleConnections() {}

    /**
     * At most as many as are wanted: what the hard limit of open files lets every process have, which inherits it and, being
     * a JVM, raises its own limit to it ({@code -XX:+MaxFDLimit} is the default).
     */
    static int possible(int wanted) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(each -> each.startsWith("Max open files"))
                .findFirst()
                .orElseThrow();
        String hard = line.split("\\s+", -1)[4];
        return hard.equals("unlimited") ? wanted : Math.min(wanted, Integer.parseInt(hard) - OTHER_DESCRIPTORS);
    }

    /** Opens them one after the other, as fast as possible, and sends nothing. */
    static IdleConnections open(InetSocketAddress address, int count) throws IOException {
        IdleConnections connections = new IdleConnections();
        try {
            for (int i = 0; i < count; i++) {
                Socket socket = new Socket();
                connections.sockets.add(socket);
                socket.connect(address, (int) MigrationService.TIMEOUT.toMillis());
            }
            return connections;
        } catch (IOException e) {
            connections.close();
            throw e;
        }
    }

    /**
     * Sends one request on every connection.
     *
     * @throws IOException if one is not answered, or by another generation
     */
    void ask(int generation) throws IOException {
        for (int from = 0; from < sockets.size(); from += AT_ONCE) {
            List<Socket> some = sockets.subList(from, Math.min(from + AT_ONCE, sockets.size()));
            for (Socket socket : some) {
                socket.getOutputStream().write(REQUEST);
            }
            for (Socket socket : some) {
                String answer = receive(socket);
                String named = Load.GENERATION_HEADER + ": " + generation + "\r\n";
                if (!answer.toLowerCase(Locale.ROOT).contains(named.toLowerCase(Locale.ROOT))) {
                    throw new IOException("not generation " + generation + " has answered: " + answer);
                }
            }
        }
    }

    private static String receive(Socket socket) throws IOException {
        socket.setSoTimeout((int) MigrationService.TIMEOUT.toMillis());
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        byte[] buffer = new byte[1024];
        while (!answer.toString(US_ASCII).endsWith(Greeting.TEXT)) {
            int count = socket.getInputStream().read(buffer);
            if (count < 0) {
                throw new IOException("the server has closed a connection; it had said: " + answer);
            }
            answer.write(buffer, 0, count);
        }
        return answer.toString(US_ASCII);
    }

    @Override
    public void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
