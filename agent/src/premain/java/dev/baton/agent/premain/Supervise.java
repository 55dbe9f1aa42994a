package dev.baton.agent.premain;

import java.lang.reflect.InvocationTargetException;

/** The first class of the JVM that {@code baton run} makes of its own, which is a small one. */
public final class Supervise {
    private Supervise() {}

    /** Supervises a program. */
    public static void main(String[] arguments) throws Throwable {
        try {
            IsolatedLoader.ofCommand()
                    .loadClass("dev.baton.run.Main")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
