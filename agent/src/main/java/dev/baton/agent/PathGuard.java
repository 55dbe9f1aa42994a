package dev.baton.agent;

import java.io.File;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.nio.file.FileSystems;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets the JDK's two ways to delete a file, {@code java.io.File} and {@code java.nio.file.Files}, ask
 * {@link ProgramListeners#keeps} first: what is kept counts as deleted. They are changed when the first Unix listener is
 * there, so that a program without one pays nothing.
 */
final class PathGuard implements ClassFileTransformer {
    private static final MethodTypeDesc KEEPS = MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_String);
    private static final MethodTypeDesc TEXT = MethodTypeDesc.of(ConstantDescs.CD_String);

    /** By class and method, what it takes to push the path. */
    private static final Map<String, Map<String, Consumer<CodeBuilder>>> DELETIONS = Map.of(
            "java/io/UnixFileSystem",
            Map.of(
                    "delete(Ljava/io/File;)Z",
                    code -> code.aload(1).invokevirtual(ClassDesc.of("java.io.File"), "getPath", TEXT)),
            "sun/nio/fs/UnixFileSystemProvider",
            Map.of(
                    "implDelete(Ljava/nio/file/Path;Z)Z",
                    code -> code.aload(1).invokevirtual(ConstantDescs.CD_Object, "toString", TEXT)));

    private final Instrumentation instrumentation;
    private boolean installed; // guarded by this

    PathGuard(Instrumentation instrumentation) {
        this.instrumentation = instrumentation;
    }

    /** Does nothing the second time. */
    synchronized void install() {
        if (installed) {
            return;
        }
        installed = true;
        instrumentation.addTransformer(this, true);
        try {
            Class<?> provider = FileSystems.getDefault().provider().getClass();
            while (!provider.getName().equals("sun.nio.fs.UnixFileSystemProvider")) {
                provider = provider.getSuperclass();
            }
            instrumentation.retransformClasses(
                    Class.forName("java.io.UnixFileSystem", false, File.class.getClassLoader()), provider);
        } catch (UnmodifiableClassException | ClassNotFoundException | RuntimeException | LinkageError e) {
            Log.notTransformed("the JDK's deletion of files", e);
        }
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (loader != null || name == null) {
            return null;
        }
        Map<String, Consumer<CodeBuilder>> methods = DELETIONS.get(name);
        if (methods == null) {
            return null;
        }
        try {
            return ClassFiles.change(
                    loader,
                    classFile,
                    _ -> method -> Optional.ofNullable(
                                    methods.get(method.methodName().stringValue()
                                            + method.methodType().stringValue()))
                            .map(PathGuard::asking));
        } catch (RuntimeException | LinkageError e) {
            Log.notTransformed(name, e);
            return null;
        }
    }

    private static CodeTransform asking(Consumer<CodeBuilder> path) {
        return ClassFiles.first(code -> {
            path.accept(code);
            code.invokestatic(JdkHooks.CLASS, "keeps", KEEPS)
                    .ifThen(kept -> kept.iconst_1().ireturn());
        });
    }
}
