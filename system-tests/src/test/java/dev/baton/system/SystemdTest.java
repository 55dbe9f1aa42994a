package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.Sockets;
import dev.baton.system.SystemdDouble.Notification;
import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.OutputLine;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What systemd hears, and what it gives: {@code docs/systemd.md}. */
class SystemdTest {
    private static final Path DOCUMENT = Path.of("../docs/systemd.md");
    private static final String STORED = "baton.127.0.0.1%3A0";
    private static final int CONNECTIONS = 8;
    private static final int PINGS = 8;

    @TempDir
    private Path directory;

    private ChildJvm.Builder service(String undoWindow, String... addresses) throws Exception {
        if (Files.notExists(directory.resolve("script"))) {
            Files.writeString(directory.resolve("script"), "serve");
        }
        return ChildJvm.of(Service.class)
                .environment("BATON_PID_FILE", directory.resolve("pid").toString())
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .environment("BATON_UNDO_WINDOW", undoWindow)
                .arguments(directory.resolve("script").toString())
                .arguments(addresses);
    }

    private void script(String words) throws Exception {
        Files.writeString(directory.resolve("script"), words);
    }

    private long published() throws Exception {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    private static InetSocketAddress address(ChildJvm child, int generation) throws InterruptedException {
        Pattern listens = Pattern.compile(generation + " listens on /(127\\.0\\.0\\.1):(\\d+)");
        Matcher matcher = listens.matcher(
                child.awaitLine(line -> listens.matcher(line).matches(), SOON).text());
        assertThat(matcher.matches()).isTrue();
        return new InetSocketAddress(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }

    /** The rows of one table of the document. */
    private static List<String> documented(String scenario) throws Exception {
        List<String> rows = new ArrayList<>();
        boolean within = false;
        for (String line : Files.readAllLines(DOCUMENT)) {
            if (line.startsWith("### ")) {
                within = line.equals("### " + scenario);
            } else if (within && line.startsWith("| generation")) {
                String[] cells = line.split("\\|", 0);
                rows.add(cells[1].strip() + ": " + cells[2].strip());
            }
        }
        assertThat(rows).as("the table '%s'", scenario).isNotEmpty();
        return rows;
    }

    /** Datagrams as the document writes them: what differs from run to run has a name. */
    private static List<String> written(List<Notification> heard, long first, long second) {
        return heard.stream()
                .filter(each ->
                        each.lines().size() > 1 || !each.lines().getFirst().startsWith("EXTEND_TIMEOUT"))
                .map(each -> "generation " + (each.sender() == first ? 1 : 2) + ": "
                        + String.join(
                                "<br>",
                                each.lines().stream()
                                        .map(line -> "`"
                                                + line.replaceAll("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d", "TIME")
                                                        .replaceAll("(MAINPID=|pid )" + first + "\\b", "$1PID1")
                                                        .replaceAll("(MAINPID=|pid )" + second + "\\b", "$1PID2")
                                                        .replaceAll("USEC=\\d+", "USEC=N")
                                                + "`")
                                        .toList()))
                .toList();
    }

    private static List<Notification> next(SystemdDouble systemd, String scenario) throws Exception {
        List<Notification> heard = new ArrayList<>();
        int rows = documented(scenario).size();
        while (heard.size() < rows) {
            Notification next = systemd.next();
            if (next.lines().size() > 1 || !next.lines().getFirst().startsWith("EXTEND_TIMEOUT")) {
                heard.add(next);
            }
        }
        return heard;
    }

    private static void expect(SystemdDouble systemd, String scenario, long first, long second) throws Exception {
        assertThat(written(next(systemd, scenario), first, second)).as(scenario).isEqualTo(documented(scenario));
    }

    @Test
    void theNotificationsAreThoseOfTheDocumentInTheirOrder() throws Exception {
        try (SystemdDouble systemd = SystemdDouble.open(directory);
                ChildJvm child = systemd.start(service("0", "127.0.0.1:0")).start()) {
            child.awaitLine("1 ready", SOON);
            long first = published();
            expect(systemd, "A start", first, -1);
            script("exit 3");
            Signals.send(first, "HUP");
            expect(systemd, "A restart that fails", first, -1);
            script("serve");
            Signals.send(first, "HUP");
            child.awaitLine("switched to generation 2", SOON);
            long second = published();
            expect(systemd, "A restart", first, second);
            Signals.send(second, "TERM");
            expect(systemd, "A stop", first, second);
            child.awaitAllGone(SOON);
            assertThat(systemd.rest()).as("an old generation's end is no news").isEmpty();
            assertThat(systemd.stored()).containsExactly(STORED);
        }
    }

    @Test
    void aRestartThatIsRefusedEndsTheReloadThatWaitsForIt() throws Exception {
        Path gate = directory.resolve("gate");
        try (SystemdDouble systemd = SystemdDouble.open(directory);
                ChildJvm child = systemd.start(service("0", "127.0.0.1:0"))
                        .environment("BATON_MAX_GENERATIONS", "1")
                        .environment("BATON_DRAIN_TIMEOUT", "0")
                        .start()) {
            child.awaitLine("1 ready", SOON);
            long first = published();
            try (StrictConnection held = StrictConnection.open(address(child, 1))) {
                Request slow = RunningService.request("/when?" + gate);
                held.send(slow);
                child.awaitLine(line -> line.startsWith("1 handles"), SOON);
                Signals.send(first, "HUP");
                child.awaitLine("switched to generation 2", SOON);
                long second = published();
                systemd.awaitLine("MAINPID=" + second);
                Signals.send(second, "HUP");
                expect(systemd, "A restart that is refused", first, second);
                Files.createFile(gate);
                assertThat(held.receive(slow, SOON)).isInstanceOf(Answer.class);
            }
        }
    }

    @Test
    void anUndoLeavesTheStoreAsItWas() throws Exception {
        try (SystemdDouble systemd = SystemdDouble.open(directory);
                ChildJvm child = systemd.start(service("10m", "127.0.0.1:0")).start()) {
            child.awaitLine("1 ready", SOON);
            long first = published();
            expect(systemd, "A start", first, -1);
            Signals.send(first, "HUP");
            child.awaitLine("switched to generation 2", SOON);
            long second = published();
            systemd.awaitJudged(); // Of a process that has ended nobody can say whether it is the service's.
            Signals.send(second, "KILL");
            expect(systemd, "A restart that is undone", first, second);
            assertThat(systemd.stored()).containsExactly(STORED);
            assertThat(systemd.rest()).isEmpty();
        }
    }

    @Test
    void aCrashUnderLoadRefusesNobodyAndWhoWaitsIsAnsweredByTheNextLife() throws Exception {
        try (SystemdDouble systemd = SystemdDouble.open(directory);
                ChildJvm child = systemd.start(service("0", "127.0.0.1:0")).start()) {
            child.awaitLine("1 ready", SOON);
            InetSocketAddress address = address(child, 1);
            try (RunningLoad load = Load.of(address, RunningService.request("/hello"))
                    .mode(LoadMode.newConnections())
                    .connections(CONNECTIONS)
                    .start()) {
                load.awaitAnswers(200, SOON);
                systemd.awaitJudged();
                Signals.send(published(), "KILL");
                child.awaitAllGone(SOON);
                try (StrictConnection waiting = StrictConnection.open(address);
                        ChildJvm next =
                                systemd.start(service("0", "127.0.0.1:0")).start()) {
                    waiting.send(RunningService.request("/waited"));
                    assertThat(waiting.receive(RunningService.request("/waited"), SOON))
                            .isInstanceOf(Answer.class);
                    next.awaitLine("1 ready", SOON);
                    assertThat(address(next, 1)).isEqualTo(address);
                    load.awaitAnswers(200, SOON);
                    LoadReport report = load.stop();
                    assertThat(report.failures(FailureKind.REFUSED))
                            .as("%s", report)
                            .isZero();
                    assertThat(report.failed())
                            .as("only what was open at the crash: %s", report)
                            .isLessThanOrEqualTo(CONNECTIONS);
                    assertThat(systemd.stored()).containsExactly(STORED);
                    // The next life hands it on like any listener.
                    Signals.send(published(), "HUP");
                    next.awaitLine("2 ready", SOON);
                    assertThat(StrictConnection.exchange(address, RunningService.request("/again"), SOON))
                            .isInstanceOf(Answer.class);
                }
            }
        }
    }

    @Test
    void whatTheNextLifeDoesNotListenOnLeavesTheStore() throws Exception {
        Path path = directory.resolve("s");
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            try (ChildJvm child =
                    systemd.start(service("0", "127.0.0.1:0", "unix:" + path)).start()) {
                child.awaitLine("1 ready", SOON);
                assertThat(systemd.stored()).containsExactlyInAnyOrder(STORED, name(path));
                child.signal("TERM");
                child.awaitAllGone(SOON);
                assertThat(path)
                        .as("it is in the store, and systemctl restart comes next")
                        .exists();
            }
            try (ChildJvm child =
                    systemd.start(service("0", "127.0.0.1:0", "unix:" + path)).start()) {
                child.awaitLine("1 ready", SOON);
                assertThat(StrictConnection.exchange(
                                UnixDomainSocketAddress.of(path), RunningService.request("/unix"), SOON))
                        .isInstanceOf(Answer.class);
                systemd.awaitJudged();
                Signals.send(published(), "KILL");
                child.awaitAllGone(SOON);
            }
            try (ChildJvm child = systemd.start(service("0", "127.0.0.1:0")).start()) {
                child.awaitLine("1 ready", SOON);
                assertThat(systemd.stored()).containsExactly(STORED);
                assertThat(path).doesNotExist();
            }
        }
    }

    @Test
    void aStoredListenerWhosePathIsGoneIsReplaced() throws Exception {
        Path path = directory.resolve("s");
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            try (ChildJvm child = systemd.start(service("0", "unix:" + path)).start()) {
                child.awaitLine("1 ready", SOON);
                assertThat(systemd.stored()).containsExactly(name(path));
                child.signal("TERM");
                child.awaitAllGone(SOON);
            }
            Files.delete(path); // As RuntimeDirectory= does.
            try (ChildJvm child = systemd.start(service("0", "unix:" + path)).start()) {
                child.awaitLine("1 ready", SOON);
                child.awaitLine("its path is gone", SOON);
                assertThat(StrictConnection.exchange(
                                UnixDomainSocketAddress.of(path), RunningService.request("/unix"), SOON))
                        .isInstanceOf(Answer.class);
                assertThat(systemd.stored()).as("once, the new one").containsExactly(name(path));
                systemd.awaitJudged();
                Signals.send(published(), "KILL");
                child.awaitAllGone(SOON);
            }
            try (ChildJvm child = systemd.start(service("0", "unix:" + path)).start()) {
                child.awaitLine("1 ready", SOON);
                assertThat(StrictConnection.exchange(
                                UnixDomainSocketAddress.of(path), RunningService.request("/unix"), SOON))
                        .isInstanceOf(Answer.class);
            }
        }
    }

