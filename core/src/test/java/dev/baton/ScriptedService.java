package dev.baton;

import dev.baton.testkit.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A service whose every generation reads anew what it is to do, because all have the same command line: one word of the
 * file that is its first argument. It prints what its participant is told. The other arguments are listeners.
 *
 * <p>In the folder that the variable {@value #ACCEPTS_IN} names, if it does, it makes a file with its pid as the name, when
 * it is told to accept: before anybody can know that it does.
 */
final class ScriptedService {
    static final String ACCEPTS_IN = "SCRIPTED_SERVICE_ACCEPTS_IN";

    private ScriptedService() {}

    public static void main(String[] arguments) throws Exception {
        String[] script = Files.readString(Path.of(arguments[0])).strip().split(" ", 0);
        if (script[0].equals("crash-at-once")) {
            throw new IllegalStateException("this release is broken");
        }
        if (script[0].equals("gate")) {
            System.out.println("at the gate");
            awaitGate(script[1]);
        }
        if (script[0].equals("raw")) {
            RawSuccessor.speak(script[1]);
        }
        try (Baton baton = Baton.start()) {
            say(baton, "started");
            if (script[0].equals("crash-before-binding")) {
                throw new IllegalStateException("this release is broken");
            }
            for (int i = 1; i < arguments.length && !script[0].equals("undoes-on"); i++) {
                Listener listener = baton.listen(ListenAddress.parse(arguments[i]));
                say(baton, "listens on " + listener.localAddress() + (listener.inherited() ? " inherited" : " bound"));
            }
            baton.join(new Reporter(baton, script));
            switch (script[0]) {
                case "crash" -> throw new IllegalStateException("this release is broken");
                case "exit" -> System.exit(Integer.parseInt(script[1]));
                case "explains" -> {
                    baton.tellFailure("the database is of tomorrow");
                    System.exit(3);
                }
                case "hang" -> new CompletableFuture<>().join();
                case "wait" -> {
                    say(baton, "waits");
                    awaitGate(script[1]);
                }
                case "helper" -> {
                    ProcessBuilder helper = new ProcessBuilder(
                            "sh", "-c", "env | sed 's/^/helper env /'; ls -l /proc/self/fd | sed 's/^/helper fd /'");
                    helper.environment().put("HELPER", "1"); // Makes Java hand over its own copy of the environment.
                    helper.redirectOutput(ProcessBuilder.Redirect.INHERIT)
                            .start()
                            .waitFor();
                }
                case "fills-the-heap" -> say(baton, "has " + new byte[1 << 30].length);
                case "offers" ->
                    baton.offerState("slow", () -> {
                        say(baton, "is asked for its state");
                        return awaitGateQuietly(script[1]);
                    });
                case "writer" ->
                    // Its standard error is the service's; it writes a line when the file has one line more.
                    new ProcessBuilder("sh", "-c", "exec tail -n +1 -s 0.05 -f \"$0\" >&2", script[1])
                            .inheritIO()
                            .start();
                case "chatter" -> chatter(baton, script);
                case "listen" -> baton.listen(ListenAddress.parse(script[1]));
                case "undoes-on" -> baton.listen(ListenAddress.parse(script[2]));
                case "unwell" -> baton.healthCheck(() -> !Files.exists(Path.of(script[1])));
                default -> {}
            }
            baton.ready();
            say(baton, "ready");
            if (script[0].equals("stops-itself-twice")) {
                baton.stop();
                baton.stop();
            }
            switch (script[0]) {
                case "undoes", "undoes-on" -> {
                    awaitGate(script[1]);
                    say(baton, "undo: " + baton.undo().join());
                }
                case "ready-again" -> {
                    baton.ready();
                    say(baton, "ready again");
                }
                case "asks" -> {
                    for (int i = 1; baton.state() == State.SERVING; i++) {
                        awaitGate(script[1] + "/" + i);
                        say(baton, "restart " + i + ": " + baton.restart().join());
                    }
                }
                case "exits-later" -> {
                    awaitGate(script[1]);
                    Runtime.getRuntime().halt(0);
                }
                case "fails-when-ready" -> throw new IllegalStateException("this release fails in its main loop");
                case "undoes-and-ends" -> {
                    var _ = baton.undo();
                    return;
                }
                case "fails-later" -> {
                    awaitGate(script[1]);
                    throw new IllegalStateException("this release fails in its main loop");
                }
                default -> {}
            }
            if (script[0].equals("helper-later")) {
                new ProcessBuilder("sh", "-c", "echo helper stderr `readlink /proc/self/fd/2`")
                        .inheritIO()
                        .start()
                        .waitFor();
            }
            baton.awaitExit();
            say(baton, "done");
        }
    }

    /** {@code chatter LINES [GATE [in-the-background]]}: says much on standard error. */
    private static void chatter(Baton baton, String[] script) throws Exception {
        if (script.length > 2) {
            say(baton, "waits");
            awaitGate(script[2]);
        }
        Runnable chatter = () -> {
            for (int i = 0; i < Integer.parseInt(script[1]); i++) {
                System.err.println("chatter " + i + " " + "x".repeat(90));
            }
        };
        if (script.length > 3) {
            Thread.ofPlatform().start(chatter);
        } else {
            chatter.run();
        }
    }

    private static byte[] awaitGateQuietly(String file) {
        try {
            awaitGate(file);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return new byte[0];
    }

    private static void awaitGate(String file) throws Exception {
        Await.state("the gate opens", Duration.ofSeconds(60), () -> Files.exists(Path.of(file)));
    }

    private static void say(Baton baton, String what) {
        System.out.println(baton.generation() + " " + what);
    }

    private static CompletionStage<Void> gate(String file) {
        return CompletableFuture.runAsync(() -> {
            try {
                awaitGate(file);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** A server without connections. */
    private static final class Reporter implements Participant {
        private final Baton baton;
        private final String script;
        private final String argument;
        private int resumed;

        Reporter(Baton baton, String[] script) {
            this.baton = baton;
            this.script = script[0];
            this.argument = script.length > 1 ? script[1] : "";
        }

        @Override
        public CompletionStage<Void> resume() {
            resumed++;
            if (script.equals("resumes-once") && resumed > 1) {
                return CompletableFuture.failedFuture(new IOException("no descriptor is left"));
            }
            if (script.equals("resumes-once-then-hangs") && resumed > 1) {
                return new CompletableFuture<>();
            }
            if (script.equals("cannot-accept")) {
                return CompletableFuture.failedFuture(new IOException("no descriptor is left"));
            }
            if (script.equals("throws-at-resume")) {
                throw new IllegalStateException("thrown by resume");
            }
            if (script.equals("exits-at-resume")) {
                System.exit(5);
            }
            CompletionStage<Void> resumed = said("resume");
            markAccepting();
            return script.equals("never-accepts") ? new CompletableFuture<>() : resumed;
        }

        @Override
        public CompletionStage<Void> park() {
            if (script.equals("throws-when-leaving")) {
                throw new IllegalStateException("thrown by park");
            }
            if (script.equals("park-fails-to-load")) {
                throw new NoClassDefFoundError("dev/baton/example/Gone");
            }
            CompletionStage<Void> parked = said("park");
            return script.equals("parks-at") ? gate(argument) : parked;
        }

        @Override
        public void release() {
            if (script.equals("throws-when-leaving")) {
                throw new IllegalStateException("thrown by release");
            }
            var _ = said("release");
        }

        @Override
        public CompletionStage<Void> drain(DrainReason reason) {
            CompletionStage<Void> drained = said("drain " + reason);
            return neverDrains() ? new CompletableFuture<>() : drained;
        }

        @Override
        public int close() {
            var _ = said("close");
            return neverDrains() ? 7 : 0;
        }

        private boolean neverDrains() {
            return script.equals("never-drains") || script.equals("stops-itself-twice");
        }

        private CompletionStage<Void> said(String call) {
            say(baton, call);
            return CompletableFuture.completedStage(null);
        }
    }

    private static void markAccepting() {
        String folder = System.getenv(ACCEPTS_IN);
        if (folder != null) {
            try {
                Path mark =
                        Path.of(folder, String.valueOf(ProcessHandle.current().pid()));
                if (Files.notExists(mark)) {
                    Files.createFile(mark);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Replaces the script; what a generation reads is the old word or the new one. */
    static void script(Path file, String words) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, words);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
