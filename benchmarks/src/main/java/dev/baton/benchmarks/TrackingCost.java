package dev.baton.benchmarks;

import dev.baton.netty.RequestsInPipeline;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The processor time that tracking adds to a request, without the system calls in whose noise it would be lost.
 *
 * <p>The time is that of the thread, as the kernel counts it, so that what else runs on the machine hardly matters. The
 * two pipelines take turns, as in {@link ThroughputComparison}.
 */
final class TrackingCost {
    private static final int REQUESTS = 200_000;
    private static final int WARM_UP_ROUNDS = 5;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final RequestsInPipeline plain = new RequestsInPipeline(false, new GreetingHandler(Runnable::run));
    private final RequestsInPipeline tracked = new RequestsInPipeline(true, new GreetingHandler(Runnable::run));

    List<String> run(int rounds, Progress progress) {
        progress.say("tracking, %d rounds of %,d requests".formatted(rounds, REQUESTS));
        List<Double> plainNanos = new ArrayList<>();
        List<Double> addedNanos = new ArrayList<>();
        for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
            boolean plainFirst = round % 2 == 0;
            double first = nanosOfRequest(plainFirst ? plain : tracked);
            double second = nanosOfRequest(plainFirst ? tracked : plain);
            if (round >= 0) {
                plainNanos.add(plainFirst ? first : second);
                addedNanos.add(plainFirst ? second - first : first - second);
            }
        }
        return List.of(
                line("CPU of a request in a pipeline without socket", plainNanos),
                line("added by tracking", addedNanos) + "  goal: 1 % of a request with its system calls");
    }

    private double nanosOfRequest(RequestsInPipeline pipeline) {
        long before = threads.getCurrentThreadCpuTime();
        pipeline.run(REQUESTS);
        return (double) (threads.getCurrentThreadCpuTime() - before) / REQUESTS;
    }

    private static String line(String what, List<Double> nanos) {
        Collections.sort(nanos);
        int last = nanos.size() - 1;
        return "%-56s %6.0f ns (middle half %.0f .. %.0f)"
                .formatted(what, nanos.get(last / 2), nanos.get(last / 4), nanos.get(last * 3 / 4));
    }
}