    @Test
    void aListenerThatWasBoundToARelativePathIsTakenBackByItsName() throws Exception {
        Path path = directory.resolve("s");
        Path relative = Path.of("").toAbsolutePath().relativize(path);
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            systemd.socketUnit(name(path), listener(UnixDomainSocketAddress.of(relative)));
            try (StrictConnection early = StrictConnection.open(UnixDomainSocketAddress.of(path));
                    ChildJvm child = systemd.start(service("0", "unix:" + path)).start()) {
                early.send(RunningService.request("/early"));
                assertThat(early.receive(RunningService.request("/early"), SOON))
                        .isInstanceOf(Answer.class);
                child.awaitLine("1 ready", SOON);
            }
        }
    }

    private static String name(Path path) {
        return "baton.unix%3A" + path;
    }

    /** A listener of a socket unit, as systemd makes it: blocking or not is not its matter. */
    private static int listener(SocketAddress address) throws Exception {
        int descriptor = Sockets.streamFor(address);
        Sockets.bind(descriptor, address);
        Sockets.listen(descriptor, 128);
        return descriptor;
    }

    @Test
    void aSocketUnitGivesItsListenersAndKeepsThemThroughRestartsAndStops() throws Exception {
        Path path = directory.resolve("unit.sock");
        int tcp = listener(new InetSocketAddress("127.0.0.1", 0));
        InetSocketAddress address = (InetSocketAddress) Sockets.localAddress(tcp);
        int spare = listener(new InetSocketAddress("127.0.0.1", 0));
        InetSocketAddress spareAddress = (InetSocketAddress) Sockets.localAddress(spare);
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            systemd.socketUnit("web.socket", tcp);
            systemd.socketUnit("web.socket", listener(UnixDomainSocketAddress.of(path)));
            systemd.socketUnit("admin.socket", spare);
            String[] listens = {"127.0.0.1:" + address.getPort(), "unix:" + path};
            try (StrictConnection early = StrictConnection.open(address);
                    ChildJvm child = systemd.start(service("0", listens)).start()) {
                early.send(RunningService.request("/early"));
                assertThat(early.receive(RunningService.request("/early"), SOON))
                        .isInstanceOf(Answer.class);
                child.awaitLine("1 ready", SOON);
                child.awaitLine(
                        "systemd has passed sockets on which the program does not listen: [127.0.0.1:"
                                + spareAddress.getPort() + "]",
                        SOON);
                assertThat(systemd.stored()).as("systemd has them anyway").isEmpty();
                long first = published();
                assertThat(ProcFs.environment(first)).containsKey("LISTEN_FDS");
                Signals.send(first, "HUP");
                child.awaitLine("switched to generation 2", SOON);
                long second = published();
                assertThat(ProcFs.environment(second))
                        .as("a successor inherits by the handoff")
                        .doesNotContainKeys("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES");
                for (var each : List.of(address, UnixDomainSocketAddress.of(path))) {
                    assertThat(StrictConnection.exchange(each, RunningService.request("/hello"), SOON))
                            .isInstanceOf(Answer.class);
                }
                Signals.send(second, "TERM");
                child.awaitAllGone(SOON);
                assertThat(path).exists();
            }
            // The spare one went from generation to generation; this life listens there.
            listens[1] = "127.0.0.1:" + spareAddress.getPort();
            try (ChildJvm child = systemd.start(service("0", listens)).start()) {
                child.awaitLine("1 ready", SOON);
                assertThat(StrictConnection.exchange(spareAddress, RunningService.request("/hello"), SOON))
                        .isInstanceOf(Answer.class);
                assertThat(path).exists();
            }
        }
    }

    @Test
    void variablesThatMakeNoSenseMeanAPlainStartAndOneLine() throws Exception {
        String pid = "OWN";
        List<List<String>> poisons = List.of(
                List.of("LISTEN_FDS=1 LISTEN_PID=1", "LISTEN_PID is 1 and this process is"),
                List.of("LISTEN_FDS=1 LISTEN_PID=", "LISTEN_PID is"),
                List.of("LISTEN_FDS=1", "LISTEN_PID is missing"),
                List.of("LISTEN_FDS=many LISTEN_PID=" + pid, "LISTEN_FDS is no number: many"),
                List.of("LISTEN_FDS=-1 LISTEN_PID=" + pid, "LISTEN_FDS is no number: -1"),
                List.of("LISTEN_PID=" + pid, "LISTEN_FDS is missing"),
                List.of("LISTEN_FDS=900000 LISTEN_PID=" + pid, "not so many descriptors are open"),
                List.of("LISTEN_FDS=1 LISTEN_PID=" + pid, "descriptor 3, which systemd has passed, is left alone"));
        for (List<String> poison : poisons) {
            try (ChildJvm child = service("0", "127.0.0.1:0")
                    .startedBy("sh", "-c", "exec env " + poison.getFirst().replace(pid, "$$") + " \"$@\"", "sh")
                    .start()) {
                child.awaitLine("1 ready", SOON);
                child.awaitLine(poison.getLast(), SOON);
                assertThat(child.lines().stream().map(OutputLine::text))
                        .as("%s", poison)
                        .filteredOn(line -> line.contains(poison.getLast()))
                        .hasSize(1);
                assertThat(child.lines().stream().map(OutputLine::text))
                        .as("%s", poison)
                        .noneMatch(line -> line.contains("\tat "));
            }
        }
    }

    @Test
    void theWatchdogHearsTheMainProcessAloneAndNotAHungOne() throws Exception {
        try (SystemdDouble systemd = SystemdDouble.withWatchdog(directory);
                ChildJvm child = systemd.start(service("10m", "127.0.0.1:0"))
                        .environment("WATCHDOG_USEC", "400000")
                        .start()) {
            child.awaitLine("1 ready", SOON);
            long first = published();
            assertThat(systemd.awaitLine("WATCHDOG=1").sender()).isEqualTo(first);
            Notification before = systemd.awaitLine("WATCHDOG=1");
            Notification after = before;
            for (int i = 0; i < PINGS; i++) {
                after = systemd.awaitLine("WATCHDOG=1");
            }
            // The mean: where the double is held up, two come at once.
            assertThat(Duration.ofNanos(after.atNanos() - before.atNanos()).dividedBy(PINGS))
                    .as("half of what systemd waits is 200 ms")
                    .isGreaterThan(Duration.ofMillis(100));
            Signals.send(first, "HUP");
            child.awaitLine("switched to generation 2", SOON);
            long second = published();
            Notification ping = systemd.awaitLine("WATCHDOG=1");
            while (ping.sender() == first) {
                ping = systemd.awaitLine("WATCHDOG=1");
            }
            // The parent is parked and lives: the double refuses a ping of its.
            for (int i = 0; i < 4; i++) {
                assertThat(ping.sender()).isEqualTo(second);
                ping = systemd.awaitLine("WATCHDOG=1");
            }
            assertThat(ProcFs.running(first)).isTrue();
            Signals.send(second, "STOP");
            Await.state("the main process is frozen", SOON, () -> ProcFs.stopped(second));
            var _ = systemd.rest();
            assertThat(systemd.isSilentFor(Duration.ofMillis(800)))
                    .as("twice the time after which systemd ends the service")
                    .isTrue();
            Signals.send(second, "CONT");
            assertThat(systemd.awaitLine("WATCHDOG=1").sender()).isEqualTo(second);
        }
    }

    @Test
    void aWatchdogThatIsMeantForAnotherProcessIsLeftAlone() throws Exception {
        try (SystemdDouble systemd = SystemdDouble.open(directory);
                ChildJvm child = systemd.start(service("0", "127.0.0.1:0"))
                        .environment("WATCHDOG_USEC", "200000")
                        .environment("WATCHDOG_PID", "1")
                        .start()) {
            child.awaitLine("1 ready", SOON);
            expect(systemd, "A start", published(), -1);
            Signals.send(published(), "TERM"); // The double, which wants no ping, has none among what follows.
            assertThat(systemd.next().has("STOPPING=1")).isTrue();
        }
    }

    @Test
    void theDoubleRefusesWhatSystemdWouldIgnore() throws Exception {
        try (SystemdDouble systemd = SystemdDouble.open(directory)) {
            int socket = Sockets.unix(Sockets.Type.DATAGRAM);
            try {
                Messages.sendTo(
                        socket,
                        UnixDomainSocketAddress.of(directory.resolve("notify")),
                        "FDSTORE=1\nFDNAME=x".getBytes(StandardCharsets.UTF_8));
            } finally {
                Descriptors.close(socket);
            }
            assertThatThrownBy(systemd::next)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("0 descriptors come with it");
        }
    }
}
