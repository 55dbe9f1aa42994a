package dev.baton.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What live migration costs: {@link SwitchLatencies} and {@link MoveTimes}, in a folder for what they leave. */
final class MigrationComparison {
    private final int idle;
    private final int restarts;

    /** @param idle how many connections are moved at once, if the limit of open files allows it */
    MigrationComparison(int idle, int restarts) {
        this.idle = idle;
        this.restarts = restarts;
    }

    List<String> run(Children children, Progress progress) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("baton-migration");
        try {
            List<String> lines = new ArrayList<>(new SwitchLatencies().run(restarts, directory, children, progress));
            int moved = IdleConnections.possible(idle);
            if (moved < idle) {
                lines.add("%,d idle connections: the hard limit of open files (ulimit -Hn) forbids %,d"
                        .formatted(moved, idle));
            }
            lines.add(Ratio.header());
            new MoveTimes(moved)
                    .run(restarts, directory, children, progress).stream()
                            .map(Ratio::toString)
                            .forEach(lines::add);
            return lines;
        } finally {
            children.close(); // They write there.
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        List<Path> inside;
        try (Stream<Path> walk = Files.walk(directory)) {
            inside = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : inside) {
            Files.delete(path);
        }
    }
}
