package dev.baton;

import dev.baton.posix.Errno;
import dev.baton.posix.PosixException;
import java.io.IOException;

/** A listener could not be had; the message says why and what to do. */
public final class ListenException extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ListenAddress address;

    ListenException(ListenAddress address, String reason) {
        super("cannot listen on " + address.key() + ": " + reason);
        this.address = address;
    }

    ListenException(ListenAddress address, PosixException cause) {
        this(address, reason(address, cause));
        initCause(cause);
    }

    /** The address that was requested. */
    public ListenAddress address() {
        return address;
    }

    private static String reason(ListenAddress address, PosixException e) {
        return switch (e.errno()) {
            case Errno.EADDRINUSE -> "the address is in use; stop the process that uses it or choose another";
            case Errno.EADDRNOTAVAIL -> "this machine does not have that address; choose one of its own";
            case Errno.EACCES, Errno.EPERM ->
                address instanceof ListenAddress.Unix
                        ? "permission denied; choose a folder that this user may write to"
                        : "permission denied; choose a port above 1023 or grant CAP_NET_BIND_SERVICE";
            case Errno.ENOENT -> "its folder does not exist; create it";
            case Errno.EMFILE, Errno.ENFILE -> "no file descriptor is left; raise the limit (ulimit -n)";
            default -> String.valueOf(e.getMessage());
        };
    }
}
