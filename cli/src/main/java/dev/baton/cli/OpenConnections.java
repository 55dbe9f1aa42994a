package dev.baton.cli;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * How many connections clients have open to a process: what the kernel says (proc_net(5)), so it is the same for every
 * server.
 */
final class OpenConnections {
    private static final String SOCKET = "socket:[";

    /** In the column of states: TCP_ESTABLISHED, TCP_CLOSE_WAIT, and TCP_LISTEN. */
    private static final Set<String> OPEN = Set.of("01", "08");

    private static final String LISTENS = "0A";

    /** In the column of states of Unix sockets: SS_CONNECTED; in that of their types: SOCK_STREAM. */
    private static final String CONNECTED = "03";

    private static final String STREAM = "0001";

    private OpenConnections() {}

    /**
     * Counts those of a process whose own port is one on which somebody listens, and those to a Unix path.
     *
     * @return empty if the process has ended, or is another user's
     */
    static OptionalInt of(long pid) {
        Path process = Path.of("/proc", Long.toString(pid));
        try {
            Set<String> sockets = sockets(process.resolve("fd"));
            return OptionalInt.of(tcp(process.resolve("net"), sockets) + unix(process.resolve("net/unix"), sockets));
        } catch (IOException | DirectoryIteratorException e) {
            return OptionalInt.empty();
        }
    }

    private static int tcp(Path net, Set<String> sockets) throws IOException {
        Set<String> listening = new HashSet<>();
        int[] count = {0};
        for (boolean counts : List.of(false, true)) {
            for (String table : List.of("tcp", "tcp6")) {
                for (String[] row : rows(net.resolve(table), 10)) {
                    String port = row[1].substring(row[1].lastIndexOf(':') + 1);
                    if (!counts && row[3].equals(LISTENS)) {
                        listening.add(port);
                    } else if (counts
                            && OPEN.contains(row[3])
                            && listening.contains(port)
                            && sockets.contains(row[9])) {
                        count[0]++;
                    }
                }
            }
        }
        return count[0];
    }

    /** The accepting end alone has a path. */
    private static int unix(Path table, Set<String> sockets) throws IOException {
        int count = 0;
        for (String[] row : rows(table, 8)) {
            if (row[4].equals(STREAM) && row[5].equals(CONNECTED) && sockets.contains(row[6])) {
                count++;
            }
        }
        return count;
    }

    private static List<String[]> rows(Path table, int columns) throws IOException {
        if (!Files.exists(table)) {
            return List.of(); // A kernel without IPv6.
        }
        return Files.readAllLines(table).stream()
                .skip(1)
                .map(line -> line.strip().split("\\s+", 0))
                .filter(row -> row.length >= columns)
                .toList();
    }

    private static Set<String> sockets(Path descriptors) throws IOException {
        Set<String> inodes = new HashSet<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(descriptors)) {
            for (Path descriptor : stream) {
                try {
                    String target = Files.readSymbolicLink(descriptor).toString();
                    if (target.startsWith(SOCKET)) {
                        inodes.add(target.substring(SOCKET.length(), target.length() - 1));
                    }
                } catch (IOException e) {
                    // Closed since.
                }
            }
        }
        return inodes;
    }
}
