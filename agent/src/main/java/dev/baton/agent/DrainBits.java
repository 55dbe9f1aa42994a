package dev.baton.agent;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.security.ProtectionDomain;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
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
     * What becomes of one method.
     *
     * @param change made for it
     */
    private record Bit(String method, Function<MethodModel, CodeTransform> change) {}

    private static final ClassDesc HEADERS = ClassDesc.of("com.sun.net.httpserver.Headers");

    private static final Bit GRPC = new Bit("onHeadersRead", DrainBits::closeGracefully);

    private static final Map<String, Bit> BITS = Map.of(
            // 1: the request that is being answered is the last of its connection.
            "org/apache/coyote/http11/AbstractHttp11Protocol",
            new Bit(
                    "getMaxKeepAliveRequests",
                    _ -> instead(code -> code.iconst_1().ireturn())),
            "org/eclipse/jetty/server/HttpConfiguration",
            new Bit("isPersistentConnectionsEnabled", _ -> instead(DrainBits::returnFalse)),
            "io/undertow/server/HttpServerExchange",
            new Bit("isPersistent", _ -> instead(DrainBits::returnFalse)),
            "io/netty/handler/codec/http/HttpUtil",
            new Bit("isKeepAlive", _ -> instead(DrainBits::returnFalse)),
            "io/vertx/core/http/impl/HttpUtils",
            new Bit("isKeepAlive", _ -> instead(DrainBits::returnFalse)),
            "io/helidon/webserver/http1/Http1Connection",
            new Bit("createResponse", _ -> ClassFiles.first(DrainBits::keepNot)),
            "sun/net/httpserver/ExchangeImpl",
            new Bit("sendResponseHeaders", _ -> ClassFiles.first(DrainBits::setHeader)),
            "io/grpc/netty/NettyServerHandler",
            GRPC,
            "io/grpc/netty/shaded/io/grpc/netty/NettyServerHandler",
            GRPC);

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

    /**
     * {@code ctx.channel().close();} This gRPC's handler of a connection answers with the two steps of a graceful GOAWAY, and
     * it goes on to serve the streams that there are. It does so once; here it is told at each request.
     */
    private static CodeTransform closeGracefully(MethodModel method) {
        ClassDesc context = method.methodTypeSymbol().parameterType(0);
        ClassDesc channel = ClassDesc.of(context.packageName(), "Channel");
        ClassDesc future = ClassDesc.of(context.packageName(), "ChannelFuture");
        return ClassFiles.first(code -> code.aload(1)
                .invokeinterface(context, "channel", MethodTypeDesc.of(channel))
                .invokeinterface(channel, "close", MethodTypeDesc.of(future))
                .pop());
    }

    /**
     * {@code canRun = false; keepAlive = false;} The parameter makes the response say it, and the field, in the same method so
     * that there is no instant between the two, makes the connection close: of itself it announces that and waits for the
     * next request (helidon-io/helidon#12324).
     */
    private static void keepNot(CodeBuilder code) {
        code.aload(0)
                .iconst_0()
                .putfield(
                        ClassDesc.of("io.helidon.webserver.http1.Http1Connection"), "canRun", ConstantDescs.CD_boolean)
                .iconst_0()
                .istore(2);
    }

    private static void returnFalse(CodeBuilder code) {
        code.iconst_0().ireturn();
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
            return ClassFiles.change(
                    loader,
                    classFile,
                    _ -> method -> method.methodName().equalsString(bit.method)
                            ? Optional.of(bit.change.apply(method))
                            : Optional.empty());
        } catch (RuntimeException | LinkageError e) {
            Log.notTransformed(name, e);
            return null;
        }
    }

    /** This alone. */
    private static CodeTransform instead(Consumer<CodeBuilder> whole) {
        return new CodeTransform() {
            @Override
            public void atStart(CodeBuilder code) {
                whole.accept(code);
            }

            @Override
            public void accept(CodeBuilder code, CodeElement element) {
                // Not any more.
            }
        };
    }
}
