package dev.baton.run;

/**
 * What the supervisor says: one line each on the standard error stream, which is the service's too. No logging library is in its
 * process, which is to stay small.
 */
final class Log {
    private Log() {}

    static void say(String line) {
        System.err.println("baton run: " + line);
    }
}
