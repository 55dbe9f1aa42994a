package dev.baton;

import dev.baton.posix.ProcessContext;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * The folder of the control sockets: {@code run-dir}, else {@code $XDG_RUNTIME_DIR/baton}, else {@code /run/baton} for
 * root, else one of the user's own in the temporary directory.
 *
 * <p>Whoever can put a socket there could be handed our listeners, so it must be a real directory of ours, of mode 0700.
 */
final class RunDirectory {
    private static final String MODE = "rwx------";

    private RunDirectory() {}

    /**
     * Finds or makes the folder.
     *
     * @throws IOException if it cannot be made or is not ours alone; the message says what to do
     */
    static Path open(Optional<Path> configured) throws IOException {
        int user = ProcessContext.effectiveUserId();
        Path directory = configured.orElseGet(() -> byDefault(user));
        try {
            Files.createDirectories(Optional.ofNullable(directory.getParent()).orElse(directory));
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
        } catch (FileAlreadyExistsException e) {
            // Checked below, whoever made it.
        } catch (IOException e) {
            throw new IOException(
                    "cannot make the directory " + directory + " (" + e.getMessage()
                            + "); set BATON_RUN_DIR to one that this user may create",
                    e);
        }
        check(directory, user);
        return directory;
    }

    /** Where processes of this user and this configuration have their sockets, whether it is there or not. */
    static Path configuredOrDefault() throws IOException {
        int user = ProcessContext.effectiveUserId();
        return BatonOptions.configured().build().runDirectory().orElseGet(() -> byDefault(user));
    }

    /**
     * Whether there is a run directory, for those who look for others.
     *
     * @throws IOException if what is there is not ours alone
     */
    static boolean exists(Path directory) throws IOException {
        // Not the same as Files.exists: one that cannot be reached is not one that is not there.
        boolean exists = !Files.notExists(directory, LinkOption.NOFOLLOW_LINKS);
        if (exists) {
            check(directory, ProcessContext.effectiveUserId());
        }
        return exists;
    }

    private static Path byDefault(int user) {
        String runtime = InitialEnvironment.variables().get("XDG_RUNTIME_DIR");
        if (runtime != null && runtime.startsWith("/")) {
            return Path.of(runtime, "baton");
        }
        return user == 0
                ? Path.of("/run/baton")
                : Path.of(System.getProperty("java.io.tmpdir", "/tmp"), "baton-" + user);
    }

    private static void check(Path directory, int user) throws IOException {
        boolean ours = Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
                && Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                        .equals(user)
                && PosixFilePermissions.toString(Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS))
                        .equals(MODE);
        if (!ours) {
            throw new IOException(directory + " must be a directory (no symbolic link) of user " + user
                    + " with mode 0700; mend it or set BATON_RUN_DIR to another");
        }
    }
}
