package dev.baton.agent;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which socket a descriptor is of: the kernel's number of it, as {@code /proc/self/fd} has it. A program may close a
 * descriptor at any time, and its number is soon another file's; this tells.
 */
record SocketIdentity(long inode) {
    private static final String PREFIX = "socket:[";

    /** Empty if the descriptor is closed, or of no socket. */
    static Optional<SocketIdentity> of(int descriptor) {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .toString();
            return link.startsWith(PREFIX)
                    ? Optional.of(new SocketIdentity(Long.parseLong(link, PREFIX.length(), link.length() - 1, 10)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    boolean isAt(int descriptor) {
        return of(descriptor).filter(this::equals).isPresent();
    }
}
