package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RenderingTest {
    @Test
    void aTableAlignsItsColumns() {
        assertThat(new TextTable()
                        .row("name", "n")
                        .row("a", "1,000", "x")
                        .row("longer")
                        .lines())
                .containsExactly("name         n", "a        1,000   x", "longer");
    }

    @Test
    void jsonEscapesWhatItMust() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("text", "a\"b\\c\nd\u0001é");
        value.put("list", List.of(1, 2.5, true, List.of(), Map.of()));
        String json = Json.write(value);
        assertThat(json).contains("\"a\\\"b\\\\c\\nd\\u0001é\"");
        assertThat(JsonChecker.isValid(json)).as(json).isTrue();
        assertThatThrownBy(() -> Json.write(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCheckerOfTheseTestsKnowsWhatIsNotJson() {
        for (String wrong : List.of("", "{", "{\"a\"}", "[1,]", "{\"a\":1,}", "01", "\"\n\"", "nul", "1 2", "[1 2]")) {
            assertThat(JsonChecker.isValid(wrong)).as(wrong).isFalse();
        }
    }

    @Test
    void aFailedDemoSaysWhatFailedAndIsValidJson() throws Exception {
        DemoResult result = new DemoResult(
                new DemoOptions(2, 1, Duration.ofSeconds(5)),
                List.of(new RestartTimes(
                        2,
                        System.nanoTime(),
                        Duration.ofMillis(1500),
                        Duration.ofMillis(1600),
                        Duration.ofMillis(1700))),
                Optional.of("restart 2: generation 3 exited with \"status 1\""),
                refused(2),
                refused(1));
        assertThat(result.passed()).isFalse();
        assertThat(print(result, Terminal.PLAIN))
                .contains("1 -> 2    1500 ms   1600 ms    1700 ms")
                .containsPattern("refused +2 +1\n")
                .contains("a new connection for each request: refused: java.net.ConnectException")
                .contains("1 of 2 restarts, 3 requests, 3 failed; restart 2: generation 3 exited")
                .doesNotContain("\033");
        assertThat(print(result, new Terminal(true, true))).contains("\033[31m1 of 2 restarts");
        String json = DemoJson.write(result);
        assertThat(JsonChecker.isValid(json)).as(json).isTrue();
        assertThat(json).contains("\"passed\": false", "\"signalToReadyMillis\": 1500.0", "\"refused\": 2");
    }

    @Test
    void colourIsForTerminalsWithoutNoColor() {
        assertThat(Terminal.of(true, Map.of("TERM", "xterm"))).isEqualTo(new Terminal(true, true));
        assertThat(Terminal.of(true, Map.of("TERM", "xterm", "NO_COLOR", "1"))).isEqualTo(new Terminal(true, false));
        assertThat(Terminal.of(true, Map.of("TERM", "xterm", "NO_COLOR", ""))).isEqualTo(new Terminal(true, true));
        assertThat(Terminal.of(true, Map.of("TERM", "dumb"))).isEqualTo(Terminal.PLAIN);
        assertThat(Terminal.of(false, Map.of("TERM", "xterm"))).isEqualTo(Terminal.PLAIN);
    }

    @Test
    void progressIsPlainLinesWhereThereIsNoTerminal() {
        StringWriter out = new StringWriter();
        try (Progress progress = new Progress(new PrintWriter(out), Terminal.PLAIN)) {
            progress.status(() -> "never seen");
            progress.event("first");
            progress.event("second");
        }
        assertThat(out.toString().lines()).containsExactly("first", "second");
    }

    @Test
    void progressRedrawsItsStatusBelowTheEventsOnATerminal() {
        StringWriter out = new StringWriter();
        try (Progress progress = new Progress(new PrintWriter(out), new Terminal(true, true))) {
            progress.status(() -> "status");
            progress.event("event");
        }
        assertThat(out.toString()).contains("\r\033[Kevent\n\r\033[Kstatus").endsWith("\r\033[K");
    }

    private static String print(DemoResult result, Terminal terminal) {
        StringWriter out = new StringWriter();
        new DemoReport(result, terminal).print(new PrintWriter(out));
        return out.toString();
    }

    /** The report of a load whose requests are all refused. */
    private static LoadReport refused(int requests) throws Exception {
        InetSocketAddress address;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) taken.getLocalSocketAddress();
        }
        return Load.of(address, Request.get("/", ExpectedBody.anything()))
                .requests(requests)
                .start()
                .join();
    }
}
