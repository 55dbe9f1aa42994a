package dev.baton.agent;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Steps that are each tried, whatever became of those before. */
final class Attempts {
    private @Nullable IOException failure;

    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    void run(Step step) {
        try {
            step.run();
        } catch (IOException e) {
            if (failure == null) {
                failure = e;
            } else {
                failure.addSuppressed(e);
            }
        }
    }

    /** Throws the first failure, which has the others with it. */
    void rethrow() throws IOException {
        IOException first = failure;
        if (first != null) {
            throw first;
        }
    }
}
