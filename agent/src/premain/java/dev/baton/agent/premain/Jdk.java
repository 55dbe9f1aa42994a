package dev.baton.agent.premain;

/** The JDK that this process runs on. */
final class Jdk {
    /** The first that Baton runs on. */
    static final int LEAST = 25;

    private Jdk() {}

    static int release() {
        return feature(System.getProperty("java.specification.version"));
    }

    /** 8 of {@code 1.8}, 25 of {@code 25}. */
    private static int feature(String version) {
        return Integer.parseInt(version.startsWith("1.") ? version.substring(2) : version);
    }
}
