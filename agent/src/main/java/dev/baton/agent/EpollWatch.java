package dev.baton.agent;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Epoll;
import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * That a descriptor is watched by a set of epoll(7), as {@code /proc/self/fdinfo} says it (proc_pid_fdinfo(5)).
 *
 * @param set the descriptor of the set
 * @param events what is watched
 * @param data what the set reports with it
 */
record EpollWatch(int set, int events, long data) {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final String EPOLL = "anon_inode:[eventpoll]";
    private static final Pattern WATCH =
            Pattern.compile("tfd:\\s*(\\d+)\\s+events:\\s*([0-9a-f]+)\\s+data:\\s*([0-9a-f]+).*");

    /**
     * Puts another socket in the place of a descriptor, everywhere: in this process's table and in each set that watches
     * it.
     *
     * <p>A set knows the pair of the descriptor's number and its open file description. So the watch is removed while the
     * number still means the old one (closed, or replaced, it would be reported for ever, by a number that means another
     * socket), and added when it means the new one.
     *
     * <p><b>The set's owner may act in between.</b> Those of the JDK do not: {@link Waiters#during} keeps them out from before
     * the sets are read until each watch is there again. What an owner in native code (Netty's transports) does in these
     * microseconds is answered with ENOENT, or with EEXIST: it watches a listener for as long as it is open, and changes
     * that when it pauses because an accept has failed.
     *
     * <p>What was read is what the owner wants, but that a watch with EPOLLONESHOT that was reported reads as one of
     * nothing. It is always armed: one report too many wakes nobody, or somebody who then finds nothing to accept, while one
     * too few would let an accept loop wait for ever.
     *
     * @throws IOException if another could not be put in its place, or not everywhere; each watch is there again as far as
     *     the kernel lets it
     */
    static void replace(int target, int descriptor) throws IOException {
        List<EpollWatch> watches = of(target);
        Attempts attempts = new Attempts();
        for (EpollWatch watch : watches) {
            attempts.run(() -> watch.end(target));
        }
        attempts.run(() -> Descriptors.replaceCloseOnExec(target, descriptor));
        for (EpollWatch watch : watches) {
            attempts.run(() -> watch.renew(target));
        }
        attempts.rethrow();
    }

    private void end(int target) throws PosixException {
        ignoring(() -> Epoll.remove(set, target), Errno.ENOENT);
    }

    private void renew(int target) throws PosixException {
        int armed = (events & Epoll.ONE_SHOT) != 0 ? events | Epoll.IN : events;
        ignoring(
                () -> {
                    try {
                        Epoll.add(set, target, armed, data);
                    } catch (PosixException e) {
                        if (e.errno() != Errno.EEXIST) {
                            throw e;
                        }
                        Epoll.modify(set, target, armed, data);
                    }
                },
                Errno.ENOENT);
    }

    /** Who watches a descriptor. */
    private static List<EpollWatch> of(int target) throws IOException {
        List<EpollWatch> watches = new ArrayList<>();
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path descriptor : descriptors) {
                if (isSet(descriptor)) {
                    addAll(Integer.parseInt(descriptor.getFileName().toString()), target, watches);
                }
            }
        }
        return watches;
    }

    private static boolean isSet(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals(EPOLL);
        } catch (IOException e) {
            return false; // Closed meanwhile.
        }
    }

    private static void addAll(int set, int target, List<EpollWatch> watches) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + set))) {
                Matcher watch = WATCH.matcher(line);
                if (watch.matches() && Integer.parseInt(watch.group(1)) == target) {
                    watches.add(new EpollWatch(
                            set,
                            Integer.parseUnsignedInt(watch.group(2), 16),
                            Long.parseUnsignedLong(watch.group(3), 16)));
                }
            }
        } catch (IOException e) {
            // The set was closed meanwhile, and watches nothing.
        }
    }

    /** Runs a call on a set that may have been closed, and its number be another file's, since the sets were read. */
    private static void ignoring(Call call, Errno harmless) throws PosixException {
        try {
            call.run();
        } catch (PosixException e) {
            if (e.errno() != harmless && e.errno() != Errno.EBADF && e.errno() != Errno.EINVAL) {
                throw e;
            }
        }
    }

    @FunctionalInterface
    private interface Call {
        void run() throws PosixException;
    }
}
