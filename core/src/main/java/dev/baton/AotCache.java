package dev.baton;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The JVM's cache of loaded and linked classes and of profiles (JEP 483, 514, 515), with which a successor starts faster,
 * and the record of the release that it was made from.
 *
 * <p>A cache that does not fit is worse than none: the JVM says so, and does without its own archive of the JDK's classes
 * as well. So a successor is given one only if nothing has changed since.
 */
final class AotCache {
    private static final String USE = "-XX:AOTCache=";
    private static final String MAKE = "-XX:AOTCacheOutput=";

    private AotCache() {}

    /** The file that says what the cache was made from. */
    static Path record(Path cache) {
        return cache.resolveSibling(cache.getFileName() + ".release");
    }

    static List<String> withoutOptions(List<String> words) {
        return words.stream()
                .filter(word -> !word.startsWith(USE) && !word.startsWith(MAKE))
                .toList();
    }

    /** The command line of a successor: with the cache if it fits, else without any. */
    static CommandLine with(Path cache, CommandLine commandLine) {
        List<String> words = new ArrayList<>(withoutOptions(commandLine.words()));
        Optional<String> misfit = misfit(cache, commandLine);
        if (misfit.isPresent()) {
            Log.aotCacheNotUsed(cache, misfit.get());
        } else {
            words.add(1, USE + cache);
        }
        return new CommandLine(List.copyOf(words), commandLine.directory());
    }

    /** Why the cache cannot be used; empty if it fits. */
    static Optional<String> misfit(Path cache, CommandLine commandLine) {
        if (!Files.isReadable(cache)) {
            return Optional.of("it is not there, or cannot be read");
        }
        try {
            return ReleaseRecord.read(record(cache))
                    .difference(commandLine, ReleaseFiles.ofSuccessorIn(commandLine.directory()));
        } catch (IOException e) {
            return Optional.of("what it was made from is not known (" + e + ")");
        }
    }
}
