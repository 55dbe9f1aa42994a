package dev.baton.agent;

import dev.baton.Baton;
import dev.baton.ListenAddress;
import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The listening sockets of a program that does not know that it shares them: what its calls of bind and listen mean.
 *
 * <pre>
 *            the parent's at bind            bind(2) by the program
 *                    |                              |
 *                    v                              v
 *                BOUND, inherited              BOUND, its own         forgotten at the number's next bind
 *                    |  listen                      |  listen
 *                    v                              v
 *                a {@link ProgramListener}, set aside at once if this generation may not accept yet
 * </pre>
 *
 * <p>Only what is bound to a port that the program names, and then listens, becomes a listener: a socket that is bound to
 * connect, or to port 0, or never listens, is left alone. What was inherited is kept here until this generation serves, so
 * that a program that binds and closes, to see whether a port is free, finds it again.
 *
 * <p>The monitor guards all fields. It is taken by the program's threads, in bind and listen, and by Baton's.
 */
final class ProgramListeners {
    private final Baton baton;
    private final Waiters waiters;
    private final Runnable changed;

    /** What the parent passed, until this generation serves. */
    private final List<Inherited> inherited = new ArrayList<>();

    /** By the number of the descriptor. */
    private final Map<Integer, Bound> bound = new HashMap<>();

    private final List<ProgramListener> listeners = new ArrayList<>();

    /** The numbers of {@link #listeners}, for {@link #isShared}, which each accept of the program asks. */
    private volatile Set<Integer> numbers = Set.of();

    /** Of those, the ones for which somebody has begun to wait. */
    private final Set<Integer> awaited = ConcurrentHashMap.newKeySet();

    /** The ports of all listeners that there were: a connection outlives the one that it was accepted from. */
    private final Set<Integer> ports = new HashSet<>();

    /** The keys of Unix listeners, the parent's and the program's; asked whenever the program deletes a file. */
    private final Set<ListenAddress.Unix> paths = ConcurrentHashMap.newKeySet();

    /** Whether another generation listens at {@link #paths}. */
    private volatile boolean pathsAreAnothers;

    /** This process does not serve yet, or not any more. */
    private volatile boolean startsOrEnds = true;

    /** Lets {@link #keeps} be asked; called before the first socket is bound to a path, and then again. */
    private final Runnable guard;

    /** Whether the program can serve without what it does not listen on. */
    private volatile boolean givenUp;

    /** Whether what begins to listen may be heard at once. */
    private boolean accepting;

    /** A listener of the parent, as a descriptor of ours. */
    private static final class Inherited {
        final ListenAddress address;
        final int descriptor;
        final SocketIdentity identity;
        /** What the program made of it. */
        int number = -1;

        @Nullable
        ProgramListener listener;

        Inherited(ListenAddress address, int descriptor) throws IOException {
            this.address = address;
            this.descriptor = descriptor;
            this.identity =
                    SocketIdentity.of(descriptor).orElseThrow(() -> new IOException("an inherited listener is closed"));
        }

        boolean isTaken() {
            ProgramListener user = listener;
            return user != null ? user.isOpen() : number >= 0 && identity.isAt(number);
        }
    }

    /** A socket that does not listen yet. */
    private record Bound(ListenAddress address, StreamFamily family, Optional<Inherited> inherited) {}

    /**
     * Those that the parent passed to this process, and none of the program's.
     *
     * @param accepting whether the program may accept from the start; else from {@link #resume} on
     * @param waiters who waits for its sockets
     * @param guard lets {@link #keeps} be asked, called before a socket is bound to a path
     * @param changed called when a listener has begun to listen, and when somebody waits for one
     */
    ProgramListeners(Baton baton, boolean accepting, Waiters waiters, Runnable guard, Runnable changed)
            throws IOException {
        this.baton = baton;
        this.accepting = accepting;
        this.pathsAreAnothers = !accepting;
        this.waiters = waiters;
        this.changed = changed;
        this.guard = guard;
        for (ListenAddress address : baton.unclaimedListeners()) {
            if (!(address instanceof ListenAddress.Udp)) {
                inherited.add(
                        new Inherited(address, baton.takeInherited(address).orElseThrow()));
                if (address instanceof ListenAddress.Unix path) {
                    paths.add(path);
                }
            }
        }
        for (ListenAddress address : baton.listenersOfSystemd()) {
            if (address instanceof ListenAddress.Unix path) {
                paths.add(path);
            }
        }
    }

