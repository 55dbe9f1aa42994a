package dev.baton.system;

import static dev.baton.system.RunningService.SOON;

import dev.baton.testkit.Answer;
import dev.baton.testkit.ClientTransport;
import dev.baton.testkit.Failure;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Very many clients that have one connection each, for as long as it lives: none reconnects, and none sends a request
 * twice. A connection costs one descriptor and hardly any memory here. For one thread at a time.
 */
final class PersistentClients implements AutoCloseable {
    /** So many requests are on their way at the same time. */
    private static final int AT_ONCE = 100;

    private final InetSocketAddress address;
    private final List<Socket> sockets = new ArrayList<>();

    /**
     * What became of one request on each connection.
     *
     * @param answers how many were answered, by the generation
     * @param failures how many were not
     */
    record Tally(Map<Integer, Integer> answers, Map<FailureKind, Integer> failures, List<Failure> samples) {
        int answered() {
            return answers.values().stream().mapToInt(Integer::intValue).sum();
        }

        /** Those whose connection had ended, whichever way. */
        int closed() {
            return failures.getOrDefault(FailureKind.EMPTY_REPLY, 0) + failures.getOrDefault(FailureKind.RESET, 0);
        }

        int failed() {
            return failures.values().stream().mapToInt(Integer::intValue).sum();
        }

        @Override
        public String toString() {
            return "%,d answered (by generation %s), %,d failed%s"
                    .formatted(answered(), answers, failed(), failures.isEmpty() ? "" : " " + failures + " " + samples);
        }
    }

    private PersistentClients(InetSocketAddress address) {
        this.address = address;
    }

    /** Opens this many connections; nothing is sent. */
    static PersistentClients connect(InetSocketAddress address, int count) throws IOException {
        PersistentClients clients = new PersistentClients(address);
        try {
            for (int i = 0; i < count; i++) {
                Socket socket = new Socket();
                clients.sockets.add(socket);
                socket.setTcpNoDelay(true);
                socket.connect(address, (int) SOON.toMillis());
            }
            return clients;
        } catch (IOException e) {
            clients.close();
            throw e;
        }
    }

    /** The connections that have not failed. */
    int alive() {
        return sockets.size();
    }

    /** Sends one request on every connection and reads the answers; a connection that fails is closed and given up. */
    Tally ask(Request request) throws IOException {
        return ask(request, SOON);
    }

    /** As {@link #ask(Request)}; what has no whole answer after {@code timeout} hangs. */
    Tally ask(Request request, Duration timeout) throws IOException {
        Map<Integer, Integer> answers = new TreeMap<>();
        Map<FailureKind, Integer> failures = new EnumMap<>(FailureKind.class);
        List<Failure> samples = new ArrayList<>();
        List<Socket> alive = new ArrayList<>();
        for (int from = 0; from < sockets.size(); from += AT_ONCE) {
            List<Socket> some = sockets.subList(from, Math.min(from + AT_ONCE, sockets.size()));
            List<StrictConnection> asked = new ArrayList<>();
            for (Socket socket : some) {
                asked.add(StrictConnection.over(new SocketOnly(socket), address.getHostString()));
            }
            List<Outcome> outcomes = exchange(asked, request, timeout);
            for (int i = 0; i < outcomes.size(); i++) {
                switch (outcomes.get(i)) {
                    case Answer answer -> {
                        answers.merge(answer.generation().orElse(0), 1, Integer::sum);
                        if (answer.announcesClose()) {
                            some.get(i).close();
                        } else {
                            alive.add(some.get(i));
                        }
                    }
                    case Failure failure -> {
                        failures.merge(failure.kind(), 1, Integer::sum);
                        if (samples.size() < 5) {
                            samples.add(failure);
                        }
                        some.get(i).close();
                    }
                }
            }
        }
        sockets.clear();
        sockets.addAll(alive);
        return new Tally(answers, failures, samples);
    }

    private static List<Outcome> exchange(List<StrictConnection> connections, Request request, Duration timeout) {
        List<Outcome> outcomes = new ArrayList<>();
        for (StrictConnection connection : connections) {
            try {
                connection.send(request);
            } catch (IOException e) {
                // A connection that has ended: receiving says how.
            }
        }
        for (StrictConnection connection : connections) {
            outcomes.add(connection.receive(request, timeout));
        }
        return outcomes;
    }

    @Override
    public void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /** A socket without a selector of its own, which would take three descriptors more. */
    private record SocketOnly(Socket socket) implements ClientTransport {
        @Override
        public int read(ByteBuffer into, long deadline) throws IOException {
            long left = (deadline - System.nanoTime() + 999_999) / 1_000_000;
            if (left <= 0) {
                return 0;
            }
            socket.setSoTimeout((int) left);
            try {
                int length = socket.getInputStream()
                        .read(into.array(), into.arrayOffset() + into.position(), into.remaining());
                into.position(into.position() + Math.max(0, length));
                return length;
            } catch (SocketTimeoutException e) {
                return 0;
            }
        }

        /** Requests are small: they fit into the socket's buffer. */
        @Override
        public void write(ByteBuffer from, long deadline) throws IOException {
            socket.getOutputStream().write(from.array(), from.arrayOffset() + from.position(), from.remaining());
            from.position(from.limit());
        }

        @Override
        public void shutdownOutput() throws IOException {
            socket.shutdownOutput();
        }

        @Override
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public SocketAddress localAddress() {
            return socket.getLocalSocketAddress();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
