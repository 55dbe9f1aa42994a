package dev.baton.benchmarks;

import dev.baton.testkit.ChildJvm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;

/** A {@link ContenderServer} that runs, as seen from outside. */
final class ContenderProcess {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(30);

    private final Contender contender;
    private final ChildJvm child;
    private final InetSocketAddress address;

    private ContenderProcess(Contender contender, ChildJvm child, InetSocketAddress address) {
        this.contender = contender;
        this.child = child;
        this.address = address;
    }

    static ContenderProcess start(Contender contender, Children children) throws IOException, InterruptedException {
        ChildJvm child = children.add(ChildJvm.of(ContenderServer.class)
                .jvmOptions("-Xms256m", "-Xmx256m")
                // Without nodelay the JDK's server waits for the client's delayed acknowledgement, 40 ms a request.
                .jvmOptions(
                        "-Dcom.sun.net.httpserver.HttpServerProvider=" + provider(contender),
                        "-Dsun.net.httpserver.nodelay=true")
                .jvmOptions(agent(contender))
                .arguments(contender.name(), Integer.toString(contender.hasAgent() ? freePort() : 0))
                .start());
        String line = child.awaitLine(ContenderServer.LISTENING, START_TIMEOUT).text();
        int port = Integer.parseInt(line.substring(ContenderServer.LISTENING.length()));
        return new ContenderProcess(contender, child, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    private static String provider(Contender contender) {
        return contender == Contender.JDK || contender == Contender.JDK_WITH_AGENT
                ? "sun.net.httpserver.DefaultHttpServerProvider"
                : "dev.baton.http.BatonHttpServerProvider";
    }

    private static String[] agent(Contender contender) {
        return contender.hasAgent() ? new String[] {AgentStart.option()} : new String[0];
    }

    /** One that nobody has at the moment. */
    static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    Contender contender() {
        return contender;
    }

    InetSocketAddress address() {
        return address;
    }

    long pid() {
        return child.pid();
    }

    /** The processor time of all its threads so far, in the kernel's account of it. */
    Duration cpuTime() {
        return ProcessHandle.of(child.pid())
                .flatMap(process -> process.info().totalCpuDuration())
                .orElseThrow(() -> new IllegalStateException(contender + " has ended"));
    }
}
