package dev.baton.agent.premain;

import java.lang.instrument.Instrumentation;
import java.lang.reflect.InvocationTargetException;

/** The first class of {@code java -javaagent:baton.jar}: looks whether the JDK is new enough, and starts the rest. */
public final class Premain {
    /** The exit status of a program whose agent cannot do its work: a wrong option, or a handoff that failed. */
    private static final int FAILED = 1;

    private Premain() {}

    /**
     * Called by the JVM before {@code main}. On an older JDK, or a platform that Baton does not run on, the program goes
     * on without it; if anything else is wrong, it ends here, because a program that was to be restartable is not.
     */
    public static void premain(String arguments, Instrumentation instrumentation) {
        int jdk = Jdk.release();
        if (jdk < Jdk.LEAST) {
            say("this is JDK " + jdk + ", and restarts need JDK " + Jdk.LEAST
                    + " or newer; the program goes on without Baton");
            return;
        }
        try {
            Object ready = IsolatedLoader.ofAgent()
                    .loadClass("dev.baton.agent.Agent")
                    .getMethod("start", String.class, Instrumentation.class)
                    .invoke(null, arguments == null ? "" : arguments, instrumentation);
            Program.install((Runnable) ready);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof UnsupportedOperationException) {
                say(e.getCause().getMessage() + " The program goes on without Baton");
            } else {
                fail(e.getCause());
            }
        } catch (Exception | LinkageError e) {
            fail(e);
        }
    }

    private static void fail(Throwable reason) {
        String message = reason.getMessage();
        say(message == null ? reason.toString() : message);
        System.exit(FAILED);
    }

    private static void say(String line) {
        System.err.println("baton: " + line);
    }
}
