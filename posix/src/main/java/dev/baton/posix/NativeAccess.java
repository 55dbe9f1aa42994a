package dev.baton.posix;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Who asks the JVM for a native function. By default this module does, and needs {@code --enable-native-access} for it (JEP
 * 472), which a main program can have in its manifest; an agent cannot, and lets a class of {@code java.base} ask.
 */
public final class NativeAccess {
    private static volatile Optional<MethodHandle> other = Optional.empty();

    private NativeAccess() {}

    /**
     * Lets somebody else ask. Has no effect after the first use of this module.
     *
     * @param linker takes a {@link FunctionDescriptor} and an array of {@link Linker.Option}, and returns what
     *     {@link Linker#downcallHandle(FunctionDescriptor, Linker.Option...)} returns
     */
    public static void through(MethodHandle linker) {
        other = Optional.of(linker);
    }

    /** The one place that needs native access. */
    @SuppressWarnings("restricted")
    static MethodHandle downcallHandle(FunctionDescriptor function, Linker.Option... options) {
        if (other.isEmpty()) {
            return Linker.nativeLinker().downcallHandle(function, options);
        }
        try {
            return (MethodHandle) other.get().invoke(function, options);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("a linker throws nothing that is checked", e);
        }
    }
}
