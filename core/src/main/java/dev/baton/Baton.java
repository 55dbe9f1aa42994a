package dev.baton;

import dev.baton.posix.Platform;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * This process as one generation of a service that is restarted without its clients noticing.
 *
 * <pre>{@code
 * try (Baton baton = Baton.start()) {
 *     Listener listener = baton.listen(ListenAddress.parse("127.0.0.1:8080"));
 *     ... set up a server on it and baton.join(it) ...
 *     baton.ready();
 *     baton.awaitExit();
 * }
 * }</pre>
 *
 * SIGHUP starts a successor with this process's own command line; SIGTERM and SIGINT stop the service gracefully. There is
 * one Baton in a process. Safe for use by any thread.
 */
public final class Baton implements AutoCloseable {
    private static final AtomicReference<Optional<Baton>> CURRENT = new AtomicReference<>(Optional.empty());

    private final Generation generation;

    private Baton(Generation generation) {
        this.generation = generation;
    }

    /** Starts with {@link BatonOptions#configured()}. */
    public static Baton start() throws IOException {
        Platform.current();
        return start(BatonOptions.configured().build());
    }

    /**
     * Starts this process's generation: takes over what a parent hands, if one started this process, and listens for
     * signals. Call it first thing in {@code main}.
     *
     * @throws HandoffException if a parent is there and the handoff fails; the parent serves on
     * @throws IOException if the control socket or the pid file cannot be had; the message says what to do
     * @throws IllegalStateException if Baton was started in this process before
     * @throws UnsupportedOperationException on a platform that Baton does not run on
     */
    public static Baton start(BatonOptions options) throws IOException {
        Platform.current();
        synchronized (CURRENT) {
            if (CURRENT.get().isPresent()) {
                throw new IllegalStateException("Baton was started in this process before; use Baton.current()");
            }
            Baton baton = new Baton(Generation.start(options));
            CURRENT.set(Optional.of(baton));
            return baton;
        }
    }

    /** The Baton of this process, if it was started; it stays after the generation has ended. */
    public static Optional<Baton> current() {
        return CURRENT.get();
    }

    /** The number of this generation; the first is 1. */
    public int generation() {
        return generation.number();
    }

    /**
     * Whether this process serves nobody, and only runs so that an AOT cache is recorded ({@code baton train}): then its
     * listeners are private, whatever their addresses. A program may leave out what nobody else is to see.
     */
    public boolean isTraining() {
        return generation.isTraining();
    }

    /** What this generation is doing at this moment. */
    public State state() {
        return generation.state();
    }

    /**
     * What this generation says of itself at this moment, as {@link BatonControl#status()} says it to operators; also after
     * it has ended. It waits for the decision that is being made, and reads files for the warnings, so a program that asks
     * often, or must not wait, had better ask {@link #state()}. A {@link Participant} may ask while it is called.
     *
     * @throws IllegalStateException if the generation is busy for 5 seconds: a participant does not return from a call
     */
    public GenerationStatus status() {
        return generation
                .report()
                .ask()
                .orElseThrow(() -> new IllegalStateException("this generation is busy and cannot say how it is; a"
                        + " participant does not return from a call"));
    }

    /** As {@link #listen(ListenAddress, int)}, with {@link Listeners#DEFAULT_BACKLOG}. */
    public Listener listen(ListenAddress address) throws IOException {
        return listen(address, 0);
    }

    /**
     * The listener of an address: the parent's, if it had one of the same {@link ListenAddress#key() key}, else one that
     * systemd has passed for this address (sd_listen_fds(3)), else a new one.
     *
     * <p>Ask for all listeners before {@link #ready()}: those of the parent that nobody has asked for are closed at the
     * switch.
     *
     * @param backlog how many connections may wait to be accepted, the default if not positive; of no meaning for UDP
     * @throws ListenException if the address cannot be had, or this process has it already
     */
    public Listener listen(ListenAddress address, int backlog) throws IOException {
        return generation.listen(address, backlog);
    }

    /**
     * Hands on a listening socket that the program has opened by itself, and may close at any time. For those who put
     * inherited sockets in the place of a program's own; a program that can ask for its listeners calls {@link #listen}.
     */
    public void host(HostedListener listener) {
        generation.host(listener);
    }

    /**
     * Takes the parent's next listener of this address, as a descriptor that the caller owns: non-blocking, listening,
     * shared with the parent, which serves on it until the switch. It is not handed on unless it is {@linkplain #host
     * hosted}.
     *
     * @return empty if the parent has passed none, or all of them are taken
     */
    public OptionalInt takeInherited(ListenAddress address) throws IOException {
        return generation.detachInherited(address);
    }

    /**
     * The listeners of which systemd has a copy that outlives this process: the sockets of its socket units, and what it
     * stores for the case that this service crashes. The path of one of Unix must not be removed, at the end of the process
     * neither.
     */
    public List<ListenAddress> listenersOfSystemd() {
        return generation.listenersOfSystemd();
    }

    /**
     * The parent's listeners that nobody has asked for yet; they are closed at the switch. In a first generation, those that
     * an earlier life of the service has left to systemd. The sockets of socket units on which the parent's program did not
     * listen are not among them, although they can be asked for.
     */
    public List<ListenAddress> unclaimedListeners() {
        return generation.unclaimed();
    }

