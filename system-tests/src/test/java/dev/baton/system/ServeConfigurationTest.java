package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.Main;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Failure;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Outcome;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A restart of `baton serve` reads its argument file again. */
class ServeConfigurationTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Pattern SERVING =
            Pattern.compile("http://127\\.0\\.0\\.1:(\\d+)/.*generation (\\d+), pid (\\d+)");
    private static final Request FILE =
            Request.get("/file", ExpectedBody.bytes("content".getBytes(StandardCharsets.US_ASCII)));

    @TempDir
    Path directory = Path.of("");

    @Test
    void aRestartOpensAddedListenersClosesRemovedOnesAndKeepsTheRest() throws Exception {
        Files.writeString(directory.resolve("file"), "content");
        Path configuration = directory.resolve("serve.args");
        Path pidFile = directory.resolve("pid");
        UnixDomainSocketAddress removed = UnixDomainSocketAddress.of(directory.resolve("removed"));
        UnixDomainSocketAddress added = UnixDomainSocketAddress.of(directory.resolve("added"));
        Files.writeString(configuration, "--listen 127.0.0.1:0\n--listen unix:" + removed + "\n");

        try (ChildJvm first = ChildJvm.of(Main.class)
                .arguments("serve", directory.toString(), "--pid-file", pidFile.toString(), "@" + configuration)
                .start()) {
            Serving before = serving(first, 1);
            assertAnswer(before.address(), 1);
            assertAnswer(removed, 1);
            Set<Long> listeners = ProcFs.listenerInodes(before.pid());

            Files.writeString(configuration, "--listen 127.0.0.1:0\n--listen unix:" + added + "\n");
            first.signal("HUP");
            Serving after = serving(first, 2);
            assertThat(first.awaitExit(SOON)).isZero();

            assertThat(after.address()).isEqualTo(before.address());
            assertThat(Files.readString(pidFile).strip()).isEqualTo(Long.toString(after.pid()));
            assertAnswer(after.address(), 2);
            assertAnswer(added, 2);
            assertThat(StrictConnection.exchange(removed, FILE, SOON))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.kind()).isEqualTo(FailureKind.REFUSED));
            assertThat(ProcFs.listenerInodes(after.pid()))
                    .as("the listener on 127.0.0.1:0 is the same socket in both generations")
                    .containsAnyElementsOf(listeners);

            dev.baton.testkit.Signals.send(after.pid(), "TERM");
            Await.state("generation 2 to exit", SOON, () -> !ProcFs.running(after.pid()));
            assertThat(pidFile).doesNotExist();
            assertThat(added.getPath()).doesNotExist();
        }
    }

    private record Serving(SocketAddress address, long pid) {}

    private static Serving serving(ChildJvm child, int generation) throws InterruptedException {
        OutputLine line = child.awaitLine(
                text -> SERVING.matcher(text).find() && text.contains("(generation " + generation + ","), SOON);
        Matcher matcher = SERVING.matcher(line.text());
        assertThat(matcher.find()).isTrue();
        return new Serving(
                new InetSocketAddress("127.0.0.1", Integer.parseInt(matcher.group(1))),
                Long.parseLong(matcher.group(3)));
    }

    private static void assertAnswer(SocketAddress address, int generation) {
        Outcome outcome = StrictConnection.exchange(address, FILE, SOON);
        assertThat(outcome).isInstanceOfSatisfying(Answer.class, answer -> {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.generation()).hasValue(generation);
        });
    }
}
