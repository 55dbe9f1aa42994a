package dev.baton;

import dev.baton.posix.Descriptors;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The listeners of one generation: those that came from the parent and wait to be claimed, and those that the program
 * has. The monitor guards both maps; nothing that blocks is done under it.
 */
final class ListenerTable {
    private final Map<String, ListenerSocket> unclaimed = new LinkedHashMap<>();
    private final Map<String, ListenerSocket> claimed = new LinkedHashMap<>();

    /** A duplicate of a listener's descriptor for a successor; whoever holds the offer closes it. */
    record Offer(ListenAddress address, int descriptor) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            Descriptors.close(descriptor);
        }
    }

    /**
     * Takes a descriptor that the parent passed.
     *
     * @throws IOException if it is not the listener that it is said to be; the descriptor is then still the caller's
     */
    synchronized void inherit(ListenAddress address, int descriptor) throws IOException {
        if (unclaimed.containsKey(address.key())) {
            throw new IOException("the parent passed " + address.key() + " twice");
        }
        unclaimed.put(address.key(), ListenerSocket.adopt(address, descriptor, this::forget));
    }

    /** The inherited listener of this address, or a new one. */
    synchronized Listener claim(ListenAddress address, int backlog) throws IOException {
        if (claimed.containsKey(address.key())) {
            throw new ListenException(address, "this process already listens there; ask for each address once");
        }
        ListenerSocket inherited = unclaimed.remove(address.key());
        ListenerSocket listener;
        if (inherited == null) {
            listener = ListenerSocket.bind(address, Listeners.orDefault(backlog), this::forget);
        } else {
            listener = inherited;
            listener.backlog(Listeners.orDefault(backlog));
        }
        claimed.put(address.key(), listener);
        return listener;
    }

    private synchronized void forget(ListenerSocket listener) {
        claimed.remove(listener.address().key(), listener);
    }

    /**
     * Closes what the parent passed and the program did not ask for: that is how a port is removed. Unix paths stay for
     * now: the parent may have to serve on.
     */
    synchronized List<ListenAddress> releaseUnclaimed() {
        List<ListenAddress> released = new ArrayList<>();
        for (ListenerSocket listener : unclaimed.values()) {
            listener.release();
            released.add(listener.address());
        }
        unclaimed.clear();
        return released;
    }

    /** Removes the Unix paths of listeners that no generation has any more. */
    static void removePaths(List<ListenAddress> addresses) {
        for (ListenAddress address : addresses) {
            if (address instanceof ListenAddress.Unix unix) {
                try {
                    Files.deleteIfExists(unix.path());
                } catch (IOException e) {
                    Log.pathNotRemoved(unix.path(), e);
                }
            }
        }
    }

    /**
     * Duplicates of all listeners, for the successor. The parent sends duplicates and not its own descriptors because
     * the program may close a listener at any time, and its number could be another file's before it is sent.
     */
    synchronized List<Offer> offers() throws IOException {
        List<Offer> offers = new ArrayList<>();
        try {
            for (ListenerSocket listener : claimed.values()) {
                offers.add(new Offer(listener.address(), listener.duplicate()));
            }
            return offers;
        } catch (IOException e) {
            for (Offer offer : offers) {
                offer.close();
            }
            throw e;
        }
    }

    synchronized List<Listener> all() {
        return List.copyOf(claimed.values());
    }

    /** Gives all listeners up to the successor: the sockets and their paths live on. */
    synchronized void releaseAll() {
        releaseUnclaimed();
        claimed.values().forEach(ListenerSocket::release);
        claimed.clear();
    }

    /** Ends all listeners. */
    void closeAll() {
        releaseUnclaimed();
        all().forEach(Listener::close);
    }
}
