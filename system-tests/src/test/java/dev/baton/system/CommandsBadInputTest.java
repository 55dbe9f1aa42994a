package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.system.OperatedService.Said;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who cannot be operated is named in one line on the standard error stream, without a stack trace, with the exit status of
 * docs/commands.md. The services are real, and so are the users.
 */
class CommandsBadInputTest {
    /** Two users that nobody else is. */
    private static final String SHOPKEEPER = "64017";

    private static final String STRANGER = "64018";

    /** The commands that mean one service. */
    private static final List<List<String>> COMMANDS = List.of(
            List.of("status"), List.of("restart"), List.of("undo"), List.of("stop"), List.of("deploy", "new.jar"));

    @TempDir
    private Path directory;

    private static String[] with(List<String> command, String... more) {
        return Stream.concat(command.stream(), Stream.of(more)).toArray(String[]::new);
    }

    private ChildJvm.Builder command(String... arguments) {
        return OperatedService.command(directory, arguments);
    }

    private static void assertRefused(int status, ChildJvm.Builder command, String name, String... message)
            throws Exception {
        try (ChildJvm child = command.start()) {
            int ended = child.awaitExit(OperatedService.SOON);
            List<OutputLine> lines = child.awaitAllOutput(OperatedService.SOON);
            assertThat(lines).singleElement().satisfies(line -> {
                assertThat(line.stderr()).isTrue();
                assertThat(line.text()).startsWith("baton " + name + ": ").contains(message);
            });
            assertThat(ended).as(lines.toString()).isEqualTo(status);
        }
    }

    /** Every command that means one service is refused in the same words. */
    private void assertAllRefused(int status, String wanted, String... message) throws Exception {
        for (List<String> command : COMMANDS) {
            assertRefused(status, command(with(command, wanted)), command.getFirst(), message);
        }
    }

