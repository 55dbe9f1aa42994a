package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code source <(baton generate-completion)} lets bash offer. */
class CompletionTest {
    @TempDir
    private Path directory;

    @BeforeEach
    void generate() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/bin/bash")), "there is no bash to complete anything");
        StringWriter out = new StringWriter();
        assertThat(Main.run(Main.commandLine().setOut(new PrintWriter(out)), "generate-completion"))
                .isZero();
        Files.writeString(directory.resolve("completion"), out.toString());
    }

    /** What bash offers for the last word, after all before it. */
    private List<String> offered(String... words) throws Exception {
        String script = """
                compopt() { :; } # Bash has it in a completion that a key has begun.
                source "$1" || exit 9
                shift
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
                function=$(complete -p baton | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
                $function baton "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """;
        ProcessBuilder bash = new ProcessBuilder(
                "/bin/bash",
                "--norc",
                "-c",
                script,
                "bash",
                directory.resolve("completion").toString());
        bash.command().addAll(List.of(words));
        Process process = bash.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }

    @Test
    void aCommandIsCompleted() throws Exception {
        assertThat(offered("baton", "re")).containsExactly("restart");
        assertThat(offered("baton", "")).contains("list", "status", "restart", "undo", "stop", "deploy", "serve");
    }

    @Test
    void anOptionAndItsValuesAreCompleted() throws Exception {
        assertThat(offered("baton", "restart", "--w")).containsExactly("--wait");
        assertThat(offered("baton", "restart", "--wait", "")).containsExactly("ready", "switch", "drained");
    }
}
