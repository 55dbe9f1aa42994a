package dev.baton.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Counts what happens to the connections of one load. Confined to the loop's thread. */
final class LoadRecorder {
    private static final int MAX_SAMPLES = 100;
    private static final int MAX_TROUBLES = 10_000;

    private final long startNanos;
    private final long patienceNanos;
    private final Timeline timeline;
    private final EnumMap<FailureKind, Long> failures = new EnumMap<>(FailureKind.class);
    private final List<Failure> samples = new ArrayList<>();
    private final List<Trouble> troubles = new ArrayList<>();
    private final TreeMap<Integer, Span> generations = new TreeMap<>();
    private Span current = new Span(-1, 0);
    private long answered;
    private long failed;
    private long failuresOnReused;
    private long connectionsOpened;
    private long announcedCloses;
    private long unannouncedCloses;

    /** The numbers of a finished load. */
    record Result(
            TimeWindow window,
            long answered,
            Map<FailureKind, Long> failures,
            long failuresOnReused,
            List<Failure> samples,
            List<Trouble> troubles,
            long connectionsOpened,
            long announcedCloses,
            long unannouncedCloses,
            NavigableMap<Integer, GenerationSpan> generations) {}

    private static final class Span {
        final int generation;
        final long first;
        long last;
        long answers;

        Span(int generation, long first) {
            this.generation = generation;
            this.first = first;
        }
    }

    LoadRecorder(long startNanos, Duration patience) {
        this.startNanos = startNanos;
        this.patienceNanos = patience.toNanos();
        this.timeline = new Timeline(startNanos);
        for (FailureKind kind : FailureKind.values()) {
            failures.put(kind, 0L);
        }
    }

    void answered(ResponseHead head, long beganNanos, long nowNanos) {
        answered++;
        timeline.answered(beganNanos, nowNanos);
        if (nowNanos - beganNanos > patienceNanos) {
            trouble(new Trouble(beganNanos, nowNanos, Optional.empty()));
        }
        head.generation().ifPresent(generation -> {
            if (current.generation != generation) {
                current = generations.computeIfAbsent(generation, number -> new Span(number, nowNanos));
            }
            current.answers++;
            current.last = nowNanos;
        });
    }

    void failed(Failure failure, long beganNanos) {
        failed++;
        failures.merge(failure.kind(), 1L, Long::sum);
        if (failure.reused()) {
            failuresOnReused++;
        }
        if (samples.size() < MAX_SAMPLES) {
            samples.add(failure);
        }
        trouble(new Trouble(beganNanos, failure.atNanos(), Optional.of(failure)));
    }

    private void trouble(Trouble trouble) {
        if (troubles.size() < MAX_TROUBLES) {
            troubles.add(trouble);
        }
    }

    void connectionOpened() {
        connectionsOpened++;
    }

    void closedAsAnnounced() {
        announcedCloses++;
    }

    void closedWithoutAWord() {
        unannouncedCloses++;
    }

    LoadProgress progress() {
        OptionalInt generation = generations.isEmpty() ? OptionalInt.empty() : OptionalInt.of(current.generation);
        return new LoadProgress(answered, failed, announcedCloses, unannouncedCloses, generation);
    }

    /** Ends the record. */
    LoadReport finish(long nowNanos) {
        timeline.gapEnds(nowNanos);
        TreeMap<Integer, GenerationSpan> spans = new TreeMap<>();
        generations.forEach(
                (number, span) -> spans.put(number, new GenerationSpan(span.answers, span.first, span.last)));
        Result result = new Result(
                new TimeWindow(startNanos, nowNanos),
                answered,
                Collections.unmodifiableMap(failures),
                failuresOnReused,
                List.copyOf(samples),
                List.copyOf(troubles),
                connectionsOpened,
                announcedCloses,
                unannouncedCloses,
                Collections.unmodifiableNavigableMap(spans));
        return new LoadReport(result, timeline);
    }
}
