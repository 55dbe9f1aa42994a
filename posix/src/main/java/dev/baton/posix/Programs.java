package dev.baton.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/**
 * Starts programs: execve(2) and posix_spawn(3). Arguments and variables are bytes, as the kernel has them: a Java string of
 * a JVM without a locale has lost what is not ASCII.
 */
public final class Programs {
    /** The number of the first descriptor that is given to a program; sd_listen_fds(3). */
    public static final int FIRST_DESCRIPTOR = 3;

    /** More than {@code posix_spawn_file_actions_t}, {@code posix_spawnattr_t} and {@code sigset_t} take anywhere. */
    private static final int OPAQUE = 1024;

    private Programs() {}

    /**
     * Makes this process another program, with the same pid; returns only by an exception. The descriptors that are not
     * close-on-exec stay open: {@link Descriptors#closeOnExecFrom}.
     *
     * @param path the file, without a look at {@code PATH}
     * @param environment {@code NAME=value}
     */
    public static void exec(byte[] path, List<byte[]> arguments, List<byte[]> environment) throws PosixException {
        try (Arena arena = Arena.ofConfined()) {
            Libc.Function.EXECVE.call(
                    text(arena, path).address(),
                    array(arena, arguments).address(),
                    array(arena, environment).address());
        }
    }

    /**
     * Starts a program as a child, in a process group of its own, with no signal blocked. It has the standard streams of
     * this process and, from {@value #FIRST_DESCRIPTOR} on, {@code descriptors}; nothing else.
     *
     * <p>close_range(2) before the spawn leaves a gap: a socket that another thread opens in between. Where the C library
     * can close in the child (glibc 2.34), it does, and there is none.
     *
     * @param arguments the first is looked up in {@code PATH} if it has no slash
     * @param descriptors their numbers must be higher than those that they get
     * @return the pid of the child, which the caller has to reap
     */
    public static int spawn(List<byte[]> arguments, List<byte[]> environment, int... descriptors)
            throws PosixException {
        int end = FIRST_DESCRIPTOR + descriptors.length;
        Descriptors.closeOnExecFrom(FIRST_DESCRIPTOR);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(OPAQUE, 16);
            Libc.Function.POSIX_SPAWN_FILE_ACTIONS_INIT.callForError(actions.address());
            MemorySegment attributes = arena.allocate(OPAQUE, 16);
            Libc.Function.POSIX_SPAWNATTR_INIT.callForError(attributes.address());
            try {
                for (int i = 0; i < descriptors.length; i++) {
                    if (descriptors[i] < end) {
                        throw new IllegalArgumentException("descriptor " + descriptors[i] + " is lower than " + end);
                    }
                    Libc.Function.POSIX_SPAWN_FILE_ACTIONS_ADDDUP2.callForError(
                            actions.address(), descriptors[i], FIRST_DESCRIPTOR + i);
                }
                closeFrom(actions, end);
                describe(attributes, arena.allocate(OPAQUE, 16));
                return spawn(arena, actions, attributes, arguments, environment);
            } finally {
                Libc.Function.POSIX_SPAWNATTR_DESTROY.callForError(attributes.address());
                Libc.Function.POSIX_SPAWN_FILE_ACTIONS_DESTROY.callForError(actions.address());
            }
        }
    }

    private static void closeFrom(MemorySegment actions, int first) throws PosixException {
        Optional<MemorySegment> function =
                Linker.nativeLinker().defaultLookup().find("posix_spawn_file_actions_addclosefrom_np");
        if (function.isPresent()) {
            int error = Libc.callAt(function.get().address(), actions.address(), first);
            if (error != 0) {
                throw new PosixException("posix_spawn_file_actions_addclosefrom_np", error);
            }
        }
    }

    private static void describe(MemorySegment attributes, MemorySegment noSignals) throws PosixException {
        Libc.Function.POSIX_SPAWNATTR_SETFLAGS.callForError(
                attributes.address(), Libc.POSIX_SPAWN_SETPGROUP | Libc.POSIX_SPAWN_SETSIGMASK);
        Libc.Function.POSIX_SPAWNATTR_SETPGROUP.callForError(attributes.address(), 0);
        Libc.Function.POSIX_SPAWNATTR_SETSIGMASK.callForError(attributes.address(), noSignals.address());
    }

    private static int spawn(
            Arena arena,
            MemorySegment actions,
            MemorySegment attributes,
            List<byte[]> arguments,
            List<byte[]> environment)
            throws PosixException {
        MemorySegment pid = arena.allocate(ValueLayout.JAVA_INT);
        Libc.Function.POSIX_SPAWNP.callForError(
                pid.address(),
                text(arena, arguments.getFirst()).address(),
                actions.address(),
                attributes.address(),
                array(arena, arguments).address(),
                array(arena, environment).address());
        return pid.get(ValueLayout.JAVA_INT, 0);
    }

    private static MemorySegment array(Arena arena, List<byte[]> texts) {
        MemorySegment array = arena.allocate(ValueLayout.JAVA_LONG, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ValueLayout.JAVA_LONG, i, text(arena, texts.get(i)).address());
        }
        return array;
    }

    private static MemorySegment text(Arena arena, byte[] bytes) {
        MemorySegment text = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, text, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return text;
    }
}
