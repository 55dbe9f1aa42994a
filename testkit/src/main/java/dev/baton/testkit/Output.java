package dev.baton.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** The lines that come out of a child and its successors, collected by one thread for each stream. */
final class Output {
    private static final int LINES_IN_MESSAGE = 40;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<OutputLine> lines = new ArrayList<>(); // guarded by lock
    private int openStreams; // guarded by lock

    /** Collects from another stream until it ends. */
    void collect(InputStream stream, boolean stderr, String name) {
        lock.lock();
        try {
            openStreams++;
        } finally {
            lock.unlock();
        }
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                String line;
                while ((line = reader.readLine()) != null) {
                    add(new OutputLine(line, stderr, System.nanoTime()));
                }
            } catch (IOException e) {
                add(new OutputLine("(output lost: " + e + ")", stderr, System.nanoTime()));
            } finally {
                ended();
            }
        });
    }

    private void add(OutputLine line) {
        lock.lock();
        try {
            lines.add(line);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void ended() {
        lock.lock();
        try {
            openStreams--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    List<OutputLine> lines() {
        lock.lock();
        try {
            return List.copyOf(lines);
        } finally {
            lock.unlock();
        }
    }

    OutputLine await(String what, int from, Predicate<String> wanted, Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
        int next = from;
        lock.lock();
        try {
            while (true) {
                for (; next < lines.size(); next++) {
                    if (wanted.test(lines.get(next).text())) {
                        return lines.get(next);
                    }
                }
                if (openStreams == 0 || left <= 0) {
                    String why = openStreams == 0 ? "the output ended without " : "not within " + timeout + ": ";
                    throw new AssertionError(why + what + "; the last lines were\n" + tail());
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Waits until all streams have ended; false if they have not in time. */
    boolean awaitEnd(Duration timeout) throws InterruptedException {
        long left = timeout.toNanos();
        lock.lock();
        try {
            while (openStreams > 0) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    String tail() {
        List<OutputLine> all = lines();
        return all.subList(Math.max(0, all.size() - LINES_IN_MESSAGE), all.size()).stream()
                .map(OutputLine::toString)
                .collect(Collectors.joining("\n"));
    }
}
