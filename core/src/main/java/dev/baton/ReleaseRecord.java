package dev.baton;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What a process has run from, in a file beside what was made of it.
 *
 * @param launcher the program that was started, all symbolic links resolved
 * @param words its command line, less the options of AOT caches
 * @param files each file of its release, agents' jars and the JDK's own among them, by real path
 * @param listeners where it listened
 */
record ReleaseRecord(
        Path launcher, List<String> words, Map<Path, ReleaseFiles.Content> files, List<InetSocketAddress> listeners) {
    private static final String LAUNCHER = "launcher";
    private static final String WORD = "word.";
    private static final String FILE = "file.";
    private static final String SIZE = ".size";
    private static final String MODIFIED = ".modified";
    private static final String LISTENER = "listener.";

    /** That of this process. */
    static ReleaseRecord of(CommandLine commandLine, ReleaseFiles files, List<InetSocketAddress> listeners)
            throws IOException {
        return new ReleaseRecord(
                commandLine.launcher(), AotCache.withoutOptions(commandLine.words()), files.contents(), listeners);
    }

    void write(Path file) throws IOException {
        Properties properties = new Properties();
        properties.setProperty(LAUNCHER, launcher.toString());
        for (int i = 0; i < words.size(); i++) {
            properties.setProperty(WORD + i, words.get(i));
        }
        int number = 0;
        for (Map.Entry<Path, ReleaseFiles.Content> entry : files.entrySet()) {
            properties.setProperty(FILE + number, entry.getKey().toString());
            properties.setProperty(
                    FILE + number + SIZE, Long.toString(entry.getValue().size()));
            properties.setProperty(
                    FILE + number + MODIFIED, Long.toString(entry.getValue().modifiedMillis()));
            number++;
        }
        for (int i = 0; i < listeners.size(); i++) {
            InetSocketAddress listener = listeners.get(i);
            properties.setProperty(LISTENER + i, listener.getAddress().getHostAddress() + " " + listener.getPort());
        }
        try (OutputStream out = Files.newOutputStream(file)) {
            properties.store(out, "The release from which an AOT cache was recorded");
        }
    }

    /** @throws IOException if it cannot be read, or is none */
    static ReleaseRecord read(Path file) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
            String launcher = properties.getProperty(LAUNCHER);
            if (launcher == null) {
                throw new IOException(file + " is no record of a release");
            }
            return new ReleaseRecord(
                    Path.of(launcher), all(properties, WORD), files(properties), listeners(properties));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is no record of a release: " + e.getMessage(), e);
        }
    }

    private static List<String> all(Properties properties, String name) {
        List<String> values = new ArrayList<>();
        for (String value = properties.getProperty(name + 0);
                value != null;
                value = properties.getProperty(name + values.size())) {
            values.add(value);
        }
        return List.copyOf(values);
    }

    private static Map<Path, ReleaseFiles.Content> files(Properties properties) {
        Map<Path, ReleaseFiles.Content> files = new TreeMap<>();
        List<String> paths = all(properties, FILE);
        for (int i = 0; i < paths.size(); i++) {
            files.put(
                    Path.of(paths.get(i)),
                    new ReleaseFiles.Content(
                            Long.parseLong(properties.getProperty(FILE + i + SIZE)),
                            Long.parseLong(properties.getProperty(FILE + i + MODIFIED))));
        }
        return files;
    }

    private static List<InetSocketAddress> listeners(Properties properties) throws IOException {
        List<InetSocketAddress> listeners = new ArrayList<>();
        for (String listener : all(properties, LISTENER)) {
            int space = listener.indexOf(' ');
            listeners.add(new InetSocketAddress(
                    InetAddress.getByName(listener.substring(0, space)),
                    Integer.parseInt(listener.substring(space + 1))));
        }
        return List.copyOf(listeners);
    }

    /**
     * Why what was made of this release does not fit one that would be started now.
     *
     * @param required the files that it would certainly run from
     * @return empty if it fits
     */
    Optional<String> difference(CommandLine commandLine, ReleaseFiles required) throws IOException {
        if (!AotCache.withoutOptions(commandLine.words()).equals(words)) {
            return Optional.of("it was made for another command line: " + String.join(" ", words));
        }
        Path now = commandLine.launcher();
        if (!now.equals(launcher)) {
            return Optional.of("it was made by " + launcher + ", and this is " + now);
        }
        for (Map.Entry<Path, ReleaseFiles.Content> file : files.entrySet()) {
            if (!ReleaseFiles.Content.of(file.getKey()).equals(Optional.of(file.getValue()))) {
                return Optional.of(file.getKey() + " is not the file from which it was made");
            }
        }
        return required.contents().keySet().stream()
                .filter(path -> !files.containsKey(path))
                .findFirst()
                .map(path -> path + " is none of the files from which it was made");
    }
}
