package dev.baton.agent;

import dev.baton.HostedListener;
import dev.baton.ListenAddress;
import dev.baton.posix.Descriptors;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket of the program, known by the number of its descriptor.
 *
 * <pre>
 *              set aside (parked, or not ready yet)
 *   IN PLACE ---------------------------------------> ASIDE      the number means a {@link StandIn},
 *            <---------------------------------------            and the socket has a descriptor of ours
 *      |       put back (resumed, or ready)             |
 *      +---------> GONE <-------------------------------+        closed by the program, or given up
 * </pre>
 *
 * <p><b>No connection is swallowed when it is set aside.</b> Connections wait in the queue of the socket, which is another
 * process's as well, until an accept(2) takes one. What takes one is decided when accept(2) looks the number up: before
 * dup3(2) it is the socket, and the connection is the program's, which serves it as any other; after, it is the stand-in,
 * whose queue is empty. Whoever waits meanwhile takes nothing by waiting:
 *
 * <ul>
 *   <li><i>accept(2), blocked.</i> It would be bound to the socket for as long as it waits, and take the next connection.
 *       There is none: the socket does not block ({@code O_NONBLOCK}) from the moment at which it listens, before the
 *       program can accept, and the hook of {@code configureBlocking} swallows the wish to change that. The JDK's accept
 *       loops try, and wait in poll(2) if there is nothing, whether the channel is blocking or not. So the flag, which all
 *       processes share, is set once and never cleared.
 *   <li><i>poll(2) (a platform thread in an accept of the JDK, with a timeout or without).</i> It waits on the socket that
 *       the number meant when it began, and would for ever: when that becomes readable the kernel looks the number up
 *       again, finds the other socket, which is not, and goes on to wait on the first. So it is told to return
 *       ({@link Waiters}), after the number has changed; it tries accept(2), finds nothing, and waits on the other.
 *   <li><i>The JDK's poller of virtual threads, asynchronous channels, selectors, Netty's epoll loops.</i>
 *       {@link EpollWatch#replace} tells the set. Who has been told of the socket just before accepts by number, and finds
 *       nothing. Level- or edge-triggered makes no difference: an added watch reports at once what is there.
 *   <li><i>io_uring.</i> A submitted accept waits on the socket itself, and would go on to take connections. It is cancelled
 *       and submitted anew ({@link NettyChannels}); what it takes meanwhile the program serves.
 * </ul>
 *
 * <p><b>The program may close it at any time</b>, and its number be another file's: before the number is used it is
 * compared with the socket that it should mean. Between that and dup3(2) lie some microseconds in which a program that
 * closes a listener at the very moment of a restart, and opens something else, would lose the latter. The kernel has no
 * call that does both in one step.
 */
final class ProgramListener implements HostedListener {
    private static final int NONE = -1;

    private final Waiters waiters;
    private final ListenAddress address;
    private final SocketAddress localAddress;
    private final StreamFamily family;
    private final int number;
    private final SocketIdentity identity;
    private final int backlog;

    /** The socket while it is aside; owned. */
    private int socket = NONE; // guarded by this

    private @Nullable StandIn standIn; // guarded by this

    private boolean gone; // guarded by this

    /** One that is in place. */
    ProgramListener(
            Waiters waiters,
            ListenAddress address,
            SocketAddress localAddress,
            StreamFamily family,
            int number,
            SocketIdentity identity,
            int backlog) {
        this.waiters = waiters;
        this.address = address;
        this.family = family;
        this.localAddress = localAddress;
        this.number = number;
        this.identity = identity;
        this.backlog = backlog;
    }

    @Override
    public ListenAddress address() {
        return address;
    }

    /** The address as the socket has it. */
    SocketAddress localAddress() {
        return localAddress;
    }

    int number() {
        return number;
    }

    /** Whether the number still means this listener, or its stand-in. */
    synchronized boolean isOpen() {
        return !gone && (standIn != null ? standIn.isAt(number) : identity.isAt(number));
    }

    synchronized boolean isAside() {
        return standIn != null;
    }

    @Override
    public synchronized OptionalInt duplicate() throws IOException {
        if (gone || (standIn != null && !standIn.isAt(number))) {
            return OptionalInt.empty();
        }
        if (standIn != null) {
            return OptionalInt.of(Descriptors.duplicate(socket));
        }
        try {
            int duplicate = Descriptors.duplicate(number);
            if (identity.isAt(duplicate)) {
                return OptionalInt.of(duplicate);
            }
            Descriptors.close(duplicate);
            return OptionalInt.empty();
        } catch (PosixException e) {
            if (e.errno() == Errno.EBADF) {
                return OptionalInt.empty();
            }
            throw e;
        }
    }

    /** Hears nothing more; does nothing if the program has closed it. */
    synchronized void setAside() throws IOException {
        if (standIn != null) {
            return;
        }
        OptionalInt duplicate = duplicate();
        if (duplicate.isEmpty()) {
            gone = true;
            return;
        }
        socket = duplicate.getAsInt();
        try {
            StandIn placed = StandIn.of(family);
            standIn = placed;
            replace(placed.descriptor());
        } finally {
            // After a failure it is what the number means.
            if (standIn == null || !standIn.isAt(number)) {
                endAside();
            }
        }
    }

    /** Hears again; does nothing if the program has closed it meanwhile. */
    synchronized void putBack() throws IOException {
        StandIn placed = standIn;
        if (placed == null || gone) {
            return;
        }
        if (!placed.isAt(number)) {
            release();
            return;
        }
        // The length of the queue is this program's from now on; the parent's was another, perhaps.
        Sockets.listen(socket, backlog);
        try {
            replace(socket);
        } finally {
            if (identity.isAt(number)) {
                endAside();
            }
        }
    }

    /**
     * While it is aside, lets the agent connect to the stand-in from this port of the loopback device.
     *
     * @return the port at which the stand-in listens, on the same device; empty if it is not aside, or the program has closed it
     */
    synchronized OptionalInt admit(int port) throws IOException {
        StandIn placed = standIn;
        return placed != null && !gone && placed.isAt(number)
                ? OptionalInt.of(placed.admit(port))
                : OptionalInt.empty();
    }

    /** Ends what {@link #admit} began. */
    synchronized void admitNobody() throws IOException {
        StandIn placed = standIn;
        if (placed != null && !gone) {
            placed.admitNobody();
        }
    }

    private void replace(int by) throws IOException {
        waiters.during(number, () -> EpollWatch.replace(number, by));
    }

    private void endAside() throws IOException {
        StandIn placed = standIn;
        standIn = null;
        Descriptors.close(socket);
        socket = NONE;
        if (placed != null) {
            placed.close();
        }
    }

    /** Gives the socket up while it is aside; the program keeps the stand-in. */
    synchronized void release() throws IOException {
        StandIn placed = standIn;
        if (placed != null && !gone) {
            gone = true;
            Descriptors.close(socket);
            placed.close();
        }
    }
}
