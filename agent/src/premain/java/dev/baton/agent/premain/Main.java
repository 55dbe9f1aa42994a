package dev.baton.agent.premain;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;

/** The first class of {@code java -jar baton.jar}: looks whether the JDK is new enough, and starts the command line. */
public final class Main {
    /** The exit status of a command that cannot run. */
    private static final int CANNOT_RUN = 2;

    private Main() {}

    /** Runs the command. */
    public static void main(String[] arguments) throws Throwable {
        int jdk = Jdk.release();
        if (jdk < Jdk.LEAST) {
            System.err.println("baton: this is JDK " + jdk + ", and Baton needs JDK " + Jdk.LEAST
                    + " or newer; run it with that one's java");
            System.exit(CANNOT_RUN);
        }
        try {
            command().getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static Class<?> command() throws IOException, ClassNotFoundException {
        ClassLoader loader = IsolatedLoader.ofCommand();
        Thread.currentThread().setContextClassLoader(loader);
        return loader.loadClass("dev.baton.cli.Main");
    }
}
