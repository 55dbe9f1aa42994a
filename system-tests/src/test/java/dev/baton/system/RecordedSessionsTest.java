package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.system.OperatedService.Said;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The terminal sessions of docs/commands.md are what the commands say. {@code -Dbaton.record=true} writes into the document
 * what they say now.
 */
class RecordedSessionsTest {
    private static final Path DOCUMENT =
            Path.of("..", "docs", "commands.md").toAbsolutePath().normalize();

    /** What the document shows in the place of this machine's folder, and of a port that is free here. */
    private static final String SHOWN_DIRECTORY = "/srv/shop";

    private static final String SHOWN_PORT = "8080";

    @TempDir
    private Path directory;

    private final Map<String, String> sessions = new LinkedHashMap<>();
    private final String port = Integer.toString(UnmodifiedServer.freePort());

    private OperatedService start(String undoWindow) throws Exception {
        return OperatedService.start(
                directory,
                undoWindow,
                _ -> Files.writeString(
                        OperatedService.arguments(directory), "--listen 127.0.0.1:" + port + "\n--name shop\n"));
    }

    /** Runs a command as it is typed, and adds it and its answer to a session. */
    private void type(String session, String command) throws Exception {
        String[] arguments =
                command.replace(SHOWN_DIRECTORY, directory.toString()).split(" ", -1);
        Said said = OperatedService.run(OperatedService.command(directory, arguments));
        StringBuilder text = new StringBuilder("$ baton " + command + "\n");
        said.lines().stream().map(this::shown).forEach(line -> text.append(line).append('\n'));
        if (said.status() != 0) {
            text.append("$ echo $?\n").append(said.status()).append('\n');
        }
        sessions.merge(session, text.toString(), String::concat);
    }

    /** Without what is this machine's; the last column of a table stays where it was, for its heading's sake. */
    private String shown(String line) {
        String shown = line.replace(directory.toString(), SHOWN_DIRECTORY).replace(":" + port, ":" + SHOWN_PORT);
        return line.startsWith("NAME ") ? shown.replaceFirst(" +(?=JAR$)", "   ") : shown;
    }

    /** A release that differs from that which runs. */
    private void release(OperatedService service) throws Exception {
        Path release = Files.copy(service.jar(), directory.resolve("new.jar"));
        try (FileSystem files = FileSystems.newFileSystem(release)) {
            Files.writeString(files.getPath("release"), "2");
        }
    }

    @Test
    void theSessionsInTheDocumentAreWhatTheCommandsSay() throws Exception {
        try (OperatedService service = start("60s")) {
            type("restart", "restart shop");
            type("list", "list");
            type("status", "status shop");
            type("undo", "undo shop");
            type("undo", "undo shop");
            service.breakConfiguration();
            type("failed-restart", "restart shop");
            type("stop", "stop shop --wait");
        }
        Files.delete(directory.resolve("shop.jar"));
        try (OperatedService service = start("1s")) {
            release(service);
            type("deploy", "deploy " + SHOWN_DIRECTORY + "/new.jar shop");
        }
        if (Boolean.getBoolean("baton.record")) {
            RecordedSessions.write(DOCUMENT, sessions);
        }
        assertThat(RecordedSessions.comparable(RecordedSessions.in(DOCUMENT)))
                .as("what docs/commands.md shows; -Dbaton.record=true writes it anew")
                .isEqualTo(RecordedSessions.comparable(sessions));
    }

    @Test
    void onlyWhatChangesWithEachRunIsLeftOutOfTheComparison() {
        String shown = """
                NAME   PID     AGE
                shop   19178   1.5s
                shop (pid 19178) has 2 connections for 1m 15s [##..], pid 7 none, JDK 25.0.3+9-LTS, 0.1.0-SNAPSHOT
                """;
        String now = """
                NAME   PID   AGE
                shop   311   12s
                shop (pid 311) has 2 connections for 400ms [####], pid 19178 none, JDK 26.0.1+8, 0.2.0
                """;
        assertThat(comparable(now)).isEqualTo(comparable(shown));
        assertThat(comparable(now.replace("2 connections", "3 connections"))).isNotEqualTo(comparable(shown));
        assertThat(comparable(now.replace("pid 19178", "pid 311"))).isNotEqualTo(comparable(shown));
        assertThat(comparable(now.replace("has", "had"))).isNotEqualTo(comparable(shown));
    }

    private static String comparable(String session) {
        return RecordedSessions.comparable(Map.of("one", session));
    }
}
