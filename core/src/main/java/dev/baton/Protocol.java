package dev.baton;

import java.time.Duration;
import java.util.Optional;

/** What both sides of a handoff agree on; docs/handoff-protocol.md is the specification. */
final class Protocol {
    /** The oldest and the newest version that this release speaks. */
    static final int MIN_VERSION = 1;

    static final int MAX_VERSION = 1;

    /**
     * The same of operators' requests. They have versions of their own: a running generation and the command line of
     * another release must understand each other when the handoff between the two is long impossible.
     */
    static final int MIN_CONTROL_VERSION = 1;

    static final int MAX_CONTROL_VERSION = 1;

    /**
     * How long a side waits for the other's next frame while listeners are handed over: no application code runs then
     * but that which is asked for {@linkplain OfferedState state}.
     */
    static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);

    /** How long the kernel may take to close what a process that has died had open. */
    static final Duration DEATH_TIMEOUT = Duration.ofSeconds(1);

    /** How long the parent waits for its program's state: well below the time for which the successor waits for a frame. */
    static final Duration STATE_TIMEOUT = HANDSHAKE_TIMEOUT.dividedBy(2);

    /** The most bytes that the names and blobs of all STATE frames of a handoff have together. */
    static final int MAX_STATE_BYTES = 16 * 1024 * 1024;

    private Protocol() {}

    /** The newest version that both speak. */
    static int negotiate(int peerMin, int peerMax) throws ProtocolException {
        return newestOfBoth(MIN_VERSION, MAX_VERSION, peerMin, peerMax)
                .orElseThrow(() -> new ProtocolException("it speaks the handoff protocol in versions "
                        + Integer.toUnsignedString(peerMin) + " to " + Integer.toUnsignedString(peerMax)
                        + ", this one in " + MIN_VERSION + " to " + MAX_VERSION
                        + "; stop the service and start the new release"));
    }

    /** The newest version of our range that is in the peer's too, whose numbers are unsigned; empty if there is none. */
    static Optional<Integer> newestOfBoth(int min, int max, int peerMin, int peerMax) {
        for (int version = max; version >= min; version--) {
            if (Integer.compareUnsigned(peerMin, version) <= 0 && Integer.compareUnsigned(version, peerMax) <= 0) {
                return Optional.of(version);
            }
        }
        return Optional.empty();
    }

    /** The release of this Baton, for the other side's log. */
    static String release() {
        String version = Protocol.class.getModule().isNamed()
                ? Protocol.class.getModule().getDescriptor().rawVersion().orElse(null)
                : Protocol.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
