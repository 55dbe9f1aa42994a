package dev.baton.agent;

import dev.baton.posix.NativeAccess;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.net.InetSocketAddress;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Lets the JDK's server sockets ask {@link ProgramListeners}, by the class {@code sun.nio.ch.BatonHooks}.
 *
 * <p>That class is defined in {@code java.base}, in the package of those that call it, through a lookup: a class on the
 * boot class path would be as visible, but a boot class path that something is appended to makes the JVM give up its
 * archive of classes, and warn.
 */
final class JdkHooks implements ClassFileTransformer {
    static final String HOOKS = "sun/nio/ch/BatonHooks";
    private static final String PACKAGE = "sun.nio.ch";

    /** Of client sockets too; what is redirected there is asked, and answers that it is none of ours. */
    private static final Map<String, Set<String>> METHODS_OF_NET = Map.of(
            "sun/nio/ch/NioSocketImpl", Set.of("bind", "listen", "poll"),
            "sun/nio/ch/SelChImpl", Set.of("poll"),
            "sun/nio/ch/ServerSocketChannelImpl", Set.of("bind", "listen", "localAddress"),
            "sun/nio/ch/AsynchronousServerSocketChannelImpl", Set.of("bind", "listen", "localAddress"));

    private JdkHooks() {}

    /**
     * Puts the hooks into {@code java.base}, and lets them link the native functions of {@code dev.baton.posix}: the JVM
     * would warn of the agent, or refuse it (JEP 472), because the agent's manifest is not asked whether it may.
     *
     * <p>What is opened for that is opened to the agent alone. To allow native access to its module, which has no name,
     * would allow it to every class on the program's class path.
     */
    static Lookup define(Instrumentation instrumentation) throws IOException, ReflectiveOperationException {
        instrumentation.redefineModule(
                Object.class.getModule(),
                Set.of(),
                Map.of(),
                Map.of(PACKAGE, Set.of(JdkHooks.class.getModule())),
                Set.of(),
                Map.of());
        Lookup lookup = MethodHandles.privateLookupIn(Class.forName(PACKAGE + ".Net"), MethodHandles.lookup());
        try (InputStream in = JdkHooks.class.getClassLoader().getResourceAsStream(HOOKS + ".class")) {
            if (in == null) {
                throw new IOException("baton.jar is not whole: " + HOOKS + " is missing");
            }
            Class<?> hooks = lookup.defineClass(in.readAllBytes());
            Lookup own = lookup.in(hooks);
            for (Method method : hooks.getDeclaredMethods()) {
                if (method.getName().equals("link")) {
                    NativeAccess.through(lookup.unreflect(method));
                }
            }
            return own;
        }
    }

    /** Before the program's first socket: what is loaded already is transformed again. */
    static void install(Instrumentation instrumentation, Lookup lookup, ProgramListeners listeners) throws IOException {
        try {
            MethodType type = MethodType.methodType(
                    void.class,
                    BiPredicate.class,
                    BiPredicate.class,
                    BiPredicate.class,
                    IntPredicate.class,
                    IntPredicate.class,
                    IntFunction.class);
            MethodHandle install = lookup.findStatic(lookup.lookupClass(), "install", type);
            BiPredicate<Integer, Object> binds = listeners::binds;
            BiPredicate<Integer, Integer> listens = listeners::listens;
            BiPredicate<Integer, Integer> listening = listeners::listening;
            IntPredicate known = listeners::isKnown;
            IntPredicate shared = listeners::isShared;
            IntFunction<@Nullable InetSocketAddress> address = listeners::realAddress;
            install.invoke(binds, listens, listening, known, shared, address);
            instrumentation.addTransformer(new JdkHooks(), true);
            for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
                if (METHODS_OF_NET.containsKey(loaded.getName().replace('.', '/'))) {
                    instrumentation.retransformClasses(loaded);
                }
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException("this JDK's sockets are not as Baton knows them: " + e, e);
        }
    }

    /** Who waits in poll(2) for a socket of the program. */
    static Waiters waiters(Lookup hooks) throws ReflectiveOperationException {
        MethodHandle wake = hooks.findStatic(hooks.lookupClass(), "wake", MethodType.methodType(void.class, int.class));
        return number -> {
            try {
                wake.invokeExact(number);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError("the method throws nothing that is checked", e);
            }
        };
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        Set<String> methods = loader == null && name != null ? METHODS_OF_NET.get(name) : null;
        if (methods == null) {
            return null;
        }
        try {
            byte[] sockets = ConstantPool.redirect(classFile, "sun/nio/ch/Net", methods, HOOKS);
            return ConstantPool.redirect(sockets, "sun/nio/ch/IOUtil", Set.of("configureBlocking"), HOOKS);
        } catch (RuntimeException e) {
            Log.notTransformed(name, e);
            return null;
        }
    }
}
