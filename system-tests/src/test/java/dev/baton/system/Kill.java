package dev.baton.system;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** kill(2), for those who cannot wait for kill(1): a signal is sent when {@link #send} returns, within microseconds. */
@SuppressWarnings("restricted") // The build enables native access for its tests.
final class Kill {
    static final int SIGHUP = 1;
    static final int SIGKILL = 9;
    static final int SIGSTOP = 19;

    private static final MethodHandle KILL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private Kill() {}

    /** Loads what the first call needs, so that it takes no longer than the others. */
    static void prepare() {
        if (!send(ProcessHandle.current().pid(), 0)) {
            throw new IllegalStateException("kill(2) does not find this process");
        }
    }

    /** Sends a signal; false if there is no such process. */
    static boolean send(long pid, int signal) {
        try {
            return (int) KILL.invokeExact((int) pid, signal) == 0;
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
