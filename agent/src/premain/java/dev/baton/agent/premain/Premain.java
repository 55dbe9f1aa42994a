package dev.baton.agent.premain;

import java.io.File;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.InvocationTargetException;
import java.util.jar.JarFile;

/** The first class of {@code java -javaagent:baton.jar}: looks whether the JDK is new enough, and starts the rest. */
public final class Premain {
    private static final int LEAST_JDK = 25;

    /** The exit status of a program whose agent cannot do its work: a wrong option, or a handoff that failed. */
    private static final int FAILED = 1;

    private Premain() {}

    /**
     * Called by the JVM before {@code main}. On an older JDK, or a platform that Baton does not run on, the program goes
     * on without it; if anything else is wrong, it ends here, because a program that was to be restartable is not.
     */
    public static void premain(String arguments, Instrumentation instrumentation) {
        int jdk = feature(System.getProperty("java.specification.version"));
        if (jdk < LEAST_JDK) {
            say("this is JDK " + jdk + ", and restarts need JDK " + LEAST_JDK
                    + " or newer; the program goes on without Baton");
            return;
        }
        try {
            // Never closed: classes are loaded from it as long as the process lives, whatever becomes of the file's name.
            JarFile jar = new JarFile(new File(Premain.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI()));
            Object ready = new IsolatedLoader(jar)
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

    /** 8 of {@code 1.8}, 25 of {@code 25}. */
    static int feature(String version) {
        return Integer.parseInt(version.startsWith("1.") ? version.substring(2) : version);
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
