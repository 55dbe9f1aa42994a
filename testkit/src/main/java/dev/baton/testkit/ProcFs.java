package dev.baton.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What Linux tells about a process in {@code /proc} (proc(5)).
 *
 * <p>Each method looks at one instant. A process that is gone is an {@link UncheckedIOException}, unless the method says
 * otherwise.
 */
public final class ProcFs {
    private static final Path PROC = Path.of("/proc");
    private static final String SOCKET = "socket:[";

    private ProcFs() {}

    /** The open descriptors with what each refers to, such as {@code socket:[4711]} or a path. */
    public static Map<Integer, String> descriptors(long pid) {
        Map<Integer, String> found = new TreeMap<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(of(pid, "fd"))) {
            for (Path entry : entries) {
                try {
                    found.put(
                            Integer.parseInt(entry.getFileName().toString()),
                            Files.readSymbolicLink(entry).toString());
                } catch (NoSuchFileException e) {
                    // Closed since the directory was read, as the one that reads it will be.
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    /** The inodes of all sockets among the descriptors: the same socket has the same inode in every process. */
    public static Set<Long> socketInodes(long pid) {
        Set<Long> inodes = new TreeSet<>();
        for (String target : descriptors(pid).values()) {
            if (target.startsWith(SOCKET)) {
                inodes.add(Long.parseLong(target.substring(SOCKET.length(), target.length() - 1)));
            }
        }
        return inodes;
    }

    /** The inodes of those sockets that listen, TCP and Unix. */
    public static Set<Long> listenerInodes(long pid) {
        Set<Long> listening = new TreeSet<>();
        // TCP: the fourth field is the state, 0A is LISTEN; the tenth is the inode.
        for (String table : List.of("net/tcp", "net/tcp6")) {
            rows(pid, table).filter(row -> row[3].equals("0A")).forEach(row -> listening.add(Long.parseLong(row[9])));
        }
        // Unix: the fourth field holds the flags, 10000 (__SO_ACCEPTCON) is set when listening; the seventh is the
        // inode.
        rows(pid, "net/unix")
                .filter(row -> (Long.parseLong(row[3], 16) & 0x10000) != 0)
                .forEach(row -> listening.add(Long.parseLong(row[6])));
        listening.retainAll(socketInodes(pid));
        return listening;
    }

    /** The inodes of those sockets that are bound to receive UDP datagrams. */
    public static Set<Long> udpInodes(long pid) {
        Set<Long> bound = new TreeSet<>();
        for (String table : List.of("net/udp", "net/udp6")) {
            rows(pid, table).forEach(row -> bound.add(Long.parseLong(row[9])));
        }
        bound.retainAll(socketInodes(pid));
        return bound;
    }

    private static Stream<String[]> rows(long pid, String table) {
        try {
            return Files.exists(of(pid, table))
                    ? Files.readAllLines(of(pid, table)).stream()
                            .skip(1)
                            .map(line -> line.strip().split("\\s+", -1))
                    : Stream.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The processes whose parent this is, the zombies among them included. */
    public static Set<Long> children(long pid) {
        Set<Long> children = new TreeSet<>();
        for (long candidate : pids()) {
            stat(candidate).filter(stat -> stat.parent() == pid).ifPresent(stat -> children.add(candidate));
        }
        return children;
    }

    /** The children that have exited and were not waited for. */
    public static Set<Long> zombieChildren(long pid) {
        Set<Long> zombies = new TreeSet<>();
        for (long child : children(pid)) {
            stat(child).filter(stat -> stat.state() == 'Z').ifPresent(stat -> zombies.add(child));
        }
        return zombies;
    }

    /** The parent's pid. */
    public static long parent(long pid) {
        return stat(pid).orElseThrow(() -> gone(pid)).parent();
    }

    /**
     * Whether the process runs: false once it has exited, even if nobody has waited for it yet.
     *
     * <p>The first thread of a process may be a zombie while others still end. The last of them closes the descriptors, so
     * until it has, the process runs.
     */
    public static boolean running(long pid) {
        return stat(pid).filter(Stat::running).isPresent();
    }

    /** One process, which no other can be mistaken for that has its pid later. */
    record Identity(long pid, long startedAt) {
        /** Whether this one runs, as {@link ProcFs#running}. */
        boolean running() {
            return stat(pid)
                    .filter(stat -> stat.running() && stat.startedAt() == startedAt)
                    .isPresent();
        }
    }

    /** The process that has this pid now, if there is one. */
    static Optional<Identity> identity(long pid) {
        return stat(pid).map(stat -> new Identity(pid, stat.startedAt()));
    }

    /** Whether the process is stopped by a signal. */
    public static boolean stopped(long pid) {
        return stat(pid).filter(stat -> stat.state() == 'T').isPresent();
    }

    /** The arguments with which the process was started, the program's name first. */
    public static List<String> commandLine(long pid) {
        return strings(pid, "cmdline");
    }

    /** The environment with which the process was started. */
    public static Map<String, String> environment(long pid) {
        Map<String, String> environment = new TreeMap<>();
        for (String entry : strings(pid, "environ")) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        return environment;
    }

    /** The size in bytes of the environment with which the process was started. */
    public static int environmentSize(long pid) {
        return read(pid, "environ").length;
    }

    /** Whether the process ignores the signal of this number (1 is SIGHUP). */
    public static boolean ignoresSignal(long pid, int signal) {
        return (Long.parseUnsignedLong(status(pid, "SigIgn"), 16) >>> (signal - 1) & 1) != 0;
    }

    /** The number of the process's threads. */
    public static int threads(long pid) {
        return Integer.parseInt(status(pid, "Threads"));
    }

    /** The kibibytes of memory that are the process's alone (RssAnon): what it shares with others is not counted. */
    public static long privateKibibytes(long pid) {
        return Long.parseLong(status(pid, "RssAnon").replace(" kB", ""));
    }

    /** The kibibytes of memory that the process has resident (VmRSS), shared ones among them. */
    public static long residentKibibytes(long pid) {
        return Long.parseLong(status(pid, "VmRSS").replace(" kB", ""));
    }

    private static String status(long pid, String name) {
        String status = new String(read(pid, "status"), StandardCharsets.UTF_8);
        String prefix = name + ":";
        return status.lines()
                .filter(line -> line.startsWith(prefix))
                .findFirst()
                .orElseThrow(() -> gone(pid))
                .substring(prefix.length())
                .strip();
    }

    /**
     * All processes that were started with a variable of this name whose value fulfils a condition. A process that ends
     * has lost its environment some time before its descriptors are closed.
     */
    static List<Long> withEnvironment(String name, Predicate<String> condition) {
        List<Long> found = new ArrayList<>();
        for (long pid : pids()) {
            try {
                String value = environment(pid).get(name);
                if (value != null && condition.test(value)) {
                    found.add(pid);
                }
            } catch (UncheckedIOException e) {
                // Gone since, or another user's.
            }
        }
        return found;
    }

    private static List<Long> pids() {
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(PROC, "[0-9]*")) {
            entries.forEach(entry -> pids.add(Long.parseLong(entry.getFileName().toString())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return pids;
    }

    private record Stat(char state, long parent, int threads, long startedAt) {
        boolean running() {
            return (state != 'Z' && state != 'X') || threads > 1;
        }
    }

    /** Empty for a process that is gone. The name before the fields may hold any character. */
    private static Optional<Stat> stat(long pid) {
        try {
            String stat = new String(Files.readAllBytes(of(pid, "stat")), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            // The third, fourth, twentieth and twenty-second field of proc_pid_stat(5).
            return Optional.of(new Stat(
                    fields[0].charAt(0),
                    Long.parseLong(fields[1]),
                    Integer.parseInt(fields[17]),
                    Long.parseLong(fields[19])));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static List<String> strings(long pid, String file) {
        String text = new String(read(pid, file), StandardCharsets.UTF_8);
        // Each string ends with a NUL.
        return text.isEmpty()
                ? List.of()
                : List.of(text.substring(0, text.length() - 1).split("\0", -1));
    }

    private static byte[] read(long pid, String file) {
        try {
            return Files.readAllBytes(of(pid, file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path of(long pid, String file) {
        return PROC.resolve(Long.toString(pid)).resolve(file);
    }

    private static UncheckedIOException gone(long pid) {
        return new UncheckedIOException(new NoSuchFileException("process " + pid + " is gone"));
    }
}
