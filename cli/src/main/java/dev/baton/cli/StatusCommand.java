package dev.baton.cli;

import dev.baton.ControlException;
import dev.baton.ControlException.Problem;
import dev.baton.State;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton status}: one service in depth. */
@Command(
        name = "status",
        description = "Shows how a service is: its generation, its listeners, what older generations still finish.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:shown; with --watch: the service has ended",
            "2:wrong use",
            "4:no such service, or several",
            "5:the service does not answer, or is another user's"
        })
final class StatusCommand implements Callable<Integer> {
    /** How often a picture is drawn again. */
    private static final long PERIOD_MILLIS = 1_000;

    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss");

    /** To the upper left corner; to the end of the line; to the end of the screen. */
    private static final String HOME = "\033[H";

    private static final String REST_OF_LINE = "\033[K";
    private static final String REST_OF_SCREEN = "\033[J";

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Mixin
    private final ServiceOption wanted = new ServiceOption();

    @Option(
            names = "--watch",
            description =
                    "look again every second until the service has ended: on a terminal the picture is drawn again,"
                            + " elsewhere there is a line for each change")
    private boolean watch;

    @Option(
            names = "--json",
            description = "print JSON: an object; with --watch, one each second, on a line of its own")
    private boolean json;

    @Override
    public Integer call() throws CannotRunException, ControlException, InterruptedException {
        Path directory = wanted.directory();
        Services.Answered service = wanted.choose();
        PrintWriter out = spec.commandLine().getOut();
        Terminal terminal = Terminal.detect();
        ServiceView view = ServiceView.of(service.status(), directory);
        if (watch) {
            watch(view, directory, terminal, out);
        } else if (json) {
            out.println(Json.write(StatusJson.of(view)));
        } else {
            new StatusText(view, terminal).lines().forEach(out::println);
        }
        out.flush();
        return ExitStatus.OK;
    }

    /** Until the service has ended, or nobody reads the output any more. */
    private void watch(ServiceView first, Path directory, Terminal terminal, PrintWriter out)
            throws CannotRunException, ControlException, InterruptedException {
        if (terminal.live() && !json) {
            out.print(HOME + REST_OF_SCREEN);
        }
        String last = "";
        Optional<ServiceView> view = Optional.of(first);
        while (view.isPresent()) {
            StatusText text = new StatusText(view.get(), terminal);
            if (json) {
                out.println(Json.line(StatusJson.of(view.get())));
            } else if (terminal.live()) {
                draw(text.lines(), out);
            } else if (!text.summary().equals(last)) {
                last = text.summary();
                out.println(LocalTime.now(ZoneId.systemDefault()).format(CLOCK) + " " + last);
            }
            if (isUnread(out)) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
            view = next(view.get(), directory);
        }
        if (!json) {
            out.println(first.status().name() + " has ended");
        }
    }

    /** Whether nobody reads the output any more. The writer does not know of what went wrong in the stream below it. */
    private static boolean isUnread(PrintWriter out) {
        return out.checkError() || System.out.checkError();
    }

    private static void draw(List<String> lines, PrintWriter out) {
        StringBuilder screen = new StringBuilder(HOME);
        lines.forEach(line -> screen.append(line).append(REST_OF_LINE).append('\n'));
        out.print(screen.append(REST_OF_SCREEN));
    }

    /** The same service a moment later, in whatever process it is by then; empty if there is none any more. */
    private static Optional<ServiceView> next(ServiceView before, Path directory)
            throws CannotRunException, ControlException, InterruptedException {
        try {
            long pid = before.status().state() == State.PARKED
                    ? before.status().servedBy().orElse(before.status().pid())
                    : before.status().pid();
            return Optional.of(ServiceView.of(
                    Services.choose(directory, Optional.of(Long.toString(pid))).status(), directory));
        } catch (ControlException e) {
            if (e.problem() == Problem.NO_ANSWER || e.problem() == Problem.NO_PERMISSION) {
                throw e;
            }
            // Its process has ended: after an undo, say, or because another restart followed within the second.
            return Services.in(directory).answered().stream()
                    .filter(each -> each.status().name().equals(before.status().name()))
                    .filter(each -> each.status().state() != State.PARKED)
                    .findFirst()
                    .map(each -> ServiceView.of(each.status(), directory));
        }
    }
}
