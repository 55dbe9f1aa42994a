package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What can be told to be wrong before anything is started. */
class BadInputTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
                    serve --frob                   | baton serve: Unknown option: '--frob'; see baton serve --help
                    serve --listen nowhere         | 'nowhere' has no port
                    serve --listen udp:*:53        | 'udp:*:53' is an address of UDP, and files are served over TCP
                    serve --listen 127.0.0.1:99999 | the port must be a number from 0 to 65535
                    serve --drain-timeout 3x       | '3x' is not a duration
                    serve --ready-timeout 0        | ready-timeout must be longer than 0
                    serve --pid                    | Unknown option: '--pid'
                    serve one two                  | Unmatched argument at index 2: 'two'
                    serve /nonexistent/directory   | does not exist; create it or name another
                    serve /proc/self/cmdline       | is not a directory
                    serve @/nonexistent/file       | the file of @/nonexistent/file cannot be read
                    demo --restarts none           | 'none' is not an int
                    demo --restarts 0              | --restarts must be 1 to 1000
                    demo --connections 5001        | --connections must be 1 to 5000
                    demo --duration 100ms          | --duration must be at least 1s
                    frob                           | 'frob'
                    restart --wait never           | write ready, switch or drained, not 'never'
                    status one two                 | Unmatched argument at index 2: 'two'
                    list --frob                    | baton list: Unknown option: '--frob'
                    deploy                         | Missing required parameter: 'NEW.jar'
                    """)
    void badInputIsOneLineAndStatus2(String arguments, String message) {
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine().setErr(new PrintWriter(err));
        assertThat(Main.run(commandLine, arguments.split(" ", -1))).isEqualTo(2);
        assertThat(err.toString()).contains(message).startsWith("baton");
        assertThat(err.toString().lines()).hasSize(1);
    }

    @Test
    void helpDocumentsOptionsSignalsAndExitStatuses() {
        StringWriter out = new StringWriter();
        CommandLine commandLine = Main.commandLine().setOut(new PrintWriter(out));
        assertThat(Main.run(commandLine, "serve", "--help")).isZero();
        assertThat(out.toString())
                .contains("--listen=ADDRESS", "--drain-timeout=TIME", "BATON_DRAIN_TIMEOUT", "HUP", "Exit status:");
    }

    @Test
    void aFaultOfOursKeepsItsStackTrace(@TempDir Path directory) {
        @CommandLine.Command(name = "broken")
        final class Broken implements Runnable {
            @Override
            public void run() {
                throw new IllegalStateException("ours");
            }
        }
        StringWriter err = new StringWriter();
        CommandLine commandLine = Main.commandLine().addSubcommand(new Broken()).setErr(new PrintWriter(err));
        commandLine.getSubcommands().values().forEach(each -> each.setErr(new PrintWriter(err)));
        assertThat(Main.run(commandLine, "broken")).isEqualTo(1);
        assertThat(err.toString()).contains("IllegalStateException: ours", "\tat ");
    }
}
