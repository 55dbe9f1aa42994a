package dev.baton.system;

import static dev.baton.system.RunningService.SOON;

import dev.baton.testkit.Await;
import dev.baton.testkit.ProcFs;
import java.io.UncheckedIOException;
import java.util.Set;
import java.util.TreeSet;

/** The server's ends of some connections, which are the same sockets in whichever process holds them. */
record ServerEnds(Set<Long> inodes) {

    /** The sockets that a process holds and has not held before. */
    static ServerEnds since(Set<Long> before, long pid) {
        Set<Long> inodes = new TreeSet<>(ProcFs.socketInodes(pid));
        inodes.removeAll(before);
        return new ServerEnds(inodes);
    }

    /** How many of them a process holds; none if it has ended. */
    int heldBy(long pid) {
        try {
            Set<Long> held = new TreeSet<>(ProcFs.socketInodes(pid));
            held.retainAll(inodes);
            return held.size();
        } catch (UncheckedIOException e) {
            if (ProcFs.running(pid)) {
                throw e;
            }
            return 0;
        }
    }

    /** Waits until a process holds none of them. */
    void awaitGone(long pid) throws Exception {
        Await.state(
                "process " + pid + " has given all " + inodes.size() + " connections away",
                SOON,
                () -> heldBy(pid) == 0);
    }
}
