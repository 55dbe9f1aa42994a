package dev.baton.run;

/** What others may know of the service. Written by the supervisor's thread, read by any. */
final class Published {
    private volatile boolean serving;
    private volatile int mainPid;
    private volatile long generations;
    private volatile long restarts;

    boolean isServing() {
        return serving;
    }

    int mainPid() {
        return mainPid;
    }

    /** How many processes have been the main one. */
    long generations() {
        return generations;
    }

    /** How often the program was started again because it had crashed. */
    long restarts() {
        return restarts;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // One thread writes.
    void started(int pid) {
        mainPid = pid;
        generations++;
    }

    void changed(int pid) {
        started(pid);
    }

    void serving() {
        serving = true;
    }

    void notServing() {
        serving = false;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // One thread writes.
    void restarted() {
        restarts++;
    }
}
