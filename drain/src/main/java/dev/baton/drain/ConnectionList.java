package dev.baton.drain;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The open connections, oldest first. The links are in the connections themselves, so that an entry costs no object of
 * its own. Guarded by the lock of {@link Connections}.
 */
final class ConnectionList {
    @Nullable
    private TrackedConnection first;

    @Nullable
    private TrackedConnection last;

    private int size;

    void add(TrackedConnection connection) {
        connection.previous = last;
        if (last == null) {
            first = connection;
        } else {
            last.next = connection;
        }
        last = connection;
        size++;
    }

    /** Takes a connection out that is in. */
    void remove(TrackedConnection connection) {
        TrackedConnection previous = connection.previous;
        TrackedConnection next = connection.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next == null) {
            last = previous;
        } else {
            next.previous = previous;
        }
        connection.previous = null;
        connection.next = null;
        size--;
    }

    int size() {
        return size;
    }

    List<TrackedConnection> copy() {
        List<TrackedConnection> copy = new ArrayList<>(size);
        for (TrackedConnection each = first; each != null; each = each.next) {
            copy.add(each);
        }
        return copy;
    }
}