    // What the hooks ask; called by threads of the program.

    /**
     * The program binds a socket to an address.
     *
     * @return whether it is bound now: to the parent's
     */
    boolean binds(int number, Object to) {
        try {
            return to instanceof SocketAddress address && binds(number, address);
        } catch (IOException | RuntimeException e) {
            if (baton.isTraining()) {
                throw new IllegalStateException("cannot listen privately in the place of " + to, e);
            }
            Log.notAdopted(to, e);
            return false;
        }
    }

    private synchronized boolean binds(int number, SocketAddress address) throws IOException {
        bound.remove(number);
        Optional<StreamFamily> family = StreamFamily.of(number);
        Optional<ListenAddress> named = family.flatMap(known -> key(address, known));
        if (family.isEmpty() || named.isEmpty()) {
            return false;
        }
        ListenAddress key = named.get();
        if (baton.isTraining()) {
            return bindPrivately(number, family.get());
        }
        if (key instanceof ListenAddress.Unix path) {
            paths.add(path);
            guard.run();
        }
        Optional<Inherited> free = free(key);
        if (free.isEmpty()) {
            free = ofSocketUnit(number, key, family.get());
        } else {
            if (!isFor(free.get(), family.get())) {
                throw new IOException("the parent's socket is of the other family of IP: give both the same value of"
                        + " java.net.preferIPv4Stack, or stop and start the service");
            }
            int parents = free.get().descriptor;
            waiters.during(number, () -> EpollWatch.replace(number, parents));
            free.get().number = number;
            free.get().listener = null;
        }
        bound.put(number, new Bound(free.map(source -> source.address).orElse(key), family.get(), free));
        return free.isPresent();
    }

    /** The one of this very address, else one of systemd's that is of all addresses too: the socket unit says of which. */
    private Optional<Inherited> free(ListenAddress key) {
        List<ListenAddress> ofSystemd = baton.listenersOfSystemd();
        return inherited.stream()
                .filter(candidate -> candidate.address.equals(key) && !candidate.isTaken())
                .findFirst()
                .or(() -> inherited.stream()
                        .filter(candidate -> areAll(candidate.address, key)
                                && ofSystemd.contains(candidate.address)
                                && !candidate.isTaken())
                        .findFirst());
    }

    private static boolean areAll(ListenAddress one, ListenAddress other) {
        return one instanceof ListenAddress.Tcp first
                && other instanceof ListenAddress.Tcp second
                && first.socketAddress().getPort() == second.socketAddress().getPort()
                && first.socketAddress().getAddress().isAnyLocalAddress()
                && second.socketAddress().getAddress().isAnyLocalAddress();
    }

    /**
     * Whether the program can use the socket in the place of one of its own. Systemd makes one of IPv4 for an address of
     * IPv4, where the JDK makes one of IPv6; what is accepted from either is the same to it.
     */
    private boolean isFor(Inherited socket, StreamFamily family) throws PosixException {
        Optional<StreamFamily> real = StreamFamily.of(socket.descriptor);
        return real.equals(Optional.of(family))
                || (real.equals(Optional.of(StreamFamily.IPV4))
                        && family == StreamFamily.IPV6
                        && baton.listenersOfSystemd().contains(socket.address));
    }

    /**
     * The socket of a socket unit that systemd has passed for this address, if it has. Baton keeps it as well, so that it can
     * be had as often as the program binds the address.
     */
    private Optional<Inherited> ofSocketUnit(int number, ListenAddress key, StreamFamily family) throws IOException {
        OptionalInt passed = baton.takeInherited(key);
        if (passed.isEmpty()) {
            return Optional.empty();
        }
        int descriptor = passed.getAsInt();
        try {
            ListenAddress address = key(
                            localAddress(descriptor),
                            StreamFamily.of(descriptor).orElse(family))
                    .orElse(key);
            Inherited socket = new Inherited(address, descriptor);
            if (!isFor(socket, family)) {
                throw new IOException("systemd's socket is of the other family of IP: give the JVM the value of"
                        + " java.net.preferIPv4Stack that fits the socket unit");
            }
            waiters.during(number, () -> EpollWatch.replace(number, descriptor));
            socket.number = number;
            return Optional.of(socket);
        } finally {
            Descriptors.close(descriptor);
        }
    }

