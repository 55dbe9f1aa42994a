package dev.baton.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Calls that are added to methods of the program's libraries, as these are loaded. */
final class Additions {
    /** Nothing, at this place. */
    static final Consumer<CodeBuilder> NOTHING = _ -> {};

    private Additions() {}

    /**
     * What a method does besides.
     *
     * @param first before everything else
     * @param last before each return
     */
    record Addition(Consumer<CodeBuilder> first, Consumer<CodeBuilder> last) {}

    /**
     * A class file with additions.
     *
     * @param additions to a class of this name (a library may have been given another than its own), by the names of its
     *     methods, or by their names and descriptors, {@code listen(I)V}
     */
    static byte[] to(ClassLoader loader, byte[] classFile, Function<ClassDesc, Map<String, Addition>> additions) {
        // Stack maps are made anew, and for that it may have to be known which of the library's classes extends which.
        ClassFile context = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader).orElse(ClassHierarchyResolver.defaultResolver())));
        ClassModel model = context.parse(classFile);
        Map<String, Addition> byMethod = additions.apply(model.thisClass().asSymbol());
        return context.transformClass(model, (builder, element) -> {
            Addition addition = element instanceof MethodModel method ? find(byMethod, method) : null;
            if (addition == null) {
                builder.with(element);
            } else {
                builder.transformMethod((MethodModel) element, MethodTransform.transformingCode(adding(addition)));
            }
        });
    }

    private static @Nullable Addition find(Map<String, Addition> byMethod, MethodModel method) {
        String name = method.methodName().stringValue();
        Addition exact = byMethod.get(name + method.methodType().stringValue());
        return exact != null ? exact : byMethod.get(name);
    }

    private static CodeTransform adding(Addition addition) {
        return CodeTransform.ofStateful(() -> new CodeTransform() {
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
        });
    }
}
