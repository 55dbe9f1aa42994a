package dev.baton.spring;

import dev.baton.BatonOptions;
import dev.baton.Durations;
import dev.baton.drain.DrainOptions;
import dev.baton.drain.IdlePolicy;
import java.util.Optional;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The properties {@code baton.*}, by the names that the options have everywhere. They are read before there is a context, and
 * with Baton's own reader, so that {@code 30s} and a variable such as {@code BATON_DRAIN_TIMEOUT} mean what they mean to
 * other programs.
 */
final class BatonProperties {
    private final Binder binder;

    BatonProperties(Environment environment) {
        binder = Binder.get(environment);
    }

    /** @throws IllegalArgumentException if a value cannot be read; the message names the option */
    BatonOptions options() {
        BatonOptions.Builder builder = BatonOptions.from(this::value);
        if (value("name").isEmpty()) {
            text("spring.application.name").ifPresent(builder::name);
        }
        return builder.build();
    }

    /** @throws IllegalArgumentException if a value cannot be read; the message names the option */
    DrainOptions drainOptions() {
        DrainOptions.Builder builder = DrainOptions.builder();
        bound("baton.idle-policy", IdlePolicy.class).ifPresent(builder::idlePolicy);
        value("new-connection-grace").map(Durations::parse).ifPresent(builder::newConnectionGrace);
        value("idle-grace").map(Durations::parse).ifPresent(builder::idleGrace);
        return builder.build();
    }

    /** How many connections may wait at Tomcat's listeners: Baton's default unless the property was set. */
    int tomcatBacklog() {
        return bound("server.tomcat.accept-count", Integer.class).orElse(0);
    }

    private Optional<String> value(String option) {
        return text("baton." + option);
    }

    private Optional<String> text(String property) {
        return bound(property, String.class).filter(text -> !text.isEmpty());
    }

    private <T> Optional<T> bound(String property, Class<T> type) {
        return binder.bind(property, Bindable.of(type)).map(Optional::of).orElseGet(Optional::empty);
    }
}
