package dev.baton;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The standard streams that a successor gets: this process's own, the same open file descriptions, so that whoever reads
 * or rotates them sees no difference.
 *
 * <p>A process that is started with one of them closed gets something else in its place: the first file that the JVM opens,
 * which is the JDK's own image of its modules. A successor that inherited that would read it as its input. It gets
 * {@code /dev/null} instead.
 */
final class StandardStreams {
    private static final File NULL = new File("/dev/null");

    private StandardStreams() {}

    static void passTo(ProcessBuilder builder) {
        builder.redirectInput(isJdks(0) ? Redirect.from(NULL) : Redirect.INHERIT);
        builder.redirectOutput(isJdks(1) ? Redirect.to(NULL) : Redirect.INHERIT);
        builder.redirectError(isJdks(2) ? Redirect.to(NULL) : Redirect.INHERIT);
    }

    private static boolean isJdks(int descriptor) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor))
                    .startsWith(Path.of(System.getProperty("java.home")).toRealPath());
        } catch (IOException e) {
            return false; // Closed, and then a child's is closed too.
        }
    }
}
