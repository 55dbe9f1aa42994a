package dev.baton.cli;

import dev.baton.Baton;
import dev.baton.BatonOptions;
import dev.baton.HandoffException;
import dev.baton.ListenAddress;
import dev.baton.State;
import dev.baton.http.HttpServerOptions;
import dev.baton.http.TlsOptions;
import dev.baton.http.TlsProvider;
import dev.baton.http.WarmUp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code baton serve}: serves the files of a directory, and restarts at SIGHUP. */
@Command(
        name = "serve",
        description = "Serves the files of a directory over HTTP or HTTPS.",
        mixinStandardHelpOptions = true,
        showDefaultValues = false,
        footerHeading = "%nSignals:%n",
        footer = {
            "  HUP         start a new process, which takes over; this one finishes what it began",
            "  TERM, INT   finish what was begun, then exit; the second time, exit at once",
            "",
            "Options can be kept in a file that is named as @FILE. A restart reads the file again:",
            "listeners that are added there are opened, those removed are closed, all others stay open."
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:stopped as asked, or succeeded by a new process",
            "1:failed while running",
            "2:could not start: one line on the standard error stream says what to do"
        })
final class ServeCommand implements Callable<Integer> {
    static final ListenAddress DEFAULT_ADDRESS = ListenAddress.parse("127.0.0.1:8000");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls.
    private CommandSpec spec;

    @Parameters(
            paramLabel = "DIR",
            arity = "0..1",
            description = "the directory to serve; by default the working directory")
    private Path directory = Path.of("");

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS",
            converter = Converters.OfListenAddress.class,
            description = "HOST:PORT or unix:PATH, may be given several times; by default 127.0.0.1:8000")
    private List<ListenAddress> addresses = new ArrayList<>();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "what operators call this service (baton.name, BATON_NAME)")
    private Optional<String> name = Optional.empty();

    @Option(
            names = "--pid-file",
            paramLabel = "FILE",
            description = "the pid of the process that serves is kept in this file (baton.pid-file, BATON_PID_FILE)")
    private Optional<Path> pidFile = Optional.empty();

    @Option(
            names = "--ready-timeout",
            paramLabel = "TIME",
            converter = Converters.OfDuration.class,
            description = "how long a new process may take until it serves, such as 500ms, 30s or 2m;"
                    + " by default 60s (baton.ready-timeout, BATON_READY_TIMEOUT)")
    private Optional<Duration> readyTimeout = Optional.empty();

    @Option(
            names = "--drain-timeout",
            paramLabel = "TIME",
            converter = Converters.OfDuration.class,
            description = "how long connections may take to finish before they are cut, 0 for ever;"
                    + " by default 30s (baton.drain-timeout, BATON_DRAIN_TIMEOUT)")
    private Optional<Duration> drainTimeout = Optional.empty();

    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description = "serve over TLS with the certificate in this PEM file, followed by those of its issuers;"
                    + " a restart reads the file again")
    private Optional<Path> tlsCertificate = Optional.empty();

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "the private key of the certificate, in PEM and not encrypted")
    private Optional<Path> tlsKey = Optional.empty();

    @Option(
            names = "--tls-provider",
            paramLabel = "NAME",
            description = "OPENSSL, JDK or AUTO; by default AUTO, which is OPENSSL where that can be loaded:"
                    + " only with it clients resume their sessions after a restart")
    private TlsProvider tlsProvider = TlsProvider.AUTO;

    @Option(
            names = "--proxy-protocol",
            description =
                    "every connection begins with a header of the PROXY protocol, version 1 or 2, and the client is"
                            + " whom it names; only where nobody but proxies can connect, because the header is believed")
    private boolean proxyProtocol;

    @Option(
            names = "--warm-up-path",
            paramLabel = "PATH",
            description = "before a new process takes over it asks itself for this path, 2,000 times;"
                    + " may be given several times")
    private List<String> warmUpPaths = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        Path root = directory();
        Optional<TlsOptions> tls = tls();
        WarmUp warmUp = warmUp();
        try (Baton baton = start()) {
            serve(baton, root, tls, warmUp);
            return ExitStatus.OK;
        } catch (IOException e) {
            // Its message says what to do: the address, the pid file or the parent.
            throw new CannotRunException(e);
        }
    }

    private void serve(Baton baton, Path root, Optional<TlsOptions> tls, WarmUp warmUp)
            throws IOException, InterruptedException {
        try {
            HttpServerOptions http = HttpServerOptions.builder()
                    .proxyProtocol(proxyProtocol)
                    .warmUp(warmUp)
                    .build();
            FileService.serve(
                    baton, root, addresses(), http, tls, spec.commandLine().getOut());
        } catch (HandoffException e) {
            if (baton.generation() > 1) {
                throw e;
            }
            // The first generation has no parent that could fail it: it was stopped before it was ready, as asked.
            Errors.print(spec.commandLine(), String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            if (baton.state() != State.RETIRED) {
                throw e;
            }
            // The same, at a moment at which the server could not even be started any more.
        }
        baton.awaitExit();
    }

    private Baton start() throws CannotRunException, IOException {
        try {
            return Baton.start(options());
        } catch (IllegalArgumentException | UnsupportedOperationException e) {
            throw new CannotRunException(e);
        }
    }

    /** The options of the command line, over those of the properties, over those of the environment. */
    BatonOptions options() {
        BatonOptions.Builder builder = BatonOptions.configured();
        name.ifPresent(builder::name);
        pidFile.ifPresent(builder::pidFile);
        readyTimeout.ifPresent(builder::readyTimeout);
        drainTimeout.ifPresent(builder::drainTimeout);
        return builder.build();
    }

    List<ListenAddress> addresses() {
        return addresses.isEmpty() ? List.of(DEFAULT_ADDRESS) : List.copyOf(addresses);
    }

    private Optional<TlsOptions> tls() throws CannotRunException {
        if (tlsCertificate.isPresent() != tlsKey.isPresent()) {
            throw new CannotRunException("--tls-cert and --tls-key belong together; give both or neither");
        }
        return tlsCertificate.flatMap(certificate -> tlsKey.map(key -> new TlsOptions(certificate, key, tlsProvider)));
    }

    private WarmUp warmUp() throws CannotRunException {
        try {
            return warmUpPaths.isEmpty() ? WarmUp.defaults() : WarmUp.of(warmUpPaths.toArray(String[]::new));
        } catch (IllegalArgumentException e) {
            throw new CannotRunException(e);
        }
    }

    private Path directory() throws CannotRunException {
        Path root = directory.toAbsolutePath().normalize();
        if (!Files.exists(root)) {
            throw new CannotRunException("the directory " + root + " does not exist; create it or name another");
        }
        if (!Files.isDirectory(root)) {
            throw new CannotRunException(root + " is not a directory; name the one that holds it");
        }
        if (!Files.isReadable(root) || !Files.isExecutable(root)) {
            throw new CannotRunException(
                    "the directory " + root + " cannot be read by this user; change its mode or name another");
        }
        return root;
    }
}
