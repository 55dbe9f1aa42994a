package dev.baton.agent;

import java.io.IOException;

/** Threads of the program that wait for a socket: in poll(2), or by the JDK's sets of epoll(7). */
@FunctionalInterface
interface Waiters {
    /**
     * Puts another socket in the place of a number while nobody begins or ends to wait for it in a set, then lets those
     * return that wait for it in poll(2), to look again.
     */
    void during(int number, Change change) throws IOException;

    /** What is done meanwhile. */
    @FunctionalInterface
    interface Change {
        void make() throws IOException;
    }
}
