package dev.baton.benchmarks;

import java.nio.file.Path;
import java.util.List;

/** How a successor is prepared for its first clients. */
enum Warmth {
    /**
     * Not at all: {@code dev.baton.http} answers no request before its clients', because the one that it sends itself needs a
     * socket in the folder for temporary files.
     */
    COLD("cold", "", ""),

    /** By {@code dev.baton.http} as it does by itself. */
    WARMED("warmed", "", ""),

    /** The same in JVMs that start with an AOT cache. */
    WARMED_WITH_AOT_CACHE("warmed, AOT cache", "at most 2", "at most 3");

    private final String title;
    private final String goalOfP99;
    private final String goalOfMaximum;

    Warmth(String title, String goalOfP99, String goalOfMaximum) {
        this.title = title;
        this.goalOfP99 = goalOfP99;
        this.goalOfMaximum = goalOfMaximum;
    }

    /** @param aot those with which a JVM uses the AOT cache */
    List<String> jvmOptions(List<String> aot, Path directory) {
        return switch (this) {
            case COLD ->
                List.of("-Djava.io.tmpdir=" + directory.resolve("missing"), "-Dio.netty.native.workdir=" + directory);
            case WARMED -> List.of();
            case WARMED_WITH_AOT_CACHE -> aot;
        };
    }

    /** In words; empty if there is none. */
    String goalOfP99() {
        return goalOfP99;
    }

    /** In words; empty if there is none. */
    String goalOfMaximum() {
        return goalOfMaximum;
    }

    @Override
    public String toString() {
        return title;
    }
}
