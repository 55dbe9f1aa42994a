package dev.baton.spring;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/** Whether an application takes part in restarts. */
enum Involvement {
    /** {@code baton.enabled=true}. */
    WANTED,
    /** Nothing was said, and it is an application that serves: with Baton where that runs. */
    USUAL,
    NONE;

    private static final List<String> TESTS = List.of("org.junit.", "org.testng.", "org.springframework.boot.test.");

    static Involvement of(SpringApplication application, Environment environment) {
        if (endsBeforeItServes(environment)) {
            return NONE;
        }
        return Binder.get(environment)
                .bind("baton.enabled", Boolean.class)
                .map(enabled -> enabled ? WANTED : NONE)
                .orElseGet(() ->
                        application.getWebApplicationType() == WebApplicationType.NONE || isTest() ? NONE : USUAL);
    }

    /** Runs for a cache of classes, or for code that is generated: they must not touch the service's port. */
    private static boolean endsBeforeItServes(Environment environment) {
        return environment.getProperty("spring.aot.processing", boolean.class, false)
                || "onRefresh".equalsIgnoreCase(environment.getProperty("spring.context.exit"));
    }

    /** Tests start many applications in one process, which has other work to do than to be restarted. */
    private static boolean isTest() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .anyMatch(name -> TESTS.stream().anyMatch(name::startsWith)));
    }
}
