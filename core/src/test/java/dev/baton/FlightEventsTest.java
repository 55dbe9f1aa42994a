package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.Signals;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a flight recording says of restarts, drains and undos, made by real processes. */
class FlightEventsTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private ScriptedFiles files;

    @BeforeEach
    void prepare() throws Exception {
        files = new ScriptedFiles(directory);
        files.script("serve");
    }

    @Test
    void aRestartItsStepsAndTheDrainAreRecorded() throws Exception {
        long second;
        try (ChildJvm child = start(Map.of("BATON_UNDO_WINDOW", "0s"))) {
            second = files.restartToTheEnd(child, 2);
            Signals.send(second, "TERM");
            child.awaitAllGone(SOON);
            List<RecordedEvent> first = recording(child.pid());
            assertThat(named(first, "Restart"))
                    .extracting(
                            event -> event.getString("requestedBy"),
                            event -> event.getInt("generation"),
                            event -> event.getString("outcome"))
                    .containsExactly(tuple("SIGHUP", 2, "SWITCHED"));
            assertThat(named(first, "RestartStep"))
                    .extracting(event -> event.getString("step"))
                    .containsExactly("STARTED", "CONNECTED", "READY", "ACCEPTING");
            assertThat(named(first, "RestartStep"))
                    .allMatch(event -> event.getLong("pid") == second && event.getInt("generation") == 2)
                    .isSortedAccordingTo(
                            (one, other) -> one.getDuration("elapsed").compareTo(other.getDuration("elapsed")));
            RecordedEvent restart = named(first, "Restart").getFirst();
            assertThat(named(first, "RestartStep").getLast().getDuration("elapsed"))
                    .isBetween(Duration.ofMillis(1), restart.getDuration().plusMillis(1));
            assertThat(drains(first)).containsExactly(tuple(1, "SUCCEEDED", "ENDED"));
        }
        assertThat(drains(recording(second))).containsExactly(tuple(2, "STOPPED", "ENDED"));
    }

    @Test
    void aFailureAndAnUndoAreRecorded() throws Exception {
        try (ChildJvm child = start(Map.of("BATON_UNDO_WINDOW", "10m"))) {
            files.script("exit 3");
            child.signal("HUP");
            child.awaitLine(text -> text.contains("ended with exit status 3"), SOON);
            files.script("serve");
            long second = files.restart(child, 2);
            Signals.send(second, "KILL");
            files.awaitPublished(child.pid());
            child.signal("TERM");
            child.awaitAllGone(SOON);
            List<RecordedEvent> events = recording(child.pid());
            assertThat(named(events, "Restart"))
                    .extracting(event -> event.getString("outcome"), event -> event.getString("detail"))
                    .containsExactly(tuple("EXITED", "ended with exit status 3"), tuple("SWITCHED", ""));
            assertThat(named(events, "Undo"))
                    .extracting(
                            event -> event.getInt("generation"),
                            event -> event.getLong("pid"),
                            event -> event.getString("failure"))
                    .containsExactly(tuple(2, second, ""));
            assertThat(drains(events))
                    .containsExactly(tuple(1, "SUCCEEDED", "CAME_BACK"), tuple(1, "STOPPED", "ENDED"));
        }
    }

    @Test
    void aRuntimeWithoutFlightRecorderRestartsAsAnyOther() throws Exception {
        try (ChildJvm child = files.start(
                builder -> builder.jvmOptions("--limit-modules", "java.base,java.logging,jdk.unsupported")
                        .environment("BATON_UNDO_WINDOW", "0s"),
                "127.0.0.1:0")) {
            long second = files.restartToTheEnd(child, 2);
            assertThat(second).isNotEqualTo(child.pid());
        }
    }

    /** Each generation writes a file with its pid as the name when it exits. */
    private ChildJvm start(Map<String, String> environment) throws Exception {
        return files.start(
                builder -> {
                    environment.forEach(builder::environment);
                    builder.jvmOptions("-XX:StartFlightRecording:settings=none,filename=" + files.file("%p.jfr"));
                },
                "127.0.0.1:0");
    }

    private List<RecordedEvent> recording(long pid) throws IOException {
        return RecordingFile.readAllEvents(files.file(pid + ".jfr"));
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals("dev.baton." + name))
                .sorted((one, other) -> one.getEndTime().compareTo(other.getEndTime()))
                .toList();
    }

    private static List<Tuple> drains(List<RecordedEvent> events) {
        return named(events, "Drain").stream()
                .map(event -> tuple(event.getInt("generation"), event.getString("reason"), event.getString("outcome")))
                .toList();
    }
}
