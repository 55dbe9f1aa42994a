package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.system.FaultCell.Server;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.Signals;
import dev.baton.testkit.StrictConnection;
import dev.baton.testkit.TimeWindow;
import dev.baton.testkit.Trouble;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Semaphore;

/**
 * One run of a cell: a service under 200 requests a second on fresh connections is restarted (and, for some steps, the
 * restart undone), one of its two processes is struck, and what is left is looked at.
 */
final class FaultRun {
    /** Twenty clients that pause for 95 ms between their requests. */
    private static final int CLIENTS = 20;

    private static final Duration PAUSE = Duration.ofMillis(95);

    /** How long somebody must have been the only one to answer to be who serves. */
    private static final Duration SETTLED = Duration.ofMillis(300);

    private final FaultCell cell;
    private final Path directory;
    private final InetSocketAddress address;
    private final Path order;
    private final Patience patience;
    private final Semaphore busy;

    /** What is left of one run. */
    record Result(FaultCell cell, LoadReport report, List<Trouble> excused, Duration gap, Server serves) {
        @Override
        public String toString() {
            return "%s | %6d | %4d | %4d | %6d ms | %s"
                    .formatted(
                            cell,
                            report.requests(),
                            report.failed(),
                            excused.stream()
                                    .filter(trouble -> trouble.failure().isPresent())
                                    .count(),
                            gap.toMillis(),
                            serves);
        }
    }

    /** When the process was free again, or dead. */
    private record Release(long at, boolean killed) {}

    private record Struck(long pid, long peer, int mark, long announced, long at) {}

    /**
     * Prepares a run.
     *
     * @param busy has as many permits as runs may be busy at the same time; one that only waits needs none
     */
    FaultRun(FaultCell cell, Path directory, int port, Patience patience, Semaphore busy) {
        this.cell = cell;
        this.directory = directory;
        this.address = new InetSocketAddress("127.0.0.1", port);
        this.patience = patience;
        this.busy = busy;
        this.order = directory.resolve("strike");
    }

    Result run() throws Exception {
        busy.acquire();
        try (RunningService service = start();
                RunningLoad load = load()) {
            load.awaitAnswers(20, SOON);
            try {
                return run(service, load);
            } catch (AssertionError | Exception e) {
                throw new AssertionError(cell + ": " + e.getMessage() + "\n" + tail(service), e);
            }
        } finally {
            busy.release();
        }
    }

    private static String tail(RunningService service) {
        List<String> lines = service.said("");
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    }

    private Result run(RunningService service, RunningLoad load) throws Exception {
        long parent = service.child().pid();
        Struck struck = strike(service, parent);
        Release release = cell.fault() == Fault.FREEZE ? awaitRelease(service, struck) : new Release(struck.at(), true);
        Optional<Long> server = settle(service, load, struck);
        Server serves = server.map(pid -> pid == parent ? Server.PARENT : Server.SUCCESSOR)
                .orElse(Server.NOBODY);
        long served = servedAt(service, struck, release.at());
        Excuse.Instants at =
                new Excuse.Instants(struck.announced(), struck.at(), release.at(), served, release.killed());
        assertNoZombies(service);
        if (server.isPresent()) {
            restart(service, load, server.get());
            return judge(service, load, at, serves);
        }
        // The service has crashed: what systemd does then, a plain start, must work.
        try (RunningService next = start()) {
            Excuse.Instants till =
                    new Excuse.Instants(at.announced(), at.struck(), at.released(), System.nanoTime(), true);
            awaitOnly(next.child().pid(), load);
            assertThat(next.publishedPid()).isEqualTo(next.child().pid());
            restart(next, load, next.child().pid());
            return judge(next, load, till, serves);
        }
    }

    private RunningService start() throws Exception {
        return RunningService.startCheaply(
                directory,
                List.of(
                        "BATON_UNDO_WINDOW",
                        cell.undoWindow().toSeconds() + "s",
                        "BATON_READY_TIMEOUT",
                        cell.readyTimeout().toSeconds() + "s",
                        Service.WARM_UP,
                        "true",
                        Service.STRIKE,
                        order.toString()),
                address.getHostString() + ":" + address.getPort());
    }

