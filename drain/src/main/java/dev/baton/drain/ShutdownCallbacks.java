package dev.baton.drain;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;

/**
 * Runs the callbacks of {@link Connections#onShutdown}, each on its own thread; what one throws is logged. They are
 * platform threads, because handlers that compute without end may hold all the carriers of virtual ones.
 */
final class ShutdownCallbacks {
    private static final Logger LOGGER = System.getLogger("dev.baton.drain");

    private ShutdownCallbacks() {}

    static void run(Consumer<DrainReason> callback, DrainReason reason) {
        Thread.ofPlatform().daemon().name("baton-on-shutdown").start(() -> {
            try {
                callback.accept(reason);
            } catch (RuntimeException e) {
                logFailed(e);
            }
        });
    }

    private static void logFailed(RuntimeException e) {
        LOGGER.log(Level.WARNING, "An onShutdown callback failed.", e);
    }
}
