package dev.baton.cli;

import dev.baton.ControlException;
import dev.baton.StopResult;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton stop}: ends a service gracefully. */
@Command(
        name = "stop",
        description = "Ends a service gracefully, as SIGTERM does: what was begun is finished first.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the service stops; with --wait, its process has ended",
            "1:refused: the process is not the one that serves",
            "2:wrong use",
            "4:no such service, or several",
            "5:the service does not answer, or is another user's"
        })
final class StopCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Mixin
    private final ServiceOption wanted = new ServiceOption();

    @Option(names = "--wait", description = "wait until the process has ended")
    private boolean wait;

    @Option(names = "--json", description = "print the outcome as JSON")
    private boolean json;

    @Override
    public Integer call() throws CannotRunException, ControlException, InterruptedException {
        Services.Answered service = wanted.choose();
        Optional<ProcessHandle> process = ProcessHandle.of(service.status().pid());
        StopResult result = service.control().stop();
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? Json.write(json(service, result)) : text(service, result));
        out.flush();
        if (result instanceof StopResult.NotServing) {
            return ExitStatus.FAILED;
        }
        if (wait) {
            process.ifPresent(running -> running.onExit().join());
        }
        return ExitStatus.OK;
    }

    private static String text(Services.Answered service, StopResult result) {
        return switch (result) {
            case StopResult.Stopping _ -> service.title() + " stops: what was begun is finished first";
            case StopResult.NotServing refused ->
                service.title() + " is " + refused.state() + " and not the service"
                        + (refused.servedBy().isPresent()
                                ? ", which is pid " + refused.servedBy().getAsLong()
                                : "")
                        + "; nothing was done";
        };
    }

    private static Map<String, Object> json(Services.Answered service, StopResult result) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("result", result instanceof StopResult.Stopping ? "stopping" : "not-serving");
        json.put("name", service.status().name());
        json.put("pid", service.status().pid());
        if (result instanceof StopResult.NotServing refused) {
            json.put("state", refused.state().name());
            refused.servedBy().ifPresent(pid -> json.put("servedByPid", pid));
        }
        return json;
    }
}
