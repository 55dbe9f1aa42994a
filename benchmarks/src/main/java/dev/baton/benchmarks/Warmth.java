package dev.baton.benchmarks;

import dev.baton.http.WarmUp;
import java.util.List;

/** How a successor is prepared for its first clients. */
enum Warmth {
    /** Not at all. */
    COLD("cold", "", ""),

    /** By {@code dev.baton.http} as it does by itself, without the application. */
    BY_ITSELF("by default", "", ""),

    /** By requests to the application too. */
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

    /** The option of the server. */
    WarmUp warmUp() {
        return switch (this) {
            case COLD -> WarmUp.off();
            case BY_ITSELF -> WarmUp.defaults();
            case WARMED, WARMED_WITH_AOT_CACHE -> WarmUp.of("/");
        };
    }

    /** @param aot those with which a JVM uses the AOT cache */
    List<String> jvmOptions(List<String> aot) {
        return this == WARMED_WITH_AOT_CACHE ? aot : List.of();
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
