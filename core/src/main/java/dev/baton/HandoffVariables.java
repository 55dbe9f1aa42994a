package dev.baton;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a parent tells its successor through the environment: where to find it, and a token that is good once.
 *
 * @param socket the parent's control socket
 * @param token proof that the process was started by the parent, or by something that the parent started
 */
record HandoffVariables(Path socket, String token) {
    static final String SOCKET = "BATON_HANDOFF_SOCKET";
    static final String TOKEN = "BATON_HANDOFF_TOKEN";

    /** No release makes a longer one; a variable may have 128 KiB, which no frame holds. */
    private static final int MAX_TOKEN = 255;

    Map<String, String> asEnvironment() {
        return Map.of(SOCKET, socket.toString(), TOKEN, token);
    }

    /**
     * The variables of an environment. A parent sets both, and an absolute path; anything else is somebody's leftover
     * and no reason not to start: it is logged, and means the same as none.
     */
    static Optional<HandoffVariables> of(Map<String, String> environment) {
        String socket = environment.getOrDefault(SOCKET, "");
        String token = environment.getOrDefault(TOKEN, "");
        if (socket.isEmpty() && token.isEmpty()) {
            return Optional.empty();
        }
        if (socket.isEmpty() || token.isEmpty()) {
            Log.handoffVariablesIgnored((socket.isEmpty() ? SOCKET : TOKEN) + " is missing or empty");
            return Optional.empty();
        }
        if (token.length() > MAX_TOKEN) {
            Log.handoffVariablesIgnored(TOKEN + " is no token");
            return Optional.empty();
        }
        try {
            Path path = Path.of(socket);
            if (path.isAbsolute()) {
                return Optional.of(new HandoffVariables(path, token));
            }
            Log.handoffVariablesIgnored(SOCKET + " is not an absolute path: " + socket);
        } catch (InvalidPathException e) {
            Log.handoffVariablesIgnored(SOCKET + " is not a path: " + e.getMessage());
        }
        return Optional.empty();
    }
}
