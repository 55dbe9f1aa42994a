package sun.nio.ch;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/**
 * What the JDK's server sockets call instead of {@link Net}, {@link IOUtil} and {@link EPoll}, by names and descriptors that
 * are the same, and Netty's in addition to its own. The agent defines this class in {@code java.base}, where those can see it, and
 * knows what to answer; descriptors are called by their numbers.
 */
public final class BatonHooks {
    /** Threads of the operating system, and the number of the descriptor for which each waits. */
    private static final Map<Long, Integer> WAITING = new HashMap<>();

    /** Held while a watch of a listener is changed by the JDK, and while another socket is put in the listener's place. */
    private static final Object WATCHES = new Object();

    /** What epoll_ctl(2) is told, and what it may answer: the same on each architecture. */
    private static final int EPOLL_CTL_ADD = 1;

    private static final int EPOLL_CTL_MOD = 3;
    private static final int EEXIST = 17;

    private static BiPredicate<Integer, Object> binds;
    private static BiPredicate<Integer, Integer> listens;
    private static BiPredicate<Integer, Integer> listening;
    private static IntPredicate known;
    private static IntPredicate shared;
    private static IntConsumer awaited;
    private static IntFunction<SocketAddress> address;
    private static Consumer<Object> nettyChannels;
    private static IntConsumer applications;
    private static Predicate<String> kept;

    private BatonHooks() {}

    /**
     * Before the first of these classes is transformed.
     *
     * @param binds whether a socket that is to be bound to this address is bound to it by now
     * @param listens whether a bound socket listens already
     * @param listening a socket has begun to listen
     * @param known whether this may be the number of such a socket
     * @param shared whether another process may have this socket too
     * @param awaited somebody begins to wait for what comes to such a socket
     * @param address the address of a socket that has a stand-in in its place; null of all others
     * @param nettyChannels hears of the server channels of Netty's native transports
     * @param applications hears of Spring Boot's applications: 1 for each whose start begins, -1 when it is over
     * @param kept whether a file is not to be deleted
     */
    static void install(
            BiPredicate<Integer, Object> binds,
            BiPredicate<Integer, Integer> listens,
            BiPredicate<Integer, Integer> listening,
            IntPredicate known,
            IntPredicate shared,
            IntConsumer awaited,
            IntFunction<SocketAddress> address,
            Consumer<Object> nettyChannels,
            IntConsumer applications,
            Predicate<String> kept) {
        BatonHooks.binds = binds;
        BatonHooks.listens = listens;
        BatonHooks.listening = listening;
        BatonHooks.known = known;
        BatonHooks.shared = shared;
        BatonHooks.awaited = awaited;
        BatonHooks.address = address;
        BatonHooks.nettyChannels = nettyChannels;
        BatonHooks.applications = applications;
        BatonHooks.kept = kept;
    }

    /** Links a native function; {@code java.base} may. */
    @SuppressWarnings("restricted")
    static MethodHandle link(FunctionDescriptor function, Linker.Option[] options) {
        return Linker.nativeLinker().downcallHandle(function, options);
    }

    static void bind(FileDescriptor fd, InetAddress address, int port) throws IOException {
        if (!binds(IOUtil.fdVal(fd), new InetSocketAddress(address, port))) {
            Net.bind(fd, address, port);
        }
    }

    static void bind(ProtocolFamily family, FileDescriptor fd, InetAddress address, int port) throws IOException {
        if (!binds(IOUtil.fdVal(fd), new InetSocketAddress(address, port))) {
            Net.bind(family, fd, address, port);
        }
    }

    static void listen(FileDescriptor fd, int backlog) throws IOException {
        int number = IOUtil.fdVal(fd);
        if (!listens.test(number, backlog)) {
            Net.listen(fd, backlog);
            var _ = listening.test(number, backlog);
        }
    }

