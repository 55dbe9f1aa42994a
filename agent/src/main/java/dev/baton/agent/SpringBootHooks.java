package dev.baton.agent;

import dev.baton.agent.Additions.Addition;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Tells {@link Readiness} which of Spring Boot's applications are being started: from {@code ApplicationStartingEvent} until
 * the listeners of {@code ApplicationReadyEvent}, or of {@code ApplicationFailedEvent}, have returned.
 */
final class SpringBootHooks implements ClassFileTransformer {
    /** It publishes those events, one application after the other on each thread; since Spring Boot 1. */
    private static final String PUBLISHER = "org/springframework/boot/context/event/EventPublishingRunListener";

    private final Instrumentation instrumentation;

    private SpringBootHooks(Instrumentation instrumentation) {
        this.instrumentation = instrumentation;
    }

    /** Before the program's first class. */
    static void install(Instrumentation instrumentation) {
        instrumentation.addTransformer(new SpringBootHooks(instrumentation));
    }

    @Override
    public byte @Nullable [] transform(
            Module module,
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (!PUBLISHER.equals(name) || loader == null || redefined != null) {
            return null;
        }
        try {
            JdkHooks.letSee(instrumentation, module);
            Addition over = new Addition(Additions.NOTHING, call("applicationHasStarted"));
            return Additions.to(
                    loader,
                    classFile,
                    _ -> Map.of(
                            "starting",
                            new Addition(call("applicationStarts"), Additions.NOTHING),
                            "ready",
                            over,
                            "failed",
                            over));
        } catch (RuntimeException | LinkageError e) {
            Log.notTransformed(PUBLISHER, e);
            return null;
        }
    }

    private static Consumer<CodeBuilder> call(String method) {
        return code -> code.invokestatic(JdkHooks.CLASS, method, MethodTypeDesc.of(ConstantDescs.CD_void));
    }
}
