package dev.baton.posix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Who is at the other end of a Unix socket, by the kernel's word (unix(7), SO_PEERCRED and SCM_CREDENTIALS). */
public record PeerCredentials(int pid, int uid, int gid) {
    /** {@code struct ucred}: pid:4 uid:4 gid:4. */
    static PeerCredentials of(MemorySegment credentials) {
        return new PeerCredentials(
                credentials.getAtIndex(ValueLayout.JAVA_INT, 0),
                credentials.getAtIndex(ValueLayout.JAVA_INT, 1),
                credentials.getAtIndex(ValueLayout.JAVA_INT, 2));
    }
}
