package dev.baton;

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

    Map<String, String> asEnvironment() {
        return Map.of(SOCKET, socket.toString(), TOKEN, token);
    }

    /** The variables of an environment, if it has both. */
    static Optional<HandoffVariables> of(Map<String, String> environment) {
        String socket = environment.get(SOCKET);
        String token = environment.get(TOKEN);
        return socket == null || token == null
                ? Optional.empty()
                : Optional.of(new HandoffVariables(Path.of(socket), token));
    }
}
