package dev.baton;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Copies of this service's listeners in the file descriptor store of systemd, which outlive a crash: "File descriptor
 * store" of systemd.service(5), FDSTORE and FDSTOREREMOVE of sd_notify(3). On the owner thread.
 *
 * <p>It is there if systemd has said so by {@code $FDSTORE}, the number of descriptors that it has room for. Each listener
 * is stored by the name {@code baton.KEY}; after a crash it comes back by that name ({@link PassedSockets}). The sockets of
 * socket units are not stored, because systemd has them anyway.
 *
 * <p><b>Who changes the store.</b> Only the generation that serves for good: one that starts no successor at the moment,
 * and whose parent cannot come back any more. So a failed restart and an undo find the store as they need it. What is in
 * the store goes from parent to successor with the handoff, in which nobody changes it: the successor stores what its
 * parent did not have, and removes what it does not use.
 */
final class FileDescriptorStore {
    static final String VARIABLE = "FDSTORE";
    private static final String PREFIX = "baton.";

    /** FDNAME_MAX of systemd. */
    private static final int MAX_NAME = 255;

    /** How much of a name that is too long is kept, before the hash. */
    private static final int KEPT = 180;

    /** Stands before the hash of a name that was cut, and nowhere else. */
    private static final char CUT = '#';

    private final SystemdNotifier systemd;
    private final ListenerTable listeners;
    private final int room;
    private boolean full;

    FileDescriptorStore(SystemdNotifier systemd, ListenerTable listeners, Map<String, String> environment) {
        this.systemd = systemd;
        this.listeners = listeners;
        this.room = systemd.isPresent() ? room(environment.getOrDefault(VARIABLE, "")) : 0;
    }

    private static int room(String value) {
        if (value.matches("[0-9]{1,9}")) {
            return Integer.parseInt(value);
        }
        if (!value.isEmpty()) {
            Log.serviceManagerVariableIgnored(VARIABLE, value);
        }
        return 0;
    }

    /** Makes the store hold the listeners that the program has, and no others. */
    void update() {
        if (room == 0) {
            return;
        }
        Map<String, List<ListenerTable.Offer>> wanted = new LinkedHashMap<>();
        try {
            listeners
                    .storable()
                    .forEach(offer -> wanted.computeIfAbsent(offer.address().key(), _ -> new ArrayList<>())
                            .add(offer));
        } catch (IOException e) {
            Log.systemdNotNotified(e); // No descriptor is left; the store stays as it is.
            return;
        }
        try {
            Map<String, Integer> stored = listeners.stored();
            boolean told = removeDiscarded() && removeAllBut(wanted, stored) && storeAll(wanted, stored);
            listeners.stored(stored);
            int total = stored.values().stream().mapToInt(Integer::intValue).sum();
            if (told && total > room && !full) {
                Log.storeIsFull(total, room);
            }
            full = total > room;
        } finally {
            wanted.values().forEach(FileDescriptorStore::close);
        }
    }

    // Each of these ends at the first word that systemd does not take, and says so: it may have waited for room in the
    // manager's queue as long as it may, and so would the next. The next update goes on from there.

    private boolean removeDiscarded() {
        for (String name : listeners.discarded()) {
            if (!systemd.removed(name)) {
                return false;
            }
            listeners.removed(name);
        }
        return true;
    }

    /** Those of one key go together, because they have one name: a group of SO_REUSEPORT that has shrunk is stored anew. */
    private boolean removeAllBut(Map<String, List<ListenerTable.Offer>> wanted, Map<String, Integer> stored) {
        for (Map.Entry<String, Integer> entry : Map.copyOf(stored).entrySet()) {
            if (entry.getValue()
                    > wanted.getOrDefault(entry.getKey(), List.of()).size()) {
                if (!systemd.removed(name(entry.getKey()))) {
                    return false;
                }
                stored.remove(entry.getKey());
            }
        }
        return true;
    }

    private boolean storeAll(Map<String, List<ListenerTable.Offer>> wanted, Map<String, Integer> stored) {
        for (Map.Entry<String, List<ListenerTable.Offer>> entry : wanted.entrySet()) {
            List<ListenerTable.Offer> sockets = entry.getValue();
            if (stored.getOrDefault(entry.getKey(), 0) < sockets.size()) {
                if (!store(entry.getKey(), sockets)) {
                    return false;
                }
                stored.put(entry.getKey(), sockets.size());
            }
        }
        return true;
    }

    /** Systemd knows a socket that it has, and does not store it twice. */
    private boolean store(String key, List<ListenerTable.Offer> sockets) {
        return sockets.stream().allMatch(socket -> systemd.stored(name(key), socket.descriptor()));
    }

    private static void close(List<ListenerTable.Offer> offers) {
        for (ListenerTable.Offer offer : offers) {
            try {
                offer.close();
            } catch (IOException e) {
                Log.systemdNotNotified(e);
            }
        }
    }

    /**
     * The name of a listener: printable ASCII without a colon, which separates names in {@code $LISTEN_FDNAMES}. All else,
     * and the percent sign, is written as %XX of its bytes in UTF-8.
     */
    static String name(String key) {
        StringBuilder name = new StringBuilder(PREFIX);
        for (byte each : key.getBytes(StandardCharsets.UTF_8)) {
            if (each >= ' ' && each < 0x7f && each != ':' && each != '%' && each != CUT) {
                name.append((char) each);
            } else {
                name.append('%').append(HexFormat.of().withUpperCase().toHexDigits(each));
            }
        }
        return name.length() <= MAX_NAME ? name.toString() : name.substring(0, KEPT) + CUT + hash(key);
    }

    private static String hash(String key) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("each Java platform has SHA-256", e);
        }
    }

    /** Whether an earlier life of this service has given this name. */
    static boolean isOurs(String name) {
        return name.startsWith(PREFIX);
    }

    /** The address of which this is the name; empty if it is none of ours, or was cut. */
    static Optional<ListenAddress> key(String name) {
        if (!isOurs(name) || name.indexOf(CUT) >= 0) {
            return Optional.empty();
        }
        byte[] bytes = new byte[name.length()];
        int length = 0;
        try {
            for (int i = PREFIX.length(); i < name.length(); i++) {
                if (name.charAt(i) == '%') {
                    bytes[length++] = (byte) HexFormat.fromHexDigits(name, i + 1, i + 3);
                    i += 2;
                } else {
                    bytes[length++] = (byte) name.charAt(i);
                }
            }
            return Optional.of(ListenAddress.parse(new String(bytes, 0, length, StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }
}
