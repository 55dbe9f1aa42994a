package dev.baton.netty;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** Takes this process's descriptors away while it lives, and gives them back when closed; setrlimit(2). */
final class Limits implements AutoCloseable {
    private static final int RLIMIT_NOFILE = 7;
    private static final MethodHandle GETRLIMIT = handle("getrlimit");
    private static final MethodHandle SETRLIMIT = handle("setrlimit");

    private final Arena arena = Arena.ofShared();
    private final MemorySegment before = arena.allocate(ValueLayout.JAVA_LONG, 2);
    private boolean open = true;

    private Limits() throws Throwable {
        call(GETRLIMIT, before);
        MemorySegment none = arena.allocate(ValueLayout.JAVA_LONG, 2);
        // The soft limit: no new descriptor can have a number as small as this. The hard one stays.
        none.setAtIndex(ValueLayout.JAVA_LONG, 0, 3);
        none.setAtIndex(ValueLayout.JAVA_LONG, 1, before.getAtIndex(ValueLayout.JAVA_LONG, 1));
        call(SETRLIMIT, none);
    }

    /** From now on no descriptor can be opened. */
    static Limits noDescriptors() {
        try {
            return new Limits();
        } catch (Throwable e) {
            throw new AssertionError("cannot change the limit", e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
    }

    private static void call(MethodHandle function, MemorySegment limit) throws Throwable {
        int result = (int) function.invokeExact(RLIMIT_NOFILE, limit);
        if (result != 0) {
            throw new IllegalStateException("returned " + result);
        }
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            try {
                call(SETRLIMIT, before);
            } catch (Throwable e) {
                throw new AssertionError("cannot restore the limit", e);
            }
            arena.close();
        }
    }
}
