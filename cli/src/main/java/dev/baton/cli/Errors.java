package dev.baton.cli;

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
        if (error instanceof CannotRunException) {
            print(command, String.valueOf(error.getMessage()));
            return ExitStatus.CANNOT_RUN;
        }
        throw error;
    }

    /** Prints one line, which begins with the command's name. */
    static void print(CommandLine command, String message) {
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + ": "
                + message.strip().replaceAll("\\s*\\R\\s*", " "));
        err.flush();
    }
}