    /** What is bound in a training is bound where nobody looks for it, but a path, which the program may have removed. */
    private boolean bindPrivately(int number, StreamFamily family) throws IOException {
        if (family == StreamFamily.UNIX) {
            return false;
        }
        Sockets.bind(number, new InetSocketAddress(family.loopback(), 0));
        bound.put(
                number,
                new Bound(new ListenAddress.Tcp((InetSocketAddress) localAddress(number)), family, Optional.empty()));
        return true;
    }

    /** The key of an address as the kernel has it: all addresses are those of the socket's family. Empty if it names none. */
    private static Optional<ListenAddress> key(SocketAddress address, StreamFamily family) {
        if (address instanceof InetSocketAddress ip && family != StreamFamily.UNIX) {
            InetAddress host = ip.getAddress().isAnyLocalAddress() ? family.any() : ip.getAddress();
            return Optional.of(ip)
                    .filter(named -> named.getPort() != 0)
                    .map(named -> new ListenAddress.Tcp(new InetSocketAddress(host, named.getPort())));
        }
        return address instanceof UnixDomainSocketAddress unix && family == StreamFamily.UNIX
                ? Optional.of(unix.getPath())
                        .filter(path -> !path.toString().isEmpty())
                        .map(ListenAddress.Unix::new)
                : Optional.empty();
    }

    /**
     * The program wants a bound socket to listen.
     *
     * @return whether it does already: the parent's
     */
    boolean listens(int number, int backlog) {
        try {
            return adopts(number, backlog);
        } catch (IOException | RuntimeException e) {
            Log.notAdopted(number, e);
            return false;
        }
    }

    private boolean adopts(int number, int backlog) throws IOException {
        synchronized (this) {
            Bound socket = bound.get(number);
            if (socket == null || socket.inherited.isEmpty()) {
                return false;
            }
            Inherited source = socket.inherited.get();
            bound.remove(number);
            if (!source.identity.isAt(number)) {
                return false;
            }
            source.listener = add(socket, number, source.identity, backlog);
        }
        changed.run();
        return true;
    }

    /** The program's own socket listens. */
    boolean listening(int number, int backlog) {
        try {
            return hosts(number, backlog);
        } catch (IOException | RuntimeException e) {
            Log.notHandedOn(number, e);
            return false;
        }
    }

    private boolean hosts(int number, int backlog) throws IOException {
        synchronized (this) {
            Bound socket = bound.remove(number);
            Optional<SocketIdentity> identity = SocketIdentity.of(number);
            if (socket == null || identity.isEmpty() || !Sockets.isListening(number)) {
                return false;
            }
            Descriptors.makeNonBlocking(number);
            add(socket, number, identity.get(), backlog);
        }
        changed.run();
        return true;
    }

    private ProgramListener add(Bound socket, int number, SocketIdentity identity, int backlog) throws IOException {
        SocketAddress localAddress = localAddress(number);
        ProgramListener listener =
                new ProgramListener(waiters, socket.address, localAddress, socket.family, number, identity, backlog);
        listeners.removeIf(other -> other.number() == number || !other.isOpen());
        listeners.add(listener);
        if (localAddress instanceof InetSocketAddress ip) {
            ports.add(ip.getPort());
        }
        awaited.remove(number);
        numbers = listeners.stream().map(ProgramListener::number).collect(Collectors.toUnmodifiableSet());
        if (!accepting) {
            listener.setAside();
        }
        baton.host(listener);
        Log.listens(socket.address);
        return listener;
    }

    private static SocketAddress localAddress(int number) throws IOException {
        SocketAddress address = Sockets.localAddress(number);
        if (!(address instanceof InetSocketAddress local)) {
            return address;
        }
        return new InetSocketAddress(InetAddress.getByAddress(local.getAddress().getAddress()), local.getPort());
    }

    /** A thread of the program begins to wait for what comes to a listener. */
    void awaits(int number) {
        if (awaited.add(number)) {
            changed.run();
        }
    }

    /** Whether this is, or was, the number of a listener. */
    boolean isKnown(int number) {
        return numbers.contains(number);
    }

    /** Whether another process may have the socket too, so that it must not be made to block. */
    boolean isShared(int number) {
        return numbers.contains(number) && find(number).isPresent();
    }