    private RunningLoad load() {
        return Load.of(address, RunningService.request("/hello"))
                .mode(LoadMode.newConnections(PAUSE))
                .connections(CLIENTS)
                .generationHeader(Endpoints.PID_HEADER)
                .pauseAfterFailure(PAUSE)
                .timeout(Duration.ofMinutes(2))
                .start();
    }

    /** Brings about the step, at which one of the two processes strikes itself; returns when that is seen from here. */
    private Struck strike(RunningService service, long parent) throws Exception {
        if (cell.step().ofUndo()) {
            service.hup();
            service.awaitSwitch(2);
        }
        int mark = service.child().mark();
        boolean parentMeant = cell.step().side() == HandoffStep.Side.PARENT;
        Strike.order(
                order, cell.fault(), parentMeant ? -parent : parent, cell.step().logged());
        if (cell.step().ofUndo()) {
            Request undo = Request.get("/undo", ExpectedBody.bytes(new byte[0]));
            var _ = StrictConnection.exchange(address, undo, SOON);
        } else {
            service.hup();
        }
        String[] words = service.child()
                .awaitLineAfter(mark, cell.step().toString(), line -> line.startsWith(Strike.ANNOUNCEMENT), SOON)
                .text()
                .split(" ", -1);
        long pid = Long.parseLong(words[1]);
        Await.state("process " + pid + " is struck", SOON, () -> ProcFs.stopped(pid) || !ProcFs.running(pid));
        return new Struck(pid, parent, mark, Long.parseLong(words[2]), System.nanoTime());
    }

    /** As {@link #release}, while other runs may be busy. */
    private Release awaitRelease(RunningService service, Struck struck) throws Exception {
        busy.release();
        try {
            return release(service, struck);
        } finally {
            busy.acquire();
        }
    }

    /**
     * Lets the frozen process go on when all deadlines are over that it can miss, unless it is dead by then. Before the
     * successor accepts, one of the two gives the other up.
     */
    private Release release(RunningService service, Struck struck) throws Exception {
        boolean givenUp = cell.step().phase().compareTo(HandoffStep.Phase.BOTH_ACCEPT) < 0;
        long end = struck.at() + FaultCell.FREEZE.toNanos();
        Await.state(
                "the freeze is over",
                SOON,
                () -> givenUp
                        ? service.child().processes().size() < 2
                        : System.nanoTime() - end >= 0 || !ProcFs.running(struck.pid()));
        boolean killed = !ProcFs.running(struck.pid());
        if (!killed) {
            Signals.send(struck.pid(), "CONT");
        }
        return new Release(System.nanoTime(), killed);
    }

    /** Waits until one process is what the pid file says and the only one to answer, or all have ended. */
    private Optional<Long> settle(RunningService service, RunningLoad load, Struck struck) throws Exception {
        long[] candidate = {0, 0};
        Await.state(cell.serves() + " serves, as the pid file says", SOON, () -> {
            Optional<Long> server = server(service, load);
            boolean allowed = server.isPresent()
                    ? isAllowed(server.get(), struck.peer())
                    : cell.serves().contains(Server.NOBODY)
                            && service.child().processes().isEmpty();
            long found = allowed ? server.orElse(-1L) : 0;
            if (found != candidate[0]) {
                candidate[0] = found;
                candidate[1] = System.nanoTime();
            }
            return found != 0 && System.nanoTime() - candidate[1] >= SETTLED.toNanos();
        });
        if (candidate[0] == struck.peer() && !cell.step().ofUndo()) {
            // The parent has not only gone on to answer: it has dealt with the end of its successor.
            service.child()
                    .awaitLineAfter(
                            struck.mark(),
                            "the end of the restart",
                            line -> line.contains("restart failed") || line.contains("serves"),
                            SOON);
        }
        return Optional.of(candidate[0]).filter(pid -> pid > 0);
    }

    private boolean isAllowed(long server, long parent) {
        return cell.serves().contains(server == parent ? Server.PARENT : Server.SUCCESSOR);
    }

