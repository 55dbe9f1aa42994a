package dev.baton.cli;

import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The files that the demo serves: random bytes, so that no two places look alike, the same in every run. */
final class DemoFiles {
    /** How often each file is asked for in a round, so that small ones are the many, as they are in life. */
    private enum Kind {
        SMALL("1k.bin", 1_000, 100),
        MEDIUM("100k.bin", 100_000, 10),
        LARGE("5m.bin", 5_000_000, 1);

        final String file;
        final int size;
        final int weight;

        Kind(String file, int size, int weight) {
            this.file = file;
            this.size = size;
            this.weight = weight;
        }
    }

    private DemoFiles() {}

    /**
     * Writes the files and returns the requests for them, each of which knows every byte of its answer.
     *
     * @return a round of requests in random order
     */
    static List<Request> generate(Path directory) throws IOException {
        Random random = new Random(2);
        List<Request> round = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            byte[] content = new byte[kind.size];
            random.nextBytes(content);
            Files.write(directory.resolve(kind.file), content);
            Request request = Request.get("/" + kind.file, ExpectedBody.bytes(content));
            round.addAll(Collections.nCopies(kind.weight, request));
        }
        Collections.shuffle(round, random);
        return List.copyOf(round);
    }
}
