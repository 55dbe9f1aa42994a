package dev.baton.system;

import dev.baton.posix.Descriptors;
import dev.baton.posix.Messages;
import dev.baton.posix.ReceivedMessage;
import dev.baton.posix.Sockets;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Becomes another program, with sockets from descriptor 3 on, as systemd starts it: {@code PassedStart SOCKET COMMAND...}.
 * SOCKET is a {@link SystemdDouble}'s, which has the sockets and their names. A JVM cannot give a child descriptors; so this
 * one gets them, and then replaces itself.
 */
final class PassedStart {
    private static final int FIRST = 3;
    private static final int MAX_BYTES = 4096;

    private PassedStart() {}

    @SuppressWarnings("restricted") // execve(2): the tests' own, because no release of Baton replaces itself.
    public static void main(String[] arguments) throws Throwable {
        MethodHandle execve = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().find("execve").orElseThrow(),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        Map<String, String> environment = new HashMap<>(System.getenv());
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "export LISTEN_PID=$$; exec \"$@\"", "sh"));
        command.addAll(List.of(arguments).subList(1, arguments.length));
        int socket = Sockets.unix(Sockets.Type.STREAM);
        Sockets.connect(socket, UnixDomainSocketAddress.of(arguments[0]));
        ReceivedMessage passed = Messages.receive(socket, MAX_BYTES);
        environment.put("LISTEN_FDS", Integer.toString(passed.descriptors().length));
        environment.put("LISTEN_FDNAMES", new String(passed.payload(), StandardCharsets.UTF_8).strip());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom("/bin/sh");
            MemorySegment words = array(arena, command);
            MemorySegment variables = array(
                    arena,
                    environment.entrySet().stream()
                            .map(each -> each.getKey() + "=" + each.getValue())
                            .toList());
            int[] sockets = passed.descriptors();
            for (int i = 0; i < sockets.length; i++) {
                while (sockets[i] < FIRST + sockets.length) {
                    sockets[i] = Descriptors.duplicate(sockets[i]); // Out of the way; exec closes the other.
                }
            }
            for (int i = 0; i < sockets.length; i++) {
                Descriptors.replace(FIRST + i, sockets[i]);
            }
            int result = (int) execve.invokeExact(path, words, variables);
            throw new IllegalStateException("execve returned " + result);
        }
    }

    private static MemorySegment array(Arena arena, List<String> texts) {
        MemorySegment array = arena.allocate(ValueLayout.ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        return array;
    }
}
