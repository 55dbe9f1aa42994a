package dev.baton.system;

/**
 * How often something is tried. {@code -Dbaton.trials=full} gives the numbers that the documents name, which is what CI
 * runs; without it there are a quarter as many, so that a build at the desk stays short.
 */
final class Trials {
    private static final boolean FULL = "full".equals(System.getProperty("baton.trials"));

    private Trials() {}

    static boolean full() {
        return FULL;
    }

    static int of(int full) {
        return FULL ? full : Math.ceilDiv(full, 4);
    }
}
