package dev.baton.agent;

/** Threads of the program that wait for a socket in poll(2). */
@FunctionalInterface
interface Waiters {
    /** Lets those return that wait for a descriptor of this number, to look again. */
    void wake(int number);
}
