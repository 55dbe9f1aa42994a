package dev.baton.system;

import dev.baton.cli.Main;
import dev.baton.testkit.Await;
import dev.baton.testkit.ChildJvm;
import dev.baton.testkit.ExpectedBody;
import dev.baton.testkit.Load;
import dev.baton.testkit.ProcFs;
import dev.baton.testkit.Request;
import dev.baton.testkit.Signals;
import dev.baton.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code baton serve} with a certificate, in a folder of its own. */
final class TlsSite implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(60);

    private static final byte[] PAGE = "hello over TLS\n".getBytes(StandardCharsets.UTF_8);
    private static final Pattern ADDRESS = Pattern.compile("https://(127\\.0\\.0\\.1):(\\d+)/");

    private final Path directory;
    private final ChildJvm child;
    private final InetSocketAddress address;

    private TlsSite(Path directory, ChildJvm child, InetSocketAddress address) {
        this.directory = directory;
        this.child = child;
        this.address = address;
    }

    static TlsSite start(Path directory, TestCertificate certificate) throws Exception {
        return start(ChildJvm.of(Main.class), directory, certificate);
    }

    /** As {@link #start(Path, TestCertificate)}, with a command line of the caller's, and more options. */
    static TlsSite start(ChildJvm.Builder command, Path directory, TestCertificate certificate, String... options)
            throws Exception {
        install(directory, certificate.certificatePem(), certificate.keyPem());
        Path site = Files.createDirectory(directory.resolve("site"));
        Files.write(site.resolve("hello.txt"), PAGE);
        ChildJvm child = command.environment("BATON_UNDO_WINDOW", "0") // An old process exits when it has drained.
                .environment("BATON_RUN_DIR", directory.resolve("run").toString())
                .arguments("serve", site.toString(), "--listen", "127.0.0.1:0")
                .arguments("--pid-file", directory.resolve("pid").toString())
                .arguments("--tls-cert", certificateFile(directory).toString())
                .arguments("--tls-key", directory.resolve("key.pem").toString())
                .arguments(options)
                .start();
        String line = child.awaitLine("serving ", SOON).text();
        Matcher matcher = ADDRESS.matcher(line);
        if (!matcher.find()) {
            child.close();
            throw new AssertionError("no address in: " + line);
        }
        return new TlsSite(
                directory, child, new InetSocketAddress(matcher.group(1), Integer.parseInt(matcher.group(2))));
    }

    private static Path certificateFile(Path directory) {
        return directory.resolve("cert.pem");
    }

    /** Puts other files in the place of certificate and key, as a tool that renews them does. */
    void install(String certificate, String key) throws IOException {
        install(directory, certificate, key);
    }

    private static void install(Path directory, String certificate, String key) throws IOException {
        replace(certificateFile(directory), certificate);
        replace(directory.resolve("key.pem"), key);
    }

    private static void replace(Path file, String content) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".next");
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    Path certificateFile() {
        return certificateFile(directory);
    }

    ChildJvm child() {
        return child;
    }

    InetSocketAddress address() {
        return address;
    }

    static Request request() {
        return Request.get("/hello.txt", ExpectedBody.bytes(PAGE));
    }

    Load load(TestCertificate trusted) throws Exception {
        return Load.of(address, request()).tls(trusted.clientContext());
    }

    long publishedPid() throws IOException {
        return Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    }

    void hup() throws Exception {
        Signals.send(publishedPid(), "HUP");
    }

    /** Restarts, and waits until the new generation serves. */
    void switchTo(int generation) throws Exception {
        hup();
        child.awaitLine("(generation " + generation, SOON);
    }

    /** Restarts, and waits until the old generation has ended too. */
    void restart(int generation) throws Exception {
        long old = publishedPid();
        switchTo(generation);
        Await.state("the old process has ended", SOON, () -> !ProcFs.running(old));
    }

    @Override
    public void close() {
        child.close();
    }
}
