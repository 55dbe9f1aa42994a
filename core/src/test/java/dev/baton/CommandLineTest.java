package dev.baton;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class CommandLineTest {

    @Test
    void emptyQuotedAndForeignArgumentsStayAsTheyAre() throws IOException {
        String block = "java\0-cp\0\0a b\0\"q\"\0ünï\0";
        assertThat(CommandLine.words(block.getBytes(UTF_8), UTF_8))
                .containsExactly("java", "-cp", "", "a b", "\"q\"", "ünï");
        assertThat(CommandLine.words(block.getBytes(ISO_8859_1), ISO_8859_1)).endsWith("ünï");
    }

    @Test
    void anArgumentThatTheEncodingWouldSpoilIsRefused() {
        assertThatThrownBy(() -> CommandLine.words("java\0ü\0".getBytes(UTF_8), US_ASCII))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("argument 1 of the command line is not valid US-ASCII; set LC_ALL=C.UTF-8");
    }

    @Test
    void thisProcessIsFound() throws IOException {
        CommandLine commandLine = CommandLine.ofThisProcess();
        assertThat(commandLine.words().getFirst()).endsWith("java");
        assertThat(commandLine.directory()).isAbsolute().isDirectory();
    }
}
