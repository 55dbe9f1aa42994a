package dev.baton.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.security.ProtectionDomain;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets the responses of servers that it knows say {@code Connection: close} while this process drains, so that a client
 * that keeps its connection busy goes to the successor by itself, and no request meets a close.
 *
 * <p>Nothing is changed while the process serves. At the switch the one method in which a server decides is given another
 * beginning, by a retransformation of its class, and its own again after an undo.
 */
final class DrainBits implements ClassFileTransformer {
    private final Instrumentation instrumentation;
    private volatile boolean draining;

    /**
     * What one method does besides, or instead.
     *
     * @param code what it does first
     * @param all whether that is all that it does, else it goes on as before
     */
    private record Bit(String method, Consumer<CodeBuilder> code, boolean all) {}

    private static final ClassDesc HEADERS = ClassDesc.of("com.sun.net.httpserver.Headers");

    private static final Map<String, Bit> BITS = Map.of(
            // 1: the request that is being answered is the last of its connection.
            "org/apache/coyote/http11/AbstractHttp11Protocol",
            new Bit("getMaxKeepAliveRequests", code -> code.iconst_1().ireturn(), true),
            "org/eclipse/jetty/server/HttpConfiguration",
            new Bit("isPersistentConnectionsEnabled", code -> code.iconst_0().ireturn(), true),
            "io/undertow/server/HttpServerExchange",
            new Bit("isPersistent", code -> code.iconst_0().ireturn(), true),
            "io/netty/handler/codec/http/HttpUtil",
            new Bit("isKeepAlive", code -> code.iconst_0().ireturn(), true),
            "sun/net/httpserver/ExchangeImpl",
            new Bit("sendResponseHeaders", DrainBits::setHeader, false));

    DrainBits(Instrumentation instrumentation) {
        this.instrumentation = instrumentation;
        instrumentation.addTransformer(this, true);
    }

    /** {@code rspHdrs.set("Connection", "close");} */
    private static void setHeader(CodeBuilder code) {
        code.aload(0)
                .getfield(ClassDesc.of("sun.net.httpserver.ExchangeImpl"), "rspHdrs", HEADERS)
                .ldc("Connection")
                .ldc("close")
                .invokevirtual(
                        HEADERS,
                        "set",
                        MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_String, ConstantDescs.CD_String));
    }

    /** From now on, or not any more. Servers that are loaded later follow. */
    synchronized void set(boolean value) {
        if (draining == value) {
            return;
        }
        draining = value;
        Set<Class<?>> done = new HashSet<>();
        boolean more;
        do { // Again, for one whose loading had begun before the line above and is over by now.
            more = done.addAll(transformAll(done));
        } while (more);
    }

    /** Those that are loaded and not among the ones that are done already. */
    private Set<Class<?>> transformAll(Set<Class<?>> done) {
        Set<Class<?>> servers = new HashSet<>();
        for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
            if (BITS.containsKey(loaded.getName().replace('.', '/')) && !done.contains(loaded)) {
                servers.add(loaded);
            }
        }
        for (Class<?> server : servers) {
            try {
                instrumentation.retransformClasses(server);
            } catch (UnmodifiableClassException | RuntimeException | Error e) {
                Log.notTransformed(server.getName(), e); // Whatever it is: the restart, or its undo, goes on.
            }
        }
        return servers;
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        Bit bit = draining && name != null ? BITS.get(name) : null;
        if (bit == null) {
            return null;
        }
        try {
            ClassFile context = ClassFile.of();
            return context.transformClass(
                    context.parse(classFile),
                    ClassTransform.transformingMethodBodies(
                            method -> method.methodName().equalsString(bit.method), change(bit)));
        } catch (RuntimeException | LinkageError e) {
            Log.notTransformed(name, e);
            return null;
        }
    }

    private static CodeTransform change(Bit bit) {
        return new CodeTransform() {
            @Override
            public void atStart(CodeBuilder code) {
                bit.code.accept(code);
            }

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                if (!bit.all) {
                    code.with(element);
                }
            }
        };
    }
}
