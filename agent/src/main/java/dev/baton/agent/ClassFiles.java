package dev.baton.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Class files of which some methods are changed: what the agent's transformers of classes have in common. */
final class ClassFiles {
    private ClassFiles() {}

    /**
     * A class file with changes.
     *
     * @param loader of the class, null for the boot loader: stack maps are made anew, and for that it may have to be known
     *     which of a library's classes extends which
     * @param changes asked once for the class, and what it gives for each method: empty if that stays as it is
     */
    static byte[] change(
            @Nullable ClassLoader loader,
            byte[] classFile,
            Function<ClassModel, Function<MethodModel, Optional<CodeTransform>>> changes) {
        ClassHierarchyResolver jdk = ClassHierarchyResolver.defaultResolver();
        ClassFile context = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                loader == null
                        ? jdk
                        : ClassHierarchyResolver.ofResourceParsing(loader).orElse(jdk)));
        ClassModel model = context.parse(classFile);
        Function<MethodModel, Optional<CodeTransform>> ofMethod = changes.apply(model);
        return context.transformClass(model, (builder, element) -> {
            Optional<CodeTransform> change =
                    element instanceof MethodModel method ? ofMethod.apply(method) : Optional.empty();
            if (change.isPresent()) {
                builder.transformMethod((MethodModel) element, MethodTransform.transformingCode(change.get()));
            } else {
                builder.with(element);
            }
        });
    }

    /** This, and then what the method did before. */
    static CodeTransform first(Consumer<CodeBuilder> beginning) {
        return new CodeTransform() {
            @Override
            public void atStart(CodeBuilder code) {
                beginning.accept(code);
            }

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                code.with(element);
            }
        };
    }
}
