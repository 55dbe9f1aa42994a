package dev.baton.agent;

import java.io.IOException;
import java.util.function.IntConsumer;

/** Who of the program waits for a socket: in poll(2), by the JDK's sets of epoll(7), or by io_uring. */
@FunctionalInterface
interface Waiters {
    /**
     * Puts another socket in the place of a number while nobody begins or ends to wait for it in a set, then lets those
     * return that wait for it in poll(2), or by io_uring, to look again.
     */
    void during(int number, Change change) throws IOException;

    /** These, and others that are told when the number has changed, or may have. */
    default Waiters and(IntConsumer others) {
        return (number, change) -> {
            try {
                during(number, change);
            } finally {
                others.accept(number);
            }
        };
    }

    /** What is done meanwhile. */
    @FunctionalInterface
    interface Change {
        void make() throws IOException;
    }
}
