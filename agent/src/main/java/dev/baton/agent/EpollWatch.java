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
     * <p><b>The set's owner may act in between.</b> It changes a watch (EPOLL_CTL_MOD), finds none, and adds one:
     *
     * <ul>
     *   <li>before dup3: then it is of the old socket, and stays. Those that do so, the JDK's poller of virtual threads and
     *       its asynchronous channels, watch with EPOLLONESHOT: it is reported once, the accept that follows finds
     *       nothing, and the next watch is of the new one. If the old socket comes back, the add below finds this watch
     *       (EEXIST) and changes it.
     *   <li>after dup3: then it is of the new socket, the add finds it and changes it to what was read before.
     * </ul>
     *
     * In both cases what was read may be older than what the owner wants. A watch with EPOLLONESHOT is therefore always
     * armed: one report too many wakes nobody, or somebody who then finds nothing to accept, while one too few would let
     * an accept loop wait for ever. Selectors and Netty's event loops watch a listener for as long as it is open, and do
     * not change it.
     */
    static void replace(int target, int descriptor) throws IOException {
        List<EpollWatch> watches = of(target);
        for (EpollWatch watch : watches) {
            ignoring(Errno.ENOENT, () -> Epoll.remove(watch.set, target));
        }
        Descriptors.replaceCloseOnExec(target, descriptor);
        for (EpollWatch watch : watches) {
            watch.renew(target);
        }
    }

    private void renew(int target) throws PosixException {
        int armed = (events & Epoll.ONE_SHOT) != 0 ? events | Epoll.IN : events;
        try {
            Epoll.add(set, target, armed, data);
        } catch (PosixException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
            ignoring(Errno.ENOENT, () -> Epoll.modify(set, target, armed, data));
        }
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

    private static void ignoring(Errno harmless, Call call) throws PosixException {
        try {
            call.run();
        } catch (PosixException e) {
            if (e.errno() != harmless && e.errno() != Errno.EBADF) {
                throw e;
            }
        }
    }

    @FunctionalInterface
    private interface Call {
        void run() throws PosixException;
    }
}