    /** Whom the pid file names, if that is who gave the latest answer. */
    private Optional<Long> server(RunningService service, RunningLoad load) throws Exception {
        try {
            long published = service.publishedPid();
            OptionalInt answered = load.progress().generation();
            return answered.isPresent() && answered.getAsInt() == published && ProcFs.running(published)
                    ? Optional.of(published)
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** From when on somebody accepted, without a doubt; see {@link Excuse.Instants#served}. */
    private long servedAt(RunningService service, Struck struck, long released) throws Exception {
        if (cell.excuse() == Excuse.NONE || cell.excuse() == Excuse.IN_FLIGHT) {
            return struck.at();
        }
        boolean otherTakesOver = cell.fault() != Fault.FREEZE || cell.isFoundOut();
        if (!otherTakesOver || cell.serves().contains(Server.NOBODY)) {
            return released;
        }
        return service.child()
                .awaitLineAfter(
                        struck.mark(),
                        "another process serves",
                        line -> line.endsWith(" serves") && !line.contains("(pid " + struck.pid() + ")"),
                        SOON)
                .atNanos();
    }

    private static void assertNoZombies(RunningService service) throws Exception {
        for (long pid : service.child().processes()) {
            Await.state(
                    "process " + pid + " has reaped its children",
                    SOON,
                    () -> ProcFs.zombieChildren(pid).isEmpty());
        }
    }

    /** The next restart works: its generation is published, and is soon the only one that answers. */
    private void restart(RunningService service, RunningLoad load, long server) throws Exception {
        service.hup();
        Await.state(
                "another process is published",
                SOON,
                () -> Files.exists(directory.resolve("pid")) && service.publishedPid() != server);
        awaitOnly(service.publishedPid(), load);
        assertThat(ProcFs.running(service.publishedPid())).isTrue();
    }

    private static void awaitOnly(long pid, RunningLoad load) throws Exception {
        var _ = load.await(
                "answers of " + pid,
                SOON,
                now -> now.generation().isPresent() && now.generation().getAsInt() == pid);
        load.awaitAnswers(20, SOON);
    }

    /** Ends everything, and accuses whatever has no excuse. */
    private Result judge(RunningService service, RunningLoad load, Excuse.Instants at, Server serves) throws Exception {
        assertOnlyPublishedAnswers(service);
        LoadReport report = load.stop();
        Signals.send(service.publishedPid(), "TERM");
        service.child().awaitAllGone(SOON);
        assertThat(directory.resolve("pid")).doesNotExist();
        List<Trouble> excused = report.troubles().stream()
                .filter(trouble -> cell.excuse().covers(trouble, at, patience))
                .toList();
        List<Trouble> others = report.troubles().stream()
                .filter(trouble -> !excused.contains(trouble) && !isMerelyCrowded(trouble))
                .toList();
        assertThat(others)
                .as(
                        "%s; struck at +%d ms, released at +%d ms, served at +%d ms of %s",
                        cell,
                        millis(report, at.struck()),
                        millis(report, at.released()),
                        millis(report, at.served()),
                        report)
                .isEmpty();
        // The load began on a cold JVM: what comes before the fault says nothing of it.
        TimeWindow sinceFault = new TimeWindow(at.announced(), report.window().toNanos());
        return new Result(cell, report, excused, report.latencies(sinceFault).longestGap(), serves);
    }

    private boolean isMerelyCrowded(Trouble trouble) {
        return trouble.failure().isEmpty() && !patience.isExceeded(trouble.beganNanos(), trouble.endedNanos());
    }

    private static long millis(LoadReport report, long instant) {
        return (instant - report.window().fromNanos()) / 1_000_000;
    }

    /** There is no second service: soon nobody answers but the process that is published. */
    private void assertOnlyPublishedAnswers(RunningService service) throws Exception {
        Await.state("only the published process answers", SOON, () -> {
            LoadReport census = Load.of(address, RunningService.request("/who"))
                    .generationHeader(Endpoints.PID_HEADER)
                    .connections(4)
                    .requests(40)
                    .start()
                    .join();
            return census.generations().keySet().equals(Set.of((int) service.publishedPid()));
        });
    }
}