    private static void assumeOtherUsers() {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root can start a process of another user");
        assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/setpriv")),
                "setpriv (util-linux) is not there to start a process of another user");
    }

    private static ChildJvm.Builder as(String user, ChildJvm.Builder command) {
        return command.startedBy("setpriv", "--reuid=" + user, "--regid=" + user, "--clear-groups");
    }

    /** Makes file permissions count for root too, by taking away the capabilities that override them. */
    private static ChildJvm.Builder bound(ChildJvm.Builder command) {
        if (!System.getProperty("user.name").equals("root")) {
            return command;
        }
        assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/setpriv")),
                "permissions do not bind root, and setpriv (util-linux) is not there to make them");
        return command.startedBy("setpriv", "--bounding-set=-dac_override,-dac_read_search");
    }

    private void mode(Path file, String permissions) throws Exception {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static String pid(OperatedService service) {
        return Long.toString(service.child().pid());
    }

    private static Path socket(Path directory, OperatedService service) {
        return OperatedService.run(directory).resolve(pid(service) + ".sock");
    }

    @Test
    void aWrongNameIsAnsweredWithThoseThatThereAre() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            assertAllRefused(
                    4,
                    "shpo",
                    "there is no service that is called shpo in " + OperatedService.run(directory)
                            + "; there are shop (pid " + pid(service) + ")");
            assertThat(service.child().isAlive()).isTrue();
        }
    }

    @Test
    void aDeadPidIsNamedAndItsSocketIsNoService() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            String pid = pid(service);
            Path socket = socket(directory, service);
            service.child().signal("KILL");
            service.child().awaitExit(OperatedService.SOON);
            assertThat(socket).as("what a process leaves that is killed").exists();
            assertAllRefused(4, pid, "nobody listens at " + socket + ": its process is dead");
            assertThat(service.run("list")).isEqualTo(new Said(0, List.of()));

            Files.delete(socket);
            assertAllRefused(4, pid, "there is no process " + pid);
        }
    }

    @Test
    void aFrozenServiceIsNotTakenForNone() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            service.child().signal("STOP");
            try {
                String frozen = "process " + pid(service) + " does not answer; it may be frozen";
                assertRefused(5, command("stop", pid(service)), "stop", frozen);
                assertRefused(5, command("restart", "shop"), "restart", "there is no service", frozen);
                assertThat(service.run("list")).isEqualTo(new Said(0, List.of(frozen)));
            } finally {
                service.child().signal("CONT");
            }
        }
    }

    @Test
    void aServiceOfAnotherUserIsNotOperatedAndNotTakenForNone() throws Exception {
        assumeOtherUsers();
        mode(directory, "rwxr-xr-x");
        Path jar = Files.copy(UnmodifiedServer.batonJar(), directory.resolve("baton.jar"));
        Path theirs = Files.createDirectory(directory.resolve("theirs"));
        try (OperatedService service = OperatedService.start(theirs, "0", builder -> {
            Files.setAttribute(theirs, "unix:uid", Integer.valueOf(SHOPKEEPER));
            as(SHOPKEEPER, builder.directory(theirs));
        })) {
            Path run = OperatedService.run(theirs);
            String pid = pid(service);
            for (List<String> command : COMMANDS) {
                assertRefused(
                        5,
                        OperatedService.command(theirs, with(command, pid)),
                        command.getFirst(),
                        "process " + pid + " belongs to user " + SHOPKEEPER + "; ask as that user");
                assertRefused(
                        5,
                        as(
                                STRANGER,
                                OperatedService.packagedCommand(jar, theirs, with(command, pid))
                                        .directory(theirs)),
                        command.getFirst(),
                        "no permission for " + socket(theirs, service) + "; is it another user's?");
            }
            assertRefused(
                    5,
                    OperatedService.command(theirs, "list"),
                    "list",
                    run + " must be a directory (no symbolic link) of user 0 with mode 0700");
            assertRefused(
                    5,
                    as(
                            STRANGER,
                            OperatedService.packagedCommand(jar, theirs, "status", "shop")
                                    .directory(theirs)),
                    "status",
                    run + " must be a directory (no symbolic link) of user " + STRANGER + " with mode 0700");

            Said own = OperatedService.run(as(
                    SHOPKEEPER,
                    OperatedService.packagedCommand(jar, theirs, "status", "--json")
                            .directory(theirs)));
            assertThat(own.status()).as(own.text()).isZero();
            assertThat(own.text()).contains("\"state\": \"SERVING\"");
        }
    }

    @Test
    void aSocketWithoutPermissionIsNotTakenForNone() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            Path socket = socket(directory, service);
            String denied = "no permission for " + socket + "; is it another user's?";
            mode(socket, "---------");
            for (List<String> command : COMMANDS) {
                assertRefused(5, bound(command(with(command, pid(service)))), command.getFirst(), denied);
            }
            assertRefused(5, bound(command("restart")), "restart", "there is no service", denied);
            assertThat(OperatedService.run(bound(command("list")))).isEqualTo(new Said(0, List.of(denied)));

            mode(OperatedService.run(directory), "r-x------");
            assertRefused(5, bound(command("list")), "list", "must be a directory", "mode 0700");
        }
    }

    @Test
    void aRunDirectoryThatCannotBeReachedIsNotTakenForAnEmptyOne() throws Exception {
        Path locked = Files.createDirectory(directory.resolve("locked"));
        mode(locked, "---------");
        assertRefused(
                5,
                bound(command("list", "--run-dir", locked.resolve("run").toString())),
                "list",
                locked.resolve("run").toString());
    }

    @Test
    void twoServicesOfOneNameAreToldApartByTheirPids() throws Exception {
        Path other = Files.createDirectory(directory.resolve("other"));
        try (OperatedService first = OperatedService.start(directory, "0");
                OperatedService second = OperatedService.start(
                        other,
                        "0",
                        builder -> builder.environment(
                                "BATON_RUN_DIR", OperatedService.run(directory).toString()))) {
            assertAllRefused(
                    4,
                    "shop",
                    "there are several services that are called shop: ",
                    "shop (pid " + pid(first) + ")",
                    "shop (pid " + pid(second) + ")",
                    "; say which, by its pid");
            assertRefused(
                    4, command("undo"), "undo", "there are several services: ", "; say which, by its name or pid");
            Said stopped = first.run("stop", pid(second), "--wait");
            assertThat(stopped.status()).as(stopped.text()).isZero();
            assertThat(second.child().isAlive()).isFalse();
            assertThat(first.child().isAlive()).isTrue();
        }
    }

    @Test
    void aFileThatIsNoReleaseIsNotDeployed() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            byte[] old = Files.readAllBytes(service.jar());
            Path empty = Files.createFile(directory.resolve("empty.jar"));
            Path folder = Files.createDirectory(directory.resolve("folder.jar"));
            Path unreadable = Files.copy(service.jar(), directory.resolve("unreadable.jar"));
            mode(unreadable, "---------");
            Path torn = Files.write(directory.resolve("torn.jar"), List.of("PK\003\004 and no more"));
            assertRefused(2, command("deploy", empty.toString()), "deploy", empty + " is no jar (");
            assertRefused(2, command("deploy", torn.toString()), "deploy", torn + " is no jar (");
            assertRefused(
                    2, command("deploy", folder.toString()), "deploy", folder + " is no file that this user can read");
            assertRefused(
                    2,
                    bound(command("deploy", unreadable.toString())),
                    "deploy",
                    unreadable + " is no file that this user can read");
            assertThat(service.jar()).hasBinaryContent(old);
            assertThat(directory.resolve("shop.jar.previous")).doesNotExist();
        }
    }

    @Test
    void whatIsInProgressIsSaidWithStatus3AndGoesOn() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            byte[] old = Files.readAllBytes(service.jar());
            Path arguments = OperatedService.arguments(directory);
            String words = Files.readString(arguments);
            Files.delete(arguments);
            // The successor waits until somebody writes what it reads.
            assertThat(new ProcessBuilder("mkfifo", arguments.toString())
                            .start()
                            .waitFor())
                    .isZero();
            try (ChildJvm first = command("restart").start()) {
                first.awaitLine("generation 2 (pid ", OperatedService.SOON);

                Said second = service.run("restart");
                assertThat(second.lines())
                        .containsExactly(
                                "restarting shop (pid " + pid(service) + "), generation 1",
                                "another restart is in progress; this one did nothing");
                assertThat(second.status()).isEqualTo(3);
                Said json = service.run("restart", "--json");
                assertThat(json.text()).contains("\"result\": \"already-in-progress\"");
                assertThat(json.status()).isEqualTo(3);

                Path release = Files.copy(service.jar(), directory.resolve("new.jar"));
                assertRefused(
                        3,
                        command("deploy", release.toString()),
                        "deploy",
                        "another restart of shop (pid " + pid(service) + ") is in progress");
                assertThat(service.jar()).hasBinaryContent(old);

                assertThat(first.isAlive()).isTrue();
                Files.writeString(arguments, words);
                Said switched = OperatedService.end(first);
                assertThat(switched.lines().getLast()).contains("switched to generation 2 (pid ");
                assertThat(switched.status()).isZero();
            }
        }
    }

    @Test
    void aParkedProcessRefusesAndNamesTheOneThatServes() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "60s")) {
            long fresh = OperatedService.pid(service.run("restart").lines().getLast());
            Said restart = service.run("restart", pid(service));
            assertThat(restart.lines().getLast())
                    .isEqualTo("shop (pid " + pid(service) + ") is PARKED (pid " + fresh
                            + " serves) and cannot be succeeded; nothing was done");
            assertThat(restart.status()).isEqualTo(1);
            Said stop = service.run("stop", pid(service));
            assertThat(stop.lines())
                    .containsExactly("shop (pid " + pid(service) + ") is PARKED and not the service, which is pid "
                            + fresh + "; nothing was done");
            assertThat(stop.status()).isEqualTo(1);
        }
    }

    @Test
    void nobodyWhoReadsAnyMoreIsNoFailure() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            assertQuiet(shell("exec \"$@\" >&-", "status"));
            assertQuiet(shell("exec \"$@\" >&- 2>&-", "list"));
            assertQuiet(shell("exec \"$@\" >&- 2>&- <&-", "restart", "--wait=drained"));
            long second = servingPid(service);
            assertThat(second).isNotEqualTo(service.child().pid());

            // The status of a pipe is that of its last command, so the first one writes its own into a file.
            Path status = directory.resolve("status");
            String piped = "{ \"$@\"; echo $? > " + status + "; } | head -1";
            try (ChildJvm restart = shell(piped, "restart", "--wait=drained").start()) {
                assertThat(restart.awaitExit(OperatedService.SOON)).isZero();
                assertThat(restart.awaitAllOutput(OperatedService.SOON))
                        .extracting(OutputLine::text)
                        .containsExactly("restarting shop (pid " + second + "), generation 2");
            }
            assertThat(status).hasContent("0");
            assertThat(servingPid(service)).isNotEqualTo(second);
            try (ChildJvm watch = shell(piped.replace(" | ", " 2>&1 | "), "status", "--watch", "--json")
                    .start()) {
                assertThat(watch.awaitExit(OperatedService.SOON)).isZero();
                assertThat(watch.awaitAllOutput(OperatedService.SOON)).hasSize(1);
            }
            assertThat(status).hasContent("0");
        }
    }

    private long servingPid(OperatedService service) throws Exception {
        Said list = service.run("list");
        assertThat(list.lines()).as(list.text()).hasSize(2);
        return Long.parseLong(list.lines().getLast().split(" +", 0)[1]);
    }

    private ChildJvm.Builder shell(String script, String... arguments) {
        return command(arguments).startedBy("sh", "-c", script, "sh");
    }

    private static void assertQuiet(ChildJvm.Builder command) throws Exception {
        assertThat(OperatedService.run(command)).isEqualTo(new Said(0, List.of()));
    }

    @Test
    void thereIsColourOnATerminalAlone() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            ChildJvm.Builder plain = command("status").environment("TERM", "xterm");
            assertThat(OperatedService.run(plain).text())
                    .startsWith("shop  generation 1")
                    .doesNotContain("\033");

            assumeTrue(
                    Files.isExecutable(Path.of("/usr/bin/script")),
                    "script (util-linux) is not there to make a terminal");
            assertThat(onATerminal("xterm", "").getFirst()).startsWith("\033[1mshop\033[0m  generation 1");
            assertThat(onATerminal("xterm", "1").getFirst()).startsWith("shop  generation 1");
            assertThat(onATerminal("dumb", "").getFirst()).startsWith("shop  generation 1");
            assertThat(service.child().isAlive()).isTrue();
        }
    }

    private List<String> onATerminal(String term, String noColor) throws Exception {
        ChildJvm.Builder command = command("status")
                .environment("TERM", term)
                .environment("NO_COLOR", noColor)
                .startedBy("sh", "-c", "exec script -qec \"$*\" /dev/null", "sh");
        Said said = OperatedService.run(command);
        assertThat(said.status()).as(said.text()).isZero();
        return said.lines();
    }
}
