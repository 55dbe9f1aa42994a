package dev.baton;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A start of a service that serves nobody: the JVM is to record from it an {@link AotCache}.
 *
 * <p>The process has the service's own command line, and a variable that names a directory, of mode 0700. Whatever it listens on, it
 * listens privately, on the loopback interface or in that directory; it publishes no pid, and its control socket is in the
 * directory too. When it serves, it says so there by a file, which names its listeners and the release that it runs.
 */
public final class AotTraining {
    static final String VARIABLE = "BATON_TRAINING";

    private static final String REPORT = "serving";
    private static final int HOSTS = 250;

    private final Path directory;
    private final AtomicInteger listeners = new AtomicInteger();

    private AotTraining(Path directory) {
        this.directory = directory;
    }

    /** What whoever starts the process adds to its environment. */
    public static Map<String, String> environment(Path directory) {
        return Map.of(VARIABLE, directory.toAbsolutePath().toString());
    }

    /** The file that the process moves into place when it serves, not before all is in it. */
    public static Path report(Path directory) {
        return directory.resolve(REPORT);
    }

    /**
     * On which TCP addresses the process listens, by its report.
     *
     * @throws IOException if there is none
     */
    public static List<InetSocketAddress> listeners(Path directory) throws IOException {
        return ReleaseRecord.read(report(directory)).listeners();
    }

    /**
     * Keeps what the process has said of its release beside the cache that the JVM has recorded: without that, no restart
     * uses it.
     *
     * @throws IOException if there is no report, or the file cannot be written
     */
    public static void keep(Path directory, Path cache) throws IOException {
        Path record = AotCache.record(cache);
        Path next = record.resolveSibling(record.getFileName() + ".next");
        Files.copy(report(directory), next, StandardCopyOption.REPLACE_EXISTING);
        Files.move(next, record, StandardCopyOption.ATOMIC_MOVE);
    }

    /** A cache is about to be replaced: what is known of the one that is there will not be true of the next. */
    public static void forget(Path cache) throws IOException {
        Files.deleteIfExists(AotCache.record(cache));
    }

    /** The training that this process is for, if it is for one. */
    static Optional<AotTraining> ofThisProcess() {
        @Nullable String directory = InitialEnvironment.variables().get(VARIABLE);
        return Optional.ofNullable(directory)
                .map(Path::of)
                .filter(Path::isAbsolute)
                .map(AotTraining::new);
    }

    /** The service's options, less what the world would see. */
    BatonOptions options(BatonOptions service) {
        return service.unpublished(directory);
    }

    /** A key of its own for each, because {@code 127.0.0.1:0} would be one and the same. */
    ListenAddress privately(ListenAddress address) throws IOException {
        int number = listeners.getAndIncrement();
        if (address instanceof ListenAddress.Unix) {
            return ListenAddress.unix(directory.resolve(number + ".socket"));
        }
        InetAddress host =
                InetAddress.getByAddress(new byte[] {127, 0, (byte) (number / HOSTS), (byte) (1 + number % HOSTS)});
        InetSocketAddress anyPort = new InetSocketAddress(host, 0);
        return address instanceof ListenAddress.Udp ? ListenAddress.udp(anyPort) : ListenAddress.tcp(anyPort);
    }

    /** This process serves, and may be asked. */
    void serves(ReleaseFiles release, List<InetSocketAddress> listeners) {
        Path report = report(directory);
        Path next = report.resolveSibling(REPORT + ".next");
        try {
            ReleaseRecord.of(CommandLine.ofThisProcess(), release, listeners).write(next);
            Files.move(next, report, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Log.trainingNotReported(e);
        }
    }
}
