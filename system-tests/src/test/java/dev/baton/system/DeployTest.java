package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.system.OperatedService.Said;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.Signals;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code baton deploy}: a release that lasts, one that fails, one that dies, and files that are none. */
class DeployTest {
    @TempDir
    private Path directory;

    /** A release that differs from that which runs. */
    private Path release(OperatedService service) throws Exception {
        Path release = Files.copy(service.jar(), directory.resolve("next release.jar"));
        try (FileSystem files = FileSystems.newFileSystem(release)) {
            Files.writeString(files.getPath("release"), "2");
        }
        return release;
    }

    private Path brokenRelease() throws Exception {
        Path release = directory.resolve("broken.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "not.There");
        new JarOutputStream(Files.newOutputStream(release), manifest).close();
        return release;
    }

    private List<String> jars() throws Exception {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("shop.jar"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aReleaseThatLastsItsUndoWindowStays() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "1s")) {
            Path release = release(service);
            Said deployed = service.run("deploy", release.toString(), "shop");
            assertThat(deployed.status()).as(deployed.text()).isZero();
            assertThat(deployed.lines().getLast()).matches("deployed: generation 2 \\(pid \\d+\\) serves, .*");
            assertThat(service.jar()).hasSameBinaryContentAs(release);
            assertThat(jars()).containsExactly("shop.jar");
            Said again = service.run("deploy", release.toString(), "--json");
            assertThat(again.status()).as(again.text()).isZero();
            assertThat(again.text()).contains("\"result\": \"deployed\"");
            assertThat(service.child().lines()).noneMatch(line -> line.text().contains("overwritten"));
        }
    }

    @Test
    void aReleaseThatFailsOrDiesInItsUndoWindowGivesWayToTheOldFile() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "60s")) {
            byte[] old = Files.readAllBytes(service.jar());
            Said failed = service.run("deploy", brokenRelease().toString());
            assertThat(failed.status()).isEqualTo(1);
            assertThat(failed.text()).contains("not.There", "the old release is in place again");
            assertThat(service.jar()).hasBinaryContent(old);
            assertThat(jars()).containsExactly("shop.jar");

            try (ChildJvm deploy = OperatedService.command(
                            directory, "deploy", release(service).toString())
                    .start()) {
                String line = deploy.awaitLine("switched to generation", OperatedService.SOON)
                        .text();
                assertThat(service.jar()).hasSameBinaryContentAs(directory.resolve("next release.jar"));
                assertThat(jars()).containsExactly("shop.jar", "shop.jar.previous");
                Signals.send(OperatedService.pid(line), "KILL");
                Said undone = OperatedService.end(deploy);
                assertThat(undone.status()).isEqualTo(1);
                assertThat(undone.lines().getLast())
                        .isEqualTo("undone: generation 1 (pid "
                                + service.child().pid() + ") serves again, and the old release is in place");
            }
            assertThat(service.jar()).hasBinaryContent(old);
            assertThat(jars()).containsExactly("shop.jar");
            Await.state(
                    "the first generation is all that is left",
                    OperatedService.SOON,
                    () -> service.child()
                            .processes()
                            .equals(List.of(service.child().pid())));
        }
    }

    @Test
    void whatIsNoReleaseChangesNothing() throws Exception {
        try (OperatedService service = OperatedService.start(directory, "0")) {
            byte[] old = Files.readAllBytes(service.jar());
            Path text = Files.writeString(directory.resolve("text"), "no jar");
            assertRefused(service, "text is no jar (", text);
            assertRefused(service, "is no file that this user can read", directory.resolve("missing.jar"));
            assertRefused(service, "is the file that the service runs from", service.jar());
            assertThat(service.jar()).hasBinaryContent(old);
            assertThat(jars()).containsExactly("shop.jar");
        }
    }

    private static void assertRefused(OperatedService service, String why, Path release) throws Exception {
        Said said = service.run("deploy", release.toString());
        assertThat(said.lines())
                .singleElement()
                .asString()
                .startsWith("baton deploy: ")
                .contains(why);
        assertThat(said.status()).isEqualTo(2);
    }
}
