package dev.baton;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * The files from which this process loads its classes, as they were at its start, and what has happened to them since.
 *
 * <p>The JVM opens a jar of its class path when it first looks for a class there, and keeps it open, with the table of
 * contents in memory. So a jar that is overwritten in place breaks it: the table does not fit any more. One that is
 * replaced or removed by its name does not, if it was open: its old file lives on. If it was not, classes come from the new
 * file, or from nowhere. Symbolic links in the class path are resolved at the start of the JVM, those in the module path
 * are not.
 *
 * <p>Watched are the entries of the class path, those that the manifest of a single jar ({@code java -jar}) adds, the jars
 * of the module path, the JDK's image of its modules, and all jars that are open, which are those of agents too. Of a
 * directory of classes only its being there is.
 */
final class ReleaseFiles {
    private static final String ADVICE = "put releases in place by rename";

    private final List<Stamp> stamps;

    /** What a file is taken to hold, as the JVM does: if it was written anew, one of these is different. */
    record Content(long size, long modifiedMillis) {
        /** Empty if there is no such file. */
        static Optional<Content> of(Path path) {
            return attributes(path)
                    .map(file ->
                            new Content(file.size(), file.lastModifiedTime().toMillis()));
        }
    }

    /** A file as it was; the key is its device and inode. */
    private record Stamp(Path path, boolean directory, Object key, long size, FileTime modified) {
        static Optional<Stamp> of(Path path) {
            return attributes(path)
                    .map(found -> new Stamp(
                            path,
                            found.isDirectory(),
                            Objects.requireNonNull(found.fileKey()),
                            found.size(),
                            found.lastModifiedTime()));
        }

        boolean isSameFile(BasicFileAttributes now) {
            return key.equals(now.fileKey());
        }

        boolean isUnchanged(BasicFileAttributes now) {
            return directory || (size == now.size() && modified.equals(now.lastModifiedTime()));
        }
    }

    private ReleaseFiles(Iterable<Path> paths) {
        Map<Path, Stamp> found = new TreeMap<>();
        for (Path path : paths) {
            Stamp.of(path).ifPresent(stamp -> found.putIfAbsent(path, stamp));
        }
        stamps = List.copyOf(found.values());
    }

    /** Those of this process, as they are now; call it early. */
    static ReleaseFiles ofThisProcess() {
        List<Path> paths = release(Path.of(""));
        paths.add(resolved(Path.of(System.getProperty("java.home"), "lib", "modules")));
        paths.addAll(openJars());
        return new ReleaseFiles(paths);
    }

    /** What a process with the class and module path of this one would find now if it was started in a directory. */
    static ReleaseFiles ofSuccessorIn(Path directory) {
        return new ReleaseFiles(release(directory));
    }

    static ReleaseFiles of(List<Path> paths) {
        return new ReleaseFiles(paths);
    }

    /** What each file held when this was made, by its real path; directories of classes are left out. */
    Map<Path, Content> contents() {
        Map<Path, Content> contents = new TreeMap<>();
        for (Stamp stamp : stamps) {
            if (!stamp.directory()) {
                contents.put(
                        resolved(stamp.path()),
                        new Content(stamp.size(), stamp.modified().toMillis()));
            }
        }
        return contents;
    }

    /** What this generation may suffer from, one sentence for each file; empty if all is well. */
    List<String> warnings(int generation) {
        List<String> warnings = new ArrayList<>();
        Map<Object, BasicFileAttributes> open = new HashMap<>();
        for (Stamp stamp : stamps) {
            Optional<BasicFileAttributes> now = attributes(stamp.path());
            if (now.filter(stamp::isSameFile).filter(stamp::isUnchanged).isPresent()) {
                continue;
            }
            if (open.isEmpty()) {
                open.putAll(openFiles()); // Only now: a server has many connections open.
            }
            BasicFileAttributes held = now.filter(stamp::isSameFile).orElseGet(() -> open.get(stamp.key()));
            warning(
                            stamp,
                            now.isPresent(),
                            held,
                            "generation " + generation + " (pid "
                                    + ProcessHandle.current().pid() + ")")
                    .ifPresent(warnings::add);
        }
        return List.copyOf(warnings);
    }

