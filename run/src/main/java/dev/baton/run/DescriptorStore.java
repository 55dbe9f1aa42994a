package dev.baton.run;

import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The descriptors that the service has left here for its next life: FDSTORE of sd_notify(3). As long as one is here its socket
 * is open, so that connections wait in its queue while no process serves.
 *
 * <p>A file is here once, whatever it is called, and several may have one name. (Systemd compares open files, kcmp(2), so that
 * a file that was opened twice may be there twice.) Owned by the supervisor's
 * thread, and so are the descriptors.
 */
final class DescriptorStore {
    /** The value of {@code FDSTORE}, which tells a service that there is a store. */
    static final int LIMIT = 64;

    private static final String UNNAMED = "stored";

    /** Above those that a program gets: the one is made of the other in an order in which none is overwritten. */
    private static final int LEAST_NUMBER = 3 + LIMIT;

    private final List<Stored> stored = new ArrayList<>();

    private record Stored(String name, int descriptor, String identity) {}

    /** Takes the descriptors, which are the store's from here on. */
    void add(String name, int... descriptors) throws IOException {
        for (int descriptor : descriptors) {
            try {
                add(isValid(name) ? name : UNNAMED, descriptor);
            } finally {
                Descriptors.close(descriptor);
            }
        }
    }

    private void add(String name, int descriptor) throws IOException {
        Path file = Path.of("/proc/self/fd/" + descriptor);
        String identity = Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
        // All eventfds, timerfds and their like have one inode.
        boolean anonymous = Files.readSymbolicLink(file).toString().startsWith("anon_inode:");
        if (!anonymous && stored.stream().anyMatch(one -> one.identity.equals(identity))) {
            return;
        }
        if (stored.size() == LIMIT) {
            Log.say("the service has stored " + LIMIT + " descriptors, and " + name + " is one too many");
            return;
        }
        stored.add(new Stored(name, Descriptors.duplicate(descriptor, LEAST_NUMBER), identity));
    }

    /** A name that can stand in {@code LISTEN_FDNAMES}. */
    private static boolean isValid(String name) {
        return !name.isEmpty() && name.length() <= 255 && name.chars().allMatch(c -> c >= ' ' && c < 127 && c != ':');
    }

    /** Closes all of this name. */
    void remove(String name) throws PosixException {
        Iterator<Stored> each = stored.iterator();
        while (each.hasNext()) {
            Stored one = each.next();
            if (one.name.equals(name)) {
                each.remove();
                Descriptors.close(one.descriptor);
            }
        }
    }

    void clear() throws PosixException {
        for (Stored one : stored) {
            Descriptors.close(one.descriptor);
        }
        stored.clear();
    }

    int[] descriptors() {
        return stored.stream().mapToInt(Stored::descriptor).toArray();
    }

    /** The value of {@code LISTEN_FDNAMES}. */
    String names() {
        return stored.stream().map(Stored::name).collect(Collectors.joining(":"));
    }
}
