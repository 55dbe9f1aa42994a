package dev.baton.cli;

import dev.baton.GenerationStatus;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton list}: the generations of this user. */
@Command(
        name = "list",
        description = "Lists the running generations of this user's services.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:listed, also if there is none", "2:wrong use", "5:the run directory is another user's"})
final class ListCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Mixin
    private final RunDirectoryOption runDirectory = new RunDirectoryOption();

    @Option(names = "--json", description = "print JSON: an array with an object for each generation")
    private boolean json;

    @Override
    public Integer call() throws CannotRunException, InterruptedException {
        Path directory = runDirectory.path();
        Services services = Services.in(directory);
        List<ServiceView> views = services.answered().stream()
                .map(each -> new ServiceView(
                        each.status(), OpenConnections.of(each.status().pid()), List.of()))
                .toList();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.write(StatusJson.of(views, services.silent())));
        } else {
            print(views, services.silent(), Terminal.detect(), out);
        }
        out.flush();
        return ExitStatus.OK;
    }

    private static void print(
            List<ServiceView> views, List<Services.Silent> silent, Terminal terminal, PrintWriter out) {
        if (!views.isEmpty()) {
            TextTable table = new TextTable()
                    .row("NAME", "PID", "GEN", "STATE", "AGE", "OPEN", "RESTARTS", "LISTENS", "JDK", "JAR");
            views.forEach(view -> table.row(cells(view)));
            List<String> lines = table.lines();
            out.println(terminal.heading(lines.getFirst()));
            lines.stream().skip(1).forEach(out::println);
        }
        silent.forEach(each -> out.println(terminal.bad(each.reason())));
    }

    private static String[] cells(ServiceView view) {
        GenerationStatus status = view.status();
        return new String[] {
            status.name(),
            Long.toString(status.pid()),
            Integer.toString(status.generation()),
            status.state().name(),
            Elapsed.text(status.age()),
            view.open().isPresent() ? Integer.toString(view.open().getAsInt()) : "?",
            Integer.toString(status.restarts()),
            String.join(" ", status.listeners()),
            status.jdk().orElse("?"),
            status.jar().map(Path::toString).orElse("-")
        };
    }
}
