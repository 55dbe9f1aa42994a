package dev.baton.agent;

import dev.baton.Baton;
import dev.baton.HandoffException;
import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandles.Lookup;
import java.time.Duration;
import java.util.Optional;

/** Makes the program of this process, which knows nothing of it, one generation of a service. */
public final class Agent {
    /** What a JVM's exit status is after a signal: this and the signal's number. */
    private static final int SIGNALLED = 128;

    /** When a program that is not ready is told to be, once. */
    private static final Duration LONG = Duration.ofSeconds(10);

    /** The least time that the program's shutdown hooks have, even if its connections have taken all of the rest. */
    private static final Duration LEAST_FOR_HOOKS = Duration.ofSeconds(1);

    private final Baton baton;
    private final AgentOptions options;
    private final Readiness readiness = new Readiness(this::saysOrShows);
    private final ProgramListeners listeners;

    /** Whether the program has said that it can serve. */
    private volatile boolean said;

    private Agent(AgentOptions options, Instrumentation instrumentation, Lookup hooks, JdkHooks sockets)
            throws IOException, ReflectiveOperationException {
        this.options = options;
        this.baton = Baton.start(options.baton());
        NettyChannels netty = new NettyChannels(readiness, this::awaits);
        Waiters waiters = JdkHooks.waiters(hooks).and(netty::changed);
        PathGuard guard = new PathGuard(instrumentation);
        this.listeners =
                new ProgramListeners(baton, baton.generation() == 1, waiters, guard::install, readiness::changed);
        sockets.install(instrumentation, hooks, listeners, netty, readiness);
        if (listeners.hasPaths()) {
            guard.install();
        }
        Additions.install(instrumentation, NettyHooks::wanted);
        if (options.ready().heedsApplications()) {
            Additions.install(instrumentation, SpringBootHooks::wanted);
        }
        baton.join(new AgentParticipant(listeners, new DrainBits(instrumentation)));
    }

    /**
     * Called once, before the program's {@code main}.
     *
     * @param arguments what follows {@code =} in {@code -javaagent:baton.jar=}
     * @return what the program is to call when it can serve; it counts with {@code ready=explicit}
     * @throws IOException if a parent is there and the handoff fails, or the control socket or pid file cannot be had
     * @throws IllegalArgumentException if an option is wrong
     * @throws UnsupportedOperationException on a platform or a JDK that Baton does not run on; nothing has begun then
     */
    public static Runnable start(String arguments, Instrumentation instrumentation)
            throws IOException, ReflectiveOperationException {
        Lookup hooks = JdkHooks.define(instrumentation);
        JdkHooks sockets = JdkHooks.fit(hooks);
        Agent agent = new Agent(AgentOptions.of(arguments), instrumentation, hooks, sockets);
        Thread.ofPlatform().daemon().name("baton-ready").start(agent::awaitReady);
        Thread.ofPlatform().daemon().name("baton-exit").start(agent::awaitExit);
        return agent::programSaysReady;
    }

    private void awaits(int number) {
        listeners.awaits(number);
    }

    private boolean saysOrShows() {
        return options.ready() == Ready.Rule.EXPLICIT ? said : listeners.isComplete();
    }

    private void programSaysReady() {
        said = true;
        readiness.changed();
    }

    private void awaitReady() {
        try {
            if (baton.generation() > 1) {
                if (!readiness.await(LONG)) {
                    tellWhatIsMissing();
                }
                readiness.await();
            } else {
                awaitFirstLife();
            }
            // In a training the URL's port is the service's, not this program's.
            if (options.ready() instanceof Ready.Health health && !baton.isTraining()) {
                awaitHealth(health, new HealthProbe(health, listeners));
            }
            baton.ready();
        } catch (HandoffException e) {
            Log.notReady(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * After a crash systemd passes the sockets that the program had, and it is ready when it listens on all of them: those
     * that it does not are closed then. A release that has fewer is not waited for without end; some time after it has begun
     * to listen at all, it is ready as it is.
     */
    private void awaitFirstLife() throws InterruptedException {
        boolean listened = false;
        while (!readiness.await(LONG)) {
            if (listened && options.ready() != Ready.Rule.EXPLICIT) {
                Log.waitsNoLonger(listeners.missing());
                listeners.giveUpMissing();
                readiness.await();
                return;
            }
            listened = listeners.isAnyAwaited();
        }
    }

    private void tellWhatIsMissing() {
        if (options.ready() == Ready.Rule.EXPLICIT) {
            Log.waitsForWord();
        } else {
            Log.waitsFor(listeners.missing());
        }
    }

    /** Asks until the program is well; a program cannot tell by itself when its answer will be another. */
    private static void awaitHealth(Ready.Health health, HealthProbe probe) throws InterruptedException {
        long complaint = System.nanoTime() + LONG.toNanos();
        boolean complained = false;
        for (Optional<String> wrong = probe.ask(); wrong.isPresent(); wrong = probe.ask()) {
            if (!complained && System.nanoTime() - complaint >= 0) {
                complained = true;
                Log.unwell(health.url(), wrong.get());
            }
            Thread.sleep(HealthProbe.PAUSE);
        }
    }

    /**
     * Ends the program as a signal would, when nothing that it has accepted waits any more: its shutdown hooks are its own
     * graceful stop. A thread of the program that has ended it already is not disturbed.
     */
    private void awaitExit() {
        try {
            baton.awaitExit();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        int status = baton.stopSignal().stream()
                .map(signal -> SIGNALLED + signal)
                .findFirst()
                .orElse(0);
        Duration patience = options.baton().drainTimeout();
        if (patience.isPositive()) {
            Duration bound = patience.compareTo(LEAST_FOR_HOOKS) > 0 ? patience : LEAST_FOR_HOOKS;
            Thread.ofPlatform().daemon().name("baton-halt").start(() -> haltAfter(bound, status));
        }
        System.exit(status);
    }

    private static void haltAfter(Duration patience, int status) {
        try {
            Thread.sleep(patience);
        } catch (InterruptedException e) {
            return; // Nobody does.
        }
        Log.programDoesNotStop(patience);
        Runtime.getRuntime().halt(status);
    }
}
