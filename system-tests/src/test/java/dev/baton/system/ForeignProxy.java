package dev.baton.system;

import static dev.baton.system.RunningService.SOON;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.testkit.Await;
import dev.baton.testkit.Load;
import dev.baton.testkit.Request;
import dev.baton.testkit.StrictConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A reverse proxy of the field, in front of a {@link RunningService}: a real process, which keeps its connections to the
 * service, and is told never to repeat a request. It listens at a Unix path, so that no port can be somebody else's.
 */
final class ForeignProxy implements AutoCloseable {
    private final Process process;
    private final Path directory;

    private ForeignProxy(Path directory, String... command) throws IOException {
        this.directory = directory;
        this.process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output().toFile())
                .start();
    }

    /** Starts nginx, or skips the test where it is missing; requests without an answer are passed on once. */
    static ForeignProxy nginx(Path directory, InetSocketAddress service) throws Exception {
        assumeInstalled("nginx");
        Path configuration = Files.writeString(directory.resolve("nginx.conf"), """
                daemon off;
                worker_processes 1;
                pid nginx.pid;
                error_log stderr warn;
                events { worker_connections 1024; }
                http {
                    log_format peers '$status $upstream_http_service_peer';
                    access_log requests.log peers buffer=1m flush=100ms;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    keepalive_requests 1000000;
                    upstream service {
                        server %s:%d max_fails=0;
                        keepalive 200;
                        keepalive_requests 1000000;
                        keepalive_timeout 10m;
                    }
                    server {
                        listen unix:%s;
                        location / {
                            proxy_pass http://service;
                            proxy_http_version 1.1;
                            proxy_set_header Connection "";
                            proxy_next_upstream off;
                        }
                    }
                }
                """.formatted(
                        service.getHostString(), service.getPort(), directory.resolve("front")));
        return new ForeignProxy(directory, program("nginx"), "-p", directory.toString(), "-c", configuration.toString())
                .awaitListening();
    }

    /**
     * Starts HAProxy, or skips the test where it is missing.
     *
     * @param serverOptions more words for the line that describes the service
     */
    static ForeignProxy haproxy(Path directory, InetSocketAddress service, String serverOptions) throws Exception {
        assumeInstalled("haproxy");
        Path configuration = Files.writeString(directory.resolve("haproxy.cfg"), """
                global
                    nbthread 1
                    maxconn 1000
                    stats socket %s mode 600 level user
                defaults
                    mode http
                    retries 0
                    timeout connect 10s
                    timeout client 60s
                    timeout server 60s
                    timeout http-keep-alive 60s
                frontend front
                    bind unix@%s
                    default_backend service
                backend service
                    http-reuse always
                    server only %s:%d pool-purge-delay 10m %s
                """.formatted(
                        directory.resolve("stats"),
                        directory.resolve("front"),
                        service.getHostString(),
                        service.getPort(),
                        serverOptions));
        return new ForeignProxy(directory, program("haproxy"), "-db", "-f", configuration.toString()).awaitListening();
    }

    private static void assumeInstalled(String program) {
        assumeTrue(find(program).isPresent(), program + " is not installed (Debian: " + program + ")");
    }

    private static String program(String name) {
        return find(name).orElseThrow().toString();
    }

    /** Daemons are in a folder that only root's path names. */
    private static Optional<Path> find(String program) {
        return Stream.concat(Stream.of(System.getenv().getOrDefault("PATH", "").split(":", 0)), Stream.of("/usr/sbin"))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Path output() {
        return directory.resolve("output");
    }

    private UnixDomainSocketAddress address() {
        return UnixDomainSocketAddress.of(directory.resolve("front"));
    }

    private ForeignProxy awaitListening() throws Exception {
        try {
            Await.state("the proxy listens", SOON, () -> {
                if (!process.isAlive()) {
                    throw new AssertionError("the proxy has ended; it said " + Files.readString(output()));
                }
                return accepts();
            });
            return this;
        } catch (Exception | AssertionError e) {
            close();
            throw e;
        }
    }

    private boolean accepts() {
        try (StrictConnection _ = StrictConnection.open(address())) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Clients of the proxy. */
    Load load(List<Request> requests) {
        return Load.of(address(), requests);
    }

    /** From how many ports nginx's requests came, as the service has seen it. */
    int nginxConnections() throws IOException {
        stop(); // It writes the rest of its log.
        try (Stream<String> lines = Files.lines(directory.resolve("requests.log"))) {
            return (int) lines.distinct().count();
        }
    }

    /** How often HAProxy has connected to the service. */
    int haproxyConnections() throws IOException {
        try (StrictConnection stats = StrictConnection.open(UnixDomainSocketAddress.of(directory.resolve("stats")))) {
            stats.write("show stat typed\n".getBytes(StandardCharsets.US_ASCII));
            String typed = stats.readUntil("\n\n", SOON);
            // S (a server) . proxy . server . field's position and name . process
            List<MatchResult> found = Pattern.compile("(?m)^S\\.\\d+\\.\\d+\\.\\d+\\.connect\\.\\d+:\\S+:u64:(\\d+)$")
                    .matcher(typed)
                    .results()
                    .toList();
            return Integer.parseInt(found.getFirst().group(1));
        }
    }

    /** By SIGTERM, because nginx's worker would outlive a SIGKILL of its master. */
    private void stop() {
        process.destroy();
        var _ = process.onExit()
                .completeOnTimeout(process, SOON.toSeconds(), TimeUnit.SECONDS)
                .join();
        process.destroyForcibly();
    }

    @Override
    public void close() {
        stop();
    }
}
