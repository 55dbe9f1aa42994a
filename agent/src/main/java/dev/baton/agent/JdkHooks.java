package dev.baton.agent;

import dev.baton.posix.NativeAccess;
import java.io.IOException;
import java.io.InputStream;
import java.lang.constant.ClassDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.SocketAddress;
import java.security.ProtectionDomain;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lets the JDK's server sockets ask {@link ProgramListeners}, by the class {@code sun.nio.ch.BatonHooks}.
 *
 * <p>That class is defined in {@code java.base}, in the package of those that call it, through a lookup: a class on the
 * boot class path would be as visible, but a boot class path that something is appended to makes the JVM give up its
 * archive of classes, and warn.
 */
final class JdkHooks implements ClassFileTransformer {
    private static final String HOOKS = "sun/nio/ch/BatonHooks";
    private static final String UNIX_HOOKS = "sun/nio/ch/BatonUnixHooks";
    private static final String PACKAGE = "sun.nio.ch";

    /** bind (two of them), listen, localAddress, poll, configureBlocking, ctl. */
    private static final int METHODS = 7;

    /** bind, localAddress. */
    private static final int UNIX_METHODS = 2;

    /** The hooks, for calls from elsewhere. */
    static final ClassDesc CLASS = ClassDesc.ofInternalName(HOOKS);

    /** What the hooks have in place of these classes' methods. Of client sockets too, of which they know nothing. */
    private static final List<String> OWNERS = List.of("Net", "IOUtil", "EPoll");

    private static final List<String> UNIX_OWNERS = List.of("UnixDomainSockets");

    /** Whose calls go to the hooks. */
    private static final Set<String> CALLERS = Stream.of(
                    "NioSocketImpl",
                    "SelChImpl",
                    "ServerSocketChannelImpl",
                    "AsynchronousServerSocketChannelImpl",
                    "EPollSelectorImpl",
                    "EPollPoller",
                    "EPollPort")
            .map(name -> "sun/nio/ch/" + name)
            .collect(Collectors.toUnmodifiableSet());

    /** The methods that are redirected, each with the class that has it in the JDK. */
    private final Map<String, String> methods;

    private final Map<String, String> unixMethods;

