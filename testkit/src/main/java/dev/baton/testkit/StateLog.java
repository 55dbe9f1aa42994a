package dev.baton.testkit;

import dev.baton.testkit.ServerUnderTest.State;
import dev.baton.testkit.ServerUnderTest.StateListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The states of each connection, in the order in which the server reported them. Safe for use by any thread. */
final class StateLog implements StateListener {
    /** By connection, in the order in which they were opened. Guarded by this. */
    private final Map<Object, List<State>> states = new LinkedHashMap<>();

    /** Changes that began at another state than the one before had ended at. Guarded by this. */
    private final List<String> gaps = new ArrayList<>();

    @Override
    public synchronized void stateChanged(Object connection, State from, State to) {
        List<State> before = states.computeIfAbsent(connection, _ -> new ArrayList<>());
        State last = before.isEmpty() ? State.NEW : before.getLast();
        if (from != last || (before.isEmpty() != (to == State.NEW))) {
            gaps.add("from " + from + " to " + to + " after " + before);
        }
        before.add(to);
        notifyAll();
    }

    synchronized List<String> gaps() {
        return List.copyOf(gaps);
    }

    /** The states of the connection that was opened as the n-th, from 0. */
    synchronized List<State> of(int connection) {
        return connection < states.size()
                ? List.copyOf(List.copyOf(states.values()).get(connection))
                : List.of();
    }

    /** Waits until the n-th connection is, and is for the {@code times}-th time, in a state. */
    synchronized void await(int connection, State state, int times, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (of(connection).stream().filter(state::equals).count() < times) {
            long left = (deadline - System.nanoTime() + 999_999) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("waited " + timeout + " in vain for connection " + connection + " to become "
                        + state + " for the " + times + ". time; the connections were " + states.values());
            }
            wait(left);
        }
    }
}
