package dev.baton;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The directory in which the first generation was started. Relative paths of options are meant there: a successor may start
 * in the directory of another release, to which {@code current} leads by then, and still has to publish itself in the file
 * of which operators know, and to find the control sockets of the generations before. So each generation leaves it to the
 * next.
 *
 * @param path an absolute path
 */
record InitialDirectory(Path path) {
    private static final String STATE = "dev.baton.initial-directory";

    /** The parent's; that of this process if there is none, or it is of a release that does not leave one. */
    static InitialDirectory of(Optional<ParentLink> parent) {
        return new InitialDirectory(parent.flatMap(link -> link.state().get(STATE))
                .map(bytes -> Path.of(new String(bytes, StandardCharsets.UTF_8)))
                .orElseGet(() -> Path.of("").toAbsolutePath()));
    }

    /** Leaves it to the successor. */
    void offer(OfferedState state) {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        state.offer(STATE, bytes::clone);
    }
}