    static void configureBlocking(FileDescriptor fd, boolean blocking) throws IOException {
        if (!blocking || !shared.test(IOUtil.fdVal(fd))) {
            IOUtil.configureBlocking(fd, blocking);
        }
    }

    static InetSocketAddress localAddress(FileDescriptor fd) throws IOException {
        InetSocketAddress real = realAddress(IOUtil.fdVal(fd));
        return real != null ? real : Net.localAddress(fd);
    }

    /** Remembers who waits, for {@link #wake}. */
    static int poll(FileDescriptor fd, int events, long timeout) throws IOException {
        int number = IOUtil.fdVal(fd);
        if (!known.test(number)) {
            return Net.poll(fd, events, timeout);
        }
        long thread = NativeThread.current();
        synchronized (WAITING) {
            WAITING.put(thread, number);
        }
        awaited.accept(number);
        try {
            return Net.poll(fd, events, timeout);
        } finally {
            synchronized (WAITING) {
                WAITING.remove(thread);
            }
        }
    }

    /**
     * Lets those return that wait for a socket of this number, after another has taken its place: poll(2) waits for the one
     * that the number meant when it began. The signal is the JDK's own, by which a close ends such a wait; who is not in
     * poll(2) yet finds the new socket there. A thread that is listed is in {@link #poll}, and cannot end meanwhile.
     */
    static void wake(int number) {
        synchronized (WAITING) {
            WAITING.forEach((thread, waitsFor) -> {
                if (waitsFor == number) {
                    NativeThread.signal(thread);
                }
            });
        }
    }

    /**
     * Selectors, the poller of virtual threads and asynchronous channels change what they watch of a listener. Between the
     * end of a watch and the next, of the other socket, they find none, and would add one too; then theirs exists already,
     * which they take for an error that cannot be. So none of theirs falls in between: {@link #exclusively}. One that they
     * add to a number whose new socket is watched for them changes that watch.
     */
    static int ctl(int set, int operation, int number, int events) {
        if (!known.test(number)) {
            return EPoll.ctl(set, operation, number, events);
        }
        int error;
        synchronized (WATCHES) {
            error = EPoll.ctl(set, operation, number, events);
            if (error == EEXIST && operation == EPOLL_CTL_ADD) {
                error = EPoll.ctl(set, EPOLL_CTL_MOD, number, events);
            }
        }
        if (events != 0) {
            awaited.accept(number);
        }
        return error;
    }

    /** Runs something while the JDK changes no watch of a listener. */
    static void exclusively(Runnable change) {
        synchronized (WATCHES) {
            change.run();
        }
    }

    /** For Netty, before its bind(2): true if there is nothing left to do. */
    public static boolean binds(int number, Object address) {
        return binds.test(number, address);
    }

    /** For Netty, before its listen(2): true if there is nothing left to do. */
    public static boolean listens(int number, int backlog) {
        return listens.test(number, backlog);
    }

    /** For Netty, after its listen(2). */
    public static void listening(int number, int backlog) {
        var _ = listening.test(number, backlog);
    }

    /** For Netty: the address of a socket that has a stand-in in its place; null of all others, which say it themselves. */
    public static InetSocketAddress realAddress(int number) {
        return anyRealAddress(number) instanceof InetSocketAddress real ? real : null;
    }

    /** The same, whatever its family. */
    static SocketAddress anyRealAddress(int number) {
        return address.apply(number);
    }

    /** For the JDK's ways to delete a file: whether this one is to stay, because another process listens there. */
    public static boolean keeps(String path) {
        return kept.test(path);
    }

    /** For Netty's server channels, before they bind. */
    public static void channelBinds(Object channel) {
        nettyChannels.accept(channel);
    }

    /** For Spring Boot, when the start of an application begins. */
    public static void applicationStarts() {
        applications.accept(1);
    }

    /** For Spring Boot, when the listeners of an application have heard that it is ready, or has failed. */
    public static void applicationHasStarted() {
        applications.accept(-1);
    }
}
