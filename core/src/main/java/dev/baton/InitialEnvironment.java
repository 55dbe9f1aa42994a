package dev.baton;

import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The environment with which this process was started, and the variables that are for it alone, those of a
 * handoff, of a training and of the sockets that systemd passes, which are taken out of it so that the program's own children inherit none.
 *
 * <p>It is read from {@code /proc/self/environ}, because the first call of {@code System.getenv} copies the C library's
 * environment into a map that {@code ProcessBuilder} gives to children and that nothing can be taken out of. So whatever
 * Baton does first initialises this class. A program that was faster passes on two variables that are worthless: the
 * token is spent.
 */
final class InitialEnvironment {
    private static final Map<String, String> VARIABLES = read();

    static {
        try {
            ProcessContext.unsetEnvironment(HandoffVariables.SOCKET);
            ProcessContext.unsetEnvironment(HandoffVariables.TOKEN);
            ProcessContext.unsetEnvironment(AotTraining.VARIABLE);
            ProcessContext.unsetEnvironment(PassedSockets.COUNT);
            ProcessContext.unsetEnvironment(PassedSockets.PID);
            ProcessContext.unsetEnvironment(PassedSockets.NAMES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private InitialEnvironment() {}

    static Map<String, String> variables() {
        return VARIABLES;
    }

    /** What the parent told this process, if it was started by one. */
    static Optional<HandoffVariables> handoff() {
        return HandoffVariables.of(VARIABLES);
    }

    private static Map<String, String> read() {
        try {
            Map<String, String> variables = new HashMap<>();
            String block = new String(Files.readAllBytes(Path.of("/proc/self/environ")), StandardCharsets.UTF_8);
            for (String variable : block.split("\0", 0)) {
                int equals = variable.indexOf('=');
                if (equals > 0) {
                    variables.put(variable.substring(0, equals), variable.substring(equals + 1));
                }
            }
            return Map.copyOf(variables);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read /proc/self/environ; is /proc mounted?", e);
        }
    }
}
