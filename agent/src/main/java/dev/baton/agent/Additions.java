package dev.baton.agent;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Calls of the agent's hooks that are added to methods of the program's libraries, as these are loaded. */
final class Additions implements ClassFileTransformer {
    /** Nothing, at this place. */
    static final Consumer<CodeBuilder> NOTHING = _ -> {};

    private final Instrumentation instrumentation;
    private final Function<String, Optional<ToClass>> wanted;

    private Additions(Instrumentation instrumentation, Function<String, Optional<ToClass>> wanted) {
        this.instrumentation = instrumentation;
        this.wanted = wanted;
    }

    /**
     * What is added to one class: by the names of its methods, or by their names and descriptors, {@code listen(I)V}. It is
     * told the name of the class, because a library may have been given another than its own.
     */
    @FunctionalInterface
    interface ToClass {
        Map<String, Addition> methods(ClassDesc name);
    }

    /**
     * What a method does besides.
     *
     * @param first before everything else
     * @param last before each return
     */
    record Addition(Consumer<CodeBuilder> first, Consumer<CodeBuilder> last) {}

    /**
     * Before the program's first class.
     *
     * @param wanted what is added to a class, by its name as in class files; asked for each that the program loads
     */
    static void install(Instrumentation instrumentation, Function<String, Optional<ToClass>> wanted) {
        instrumentation.addTransformer(new Additions(instrumentation, wanted));
    }

    @Override
    public byte @Nullable [] transform(
            Module module,
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (name == null || loader == null || redefined != null) {
            return null;
        }
        Optional<ToClass> additions = wanted.apply(name);
        if (additions.isEmpty()) {
            return null;
        }
        try {
            JdkHooks.letSee(instrumentation, module);
            return to(loader, classFile, additions.get());
        } catch (RuntimeException | LinkageError e) {
            Log.notTransformed(name, e);
            return null;
        }
    }

    private static byte[] to(ClassLoader loader, byte[] classFile, ToClass additions) {
        return ClassFiles.change(loader, classFile, type -> {
            Map<String, Addition> byMethod = additions.methods(type.thisClass().asSymbol());
            return method -> find(byMethod, method).map(Additions::adding);
        });
    }

    private static Optional<Addition> find(Map<String, Addition> byMethod, MethodModel method) {
        String name = method.methodName().stringValue();
        Addition exact = byMethod.get(name + method.methodType().stringValue());
        return Optional.ofNullable(exact != null ? exact : byMethod.get(name));
    }

    private static CodeTransform adding(Addition addition) {
        return new CodeTransform() {
            @Override
            public void atStart(CodeBuilder code) {
                addition.first.accept(code);
            }

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                if (element instanceof ReturnInstruction) {
                    addition.last.accept(code);
                }
                code.with(element);
            }
        };
    }
}
