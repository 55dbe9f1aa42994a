package dev.baton.testkit;

import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.stream.Collectors;

/** Everything that the clients of a {@link Load} noticed. */
public final class LoadReport {
    private final LoadRecorder.Result result;
    private final Timeline timeline;

    LoadReport(LoadRecorder.Result result, Timeline timeline) {
        this.result = result;
        this.timeline = timeline;
    }

    /** All requests that ended: answered or failed. */
    public long requests() {
        return answered() + failed();
    }

    /** The requests that were answered with a status below 400 and the expected body. */
    public long answered() {
        return result.answered();
    }

    /** The requests that failed in any way. */
    public long failed() {
        return failures().values().stream().mapToLong(Long::longValue).sum();
    }

    /** The number of failures of every kind, zeros included. */
    public Map<FailureKind, Long> failures() {
        return new EnumMap<>(result.failures());
    }

    /** The number of failures of one kind. */
    public long failures(FailureKind kind) {
        return result.failures().getOrDefault(kind, 0L);
    }

    /** Those failures that struck a connection which had served requests before: the keep-alive race shows here. */
    public long failuresOnReusedConnections() {
        return result.failuresOnReused();
    }

    /** The first failures, each with its detail. */
    public List<Failure> failureSamples() {
        return result.samples();
    }

    /** The first ten thousand requests that failed or took longer than {@link Load#patience}, as they ended. */
    public List<Trouble> troubles() {
        return result.troubles();
    }

    /** How many connections were opened, and accepted. */
    public long connectionsOpened() {
        return result.connectionsOpened();
    }

    /**
     * Connections that the server ended, between requests, as it had announced by {@code Connection: close}. Those that
     * the client had asked to be closed are not counted.
     */
    public long announcedCloses() {
        return result.announcedCloses();
    }

    /**
     * Connections that the server ended between requests without a word. No request was lost with them: none was on its
     * way; one that is makes a failure instead.
     */
    public long unannouncedCloses() {
        return result.unannouncedCloses();
    }

    /** What each generation answered, by its number; empty if the responses do not name one. */
    public NavigableMap<Integer, GenerationSpan> generations() {
        return result.generations();
    }

    /** How many requests this generation answered. */
    public long answeredBy(int generation) {
        GenerationSpan span = generations().get(generation);
        return span == null ? 0 : span.answers();
    }

    /** When the load began and ended. */
    public TimeWindow window() {
        return result.window();
    }

    /** How long the load ran. */
    public Duration duration() {
        return Duration.ofNanos(window().toNanos() - window().fromNanos());
    }

    /** The latencies of the whole load. */
    public LatencySummary latencies() {
        return timeline.summary(slice -> true);
    }

    /** The latencies of the requests that began within a window, whose edges are widened to 50 ms. */
    public LatencySummary latencies(TimeWindow window) {
        return timeline.summary(window::overlaps);
    }

    /** The latencies of the requests that began outside all of these windows: the steady state. */
    public LatencySummary latenciesOutside(Collection<TimeWindow> windows) {
        return timeline.summary(slice -> windows.stream().noneMatch(slice::overlaps));
    }

    /** All in one paragraph, for the message of a failed assertion. */
    @Override
    public String toString() {
        LatencySummary all = latencies();
        String kinds = failures().entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .map(entry -> entry.getKey().label() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
        String samples = failureSamples().stream()
                .limit(5)
                .map(failure -> "\n  +" + (failure.atNanos() - window().fromNanos()) / 1_000_000 + " ms " + failure)
                .collect(Collectors.joining());
        return "%,d answered, %,d failed%s in %,d ms; %,d connections, %,d closed as announced, %,d without a word; "
                        .formatted(
                                answered(),
                                failed(),
                                kinds.isEmpty() ? "" : " (" + kinds + ")",
                                duration().toMillis(),
                                connectionsOpened(),
                                announcedCloses(),
                                unannouncedCloses())
                + "p50 %,d us, p99 %,d us, max %,d us, longest gap %,d us; answers by generation %s%s"
                        .formatted(
                                all.p50().toNanos() / 1_000,
                                all.p99().toNanos() / 1_000,
                                all.max().toNanos() / 1_000,
                                all.longestGap().toNanos() / 1_000,
                                generations().entrySet().stream()
                                        .map(entry -> entry.getKey() + ": "
                                                + entry.getValue().answers())
                                        .toList(),
                                samples);
    }
}
