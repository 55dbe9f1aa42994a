package dev.baton.spring;

import dev.baton.Baton;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringApplicationRunListener;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;

/**
 * Starts Baton as soon as there is a context, and is ready when everybody else has heard {@code ApplicationReadyEvent}: what
 * listens to that may still warm the application up.
 */
final class BatonRunListener implements SpringApplicationRunListener, Ordered {
    private static final Logger LOGGER = System.getLogger("dev.baton.spring");

    private final SpringApplication application;
    private Optional<ApplicationGeneration> generation = Optional.empty();

    /** Called by Spring Boot, for each application. */
    BatonRunListener(SpringApplication application) {
        this.application = application;
    }

    @Override
    public int getOrder() {
        return LOWEST_PRECEDENCE;
    }

    @Override
    public void contextPrepared(ConfigurableApplicationContext context) {
        Involvement involvement = Involvement.of(application, context.getEnvironment());
        if (involvement == Involvement.NONE) {
            return;
        }
        if (Baton.current().isPresent()) {
            LOGGER.log(Level.INFO, "This process has run another application with Baton; this one runs without.");
            return;
        }
        try {
            ApplicationGeneration started = ApplicationGeneration.start(new BatonProperties(context.getEnvironment()));
            generation = Optional.of(started);
            // By their classes' names: a program may have a bean of its own that is called "baton".
            context.getBeanFactory().registerSingleton(Baton.class.getName(), started.baton());
            context.getBeanFactory().registerSingleton(ApplicationGeneration.class.getName(), started);
        } catch (UnsupportedOperationException e) {
            if (involvement == Involvement.WANTED) {
                throw e;
            }
            LOGGER.log(Level.WARNING, "This application runs without restarts: " + e.getMessage());
        }
    }

    @Override
    public void ready(ConfigurableApplicationContext context, @Nullable Duration timeTaken) {
        generation.ifPresent(started -> {
            if (application.getWebApplicationType() != WebApplicationType.NONE && !started.hasServers()) {
                LOGGER.log(
                        Level.WARNING,
                        "No server of this application takes part in restarts, so a successor could not have its port;"
                                + " docs/spring-boot.md says which can.");
            }
            started.ready(context);
        });
    }

    @Override
    public void failed(@Nullable ConfigurableApplicationContext context, Throwable exception) {
        generation.ifPresent(started -> started.failed(exception));
    }
}
