package dev.baton.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Has Spring Boot report a {@link BatonException} without a stack trace. */
final class BatonFailureAnalyzer extends AbstractFailureAnalyzer<BatonException> {
    @Override
    protected FailureAnalysis analyze(Throwable rootFailure, BatonException cause) {
        return new FailureAnalysis(
                String.valueOf(cause.getMessage()),
                "See above; or run this application without restarts: baton.enabled=false",
                cause);
    }
}
