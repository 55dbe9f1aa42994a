package dev.baton;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.OutputLine;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseFilesTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String OVERWRITTEN = " was overwritten in place while generation 1 (pid ";
    private static final String REPLACED = " was replaced before generation 1 (pid ";
    private static final String REMOVED = " was removed while generation 1 (pid ";

    @TempDir
    private Path directory;

    @Test
    void aFileThatIsOverwrittenInPlaceIsNamed() throws IOException {
        Path jar = Files.writeString(directory.resolve("a.jar"), "one");
        Path other = Files.writeString(directory.resolve("b.jar"), "one");
        ReleaseFiles files = ReleaseFiles.of(List.of(jar, other));
        assertThat(files.warnings(1)).isEmpty();
        Files.writeString(jar, "two!");
        assertThat(files.warnings(1))
                .containsExactly(jar + OVERWRITTEN + ProcessHandle.current().pid()
                        + ") runs from it; it may fail to load classes; put releases in place by rename");
        Files.setLastModifiedTime(other, FileTime.from(Instant.now().plusSeconds(9)));
        assertThat(files.warnings(1)).as("the same size, written again").hasSize(2);
    }

    @Test
    void aFileThatIsReplacedByRenameIsSilentWhileTheOldOneIsOpen() throws IOException {
        Path jar = jar("a.jar", Map.of("Late", "1"));
        ReleaseFiles files = ReleaseFiles.of(List.of(jar));
        try (JarFile open = new JarFile(jar.toFile())) {
            move(jar("new.jar", Map.of("Late", "2")), jar);
            assertThat(files.warnings(1)).isEmpty();
            Files.delete(jar);
            assertThat(files.warnings(1)).isEmpty();
            assertThat(open.stream()).hasSize(1);
        }
        assertThat(files.warnings(1)).singleElement().asString().contains(REMOVED);
    }

    @Test
    void aFileThatIsOverwrittenAndThenRemovedIsNamedToo() throws IOException {
        Path jar = jar("a.jar", Map.of("Late", "1"));
        ReleaseFiles files = ReleaseFiles.of(List.of(jar));
        try (JarFile _ = new JarFile(jar.toFile())) {
            Files.writeString(jar, "another");
            Files.delete(jar);
            assertThat(files.warnings(1)).singleElement().asString().contains(OVERWRITTEN);
        }
    }

    @Test
    void aDirectoryOfClassesMustStay() throws IOException {
        Path classes = Files.createDirectory(directory.resolve("classes"));
        ReleaseFiles files = ReleaseFiles.of(List.of(classes, directory.resolve("never there")));
        Files.createFile(classes.resolve("New.class"));
        assertThat(files.warnings(1)).isEmpty();
        Files.move(classes, directory.resolve("old"));
        assertThat(files.warnings(1)).singleElement().asString().contains(REMOVED);
        Files.createDirectory(classes);
        assertThat(files.warnings(1)).singleElement().asString().contains(REPLACED);
    }

    @Test
    void whatIsOverwrittenUnderARunningProcessBreaksItAndIsNamedAtTheRestart() throws Exception {
        Path open = jar("open.jar", Map.of("Early", "1", "Late", "1"));
        Path next = jar("next.jar", Map.of("Added", "2", "Early", "2", "Late", "2"));
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start(gate, open)) {
            Files.write(open, Files.readAllBytes(next));
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            Files.createFile(gate);
            child.awaitLine("tried", SOON);
            child.awaitLine("Late: failed, ", SOON);
            child.awaitLine(
                    open.toRealPath() + OVERWRITTEN + child.pid()
                            + ") runs from it; it may fail to load classes; put releases in place by rename",
                    SOON);
            assertThat(warnings(child)).hasSize(1);
        }
    }

    @Test
    void jarsThatAreReplacedOrRemovedByNameUnderARunningProcessHarmNothing() throws Exception {
        Path first = jar("first.jar", Map.of("Late", "1"));
        Path last = jar("last.jar", Map.of("Later", "1"));
        Path gone = jar("gone.jar", Map.of("Latest", "1"));
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start(gate, first, last, gone)) {
            move(jar("next.jar", Map.of("Added", "2", "Late", "2")), first);
            move(jar("next.jar", Map.of("Added", "2", "Later", "2")), last);
            Files.delete(gone);
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            Files.createFile(gate);
            for (String name : List.of("Late", "Later", "Latest")) {
                child.awaitLine(name + ": loaded from the release of 1", SOON);
            }
            assertThat(warnings(child)).isEmpty();
        }
    }

    @Test
    void aReleaseThatIsSwitchedByItsLinkIsSilent() throws Exception {
        Path first = Files.createDirectories(directory.resolve("releases/1"));
        Path second = Files.createDirectories(directory.resolve("releases/2"));
        move(jar("open.jar", Map.of("Late", "1")), first.resolve("app.jar"));
        move(jar("open.jar", Map.of("Late", "2")), second.resolve("app.jar"));
        Path current = Files.createSymbolicLink(directory.resolve("current"), first);
        Path gate = directory.resolve("gate");
        try (ChildJvm child = start(gate, current.resolve("app.jar"))) {
            move(Files.createSymbolicLink(directory.resolve("current.next"), second), current);
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            Files.createFile(gate);
            child.awaitLine("Late: loaded from the release of 1", SOON);
            assertThat(warnings(child)).isEmpty();
        }
    }

    @Test
    void theLibrariesOfASingleJarAndAgentsAreWatchedToo() throws Exception {
        Path library = jar("library.jar", Map.of("Late", "1"));
        Path agent = directory.resolve("agent.jar");
        // Neither is opened by what follows but by the JVM itself, and the agent's code is the library's.
        Manifest manifest = manifest();
        manifest.getMainAttributes().putValue("Premain-Class", "Agent");
        try (OutputStream out = Files.newOutputStream(agent);
                JarOutputStream jar = new JarOutputStream(out, manifest)) {
            jar.putNextEntry(new JarEntry("Agent.class"));
            jar.write(agentClass());
        }
        Path app = directory.resolve("app.jar");
        Manifest main = manifest();
        main.getMainAttributes().put(Attributes.Name.MAIN_CLASS, LateLoader.class.getName());
        StringBuilder classPath = new StringBuilder("library.jar");
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            classPath.append(' ').append(Path.of(entry).toAbsolutePath().toUri());
        }
        main.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath.toString());
        try (OutputStream out = Files.newOutputStream(app)) {
            new JarOutputStream(out, main).close();
        }
        try (ChildJvm child = configured(ChildJvm.ofJar(app))
                .jvmOptions("-javaagent:" + agent)
                .arguments(directory.resolve("gate").toString())
                .start()) {
            child.awaitLine("1 ready", SOON);
            for (Path path : List.of(library, agent, app)) {
                Files.setLastModifiedTime(path, FileTime.from(Instant.now().plusSeconds(9)));
            }
            child.signal("HUP");
            child.awaitLine("2 ready", SOON);
            assertThat(warnings(child))
                    .hasSize(3)
                    .anyMatch(line -> line.contains("library.jar" + OVERWRITTEN))
                    .anyMatch(line -> line.contains("agent.jar" + OVERWRITTEN))
                    .anyMatch(line -> line.contains("app.jar" + OVERWRITTEN));
        }
    }

    private ChildJvm start(Path gate, Path first, Path... last) throws Exception {
        // All are open when the service is ready: the search for a logger's provider goes through the whole class path.
        StringBuilder classPath = new StringBuilder(first + ":" + System.getProperty("java.class.path"));
        for (Path jar : last) {
            classPath.append(':').append(jar);
        }
        ChildJvm child = configured(ChildJvm.of(LateLoader.class))
                .classPath(classPath.toString())
                .arguments(gate.toString(), "Late", "Later", "Latest")
                .start();
        child.awaitLine("1 ready", SOON);
        return child;
    }

    private ChildJvm.Builder configured(ChildJvm.Builder builder) {
        return builder.jvmOptions("-Xshare:auto", "-XX:TieredStopAtLevel=1")
                .environment("BATON_RUN_DIR", directory.resolve("run").toString());
    }

    private static List<String> warnings(ChildJvm child) {
        return child.lines().stream()
                .map(OutputLine::text)
                .filter(line -> line.contains(OVERWRITTEN) || line.contains(REPLACED) || line.contains(REMOVED))
                .toList();
    }

    /** A jar of classes, by name, whose method {@code release} returns the value. */
    private Path jar(String name, Map<String, String> classes) throws IOException {
        Path file = directory.resolve(name);
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out)) {
            for (Map.Entry<String, String> entry : new TreeMap<>(classes).entrySet()) {
                jar.putNextEntry(new JarEntry(entry.getKey() + ".class"));
                jar.write(releaseClass(entry.getKey(), entry.getValue()));
            }
        }
        return file;
    }

    private static byte[] releaseClass(String name, String release) {
        return ClassFile.of()
                .build(
                        ClassDesc.of(name),
                        builder -> builder.withFlags(ClassFile.ACC_PUBLIC)
                                .withMethodBody(
                                        "release",
                                        MethodTypeDesc.of(ConstantDescs.CD_String),
                                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                                        code -> code.loadConstant(release).areturn()));
    }

    private static byte[] agentClass() {
        return ClassFile.of()
                .build(
                        ClassDesc.of("Agent"),
                        builder -> builder.withFlags(ClassFile.ACC_PUBLIC)
                                .withMethodBody(
                                        "premain",
                                        MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String),
                                        ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC,
                                        code -> code.return_()));
    }

    private static Manifest manifest() {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        return manifest;
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
