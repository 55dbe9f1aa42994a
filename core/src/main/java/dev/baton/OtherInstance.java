package dev.baton;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Whether the process that an old pid file names is the one that was meant, and runs.
 *
 * <p>The kernel gives numbers out again, after a reboot from the start: under an old one any program may run by now, and
 * very well another service on the same JVM, or with the same command line. The one that was meant was there when the file
 * was written; whoever got its number later was not. And it is one of ours: it was started with the same words as this
 * process, or it has a control socket of Baton's.
 *
 * <p>The doubt goes to the start (a clock that was set forward may make a process look too young): a file that is wrongly
 * replaced costs little, because the ports of a living instance are in use and the start ends there, and a service that
 * does not come up after a reboot costs much.
 */
final class OtherInstance {
    /** The time of a start is known to the second, that of a file to the kernel's tick. */
    private static final Duration CLOCK_ERROR = Duration.ofSeconds(2);

    /** __SO_ACCEPTCON among the flags of proc_net(5): the socket listens. */
    private static final long LISTENS = 0x10000;

    private OtherInstance() {}

    /** Whether it is meant by a file that was written at this time. */
    static boolean isMeant(long pid, FileTime written) throws IOException {
        return ProcessHandle.of(pid)
                        .flatMap(process -> process.info().startInstant())
                        .filter(start -> !start.isAfter(written.toInstant().plus(CLOCK_ERROR)))
                        .isPresent()
                && (Arrays.equals(words(pid), CommandLine.block()) || hasControlSocket(pid));
    }

    /** The words of a process, as {@link CommandLine#block()}; empty if it has ended or hides them from this user. */
    private static byte[] words(long pid) {
        try {
            return Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline"));
        } catch (IOException e) {
            return new byte[0];
        }
    }

    /** In whichever run directory: the kernel's table has the names of all Unix sockets that are bound. */
    private static boolean hasControlSocket(long pid) {
        String name = "/" + ControlSocket.name(pid);
        try (Stream<String> sockets = Files.lines(Path.of("/proc/net/unix"))) {
            return sockets.skip(1)
                    .map(line -> line.strip().split("\\s+", 8))
                    .filter(fields -> fields.length == 8)
                    .anyMatch(fields -> (Long.parseLong(fields[3], 16) & LISTENS) != 0 && fields[7].endsWith(name));
        } catch (IOException e) {
            return false;
        }
    }
}
