package dev.baton.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** Each command says what it does, and there is a manual page of it. */
class ManPagesTest {
    static Stream<CommandSpec> commands() {
        CommandLine main = Main.commandLine();
        return Stream.concat(Stream.of(main), main.getSubcommands().values().stream())
                .map(CommandLine::getCommandSpec);
    }

    /** Those that are not picocli's own. */
    static Stream<CommandSpec> ours() {
        return commands().filter(spec -> !spec.name().equals("generate-completion"));
    }

    @Test
    void everyCommandHasAPageWithItsOptionsAndExitStatuses() throws Exception {
        Path directory = Path.of("target", "man-asciidoc"); // The profile `man` makes roff of what is there.
        ManPages.write(directory);
        for (CommandSpec spec : commands().toList()) {
            String page = Files.readString(directory.resolve(spec.qualifiedName("-") + ".adoc"));
            assertThat(page).contains("= " + spec.qualifiedName("-") + "(1)").contains("== Synopsis", "== Options");
            spec.options().stream()
                    .filter(option -> !option.hidden())
                    .forEach(option -> assertThat(page).contains("*" + option.longestName() + "*"));
            spec.usageMessage()
                    .exitCodeList()
                    .forEach((status, meaning) -> assertThat(page).contains("*" + status + "*::", meaning));
        }
    }

    @ParameterizedTest
    @MethodSource("ours")
    void everyCommandAndOptionIsDescribedAndEveryExitStatusSaid(CommandSpec spec) {
        assertThat(spec.usageMessage().description()).isNotEmpty().doesNotContain("null");
        assertThat(spec.usageMessage().exitCodeList().keySet().stream().map(String::strip))
                .contains("0", "2");
        assertThat(Stream.concat(spec.options().stream(), spec.positionalParameters().stream()))
                .allSatisfy((ArgSpec argument) -> assertThat(String.join(" ", argument.description()))
                        .as(argument.toString())
                        .isNotBlank());
    }
}