    /** The address of a listener that is set aside; null of everything else. */
    @Nullable
    SocketAddress realAddress(int number) {
        return numbers.contains(number)
                ? find(number)
                        .filter(ProgramListener::isAside)
                        .map(ProgramListener::localAddress)
                        .orElse(null)
                : null;
    }

    private synchronized Optional<ProgramListener> find(int number) {
        return listeners.stream()
                .filter(listener -> listener.number() == number && listener.isOpen())
                .findFirst();
    }

    // What Baton wants.

    /**
     * Whether the program listens on all that the parent had (without a parent, on any), and waits for what comes to one of
     * them: a socket listens before its server is started, and there are those from which nobody ever accepts, because they
     * are there to be the only ones.
     */
    synchronized boolean isComplete() {
        return listeners.stream().anyMatch(each -> each.isOpen() && awaited.contains(each.number()))
                && (givenUp || missing().isEmpty());
    }

    /** Whether the program has begun to wait for what comes to any listener. */
    synchronized boolean isAnyAwaited() {
        return listeners.stream().anyMatch(each -> each.isOpen() && awaited.contains(each.number()));
    }

    /** What is missing is not waited for any longer. */
    void giveUpMissing() {
        givenUp = true;
        changed.run();
    }

    /** Those of the parent that the program does not listen on yet. */
    synchronized List<ListenAddress> missing() {
        return inherited.stream()
                .filter(each -> each.listener == null || !each.isTaken())
                .map(each -> each.address)
                .toList();
    }

    /** The one that is set aside and would hear what is sent to this address. */
    synchronized Optional<ProgramListener> asideAt(InetSocketAddress address) {
        return listeners.stream()
                .filter(listener -> listener.isAside() && listener.isOpen() && hears(listener.localAddress(), address))
                .findFirst();
    }

    private static boolean hears(SocketAddress local, InetSocketAddress address) {
        return local instanceof InetSocketAddress listener
                && listener.getPort() == address.getPort()
                && (listener.getAddress().isAnyLocalAddress()
                        || listener.getAddress().equals(address.getAddress()));
    }

    /** The ports on which the program has accepted. */
    synchronized Set<Integer> ports() {
        return Set.copyOf(ports);
    }

    /**
     * Whether the program must not delete a file now: the path of a Unix listener that is another process's as well. Most
     * programs remove the path before they bind it, because a dead process leaves its path behind, and many at their end.
     * So what a successor removes before it serves, and what a parent removes that has been succeeded, stays: its clients
     * find the same socket there all the time. While a process serves, and when it ends without a successor, the path is
     * its own, unless systemd has the socket too, and gives it to the next life of the service.
     */
    boolean keeps(String file) {
        if (paths.isEmpty()) {
            return false;
        }
        ListenAddress.Unix path = new ListenAddress.Unix(Path.of(file));
        return paths.contains(path)
                && (pathsAreAnothers
                        || (startsOrEnds && baton.listenersOfSystemd().contains(path)));
    }

    /** Whether {@link #keeps} has to be asked. */
    boolean hasPaths() {
        return !paths.isEmpty();
    }

    /** The paths of all Unix listeners that there were. */
    Set<ListenAddress.Unix> paths() {
        return Set.copyOf(paths);
    }

    /** Whose are the paths of Unix listeners from now on, as this process ends? */
    void ends(boolean succeeded) {
        startsOrEnds = true;
        pathsAreAnothers = succeeded;
    }

    /** Lets the program accept; what it did not bind is the parent's alone, and ends with it. */
    synchronized void resume() throws IOException {
        accepting = true;
        startsOrEnds = false;
        pathsAreAnothers = false;
        Attempts attempts = new Attempts();
        listeners.forEach(listener -> attempts.run(listener::putBack));
        inherited.forEach(each -> attempts.run(() -> Descriptors.close(each.descriptor)));
        inherited.clear();
        listeners.removeIf(listener -> !listener.isOpen());
        attempts.rethrow();
    }

    /** Nothing more is accepted, by what listens now and what does later. */
    synchronized void park() throws IOException {
        accepting = false;
        Attempts attempts = new Attempts();
        listeners.forEach(listener -> attempts.run(listener::setAside));
        attempts.rethrow();
    }

    /** Gives up what was parked. */
    synchronized void release() {
        for (ProgramListener listener : listeners) {
            try {
                listener.release();
            } catch (IOException e) {
                Log.notClosed(listener.address(), e);
            }
        }
    }
}
