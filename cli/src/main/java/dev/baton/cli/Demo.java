package dev.baton.cli;

import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadProgress;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Restarts a server under load, at even intervals, and collects what its clients saw. */
final class Demo {
    /**
     * What a client waits between an answer and its next request. Without it the clients would take all the processor
     * time there is, and the response times would show that instead of the restarts.
     */
    private static final Duration PAUSE = Duration.ofMillis(20);

    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    private final DemoOptions options;
    private final DemoServer server;
    private final List<Request> requests;
    private final Progress progress;

    private Demo(DemoOptions options, DemoServer server, List<Request> requests, Progress progress) {
        this.options = options;
        this.server = server;
        this.requests = requests;
        this.progress = progress;
    }

    /** Runs a demo in this directory, which is the caller's to delete. */
    static DemoResult run(DemoOptions options, Path directory, Progress progress, Cleanup cleanup)
            throws CannotRunException, InterruptedException {
        List<Request> requests;
        Path files;
        try {
            files = Files.createDirectory(directory.resolve("files"));
            requests = DemoFiles.generate(files);
        } catch (IOException e) {
            throw new CannotRunException("the files to serve cannot be written: " + e, e);
        }
        DemoServer server = DemoServer.start(files, directory.resolve("serve.pid"));
        cleanup.add(server::close);
        return new Demo(options, server, requests, progress).run();
    }

    private DemoResult run() throws CannotRunException, InterruptedException {
        Load load = Load.of(server.address(), requests)
                .connections(options.connections())
                .duration(options.duration().plus(Duration.ofMinutes(2L * options.restarts() + 1)));
        long start = System.nanoTime();
        try (RunningLoad fresh = load.mode(LoadMode.newConnections(PAUSE)).start();
                RunningLoad kept = load.mode(LoadMode.persistent(PAUSE)).start()) {
            progress.status(() -> status(start, fresh.progress(), kept.progress()));
            awaitAnswers(fresh, kept);
            progress.event("%d clients open a connection for each request, %d keep theirs; %d restarts in about %d s"
                    .formatted(
                            options.connections(),
                            options.connections(),
                            options.restarts(),
                            options.duration().toSeconds()));
            List<RestartTimes> restarts = new ArrayList<>();
            Optional<String> fault = restart(start, restarts);
            LoadReport freshReport = fresh.stop();
            LoadReport keptReport = kept.stop();
            if (fault.isEmpty()) {
                fault = missingAnswers(freshReport.generations()).or(() -> missingAnswers(keptReport.generations()));
            }
            return new DemoResult(options, List.copyOf(restarts), fault, freshReport, keptReport);
        }
    }

    private void awaitAnswers(RunningLoad fresh, RunningLoad kept) throws CannotRunException, InterruptedException {
        try {
            fresh.awaitAnswers(1, START_LIMIT);
            kept.awaitAnswers(1, START_LIMIT);
        } catch (AssertionError e) {
            throw new CannotRunException("the server answers nothing: " + e.getMessage(), e);
        }
    }

    /** Restarts at even intervals, each after the one before has ended; returns what went wrong. */
    private Optional<String> restart(long start, List<RestartTimes> done) throws InterruptedException {
        long interval = options.duration().toNanos() / (options.restarts() + 1);
        for (int restart = 1; restart <= options.restarts(); restart++) {
            pauseUntil(start + restart * interval);
            try {
                progress.event(
                        "restart %d of %d: SIGHUP to process %d".formatted(restart, options.restarts(), server.pid()));
                RestartTimes times = server.restart();
                done.add(times);
                progress.event("  generation %d ready after %d ms, switched after %d ms, old process gone after %d ms"
                        .formatted(
                                times.generation(),
                                times.toReady().toMillis(),
                                times.toSwitch().toMillis(),
                                times.toExit().toMillis()));
            } catch (IOException | DemoServer.RestartFailedException e) {
                return Optional.of("restart " + restart + ": " + e.getMessage());
            }
        }
        pauseUntil(start + (options.restarts() + 1) * interval);
        return Optional.empty();
    }

    /** The demo proves something only if each generation has answered somebody. */
    private Optional<String> missingAnswers(NavigableMap<Integer, ?> generations) {
        for (int generation = 1; generation <= server.generation(); generation++) {
            if (!generations.containsKey(generation)) {
                return Optional.of("generation " + generation + " answered nobody");
            }
        }
        return Optional.empty();
    }

    /** Keeps the intervals even. Nothing is awaited here: the load goes on by itself. */
    private static void pauseUntil(long nanos) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nanos - System.nanoTime());
    }

    private static String status(long start, LoadProgress fresh, LoadProgress kept) {
        return "%5.1f s  %,d answered, %,d failed, generation %s"
                .formatted(
                        (System.nanoTime() - start) / 1e9,
                        fresh.answered() + kept.answered(),
                        fresh.failed() + kept.failed(),
                        fresh.generation().isPresent() ? fresh.generation().getAsInt() : "-");
    }
}
