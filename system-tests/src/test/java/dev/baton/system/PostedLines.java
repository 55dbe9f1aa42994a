package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** Requests that leave a trace: each writes one line of its own into a file of the service's. */
final class PostedLines {
    private PostedLines() {}

    static List<Request> to(Path log, int count) {
        return IntStream.range(0, count)
                .mapToObj(number -> Request.withBody(
                        "POST",
                        "/count?" + log,
                        (number + "\n").getBytes(StandardCharsets.UTF_8),
                        ExpectedBody.bytes("/count".getBytes(StandardCharsets.UTF_8))))
                .toList();
    }

    static void assertEachOnce(Path log, int count) throws IOException {
        List<Integer> lines =
                Files.readAllLines(log).stream().map(Integer::valueOf).sorted().toList();
        assertThat(lines).isEqualTo(IntStream.range(0, count).boxed().toList());
    }
}
