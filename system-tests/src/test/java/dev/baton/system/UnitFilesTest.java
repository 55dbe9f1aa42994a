package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The units under examples/systemd and the one of the README, before {@code systemd-analyze verify}. */
class UnitFilesTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path UNITS = ROOT.resolve("examples/systemd");
    private static final Pattern README_UNIT = Pattern.compile("(?s)\\n```ini\\n(.*?)```\\n");
    private static final Pattern VERSION = Pattern.compile("systemd (\\d+)");

    /** The first release that knows Type=notify-reload. */
    private static final int NOTIFY_RELOAD = 253;

    @TempDir
    private Path directory;

    static Stream<Path> units() throws IOException {
        try (Stream<Path> units = Files.list(UNITS)) {
            return units.sorted().toList().stream();
        }
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }

    private static int version() throws InterruptedException {
        try {
            Matcher version = VERSION.matcher(run("systemd-analyze", "--version"));
            return version.find() ? Integer.parseInt(version.group(1)) : 0;
        } catch (IOException e) {
            return 0;
        }
    }

    /** A unit that is whole but for the program, which verify looks for: the JDK of this test is in its place. */
    private Path executable(Path name, String unit) throws IOException {
        Path copy = directory.resolve(name);
        String java = ProcessHandle.current().info().command().orElseThrow();
        Files.writeString(copy, unit.replace("ExecStart=/usr/bin/java", "ExecStart=" + java));
        return copy;
    }

    private void verify(Path... units) throws Exception {
        int version = version();
        Assumptions.assumeTrue(version > 0, "systemd-analyze is not on this machine: unit files are not verified");
        List<String> command = new ArrayList<>(List.of("systemd-analyze", "verify", "--man=no"));
        for (Path unit : units) {
            command.add(unit.toString());
        }
        List<String> complaints = run(command.toArray(String[]::new))
                .lines()
                .filter(line -> Stream.of(units)
                        .anyMatch(unit -> line.contains(unit.getFileName().toString())))
                .filter(line -> version >= NOTIFY_RELOAD
                        || !line.contains("Failed to parse service type, ignoring: notify-reload"))
                .toList();
        assertThat(complaints).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("units")
    void aUnitOfTheExamplesIsRight(Path unit) throws Exception {
        List<Path> together = new ArrayList<>();
        for (Path each : units().toList()) {
            Path copy = executable(each.getFileName(), Files.readString(each));
            if (each.equals(unit)) {
                together.add(copy);
            }
        }
        verify(together.toArray(Path[]::new));
    }

    @Test
    void theUnitOfTheReadmeIsThatOfTheExamples() throws Exception {
        Matcher unit = README_UNIT.matcher(Files.readString(ROOT.resolve("README.md")));
        assertThat(unit.find()).isTrue();
        assertThat(UNITS.resolve("shop.service"))
                .content()
                .as("without comments")
                .matches(content -> content.replaceAll("(?m)^#.*\\n", "").equals(unit.group(1)));
    }

    @Test
    void aUnitThatIsWrongIsFound() throws Exception {
        Assumptions.assumeTrue(version() > 0, "systemd-analyze is not on this machine");
        Path wrong = executable(Path.of("wrong.service"), "[Service]\nType=notify\nExecStrat=/bin/true\n");
        assertThat(run("systemd-analyze", "verify", "--man=no", wrong.toString()))
                .contains("ExecStrat");
    }
}
