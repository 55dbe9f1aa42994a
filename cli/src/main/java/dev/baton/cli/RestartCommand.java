package dev.baton.cli;

import dev.baton.ControlException;
import dev.baton.RestartResult;
import dev.baton.RestartStep;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code baton restart}: restarts a service, and says how that went. */
@Command(
        name = "restart",
        description = {
            "Restarts a service and waits for the outcome.",
            "",
            "A restart that has begun goes on if this command is interrupted."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the new process serves (with --wait=ready: it is ready)",
            "1:the restart failed and the old process serves on, or it was refused or, while waited for, undone",
            "2:wrong use",
            "3:another restart is in progress",
            "4:no such service, or several",
            "5:the service does not answer, or is another user's"
        })
final class RestartCommand implements Callable<Integer> {
    /** What is waited for. */
    enum Until {
        /** The new process can serve. */
        READY,
        /** It serves, and the old one accepts no more. */
        SWITCH,
        /** The old process has ended. */
        DRAINED;

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Option(
            names = "--wait",
            paramLabel = "FOR",
            defaultValue = "switch",
            converter = OfUntil.class,
            completionCandidates = WordsOfUntil.class,
            description = "ready: the new process can serve; switch: it serves, and the old one accepts no more;"
                    + " drained: the old one has ended, after the undo window; by default ${DEFAULT-VALUE}")
    private Until until = Until.SWITCH;

    @Mixin
    private final ServiceOption wanted = new ServiceOption();

    @Option(names = "--json", description = "print the outcome as JSON; progress goes to the standard error stream")
    private boolean json;

    /** Ends the wait for a restart that goes on. */
    private static final class Enough extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Enough() {
            super("this is ready", null, false, false);
        }
    }

    /** As they are written, for a shell that completes them. */
    static final class WordsOfUntil implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Until.values()).map(Until::word).iterator();
        }
    }

    static final class OfUntil implements ITypeConverter<Until> {
        @Override
        public Until convert(String text) {
            for (Until until : Until.values()) {
                if (until.word().equals(text)) {
                    return until;
                }
            }
            throw new TypeConversionException("write ready, switch or drained, not '" + text + "'");
        }
    }

    @Override
    public Integer call() throws CannotRunException, ControlException, InterruptedException {
        Services.Answered service = wanted.choose();
        Optional<ProcessHandle> old = ProcessHandle.of(service.status().pid());
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter progress = json ? spec.commandLine().getErr() : out;
        Restart restart = new Restart(service, Restart.to(progress));
        try {
            RestartResult result = restart.run(this::look);
            int status = Restart.status(result);
            Map<String, Object> outcome = restart.json(result);
            if (until == Until.DRAINED && result instanceof RestartResult.Switched switched) {
                boolean drained = awaitEnd(old, switched.pid());
                progress.println(
                        drained
                                ? "generation " + service.status().generation() + " has ended"
                                : "undone: generation " + service.status().generation() + " serves again");
                outcome.put("result", drained ? "drained" : "undone");
                status = drained ? ExitStatus.OK : ExitStatus.FAILED;
            }
            print(outcome, out);
            return status;
        } catch (Enough e) {
            print(restart.json("ready"), out);
            return ExitStatus.OK;
        }
    }

    private void look(RestartStep step) {
        if (until == Until.READY && step.kind() == RestartStep.Kind.READY) {
            throw new Enough();
        }
    }

    /** Waits for the first of the two to end; whether that was the old one, or the two have ended. */
    private static boolean awaitEnd(Optional<ProcessHandle> old, long successor) {
        CompletableFuture<?> oldEnds = old.map(ProcessHandle::onExit).orElse(CompletableFuture.completedFuture(null));
        CompletableFuture<?> successorEnds =
                ProcessHandle.of(successor).map(ProcessHandle::onExit).orElse(CompletableFuture.completedFuture(null));
        CompletableFuture.anyOf(oldEnds, successorEnds).join();
        return old.filter(ProcessHandle::isAlive).isEmpty();
    }

    private void print(Map<String, Object> outcome, PrintWriter out) {
        if (json) {
            out.println(Json.write(outcome));
        }
        out.flush();
    }
}
