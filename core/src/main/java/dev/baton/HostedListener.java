package dev.baton;

import java.io.IOException;
import java.util.OptionalInt;

/**
 * A listening socket that the program has opened and closes by itself, and that Baton hands on: see
 * {@link Baton#host}. Baton holds no descriptor of it, so that it is gone when the program closes it.
 */
public interface HostedListener {

    /** The key by which the successor finds it; several may have the same, as those of a group of SO_REUSEPORT do. */
    ListenAddress address();

    /**
     * A new descriptor of the socket, which the caller closes; empty if the program has closed it. Called by any thread.
     *
     * @throws IOException if no descriptor is left
     */
    OptionalInt duplicate() throws IOException;
}
