package dev.baton.cli;

import dev.baton.ControlException;
import dev.baton.UndoResult;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code baton undo}: goes back to the generation before. */
@Command(
        name = "undo",
        description = "Goes back to the process before the last restart, as long as its undo window is open.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:the process before serves again",
            "1:there is nothing to undo, or the process before cannot serve; nothing has changed",
            "2:wrong use",
            "3:another undo is in progress",
            "4:no such service, or several",
            "5:the service does not answer, or is another user's"
        })
final class UndoCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Mixin
    private final ServiceOption wanted = new ServiceOption();

    @Option(names = "--json", description = "print the outcome as JSON")
    private boolean json;

    @Override
    public Integer call() throws CannotRunException, ControlException, InterruptedException {
        Services.Answered service = wanted.choose();
        UndoResult result = service.control().undo();
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? Json.write(json(result)) : text(service, result));
        out.flush();
        return switch (result) {
            case UndoResult.Undone _ -> ExitStatus.OK;
            case UndoResult.AlreadyInProgress _ -> ExitStatus.IN_PROGRESS;
            case UndoResult.NothingToUndo _, UndoResult.Failed _ -> ExitStatus.FAILED;
        };
    }

    private static String text(Services.Answered service, UndoResult result) {
        return switch (result) {
            case UndoResult.Undone undone ->
                "undone: " + Services.Answered.generation(undone.generation(), undone.pid()) + " serves again";
            case UndoResult.NothingToUndo _ ->
                "there is nothing to undo: " + service.title()
                        + " was not restarted, or its undo window is over, and serves on";
            case UndoResult.AlreadyInProgress _ -> "another undo is in progress; this one did nothing";
            case UndoResult.Failed failed ->
                "the undo failed: " + failed.detail() + "; " + service.title() + " serves on";
        };
    }

    private static Map<String, Object> json(UndoResult result) {
        Map<String, Object> json = new LinkedHashMap<>();
        switch (result) {
            case UndoResult.Undone undone -> {
                json.put("result", "undone");
                json.put("generation", undone.generation());
                json.put("pid", undone.pid());
            }
            case UndoResult.NothingToUndo _ -> json.put("result", "nothing-to-undo");
            case UndoResult.AlreadyInProgress _ -> json.put("result", "already-in-progress");
            case UndoResult.Failed failed -> {
                json.put("result", "failed");
                json.put("detail", failed.detail());
            }
        }
        return json;
    }
}
