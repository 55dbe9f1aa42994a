package dev.baton.spring;

import dev.baton.Baton;
import dev.baton.BatonOptions;
import dev.baton.HandoffException;
import dev.baton.ListenAddress;
import dev.baton.Listener;
import dev.baton.Participant;
import dev.baton.drain.DrainOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.availability.ApplicationAvailability;
import org.springframework.boot.availability.LivenessState;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.NestedExceptionUtils;

/**
 * The application as one generation.
 *
 * <p>Its end comes from one of two sides, and whichever is first sees to it. If it is Baton's (succeeded, undone, SIGTERM,
 * a request at the control socket), everything has been finished when {@code awaitExit} returns: what follows is an exit of the
 * JVM, in which Spring Boot's shutdown hook closes the context, as after a SIGTERM without Baton. If it is the
 * program's, which closes its context or fails, the context's {@link BatonLifecycle} ends the generation, and how the process
 * ends is the program's affair: {@link #ending} keeps the exit of the other side from getting in between.
 */
final class ApplicationGeneration {
    /** More would not be read, in a log line of the parent. */
    private static final int MAX_REASON = 300;

    private final Baton baton;
    private final BatonProperties properties;
    private final DrainOptions drainOptions;
    private final AtomicBoolean ending = new AtomicBoolean();
    private final List<Participant> servers = new CopyOnWriteArrayList<>();

    private ApplicationGeneration(Baton baton, BatonProperties properties, DrainOptions drainOptions) {
        this.baton = baton;
        this.properties = properties;
        this.drainOptions = drainOptions;
    }

    /**
     * Starts Baton.
     *
     * @throws BatonException if that fails
     * @throws UnsupportedOperationException on a platform that Baton does not run on
     */
    static ApplicationGeneration start(BatonProperties properties) {
        try {
            BatonOptions options = properties.options();
            DrainOptions drainOptions = properties.drainOptions();
            ApplicationGeneration generation =
                    new ApplicationGeneration(Baton.start(options), properties, drainOptions);
            Thread.ofPlatform().daemon().name("baton-spring-exit").start(generation::exitWhenOver);
            return generation;
        } catch (IOException | IllegalArgumentException e) {
            throw new BatonException(e);
        }
    }

    private void exitWhenOver() {
        try {
            baton.awaitExit();
        } catch (InterruptedException e) {
            return; // Nobody interrupts it but a program that wants to end in its own way.
        }
        if (!ending.getAndSet(true)) {
            System.exit(hasServed() ? 0 : 1);
        }
    }

    /** Asked when everything is over, when it is known. */
    private boolean hasServed() {
        try {
            baton.ready();
            return true;
        } catch (HandoffException e) {
            return false;
        }
    }

    Baton baton() {
        return baton;
    }

    DrainOptions drainOptions() {
        return drainOptions;
    }

    BatonProperties properties() {
        return properties;
    }

    /**
     * The listener of an address, which a server is about to get.
     *
     * @param host all addresses if absent
     * @throws BatonException if the address cannot be had
     */
    Listener listen(@Nullable InetAddress host, int port, int backlog) {
        try {
            return baton.listen(ListenAddress.tcp(new InetSocketAddress(host, port)), backlog);
        } catch (IOException e) {
            throw new BatonException(e);
        }
    }

    /** A server that Spring starts before {@link #join}. */
    void add(Participant server) {
        servers.add(server);
    }

    /** All servers have been started. */
    void join() {
        servers.forEach(baton::join);
    }

    /** Whether any server of the application takes part. */
    boolean hasServers() {
        return !servers.isEmpty();
    }

    /** The application can serve; returns when it does. */
    void ready(ConfigurableApplicationContext context) {
        context.getBeanProvider(ApplicationAvailability.class)
                .ifAvailable(availability ->
                        baton.healthCheck(() -> availability.getLivenessState() == LivenessState.CORRECT));
        try {
            baton.ready();
        } catch (HandoffException e) {
            throw new BatonException(e);
        }
    }

    /** The application's start has failed; Spring Boot reports it, and ends the process. */
    void failed(Throwable failure) {
        ending.set(true);
        baton.tellFailure(reason(failure));
    }

    /** Of Baton's own failures the message says it all; of others, the cause that no other has. */
    private static String reason(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof BatonException) {
                return firstLine(String.valueOf(each.getMessage()));
            }
        }
        Throwable cause = NestedExceptionUtils.getMostSpecificCause(failure);
        return firstLine(cause.getClass().getSimpleName() + ": " + cause.getMessage());
    }

    private static String firstLine(String text) {
        String line = text.lines().findFirst().orElse("");
        return line.length() > MAX_REASON ? line.substring(0, MAX_REASON) + "..." : line;
    }

    /** The context is closed, by whomever; returns when everything that was begun is finished. */
    void close() {
        ending.set(true);
        baton.close();
    }
}
