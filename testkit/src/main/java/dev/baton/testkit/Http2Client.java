package dev.baton.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * One raw HTTP/2 connection under the test's own hand: frames go out when the test says so, whether the protocol allows
 * them or not. It never reconnects and never sends a request again. For one thread at a time.
 *
 * <p>While it reads it answers SETTINGS and PING and gives back the window of what it has read, unless it is told to be
 * {@linkplain #silent() silent}.
 */
public final class Http2Client implements AutoCloseable {
    /** The connection preface of a client, without its SETTINGS (RFC 9113, section 3.4). */
    public static final String MAGIC = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private static final Duration READ_TIMEOUT = Duration.ofSeconds(20);

    private final Socket socket;
    private final DataInputStream input;
    private final OutputStream output;
    private final Map<Integer, Answer> answers = new HashMap<>();
    private final List<GoAway> goAways = new ArrayList<>();
    private boolean silent;
    private int nextStream = 1;

    /** A GOAWAY that has come. */
    public record GoAway(int lastStream, int error) {}

    /**
     * A response.
     *
     * @param interim the status codes of the interim responses before it
     * @param status 0 if no head has come
     * @param headers of the head; several lines of one name joined by a comma
     * @param trailers likewise
     * @param reset the error with which the stream was reset, if it was
     * @param whole whether the server has ended the stream by END_STREAM
     */
    @SuppressWarnings("ArrayRecordComponent") // Nobody compares responses.
    public record Response(
            List<Integer> interim,
            int status,
            Map<String, String> headers,
            byte[] body,
            Map<String, String> trailers,
            OptionalInt reset,
            boolean whole) {

        public String text() {
            return new String(body, ISO_8859_1);
        }
    }

    /** What has come of a response. */
    private static final class Answer {
        private final List<Integer> interim = new ArrayList<>();
        private final Map<String, String> headers = new LinkedHashMap<>();
        private final Map<String, String> trailers = new LinkedHashMap<>();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private int status;
        private OptionalInt reset = OptionalInt.empty();
        private boolean whole;

        boolean ended() {
            return whole || reset.isPresent();
        }

        void head(List<String> lines) {
            Map<String, String> section = status == 0 ? headers : trailers;
            for (int i = 0; i < lines.size(); i += 2) {
                section.merge(lines.get(i), lines.get(i + 1), (a, b) -> a + ", " + b);
            }
            if (status == 0) {
                int code = Integer.parseInt(headers.getOrDefault(":status", "0"));
                if (code >= 200) {
                    status = code;
                } else {
                    interim.add(code);
                    headers.clear();
                }
            }
        }

        Response response() {
            return new Response(
                    List.copyOf(interim),
                    status,
                    Map.copyOf(headers),
                    body.toByteArray(),
                    Map.copyOf(trailers),
                    reset,
                    whole);
        }
    }

    private Http2Client(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout((int) READ_TIMEOUT.toMillis());
        socket.setTcpNoDelay(true);
        input = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        output = socket.getOutputStream();
    }

    /** Connects, and sends nothing. */
    public static Http2Client connect(InetSocketAddress address) throws IOException {
        return new Http2Client(new Socket(address.getAddress(), address.getPort()));
    }

    /** On a socket that is connected already; with TLS, for example. */
    public static Http2Client over(Socket socket) throws IOException {
        return new Http2Client(socket);
    }

    /** From now on nothing is answered. */
    public Http2Client silent() {
        silent = true;
        return this;
    }

    /** Sends the preface with SETTINGS: no dynamic header table, and windows of 1 MiB. */
    public Http2Client preface() throws IOException {
        send(MAGIC.getBytes(ISO_8859_1));
        send(Http2Frame.settings(1, 0, 4, 1 << 20));
        return send(Http2Frame.windowUpdate(0, 1 << 20));
    }

    public Http2Client send(Http2Frame frame) throws IOException {
        return send(frame.bytes());
    }

    public Http2Client send(byte[] bytes) throws IOException {
        output.write(bytes);
        output.flush();
        return this;
    }

    /** Opens the next stream with a whole GET; gives its identifier. */
    public int get(String path) throws IOException {
        return open("GET", path, true);
    }

    /** Opens the next stream with these headers besides the pseudo ones, names and values in turn. */
    public int open(String method, String path, boolean endStream, String... headers) throws IOException {
        List<String> lines =
                new ArrayList<>(List.of(":method", method, ":scheme", "http", ":path", path, ":authority", "test"));
        lines.addAll(List.of(headers));
        int stream = nextStream();
        send(Http2Frame.headers(stream, endStream, lines.toArray(String[]::new)));
        return stream;
    }

    /** The identifier for a stream that the caller opens. */
    public int nextStream() {
        int stream = nextStream;
        nextStream += 2;
        return stream;
    }

    /** Takes the identifier of the next stream from here on. */
    public Http2Client continueWithStream(int stream) {
        nextStream = stream;
        return this;
    }

    /**
     * The next frame; empty at the end of the connection.
     *
     * @throws java.net.SocketTimeoutException if none comes within 20 s
     * @throws java.net.SocketException if the connection was reset
     * @throws EOFException if the connection ends in the middle of a frame
     */
    public Optional<Http2Frame> read() throws IOException {
        int first = input.read();
        if (first < 0) {
            return Optional.empty();
        }
        int length = first << 16 | input.readUnsignedShort();
        int type = input.readUnsignedByte();
        int flags = input.readUnsignedByte();
        int stream = input.readInt();
        byte[] payload = new byte[length];
        input.readFully(payload);
        Http2Frame frame = new Http2Frame(type, flags, stream, payload);
        take(frame);
        return Optional.of(frame);
    }

    private void take(Http2Frame frame) throws IOException {
        Answer answer = answers.computeIfAbsent(frame.stream(), _ -> new Answer());
        switch (frame.type()) {
            case Http2Frame.HEADERS -> answer.head(HeaderBlock.decode(frame.payload()));
            case Http2Frame.DATA -> {
                answer.body.writeBytes(frame.payload());
                if (frame.payload().length > 0 && !silent) {
                    answer(Http2Frame.windowUpdate(0, frame.payload().length));
                    answer(Http2Frame.windowUpdate(frame.stream(), frame.payload().length));
                }
            }
            case Http2Frame.RST_STREAM -> answer.reset = OptionalInt.of(frame.number(0));
            case Http2Frame.GOAWAY -> goAways.add(new GoAway(frame.number(0), frame.number(4)));
            case Http2Frame.SETTINGS, Http2Frame.PING -> {
                if (!frame.has(Http2Frame.ACK) && !silent) {
                    boolean settings = frame.type() == Http2Frame.SETTINGS;
                    answer(new Http2Frame(frame.type(), Http2Frame.ACK, 0, settings ? new byte[0] : frame.payload()));
                }
            }
            default -> {
                // For the test to look at.
            }
        }
        boolean carriesEnd = frame.type() == Http2Frame.HEADERS || frame.type() == Http2Frame.DATA;
        if (carriesEnd && frame.has(Http2Frame.END_STREAM)) {
            answer.whole = true;
        }
    }

    /** A server that has closed the connection needs no answer; what it sent before is still to be read. */
    private void answer(Http2Frame frame) throws IOException {
        try {
            send(frame);
        } catch (SocketException e) {
            // Reading will tell: the end, or a reset.
        }
    }

    /** Reads on until such a frame comes, which it gives. */
    public Http2Frame await(Predicate<Http2Frame> wanted) throws IOException {
        while (true) {
            Http2Frame frame = read().orElseThrow(() -> new EOFException("the connection has ended"));
            if (wanted.test(frame)) {
                return frame;
            }
        }
    }

    /** Reads on until a frame of this type comes, which is not an acknowledgement. */
    public Http2Frame await(int type) throws IOException {
        boolean acknowledged = type == Http2Frame.SETTINGS || type == Http2Frame.PING;
        return await(frame -> frame.type() == type && !(acknowledged && frame.has(Http2Frame.ACK)));
    }

    /** Reads on until the stream has ended, or the connection. */
    public Response response(int stream) throws IOException {
        Answer answer = answers.computeIfAbsent(stream, _ -> new Answer());
        while (!answer.ended()) {
            if (read().isEmpty()) {
                break;
            }
        }
        return answer.response();
    }

    /** What has come of a response so far. */
    public Response soFar(int stream) {
        return answers.computeIfAbsent(stream, _ -> new Answer()).response();
    }

    /** Reads to the end of the connection. */
    public Http2Client readToEnd() throws IOException {
        while (read().isPresent()) {}
        return this;
    }

    /** Reads on until the server has acknowledged all that was sent before. */
    public Http2Client synchronize() throws IOException {
        long content = System.nanoTime();
        send(Http2Frame.ping(content));
        await(frame ->
                frame.type() == Http2Frame.PING && frame.has(Http2Frame.ACK) && frame.number(4) == (int) content);
        return this;
    }

    /** The GOAWAY frames that have come, in order. */
    public List<GoAway> goAways() {
        return List.copyOf(goAways);
    }

    /** For what frames cannot say: the bytes that the server sends. */
    public InputStream input() {
        return input;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
