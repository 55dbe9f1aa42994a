package dev.baton;

import dev.baton.posix.Descriptors;
import dev.baton.posix.PosixException;
import dev.baton.posix.Sockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The sockets that systemd has passed to this process, as sd_listen_fds(3) says: those of socket units, and those that an
 * earlier life of the service has put into the {@linkplain FileDescriptorStore file descriptor store}.
 *
 * <p>They are the descriptors from 3 on, {@code $LISTEN_FDS} of them, if {@code $LISTEN_PID} is this process. The variables
 * are gone from the environment by then ({@link InitialEnvironment}). Values that make no sense are somebody's leftover and
 * no reason not to start: one line in the log, and nothing is taken.
 *
 * <p>Each is taken once: by {@link Baton} when it starts, or by a server that runs without.
 */
final class PassedSockets {
    static final String COUNT = "LISTEN_FDS";
    static final String PID = "LISTEN_PID";
    static final String NAMES = "LISTEN_FDNAMES";

    /** What is for this process alone. */
    static final Set<String> VARIABLES = Set.of(COUNT, PID, NAMES);

    /** SD_LISTEN_FDS_START. */
    private static final int FIRST = 3;

    /** What was passed and is not taken; read from the environment at first use. */
    private static @Nullable List<Passed> waiting; // guarded by the class

    /** The names of what was stored, and nobody shall have. */
    private static final Set<String> discarded = new LinkedHashSet<>(); // guarded by the class

    /**
     * One of them, non-blocking and close-on-exec; whoever takes it owns the descriptor.
     *
     * @param stored whether an earlier life of this service has stored it; else it is a socket unit's
     */
    record Passed(ListenAddress address, int descriptor, boolean stored) {}

    private PassedSockets() {}

    static synchronized List<Passed> takeAll() {
        List<Passed> taken = List.copyOf(waiting());
        waiting().clear();
        return taken;
    }

    /** The names in the store of what is of no use; what had them is closed. Known when the others are taken. */
    static synchronized Set<String> discarded() {
        return Set.copyOf(discarded);
    }

    /** The one at which a listener of this address is to listen. */
    static synchronized Optional<Passed> take(ListenAddress address) {
        Optional<Passed> found = best(waiting(), Passed::address, address);
        found.ifPresent(waiting()::remove);
        return found;
    }

    /**
     * The first of this very address, else the first that {@link #fits}: a service may have two sockets at one port, one of
     * each family of IP.
     */
    static <T> Optional<T> best(List<T> sockets, Function<T, ListenAddress> addressOf, ListenAddress requested) {
        return sockets.stream()
                .filter(socket -> addressOf.apply(socket).key().equals(requested.key()))
                .findFirst()
                .or(() -> sockets.stream()
                        .filter(socket -> fits(addressOf.apply(socket), requested))
                        .findFirst());
    }

    private static List<Passed> waiting() {
        if (waiting == null) {
            waiting = new ArrayList<>(
                    read(InitialEnvironment.variables(), ProcessHandle.current().pid()));
        }
        return waiting;
    }

    /**
     * Whether a socket that systemd passed is the one for a listener that the program asks for. All addresses are all
     * addresses, of IPv4 alone or of both: the socket unit says which.
     */
    static boolean fits(ListenAddress passed, ListenAddress requested) {
        return passed.key().equals(requested.key())
                || (passed instanceof ListenAddress.Tcp has
                        && requested instanceof ListenAddress.Tcp wants
                        && areAll(has.socketAddress(), wants.socketAddress()))
                || (passed instanceof ListenAddress.Udp had
                        && requested instanceof ListenAddress.Udp wanted
                        && areAll(had.socketAddress(), wanted.socketAddress()));
    }

    private static boolean areAll(InetSocketAddress one, InetSocketAddress other) {
        return one.getPort() == other.getPort()
                && one.getAddress().isAnyLocalAddress()
                && other.getAddress().isAnyLocalAddress();
    }