    private JdkHooks(Map<String, String> methods, Map<String, String> unixMethods) {
        this.methods = methods;
        this.unixMethods = unixMethods;
    }

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
        Class<?> hooks = lookup.defineClass(ownClassFile(HOOKS));
        lookup.defineClass(ownClassFile(UNIX_HOOKS));
        for (Method method : hooks.getDeclaredMethods()) {
            if (method.getName().equals("link")) {
                NativeAccess.through(lookup.unreflect(method));
            }
        }
        return lookup.in(hooks);
    }

    private static byte[] ownClassFile(String name) throws IOException {
        try (InputStream in = JdkHooks.class.getClassLoader().getResourceAsStream(name + ".class")) {
            if (in == null) {
                throw new IOException("baton.jar is not whole: " + name + " is missing");
            }
            return in.readAllBytes();
        }
    }

    /**
     * Finds out what is to be redirected, and whether this JDK's sockets are as the hooks take them to be: each method that
     * they have is one of the JDK's, and is called where they expect it. Nothing is changed.
     *
     * @throws UnsupportedOperationException if not
     */
    static JdkHooks fit(Lookup hooks) throws IOException, ReflectiveOperationException {
        Map<String, String> methods = replaced(hooks.lookupClass(), OWNERS);
        Map<String, String> unixMethods = replaced(Class.forName(UNIX_HOOKS.replace('/', '.')), UNIX_OWNERS);
        Set<String> called = new HashSet<>();
        Set<String> unixCalled = new HashSet<>();
        for (String caller : CALLERS) {
            byte[] classFile = classFile(caller);
            Set<String> here = ConstantPool.called(classFile, methods);
            if (here.isEmpty()) {
                throw unknown(caller + " calls none of " + methods.keySet());
            }
            called.addAll(here);
            unixCalled.addAll(ConstantPool.called(classFile, unixMethods));
        }
        require(METHODS, methods, called);
        require(UNIX_METHODS, unixMethods, unixCalled);
        return new JdkHooks(methods, unixMethods);
    }

    /** The methods of some classes of the JDK that a class of hooks has too. */
    private static Map<String, String> replaced(Class<?> hooks, List<String> owners) throws ClassNotFoundException {
        Map<String, String> methods = new HashMap<>();
        for (String owner : owners) {
            Class<?> type = Class.forName(PACKAGE + "." + owner);
            for (Method method : hooks.getDeclaredMethods()) {
                if (has(type, method)) {
                    methods.put(
                            method.getName() + descriptor(method),
                            type.getName().replace('.', '/'));
                }
            }
        }
        return methods;
    }

    private static void require(int count, Map<String, String> methods, Set<String> called) {
        if (called.size() != count || methods.size() != count) {
            throw unknown("of " + count + " methods there are " + methods.keySet() + ", and called are " + called);
        }
    }

    private static UnsupportedOperationException unknown(String what) {
        return new UnsupportedOperationException("The sockets of this JDK (" + Runtime.version()
                + ") are not as this release of Baton knows them: " + what + ".");
    }

    private static boolean has(Class<?> type, Method hook) {
        return Arrays.stream(type.getDeclaredMethods())
                .anyMatch(method -> method.getName().equals(hook.getName())
                        && Modifier.isStatic(method.getModifiers())
                        && descriptor(method).equals(descriptor(hook)));
    }

    private static String descriptor(Method method) {
        return MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                .toMethodDescriptorString();
    }

    private static byte[] classFile(String name) throws IOException {
        try (InputStream in = Object.class.getModule().getResourceAsStream(name + ".class")) {
            if (in == null) {
                throw unknown("there is no " + name);
            }
            return in.readAllBytes();
        }
    }

    /** Before the program's first socket: what is loaded already is transformed again. */
    void install(
            Instrumentation instrumentation,
            Lookup lookup,
            ProgramListeners listeners,
            NettyChannels netty,
            Readiness readiness)
            throws IOException {
        try {
            MethodType type = MethodType.methodType(
                    void.class,
                    BiPredicate.class,
                    BiPredicate.class,
                    BiPredicate.class,
                    IntPredicate.class,
                    IntPredicate.class,
                    IntConsumer.class,
                    IntFunction.class,
                    Consumer.class,
                    IntConsumer.class,
                    Predicate.class);
            MethodHandle install = lookup.findStatic(lookup.lookupClass(), "install", type);
            BiPredicate<Integer, Object> binds = listeners::binds;
            BiPredicate<Integer, Integer> listens = listeners::listens;
            BiPredicate<Integer, Integer> listening = listeners::listening;
            IntPredicate known = listeners::isKnown;
            IntPredicate shared = listeners::isShared;
            IntConsumer awaited = listeners::awaits;
            IntFunction<@Nullable SocketAddress> address = listeners::realAddress;
            Consumer<Object> nettyChannels = netty::add;
            IntConsumer applications = readiness::starts;
            Predicate<String> kept = listeners::keeps;
            install.invoke(
                    binds, listens, listening, known, shared, awaited, address, nettyChannels, applications, kept);
            instrumentation.addTransformer(this, true);
            for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
                if (CALLERS.contains(loaded.getName().replace('.', '/'))) {
                    instrumentation.retransformClasses(loaded);
                }
            }
        } catch (Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IOException("the JDK's sockets cannot be hooked: " + e, e);
        }
    }

    /** Lets a module of the program call the public methods of the hooks, whose package is otherwise the JDK's alone. */
    static void letSee(Instrumentation instrumentation, Module module) {
        instrumentation.redefineModule(
                Object.class.getModule(), Set.of(), Map.of(PACKAGE, Set.of(module)), Map.of(), Set.of(), Map.of());
    }

    /** Who waits for a socket of the program. */
    static Waiters waiters(Lookup hooks) throws ReflectiveOperationException {
        MethodHandle exclusively =
                hooks.findStatic(hooks.lookupClass(), "exclusively", MethodType.methodType(void.class, Runnable.class));
        MethodHandle wake = hooks.findStatic(hooks.lookupClass(), "wake", MethodType.methodType(void.class, int.class));
        return (number, change) -> {
            Attempts attempts = new Attempts();
            Runnable attempt = () -> attempts.run(change::make);
            try {
                exclusively.invokeExact(attempt);
                wake.invokeExact(number);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError("the methods throw nothing that is checked", e);
            }
            attempts.rethrow();
        };
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (loader != null || name == null || !CALLERS.contains(name)) {
            return null;
        }
        try {
            return ConstantPool.redirect(ConstantPool.redirect(classFile, methods, HOOKS), unixMethods, UNIX_HOOKS);
        } catch (RuntimeException | LinkageError e) {
            Log.notTransformed(name, e);
            return null;
        }
    }
}
