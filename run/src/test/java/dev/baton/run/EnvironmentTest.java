package dev.baton.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentTest {
    private static final byte[] NO_TEXT = {'N', '=', (byte) 0xff, (byte) 0xfe};

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<String> text(List<byte[]> words) {
        return words.stream()
                .map(word -> new String(word, StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void whatIsNoTextStaysAsItIs() {
        Environment environment = new Environment(List.of(NO_TEXT, bytes("A=1")));
        environment.set("A", "2");
        environment.rename("N", "LONGER");
        assertThat(environment.variables().getFirst()).endsWith((byte) 0xff, (byte) 0xfe);
        assertThat(environment.get("A")).contains("2");
        assertThat(environment.get("N")).isEmpty();
    }

    @Test
    void wordsThatAreEmptyAreWords() {
        assertThat(text(Environment.split(bytes("a\0\0b\0")))).containsExactly("a", "", "b");
    }

    @Test
    void variablesThatAShellWouldDropAreToldApart() {
        Environment environment = new Environment(List.of(bytes("a.b=1"), bytes("A_1=2"), bytes("1A=3")));
        assertThat(text(environment.takeUnknownToShells())).containsExactly("a.b=1", "1A=3");
        assertThat(text(environment.variables())).containsExactly("A_1=2");
    }

    @ParameterizedTest
    @CsvSource({
        "-Xmx1g, java, -Xmx1g -javaagent:/opt/baton.jar",
        "'', java, -javaagent:/opt/baton.jar",
        "-javaagent:/elsewhere/baton.jar=x, java, -javaagent:/elsewhere/baton.jar=x",
        "-Xmx1g, -javaagent:baton.jar, -Xmx1g"
    })
    void theAgentIsAddedOnce(String options, String word, String expected) {
        Environment environment = new Environment(List.of(bytes("BATON_RUN_JAVA_TOOL_OPTIONS=" + options)));
        Program program =
                new Program(List.of(bytes("java"), bytes(word)), environment, options("/opt/baton.jar"), "@notify");
        assertThat(program.environment().get("JAVA_TOOL_OPTIONS")).contains(expected);
        assertThat(program.environment().get("NOTIFY_SOCKET")).contains("@notify");
        assertThat(program.environment().get("BATON_RUN_JAVA_TOOL_OPTIONS")).isEmpty();
    }

    @Test
    void aPathWithSpacesIsQuoted() {
        Program program = new Program(
                List.of(bytes("java")), new Environment(List.of()), options("/my lib/baton.jar"), "@notify");
        assertThat(program.environment().get("JAVA_TOOL_OPTIONS")).contains("'-javaagent:/my lib/baton.jar'");
    }

    private static RunOptions options(String jar) {
        return new RunOptions(Path.of(jar), true, Duration.ZERO, Optional.empty());
    }

    @Test
    void optionsComeToTheSupervisorAsTheyAre() {
        RunOptions options =
                new RunOptions(Path.of("/a b.jar"), false, Duration.ofMillis(1_500), Optional.of("[::1]:80"));
        assertThat(RunOptions.of(options.arguments())).isEqualTo(options);
    }
}
