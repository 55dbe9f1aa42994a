package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.Answer;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One connection to generation 1, with a gate for a handler to wait at and a log for it to write into. At the restart it
 * either ends with the old process, or moves to the new one.
 */
final class Scene implements AutoCloseable {
    private static final int OLD = 1;
    private static final int NEW = 2;

    private final RunningService service;
    private final StrictConnection connection;
    private final Path gate;
    private final Path log;
    private final boolean moves;

    /** One that ends with the old process. */
    Scene(RunningService service, Transport transport, String name) throws IOException, InterruptedException {
        this(service, transport, name, false);
    }

    Scene(RunningService service, Transport transport, String name, boolean moves)
            throws IOException, InterruptedException {
        this.service = service;
        this.moves = moves;
        this.connection = transport.open(service);
        this.gate = service.directory().resolve("gate-" + name + "-" + transport);
        this.log = service.directory().resolve("log-" + name + "-" + transport);
    }

    StrictConnection connection() {
        return connection;
    }

    Path gate() {
        return gate;
    }

    Path log() {
        return log;
    }

    /** The head of a request, with an empty line behind {@code headers}. */
    static String head(String line, String... headers) {
        StringBuilder head = new StringBuilder(line).append(" HTTP/1.1\r\nHost: localhost\r\n");
        for (String header : headers) {
            head.append(header).append("\r\n");
        }
        return head.append("\r\n").toString();
    }

    /** A whole request that writes a line into the log. */
    String post(String line) {
        return head("POST /count?" + log, "Content-Length: " + line.length()) + line;
    }

    void write(String text) throws IOException {
        connection.write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Waits until a handler of this scene has been called. */
    void awaitHandler() throws InterruptedException {
        service.child().awaitLine(line -> line.startsWith("1 handles ") && line.contains(gate.toString()), SOON);
    }

    void openGate() throws IOException {
        Files.createFile(gate);
    }

    Outcome receive(String body) {
        return connection.receive(Request.get("/", ExpectedBody.bytes(body.getBytes(StandardCharsets.UTF_8))), SOON);
    }

    /** The next response, which has to be the old process's. */
    Answer receiveAnswer(String body) {
        return receiveAnswer(body, OLD);
    }

    private Answer receiveAnswer(String body, int generation) {
        Answer answer = receiveGood(body);
        assertThat(answer.generation()).as("who answered").hasValue(generation);
        return answer;
    }

    private Answer receiveGood(String body) {
        Outcome outcome = receive(body);
        assertThat(outcome).isInstanceOf(Answer.class);
        Answer answer = (Answer) outcome;
        assertThat(answer.status()).isEqualTo(200);
        return answer;
    }

    /** The next response, of whichever process; not the old one's once the connection has moved. Whether it now has. */
    boolean receiveAnswerOfEither(String body, boolean moved) {
        Answer answer = receiveGood(body);
        assertThat(answer.announcesClose()).as("announces close").isFalse();
        assertThat(answer.generation().orElseThrow()).as("who answered").isBetween(moved ? NEW : OLD, NEW);
        return answer.generation().orElseThrow() == NEW;
    }

    /** The next response, which has to be the old process's if its handler had begun, or the connection does not move. */
    Answer receiveAnswer(String body, boolean begun) {
        return receiveAnswer(body, begun || !moves ? OLD : NEW);
    }

    /**
     * The next response; and then the connection ends, as it says, or goes on with the new process.
     *
     * @param begun whether the handler of its request was called before the restart
     */
    void assertServed(String body, boolean begun) throws IOException {
        if (!moves) {
            assertLastAnswer(body);
            return;
        }
        assertThat(receiveAnswer(body, begun).announcesClose())
                .as("announces close")
                .isFalse();
        assertGoesOn();
    }

    /** The new process answers, on the same connection. */
    void assertGoesOn() throws IOException {
        write(head("GET /on"));
        assertThat(receiveAnswer("/on", NEW).announcesClose())
                .as("announces close")
                .isFalse();
    }

    boolean moves() {
        return moves;
    }

    /** The next response is the old process's, says that the connection ends, and then it does. */
    void assertLastAnswer(String body) throws IOException {
        assertThat(receiveAnswer(body).announcesClose()).as("announces close").isTrue();
        assertEnds();
    }

    /** The server ends the connection in order; then so does the client, for which the server may be waiting. */
    void assertEnds() throws IOException {
        assertThat(connection.awaitEnd(SOON)).isEqualTo(StrictConnection.Ending.CLOSED);
        connection.close();
    }

    void assertExecuted(List<String> lines) throws IOException {
        assertThat(Files.readAllLines(log)).as("executed").isEqualTo(lines);
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
