package dev.baton.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** {@code baton}: finds the command, runs it, and turns its result into an exit status. */
@Command(
        name = "baton",
        description = "Restarts JVM servers without their clients noticing.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {
            ServeCommand.class,
            RunCommand.class,
            ListCommand.class,
            StatusCommand.class,
            RestartCommand.class,
            UndoCommand.class,
            StopCommand.class,
            DeployCommand.class,
            TrainCommand.class,
            DemoCommand.class,
            AutoComplete.GenerateCompletion.class
        },
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status (each command's --help says what it means there):%n",
        exitCodeList = {
            "0:done",
            "1:failed or refused",
            "2:wrong use, or it cannot run",
            "3:the same is in progress already",
            "4:no such service, or several",
            "5:the service does not answer, or is another user's"
        })
public final class Main {
    private Main() {}

    /** Runs a command and exits with its status. */
    public static void main(String[] arguments) {
        // One line for an event; whoever configures java.util.logging differently has the last word.
        String format = "java.util.logging.SimpleFormatter.format";
        if (System.getProperty(format) == null) {
            System.setProperty(format, "%1$tF %1$tT.%1$tL %4$s %5$s%6$s%n");
        }
        System.exit(run(commandLine(), arguments));
    }

    /** Runs a command and returns its status. */
    static int run(CommandLine commandLine, String... arguments) {
        if (arguments.length > 0 && arguments[0].equals(RunCommand.NAME)) {
            // What follows is another program's: an @FILE or an option there is for that one to read.
            return commandLine.setExpandAtFiles(false).setStopAtPositional(true).execute(arguments);
        }
        for (String argument : arguments) {
            // picocli would take the name of a file that it cannot read for a plain argument.
            if (argument.startsWith("@") && !Files.isReadable(Path.of(argument.substring(1)))) {
                Errors.print(commandLine, "the file of " + argument + " cannot be read; create it or name another");
                return ExitStatus.CANNOT_RUN;
            }
        }
        return commandLine.execute(arguments);
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setParameterExceptionHandler(Errors::ofParameters)
                .setExecutionExceptionHandler(Errors::ofExecution)
                .setAbbreviatedOptionsAllowed(false)
                .setUsageHelpAutoWidth(true);
    }

    /** Reads the version from the jar's manifest. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            String java = System.getProperty("java.vm.name") + " " + Runtime.version();
            return new String[] {"baton " + (version == null ? "(not packaged)" : version), java};
        }
    }
}