    private static List<Passed> read(Map<String, String> environment, long pid) {
        String count = environment.get(COUNT);
        String process = environment.get(PID);
        if (count == null && process == null) {
            return List.of();
        }
        if (!String.valueOf(pid).equals(process)) {
            Log.passedSocketsIgnored(
                    PID + (process == null ? " is missing" : " is " + process) + " and this process is " + pid);
            return List.of();
        }
        int descriptors = count == null || !count.matches("[0-9]{1,7}") ? -1 : Integer.parseInt(count);
        if (descriptors < 0) {
            Log.passedSocketsIgnored(COUNT + (count == null ? " is missing" : " is no number: " + count));
            return List.of();
        }
        String names = environment.get(NAMES);
        String[] named = names == null ? new String[0] : names.split(":", -1);
        try {
            // All before any is used: if one is not open the variables are not to be trusted.
            for (int i = 0; i < descriptors; i++) {
                Descriptors.makeCloseOnExec(FIRST + i);
            }
        } catch (PosixException e) {
            Log.passedSocketsIgnored(
                    COUNT + " is " + count + " and not so many descriptors are open: " + e.getMessage());
            return List.of();
        }
        List<Passed> passed = new ArrayList<>();
        for (int i = 0; i < descriptors; i++) {
            adopt(FIRST + i, named.length == descriptors ? named[i] : "").ifPresent(passed::add);
        }
        return passed;
    }

    /**
     * Empty if it is nothing to listen on: then it is left as it is, and may be of use to the program; what an earlier life
     * has stored is of no use to anybody.
     */
    private static Optional<Passed> adopt(int descriptor, String name) {
        boolean stored = FileDescriptorStore.isOurs(name);
        String reason;
        try {
            // The name first: the kernel has the path of a Unix listener as the program wrote it, which may be
            // relative.
            Optional<ListenAddress> address = addressOf(
                    descriptor, FileDescriptorStore.key(name).filter(key -> ListenerSocket.isAt(key, descriptor)));
            if (address.isPresent() && !(stored && isUnreachable(address.get()))) {
                Descriptors.makeNonBlocking(descriptor);
                return Optional.of(new Passed(address.get(), descriptor, stored));
            }
            reason = address.isPresent()
                    ? "its path is gone, so that nobody could connect to it"
                    : "it neither listens nor is it for datagrams of IP";
        } catch (IOException | IllegalArgumentException e) {
            reason = String.valueOf(e.getMessage());
        }
        if (stored) {
            discard(descriptor, name, reason);
        } else {
            Log.passedDescriptorIgnored(descriptor, name, reason);
        }
        return Optional.empty();
    }

    /** {@code RuntimeDirectory=} is deleted at each end of a service, the store is not. */
    private static boolean isUnreachable(ListenAddress address) {
        return address instanceof ListenAddress.Unix unix && Files.notExists(unix.path());
    }

    private static void discard(int descriptor, String name, String reason) {
        Log.storedSocketClosed(name, reason);
        discarded.add(name);
        try {
            Descriptors.close(descriptor);
        } catch (IOException e) {
            Log.passedDescriptorIgnored(descriptor, name, String.valueOf(e.getMessage()));
        }
    }

    /** The address of a listener that Baton can use: by its name, else as the kernel has it. */
    private static Optional<ListenAddress> addressOf(int descriptor, Optional<ListenAddress> named) throws IOException {
        SocketAddress local = Sockets.localAddress(descriptor);
        boolean listens = Sockets.isListening(descriptor) && Sockets.isStreamFor(descriptor, local);
        if (local instanceof InetSocketAddress ip) {
            // By its bytes, which makes an address of IPv4 that is written as one of IPv6 what it is.
            InetSocketAddress plain = new InetSocketAddress(
                    InetAddress.getByAddress(ip.getAddress().getAddress()), ip.getPort());
            if (Sockets.isDatagramFor(descriptor, local)) {
                return named.or(() -> Optional.of(new ListenAddress.Udp(plain)));
            }
            return listens ? named.or(() -> Optional.of(new ListenAddress.Tcp(plain))) : Optional.empty();
        }
        if (!listens || !(local instanceof UnixDomainSocketAddress unix)) {
            return Optional.empty();
        }
        return named.or(
                () -> Optional.of(unix.getPath()).filter(Path::isAbsolute).map(ListenAddress.Unix::new));
    }
}
