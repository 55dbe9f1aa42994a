package dev.baton.run;

import dev.baton.posix.Children;
import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The processes that are, or were, the service's main process and still run, each by a descriptor of it: a signal that is sent
 * by that never comes to another process that has got its pid. Owned by the supervisor's thread, and so are the descriptors.
 */
final class Generations {
    private final Map<Integer, Integer> descriptors = new LinkedHashMap<>();
    private OptionalInt main = OptionalInt.empty();

    /** Makes this process the main one; not if it has ended. */
    boolean lead(int pid) throws PosixException {
        if (!descriptors.containsKey(pid)) {
            Optional<Integer> opened = Children.open(pid);
            if (opened.isEmpty()) {
                return false;
            }
            descriptors.put(pid, opened.get());
        }
        main = OptionalInt.of(pid);
        return true;
    }

    boolean contains(int pid) {
        return descriptors.containsKey(pid);
    }

    boolean isEmpty() {
        return descriptors.isEmpty();
    }

    boolean isMain(int pid) {
        return main.equals(OptionalInt.of(pid));
    }

    OptionalInt main() {
        return main;
    }

    /** This process has ended. */
    void remove(int pid) throws PosixException {
        Integer descriptor = descriptors.remove(pid);
        if (descriptor != null) {
            Descriptors.close(descriptor);
        }
        if (isMain(pid)) {
            main = OptionalInt.empty();
        }
    }

    List<Integer> pids() {
        return List.copyOf(descriptors.keySet());
    }

    /** Can be read when that process has ended; it must be one of {@link #pids}. */
    int descriptor(int pid) {
        return Objects.requireNonNull(descriptors.get(pid));
    }

    /** Those of all. */
    List<Integer> descriptors() {
        return List.copyOf(descriptors.values());
    }

    void signalMain(int number) throws PosixException {
        if (main.isPresent()) {
            signal(main.getAsInt(), number);
        }
    }

    void signalAll(int number) throws PosixException {
        for (int pid : descriptors.keySet()) {
            signal(pid, number);
        }
    }

    private void signal(int pid, int number) throws PosixException {
        Integer descriptor = descriptors.get(pid);
        if (descriptor != null) {
            Children.signal(descriptor, number);
        }
    }
}
