package dev.baton;

import dev.baton.posix.Descriptors;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The listeners of one generation: those that came from the parent and wait to be claimed, and those that the program
 * has.
 *
 * <p>An inherited listener is the parent's as well, which serves on it until it parks and serves on for good if this
 * generation fails. So what changes the socket or its path for both waits for its moment:
 *
 * <pre>
 *                          accept queue's length   closing an inherited one     closing one bound here
 *   until takeOver         is remembered           drops it: its path stays     removes its path
 *   until removeDropped    is set                  drops it: its path stays     removes its path
 *   from then on           is set                  removes its path             removes its path
 * </pre>
 *
 * <p>Systemd may have a listener as well: it is a socket unit's, or in the file descriptor store. The path of the former
 * is never removed here, that of the latter not at a stop, which may be the first half of {@code systemctl restart}: the
 * next life of the service gets the socket, and without its path nobody would reach it.
 *
 * <p>The end is one of three: {@link #abandon} if this generation never accepted, {@link #releaseAll} if a successor
 * has the listeners, {@link #closeAll} if nobody shall have them. After it nothing can be claimed.
 *
 * <p>The monitor guards all fields, and closing a listener takes it too: so whatever the table lists is open. Nothing
 * that blocks is done under it.
 */
final class ListenerTable {
    /** In the order in which they came; more than one of a key where the program hosts a group of SO_REUSEPORT. */
    private final List<ListenerSocket> unclaimed = new ArrayList<>();

    private final Map<String, ListenerSocket> claimed = new LinkedHashMap<>();

    /** Those that the program has opened by itself: what becomes of them at an end is its matter. */
    private final List<HostedListener> hosted = new ArrayList<>();

    /** The requested lengths of the accept queues of claimed listeners. */
    private final Map<ListenerSocket, Integer> backlogs = new LinkedHashMap<>();

    /** What the parent passed and this generation has given up, while the parent may still need the paths. */
    private final Set<ListenAddress> dropped = new LinkedHashSet<>();

    /** Where to listen instead, in a process that nobody but its trainer is to reach. */
    private final Optional<AotTraining> training;

    /**
     * The sockets of systemd's socket units, of which the program gets duplicates: held until the end, because an address
     * that systemd listens on cannot be bound again. Their paths are systemd's.
     */
    private final List<ListenerSocket> activated = new ArrayList<>();

    /** The keys of those on which the parent's program listens, and this one does not yet. */
    private final Set<String> expected = new LinkedHashSet<>();

    /** How many sockets of each key the file descriptor store of systemd has. */
    private Map<String, Integer> stored = Map.of();

    /** The names in that store that are to be removed from it, before anything is stored. */
    private final Set<String> discarded = new LinkedHashSet<>();

    /** Hears that the program has given a listener up. */
    private Runnable closed = () -> {};

    /** The service ends, or is started again by systemd: which of them this process does not know. */
    private boolean serviceEnds;

    /** No parent will accept on these listeners any more: set by {@link #removeDropped}. */
    private boolean alone;

    private boolean ended;

    /** A duplicate of a listener's descriptor for a successor; whoever holds the offer closes it. */
    record Offer(ListenAddress address, int descriptor) implements AutoCloseable {
        boolean isForDatagrams() {
            return address instanceof ListenAddress.Udp;
        }

        @Override
        public void close() throws IOException {
            Descriptors.close(descriptor);
        }
    }

    ListenerTable() {
        this(Optional.empty());
    }

    ListenerTable(Optional<AotTraining> training) {
        this.training = training;
    }

    /**
     * Takes a descriptor that the parent passed.
     *
     * @throws IOException if it is not the listener that it is said to be; the descriptor is then still the caller's
     */
    synchronized void inherit(ListenAddress address, int descriptor) throws IOException {
        unclaimed.add(ListenerSocket.adopt(address, descriptor, this::close));
    }

    /**
     * Takes what systemd passed to a first generation.
     *
     * @param unusable names in the file descriptor store of which at least one socket is of no use
     */
    synchronized void adopt(List<PassedSockets.Passed> sockets, Set<String> unusable) throws IOException {
        discarded.addAll(unusable);
        Map<String, Integer> had = new LinkedHashMap<>();
        for (PassedSockets.Passed socket : sockets) {
            (socket.stored() ? unclaimed : activated)
                    .add(ListenerSocket.adopt(socket.address(), socket.descriptor(), this::close));
            // All of a name leave the store together: those that are of use are stored again.
            if (socket.stored()
                    && !unusable.contains(
                            FileDescriptorStore.name(socket.address().key()))) {
                had.merge(socket.address().key(), 1, Integer::sum);
            }
        }
        stored = Map.copyOf(had);
    }

    private static final String STORED = "stored ";
    private static final String ACTIVATED = "activated ";
    private static final String SPARE = "spare ";

    /** What a successor has to know of the sockets that systemd has too, besides the sockets. */
    synchronized String ofSystemd() {
        List<String> keys = keys();
        List<String> words = new ArrayList<>();
        stored.forEach((key, count) -> words.addAll(Collections.nCopies(count, STORED + key)));
        activated.forEach(socket -> words.add((keys.contains(socket.address().key()) ? ACTIVATED : SPARE)
                + socket.address().key()));
        return String.join("\0", words);
    }

    /** Learns it from the parent, whose sockets have come. */
    synchronized void ofSystemd(String known) {
        Map<String, Integer> had = new LinkedHashMap<>();
        for (String word : known.split("\0", 0)) {
            String key = word.substring(word.indexOf(' ') + 1);
            if (word.startsWith(STORED)) {
                had.merge(key, 1, Integer::sum);
            } else if (word.startsWith(ACTIVATED) || word.startsWith(SPARE)) {
                List<ListenerSocket> passed = unclaimed.stream()
                        .filter(socket -> socket.address().key().equals(key))
                        .toList();
                unclaimed.removeAll(passed);
                activated.addAll(passed);
                if (word.startsWith(ACTIVATED)) {
                    expected.add(key);
                }
            }
        }
        stored = Map.copyOf(had);
    }

    /** A copy of how many sockets of each key the file descriptor store has. */
    synchronized Map<String, Integer> stored() {
        return new LinkedHashMap<>(stored);
    }

    synchronized void stored(Map<String, Integer> now) {
        stored = Map.copyOf(now);
    }

    /** The names that are to leave the store. */
    synchronized List<String> discarded() {
        return List.copyOf(discarded);
    }

    /** A name has left the store. */
    synchronized void removed(String name) {
        discarded.remove(name);
    }

    /** Duplicates of what the store is to have; whoever holds them closes them. */
    synchronized List<Offer> storable() throws IOException {
        List<Offer> offers = new ArrayList<>(own());
        List<Offer> activatedOnes =
                offers.stream().filter(offer -> isActivated(offer.address())).toList();
        for (Offer offer : activatedOnes) {
            offer.close();
        }
        offers.removeAll(activatedOnes);
        return offers;
    }

    /** Sockets that systemd has as well, whatever becomes of this process: their paths must stay. */
    synchronized List<ListenAddress> heldBySystemd() {
        return Stream.concat(
                        activated.stream().map(ListenerSocket::address),
                        stored.keySet().stream().map(ListenAddress::parse))
                .toList();
    }

    /** Those of socket units that the program does not listen on. */
    synchronized List<ListenAddress> spare() {
        List<String> keys = keys();
        return activated.stream()
                .map(ListenerSocket::address)
                .filter(address -> !keys.contains(address.key()))
                .toList();
    }

    private boolean isActivated(ListenAddress address) {
        return activated.stream().anyMatch(socket -> socket.address().equals(address));
    }

    /** Has somebody told when the program gives a listener up; called under the monitor. */
    synchronized void whenClosed(Runnable hears) {
        closed = hears;
    }

    /** From now on the paths of stored listeners stay, because the next life of the service may get the sockets. */
    synchronized void serviceEnds() {
        serviceEnds = true;
    }

    /**
     * The inherited listener of this address, or a new one.
     *
     * @throws ListenException if the address cannot be had, or the listeners of this generation have ended
     */
    synchronized Listener claim(ListenAddress requested, int backlog) throws IOException {
        ListenAddress address = training.isPresent() ? training.get().privately(requested) : requested;
        if (ended) {
            throw new ListenException(address, "this process has stopped listening; start a new one");
        }
        if (claimed.containsKey(address.key())) {
            throw new ListenException(address, "this process already listens there; ask for each address once");
        }
        Optional<ListenerSocket> inherited = takeUnclaimed(address);
        ListenerSocket listener = inherited.isPresent()
                ? inherited.get()
                : ListenerSocket.bind(address, Listeners.orDefault(backlog), this::close);
        if (claimed.containsKey(listener.address().key())) {
            listener.release();
            throw new ListenException(address, "this process already listens there; ask for each address once");
        }
        if (inherited.isEmpty()) {
            // A path that was given up and is in use again must not be removed with the others.
            dropped.remove(address);
        }
        backlogs.put(listener, Listeners.orDefault(backlog));
        claimed.put(listener.address().key(), listener);
        return listener;
    }

    private Optional<ListenerSocket> takeUnclaimed(ListenAddress address) throws IOException {
        Optional<ListenerSocket> unit = PassedSockets.best(
                activated.stream()
                        .filter(socket -> !claimed.containsKey(socket.address().key()))
                        .toList(),
                ListenerSocket::address,
                address);
        if (unit.isPresent()) {
            expected.remove(unit.get().address().key());
            return Optional.of(unit.get().twin());
        }
        Optional<ListenerSocket> first = unclaimed.stream()
                .filter(listener -> listener.address().key().equals(address.key()))
                .findFirst();
        first.ifPresent(unclaimed::remove);
        return first;
    }

    /** The parent's next listener of this address, as a descriptor that is the caller's from now on. */
    synchronized OptionalInt detach(ListenAddress address) throws IOException {
        if (ended) {
            return OptionalInt.empty();
        }
        Optional<ListenerSocket> listener = takeUnclaimed(address);
        return listener.isPresent() ? OptionalInt.of(listener.get().detach()) : OptionalInt.empty();
    }

    /** What the parent passed and nobody has asked for yet. */
    synchronized List<ListenAddress> unclaimed() {
        return Stream.concat(
                        unclaimed.stream().map(ListenerSocket::address),
                        activated.stream()
                                .map(ListenerSocket::address)
                                .filter(address -> expected.contains(address.key())))
                .toList();
    }

    /** Hands a listener on that is the program's own. */
    synchronized void host(HostedListener listener) {
        hosted.add(listener);
    }

    /** The program gives a listener up. */
    private synchronized void close(ListenerSocket listener) {
        claimed.remove(listener.address().key(), listener);
        backlogs.remove(listener);
        if (isActivated(listener.address())) {
            listener.release();
        } else if (!listener.inherited() || alone) {
            end(listener);
            closed.run();
        } else if (listener.release()) {
            dropped.add(listener.address());
        }
    }

    private void end(ListenerSocket listener) {
        if (isActivated(listener.address())
                || (serviceEnds && stored.containsKey(listener.address().key()))) {
            listener.release();
        } else {
            listener.end();
        }
    }

    /**
     * This generation begins to accept, or accepts again after a successor that had lengths of its own. Closes what the
     * parent passed and the program did not ask for, which is how a port is removed, and sets the lengths of the accept
     * queues that the program asked for.
     *
     * @throws IOException if a length could not be set: that listener keeps the parent's, and all else is done
     */
    synchronized void takeOver() throws IOException {
        releaseUnclaimed();
        IOException failure = null;
        for (Map.Entry<ListenerSocket, Integer> entry : backlogs.entrySet()) {
            try {
                entry.getKey().backlog(entry.getValue());
            } catch (IOException e) {
                IOException next = new IOException(
                        "the backlog of " + entry.getKey().address().key() + " stays the parent's: " + e.getMessage(),
                        e);
                if (failure == null) {
                    failure = next;
                } else {
                    failure.addSuppressed(next);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * The parent does not accept any more, and never will: removes the Unix paths of the inherited listeners that this
     * generation has given up. From now on a path goes when its listener is closed.
     *
     * @return what was given up since the start or the last call
     */
    synchronized List<ListenAddress> removeDropped() {
        alone = true;
        List<ListenAddress> removed = List.copyOf(dropped);
        dropped.clear();
        removed.forEach(ListenerSocket::removePath);
        return removed;
    }

    /** Closes what the parent passed and the program did not ask for. Unix paths stay for now. */
    private void releaseUnclaimed() {
        for (ListenerSocket listener : unclaimed) {
            listener.release();
            if (!isActivated(listener.address())) {
                dropped.add(listener.address());
            }
        }
        unclaimed.clear();
    }

    /** The TCP addresses on which the program listens, with the ports that the kernel has chosen. */
    synchronized List<InetSocketAddress> localAddresses() {
        return Stream.concat(
                        claimed.values().stream()
                                .filter(listener -> listener.address() instanceof ListenAddress.Tcp)
                                .map(listener -> (InetSocketAddress) listener.localAddress()),
                        hosted.stream()
                                .map(HostedListener::address)
                                .filter(ListenAddress.Tcp.class::isInstance)
                                .map(address -> ((ListenAddress.Tcp) address).socketAddress()))
                .toList();
    }

    /** The keys of the listeners that the program has. */
    synchronized List<String> keys() {
        return Stream.concat(
                        claimed.keySet().stream(),
                        hosted.stream().map(listener -> listener.address().key()))
                .toList();
    }

    /**
     * Duplicates of all listeners, for the successor. The parent sends duplicates and not its own descriptors because
     * the program may close a listener at any time, and its number could be another file's before it is sent.
     */
    synchronized List<Offer> offers() throws IOException {
        List<Offer> offers = own();
        try {
            List<ListenAddress> spare = spare();
            for (ListenerSocket socket : activated) {
                if (spare.contains(socket.address())) {
                    offers.add(new Offer(socket.address(), socket.duplicate()));
                }
            }
            return offers;
        } catch (IOException e) {
            for (Offer offer : offers) {
                offer.close();
            }
            throw e;
        }
    }

    /** Duplicates of those that the program has. */
    private List<Offer> own() throws IOException {
        List<Offer> offers = new ArrayList<>();
        try {
            for (ListenerSocket listener : claimed.values()) {
                offers.add(new Offer(listener.address(), listener.duplicate()));
            }
            offerHosted(offers);
            return offers;
        } catch (IOException e) {
            for (Offer offer : offers) {
                offer.close();
            }
            throw e;
        }
    }

    /** Forgets those that the program has closed. */
    private void offerHosted(List<Offer> offers) throws IOException {
        for (HostedListener listener : List.copyOf(hosted)) {
            OptionalInt duplicate = listener.duplicate();
            if (duplicate.isPresent()) {
                offers.add(new Offer(listener.address(), duplicate.getAsInt()));
            } else {
                hosted.remove(listener);
            }
        }
    }

    /**
     * This generation ends and has never accepted: what the parent passed stays as it was, and what was bound here goes
     * with its path, because nobody else has it.
     */
    synchronized void abandon() {
        for (ListenerSocket listener : claimed.values()) {
            if (!listener.inherited()) {
                listener.end();
            }
        }
        releaseAll();
    }

    /** Gives all listeners up to the successor: the sockets and their paths live on. */
    synchronized void releaseAll() {
        ended = true;
        releaseUnclaimed();
        claimed.values().forEach(ListenerSocket::release);
        releaseActivated();
    }

    private void releaseActivated() {
        activated.forEach(ListenerSocket::release); // And remembered: somebody may still ask whose the paths are.
        claimed.clear();
        backlogs.clear();
    }

    /** Ends all listeners, and with them what the parent passed. */
    synchronized void closeAll() {
        ended = true;
        releaseUnclaimed();
        var _ = removeDropped();
        claimed.values().forEach(this::end);
        releaseActivated();
    }
}
