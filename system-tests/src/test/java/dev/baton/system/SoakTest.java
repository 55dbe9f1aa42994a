package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.testkit.Answer;
import dev.baton.testkit.Await;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.LoadMode;
import dev.baton.testkit.LoadReport;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.RunningLoad;
import dev.baton.testkit.StrictConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many restarts in a row leave nothing behind: the thousandth generation is as the second. {@code -Psoak} makes it a
 * thousand.
 *
 * <p>A generation is measured when it is the only one, has answered a few requests on each of its sockets and collected its
 * garbage: what the start of its JVM has left is gone then. Of memory its own pages count, not those that it shares with
 * others or with files, because those are what is left over. One measurement is noise; the medians of the first and the last
 * ten generations are compared.
 */
class SoakTest {
    private static final int RESTARTS = Integer.getInteger("baton.soak.restarts", 100);
    private static final int SAMPLES = 10;

    @TempDir
    private Path directory;

    /** What one generation uses. */
    private record Footprint(int descriptors, int environment, int threads, long kibibytes, List<String> commandLine) {
        @Override
        public String toString() {
            return descriptors + " descriptors, " + environment + " bytes of environment, " + threads + " threads, "
                    + kibibytes + " KiB";
        }
    }

    @Test
    @Timeout(value = 40, unit = TimeUnit.MINUTES)
    void theLastOfManyGenerationsIsAsTheSecond() throws Exception {
        Path socket = directory.resolve("socket");
        List<Footprint> footprints = new ArrayList<>();
        try (RunningService service = RunningService.startCheaply(
                        directory, List.of("BATON_UNDO_WINDOW", "0s"), "127.0.0.1:0", "unix:" + socket);
                PathWatch watch = new PathWatch(socket);
                RunningLoad load = twentyRequestsPerSecond(service)) {
            for (int next = 2; next <= 1 + RESTARTS; next++) {
                service.restart(next);
                if (next < 2 + SAMPLES || next > 1 + RESTARTS - SAMPLES) {
                    footprints.add(measure(service));
                }
            }
            long last = service.publishedPid();
            assertThat(service.child().processes()).containsExactly(last);
            assertThat(ProcFs.zombieChildren(last)).isEmpty();
            PathWatch.Report path = watch.stop();
            LoadReport report = load.stop();
            System.out.println(RESTARTS + " restarts: " + report + "\n  the socket's path was looked at " + path.looks()
                    + " times\n  first " + footprints.getFirst() + "\n  last " + footprints.getLast());
            assertThat(report.failed()).as("%s", report).isZero();
            assertThat(path.missing()).isZero();
            assertThat(path.inodes()).hasSize(1);
        }
        assertFlat(footprints.subList(0, SAMPLES), footprints.subList(footprints.size() - SAMPLES, footprints.size()));
    }

    private static RunningLoad twentyRequestsPerSecond(RunningService service) throws Exception {
        return Load.of(service.address(), RunningService.request("/hello"))
                .mode(LoadMode.newConnections(Duration.ofMillis(97)))
                .connections(2)
                .start();
    }

    private Footprint measure(RunningService service) throws Exception {
        long pid = service.publishedPid();
        Request request = RunningService.request("/x");
        for (Transport transport : Transport.values()) {
            for (int i = 0; i < 5; i++) {
                assertThat(StrictConnection.exchange(transport.address(service), request, SOON))
                        .isInstanceOf(Answer.class);
            }
        }
        Request collect = Request.get("/collect", ExpectedBody.bytes(new byte[0]));
        assertThat(StrictConnection.exchange(service.address(), collect, SOON)).isInstanceOf(Answer.class);
        return new Footprint(
                settledDescriptors(pid),
                ProcFs.environmentSize(pid),
                ProcFs.threads(pid),
                ProcFs.privateKibibytes(pid),
                ProcFs.commandLine(pid));
    }

    /**
     * The least number of descriptors in a while: a request of the load holds one now and then, and the parent's end of the
     * link goes when the parent has.
     */
    private static int settledDescriptors(long pid) throws Exception {
        int[] seen = {Integer.MAX_VALUE, 0};
        Await.state("the number of descriptors stays the same", SOON, () -> {
            int now = ProcFs.descriptors(pid).size();
            seen[1] = now < seen[0] ? 0 : seen[1] + 1;
            seen[0] = Math.min(now, seen[0]);
            return seen[1] >= 20;
        });
        return seen[0];
    }

    private static void assertFlat(List<Footprint> first, List<Footprint> last) {
        assertThat(median(last, Footprint::descriptors))
                .as("descriptors")
                .isEqualTo(median(first, Footprint::descriptors));
        assertThat(median(last, Footprint::threads)).as("threads").isEqualTo(median(first, Footprint::threads));
        // The variable that names the control socket is as long as the parent's pid.
        assertThat(median(last, Footprint::environment))
                .as("bytes of environment")
                .isCloseTo(median(first, Footprint::environment), within(8L));
        assertThat(last.getLast().commandLine()).isEqualTo(first.getFirst().commandLine());
        assertThat(median(last, Footprint::kibibytes))
                .as("KiB of memory")
                .isCloseTo(median(first, Footprint::kibibytes), Percentage.withPercentage(5));
    }

    private static long median(List<Footprint> footprints, ToLongFunction<Footprint> figure) {
        return footprints.stream()
                .mapToLong(figure)
                .sorted()
                .skip(footprints.size() / 2)
                .findFirst()
                .orElseThrow();
    }
}
