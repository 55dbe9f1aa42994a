package dev.baton.cli;

import dev.baton.BatonControl;
import dev.baton.ControlException;
import dev.baton.RestartResult;
import dev.baton.State;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton deploy}: gives a service another jar, and restarts it; if that does not last, the old jar comes back. */
@Command(
        name = "deploy",
        description = {
            "Puts a new release of a service in place, restarts the service, and waits until its undo window is over.",
            "",
            "The jar from which the service was started (java -jar) is replaced by rename, never written to. If the restart"
                    + " fails, or is undone, or the new process dies in its undo window, the old jar comes back. Until"
                    + " that is known it is kept beside the new one, as JAR.previous: also if this command is interrupted."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the new release serves, and its undo window is over",
            "1:it failed, was refused or undone, and the old release is in place; or the service was stopped",
            "2:wrong use, or a file that cannot be deployed; nothing has changed",
            "3:another restart is in progress; nothing has changed",
            "4:no such service, or several",
            "5:the service does not answer, or is another user's; if that is after the restart has begun, both files are kept"
        })
final class DeployCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "NEW.jar", description = "the new release, which is copied")
    private Path release = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "NAME|PID",
            arity = "0..1",
            description = "the service; needed only if there are several")
    private Optional<String> wanted = Optional.empty();

    @Mixin
    private final RunDirectoryOption runDirectory = new RunDirectoryOption();

    @Option(names = "--json", description = "print the outcome as JSON; progress goes to the standard error stream")
    private boolean json;

    @Override
    public Integer call() throws CannotRunException, ControlException, InterruptedException {
        Path directory = runDirectory.path();
        Services.Answered service = Services.choose(directory, wanted);
        Path jar = jar(service);
        if (service.status().state() == State.UPGRADING) {
            throw new CannotRunException(
                    ExitStatus.IN_PROGRESS, "another restart of " + service.title() + " is in progress");
        }
        PrintWriter out = spec.commandLine().getOut();
        Consumer<String> say = Restart.to(json ? spec.commandLine().getErr() : out);
        ReleaseSwap swap = ReleaseSwap.put(release.toAbsolutePath(), jar);
        say.accept(jar + " is the new release; the old one is kept as " + swap.previous()
                + " until the undo window is over");
        Restart restart = new Restart(service, say);
        RestartResult result = restart.run(_ -> {});
        Map<String, Object> outcome = restart.json(result);
        int status = Restart.status(result);
        if (result instanceof RestartResult.Switched switched) {
            BatonControl fresh = BatonControl.of(switched.pid(), directory);
            UndoWindowWatch.Verdict verdict = new UndoWindowWatch(
                            fresh, service.control(), service.status().pid())
                    .await();
            status = end(verdict, switched, service, swap, say);
            outcome.put(
                    "result",
                    verdict == UndoWindowWatch.Verdict.STAYS
                            ? "deployed"
                            : verdict.name().toLowerCase(Locale.ROOT));
        } else {
            swap.undo();
            say.accept("the old release is in place again");
        }
        if (json) {
            out.println(Json.write(outcome));
            out.flush();
        }
        return status;
    }

    private static int end(
            UndoWindowWatch.Verdict verdict,
            RestartResult.Switched switched,
            Services.Answered service,
            ReleaseSwap swap,
            Consumer<String> say)
            throws CannotRunException {
        String fresh = Services.Answered.generation(switched.generation(), switched.pid());
        switch (verdict) {
            case STAYS -> {
                swap.keep();
                say.accept("deployed: " + fresh + " serves, and its undo window is over");
                return ExitStatus.OK;
            }
            case UNDONE -> {
                swap.undo();
                say.accept("undone: " + service.generation() + " serves again, and the old release is in place");
            }
            case GONE -> {
                swap.undo();
                say.accept(fresh + " has ended, and nobody serves; the old release is in place");
            }
            case STOPPED -> {
                swap.keep();
                say.accept("the service was stopped before its undo window was over; the new release is in place");
            }
        }
        return ExitStatus.FAILED;
    }

    private static Path jar(Services.Answered service) throws CannotRunException {
        return service.status()
                .jar()
                .orElseThrow(() -> new CannotRunException(
                        service.title() + " does not say that it was started by java -jar, so there is no file to"
                                + " replace; put the release in place yourself and run baton restart"));
    }
}