    /**
     * Offers bytes to the successor, which finds them as its {@link #inheritedState}: keys, counters, a cache.
     *
     * <p>The supplier is asked in each restart, when the successor connects, on a thread of its own. This process still
     * serves then, and what changes afterwards does not reach the successor. An offer stands until another of the same
     * name takes its place, and is not the successor's: state goes on to the generation after it only if the successor
     * offers it in its turn.
     *
     * <p>A supplier that throws, that has not answered 5 s after all were asked, or with whose bytes all names and bytes
     * would exceed 16 MiB, has its state left out, with a line in the log; the restart goes on. It must: else a fault in
     * this release could keep the release that corrects it from being started. A successor that cannot do without ends
     * its start, and this process serves on.
     *
     * <p>The bytes go through a socket that no other user can open, and are not logged.
     *
     * @param name 1 to 255 bytes of UTF-8; Baton's own begin with {@code dev.baton.}
     * @throws IllegalArgumentException if the name is none
     */
    public void offerState(String name, Supplier<byte[]> supplier) {
        generation.offerState(name, supplier);
    }

    /**
     * What the parent offered by this name, as often as asked; the array is the caller's own.
     *
     * @return empty if there is no parent, or it offered no such state, or it had to leave it out, or its release of Baton
     *     is too old to pass state on
     */
    public Optional<byte[]> inheritedState(String name) {
        return generation.inheritedState(name);
    }

    /**
     * Lets a server take part in restarts. It is told to accept when this generation may: at once, before this method
     * returns, if it serves already, else when it is {@linkplain #ready() ready} and the parent has agreed.
     *
     * @throws IllegalStateException if this generation has been succeeded or stopped
     */
    public void join(Participant participant) {
        await(generation.join(participant), IllegalStateException.class);
    }

    /**
     * Says that this process can serve; returns when it does. The first generation serves at once, a successor when its
     * parent has been told. Further calls do nothing.
     *
     * @throws HandoffException if the parent does not answer, or the process was stopped meanwhile: end it
     */
    public void ready() throws HandoffException {
        await(generation.ready(), HandoffException.class);
    }

    /**
     * Tells the parent why this process is about to end without having served: the parent logs the reason, and it is in the
     * detail of its {@link RestartResult.Failed}. For programs whose last words go elsewhere than to standard error. To end
     * the process, with a status other than 0, is the program's; after {@link #ready()} this does nothing.
     *
     * @param reason one line, of at most a few hundred characters
     */
    public void tellFailure(String reason) {
        generation.tellFailure(reason).join();
    }

    /**
     * Starts a successor, as SIGHUP does.
     *
     * @return completes with the outcome, never exceptionally
     */
    public CompletableFuture<RestartResult> restart() {
        return Owner.away(generation.restart());
    }

    /**
     * Goes back to the generation before: it accepts again, and the one that has succeeded it finishes what it has begun
     * and exits. Possible during the {@code undo-window} after a restart, in either of the two processes.
     *
     * @return completes with the outcome, never exceptionally
     */
    public CompletableFuture<UndoResult> undo() {
        return Owner.away(generation.undo("Baton.undo()"));
    }

    /**
     * Sets what decides, during the undo window after this generation has taken over, whether it is well: it is called
     * every {@code health-interval}, on a virtual thread, and answers within 5 seconds. If it says no, or throws, three
     * times in a row, or does not answer, the parent accepts again and this generation ends. Without one it is enough that
     * the process reacts.
     */
    public void healthCheck(BooleanSupplier check) {
        generation.healthCheck(check);
    }

    /** Stops the service gracefully, as SIGTERM does, if that has not begun yet; returns at once. */
    public void stop() {
        if (generation.state() != State.RETIRED) {
            generation.stop("Baton.stop()");
        }
    }

    /** The number of the signal that has stopped this service (signal(7)), if one has; Ctrl-C is SIGINT. */
    public OptionalInt stopSignal() {
        return generation.stopSignal();
    }

    /**
     * Waits until this generation has been succeeded or stopped and everything that it had begun is finished or, at the
     * {@code drain-timeout}, cut. Then {@code main} may return.
     */
    public void awaitExit() throws InterruptedException {
        try {
            generation.retired().get();
        } catch (ExecutionException e) {
            throw new AssertionError("retirement does not fail", e);
        }
    }

    /**
     * Ends what has not ended yet, and waits until everything is finished.
     *
     * <p>A program that comes here without having been succeeded or stopped has failed, by an exception in {@code main}
     * for instance. If its parent can still come back it does, as after {@link #undo()}; otherwise this is
     * {@link #stop()}. To end the service on purpose say so.
     */
    @Override
    public void close() {
        generation.close("Baton.close()");
        generation.retired().join();
    }

    private static <E extends Exception> void await(CompletableFuture<Void> event, Class<E> expected) throws E {
        try {
            event.join();
        } catch (CompletionException e) {
            if (expected.isInstance(e.getCause())) {
                throw expected.cast(e.getCause());
            }
            throw e;
        }
    }
}
