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

/** One connection to generation 1, with a gate for a handler to wait at and a log for it to write into. */
final class Scene implements AutoCloseable {
    private final RunningService service;
    private final StrictConnection connection;
    private final Path gate;
    private final Path log;

    Scene(RunningService service, Transport transport, String name) throws IOException, InterruptedException {
        this.service = service;
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
        Outcome outcome = receive(body);
        assertThat(outcome).isInstanceOf(Answer.class);
        Answer answer = (Answer) outcome;
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.generation()).as("who answered").hasValue(1);
        return answer;
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
