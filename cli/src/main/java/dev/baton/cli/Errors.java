package dev.baton.cli;

import dev.baton.ControlException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What goes wrong becomes one line on the standard error stream and an exit status. */
final class Errors {
    private Errors() {}

    /** The command line cannot be understood. */
    static int ofParameters(ParameterException error, String[] arguments) {
        CommandLine command = error.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        print(command, error.getMessage() + "; see " + name + " --help");
        return ExitStatus.CANNOT_RUN;
    }

    /** The command could not run; any other exception is a fault of ours, and keeps its stack trace. */
    static int ofExecution(Exception error, CommandLine command, ParseResult parsed) throws Exception {
        int status = switch (error) {
            case CannotRunException e -> e.status();
            case ControlException e -> status(e.problem());
            default -> throw error;
        };
        print(command, String.valueOf(error.getMessage()));
        return status;
    }

    /** What a service that cannot be asked, or does not answer, makes of a command. */
    private static int status(ControlException.Problem problem) {
        return switch (problem) {
            case NO_SUCH_PROCESS, NO_SOCKET, DEAD_SOCKET -> ExitStatus.NO_SERVICE;
            case NO_PERMISSION, NO_ANSWER, HUNG_UP, OTHER_VERSION, NOT_UNDERSTOOD -> ExitStatus.NO_ANSWER;
        };
    }

    /** Prints one line, which begins with the command's name. */
    static void print(CommandLine command, String message) {
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + ": "
                + message.strip().replaceAll("\\s*\\R\\s*", " "));
        err.flush();
    }
}