    /** @param held the file from which classes come still, if there is one */
    private static Optional<String> warning(
            Stamp stamp, boolean exists, @Nullable BasicFileAttributes held, String generation) {
        if (held != null) {
            return stamp.isUnchanged(held)
                    ? Optional.empty()
                    : Optional.of(stamp.path() + " was overwritten in place while " + generation
                            + " runs from it; it may fail to load classes; " + ADVICE);
        }
        return Optional.of(
                exists
                        ? stamp.path() + " was replaced before " + generation
                                + " had opened it; it may load classes of the other release; give each release a"
                                + " directory of its own"
                        : stamp.path() + " was removed while " + generation
                                + " runs from it; it cannot load classes from there any more; keep a release until its"
                                + " last generation has ended");
    }

    private static Optional<BasicFileAttributes> attributes(Path path) {
        try {
            return Optional.of(Files.readAttributes(path, BasicFileAttributes.class));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Map<Object, BasicFileAttributes> openFiles() {
        Map<Object, BasicFileAttributes> files = new HashMap<>();
        for (Path descriptor : list(Path.of("/proc/self/fd"), "*")) {
            attributes(descriptor)
                    .filter(BasicFileAttributes::isRegularFile)
                    .ifPresent(found -> files.put(Objects.requireNonNull(found.fileKey()), found));
        }
        return files;
    }

    private static List<Path> release(Path directory) {
        List<Path> paths = entries(directory, System.getProperty("java.class.path", ""));
        if (paths.size() == 1 && Files.isRegularFile(paths.getFirst())) {
            paths.addAll(manifestClassPath(paths.getFirst()));
        }
        paths.replaceAll(ReleaseFiles::resolved);
        for (Path entry : entries(directory, System.getProperty("jdk.module.path", ""))) {
            paths.add(entry.toAbsolutePath());
            paths.addAll(list(entry.toAbsolutePath(), "*.jar"));
        }
        return paths;
    }

    private static List<Path> entries(Path directory, String path) {
        List<Path> entries = new ArrayList<>();
        for (String entry : path.split(File.pathSeparator, 0)) {
            if (!entry.isEmpty()) {
                entries.add(directory.resolve(entry));
            }
        }
        return entries;
    }

    private static Path resolved(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path; // An entry that does not exist is allowed, and is nothing to watch.
        }
    }

    /** The jars that the manifest names: URLs relative to the jar, with spaces between them. */
    private static List<Path> manifestClassPath(Path jar) {
        List<Path> paths = new ArrayList<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            String value =
                    manifest == null ? null : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            for (String entry : value == null ? new String[0] : value.strip().split(" +", 0)) {
                URI uri = resolved(jar).toUri().resolve(entry);
                if ("file".equals(uri.getScheme())) {
                    paths.add(Path.of(uri));
                }
            }
        } catch (IOException | IllegalArgumentException | FileSystemNotFoundException e) {
            // No jar, or an entry that is no file: then the JVM does not load from it either.
        }
        return paths;
    }

    private static List<Path> openJars() {
        List<Path> jars = new ArrayList<>();
        for (Path descriptor : list(Path.of("/proc/self/fd"), "*")) {
            try {
                Path target = Files.readSymbolicLink(descriptor);
                if (target.toString().endsWith(".jar")) {
                    jars.add(target);
                }
            } catch (IOException e) {
                // Closed since.
            }
        }
        return jars;
    }

    private static List<Path> list(Path directory, String glob) {
        List<Path> entries = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
                stream.forEach(entries::add);
            } catch (IOException | DirectoryIteratorException e) {
                // What cannot be listed is not watched.
            }
        }
        return entries;
    }
}
