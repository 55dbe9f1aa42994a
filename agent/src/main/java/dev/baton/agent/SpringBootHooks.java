package dev.baton.agent;

import dev.baton.agent.Additions.Addition;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Tells {@link Readiness} which of Spring Boot's applications are being started: from {@code ApplicationStartingEvent} until
 * the listeners of {@code ApplicationReadyEvent}, or of {@code ApplicationFailedEvent}, have returned.
 */
final class SpringBootHooks {
    /** It publishes those events, one application after the other on each thread; since Spring Boot 1. */
    private static final String PUBLISHER = "org/springframework/boot/context/event/EventPublishingRunListener";

    private SpringBootHooks() {}

    /** What is added to a class, by its name. */
    static Optional<Additions.ToClass> wanted(String name) {
        if (!name.equals(PUBLISHER)) {
            return Optional.empty();
        }
        Addition over = new Addition(Additions.NOTHING, call("applicationHasStarted"));
        return Optional.of(_ -> Map.of(
                "starting", new Addition(call("applicationStarts"), Additions.NOTHING), "ready", over, "failed", over));
    }

    private static Consumer<CodeBuilder> call(String method) {
        return code -> code.invokestatic(JdkHooks.CLASS, method, MethodTypeDesc.of(ConstantDescs.CD_void));
    }
}
