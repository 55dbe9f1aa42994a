package dev.baton.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Asks a program that is not heard yet for its health URL.
 *
 * <p>A connection to the URL itself would wait in the queue of the parent's socket, and be answered by the parent. But in
 * the place of each listener this program has its {@link StandIn}, which nobody else accepts from: the request goes there,
 * with the host and the path of the URL, and so takes the way of any request, through the program's accept loop. The
 * program sees it come to the stand-in's port of the loopback device, and nothing else that is unusual. A URL whose port is
 * not that of a listener of this program is asked directly.
 */
final class HealthProbe {
    /** For the whole answer; as core asks a {@code health-url}. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** Between two questions. */
    static final Duration PAUSE = Duration.ofMillis(200);

    private static final int MAX_STATUS_LINE = 1_024;
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] (\\d{3})( .*)?");

    private final Ready.Health health;
    private final ProgramListeners listeners;

    HealthProbe(Ready.Health health, ProgramListeners listeners) {
        this.health = health;
        this.listeners = listeners;
    }

    /** Asks once: what is wrong, in words that follow the URL; empty if the program is well. */
    Optional<String> ask() {
        // The proxies that the program was told to use are not for this.
        try (Socket socket = new Socket(Proxy.NO_PROXY)) {
            InetSocketAddress named = new InetSocketAddress(health.url().getHost(), health.port());
            if (named.isUnresolved()) {
                return Optional.of("names a host that is not known");
            }
            Optional<ProgramListener> aside = listeners.asideAt(named);
            return aside.isPresent() ? askAside(socket, aside.get()) : askAt(socket, named);
        } catch (IOException | RuntimeException e) {
            return Optional.of("is not answered (" + e + ")");
        }
    }

    private Optional<String> askAside(Socket socket, ProgramListener listener) throws IOException {
        // Bound before it connects, because the stand-in takes packets from this one port.
        InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
        socket.bind(new InetSocketAddress(loopback, 0));
        OptionalInt standIn = listener.admit(socket.getLocalPort());
        if (standIn.isEmpty()) {
            return Optional.of("is not answered: the program has closed the listener");
        }
        try {
            return askAt(socket, new InetSocketAddress(loopback, standIn.getAsInt()));
        } finally {
            listener.admitNobody();
        }
    }

    private Optional<String> askAt(Socket socket, InetSocketAddress address) throws IOException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        socket.connect(address, millisUntil(end));
        Socket stream = health.isSecure() ? secure(socket, end) : socket;
        stream.getOutputStream().write(request().getBytes(StandardCharsets.US_ASCII));
        InputStream in = stream.getInputStream();
        Matcher status = STATUS_LINE.matcher(readLine(socket, in, end));
        if (!status.matches()) {
            return Optional.of("is answered, but not in HTTP/1.1");
        }
        readToTheEnd(socket, in, end);
        int code = Integer.parseInt(status.group(1));
        return code >= 200 && code < 400 ? Optional.empty() : Optional.of("is answered with status " + code);
    }

    /** As the host of the URL, which the certificate has to name. */
    private Socket secure(Socket socket, long end) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket secured =
                (SSLSocket) factory.createSocket(socket, health.url().getHost(), health.port(), true);
        SSLParameters parameters = secured.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secured.setSSLParameters(parameters);
        socket.setSoTimeout(millisUntil(end));
        secured.startHandshake();
        return secured;
    }

    private String request() {
        URI url = health.url();
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        String host = url.getPort() < 0 ? url.getHost() : url.getHost() + ":" + url.getPort();
        return "GET " + path + query + " HTTP/1.1\r\nHost: " + host
                + "\r\nUser-Agent: Baton\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    }

    private static String readLine(Socket socket, InputStream in, long end) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (line.size() < MAX_STATUS_LINE) {
            socket.setSoTimeout(millisUntil(end));
            int next = in.read();
            if (next < 0 || next == '\n') {
                break;
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    /** So that the program's writes do not fail: what it says of that would alarm its operators. */
    private static void readToTheEnd(Socket socket, InputStream in, long end) {
        byte[] buffer = new byte[8_192];
        try {
            int count;
            do {
                socket.setSoTimeout(millisUntil(end));
                count = in.read(buffer);
            } while (count >= 0);
        } catch (IOException e) {
            // The status is what counts.
        }
    }

    private static int millisUntil(long end) throws SocketTimeoutException {
        long millis = Duration.ofNanos(end - System.nanoTime()).toMillis();
        if (millis <= 0) {
            throw new SocketTimeoutException("no answer within " + PATIENCE.toSeconds() + " s");
        }
        return Math.toIntExact(millis);
    }
}
