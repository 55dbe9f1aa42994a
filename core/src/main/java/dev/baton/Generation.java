package dev.baton;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * This process as one in the succession: its state ({@link State} draws it), and what each event makes of it.
 *
 * <p>One thread, the {@link Owner}, decides. Signals, frames, timers, child exits and calls of the program only post what
 * is to be decided. So no two decisions race, and each may rely on what the one before it has left.
 */
final class Generation implements Signals.Actions {
    /** How long an exit at once waits for the owner. */
    private static final Duration AT_ONCE = Duration.ofSeconds(2);

    private final BatonOptions options;
    private final ListenerTable listeners;
    private final OfferedState offeredState = new OfferedState(Protocol.STATE_TIMEOUT);
    private final Optional<ParentLink> parent;
    private final Publication publication;
    private final Succession succession;
    private final ControlSocket control;
    private final int number;
    private final Owner owner = new Owner();
    private final CompletableFuture<Void> serving = new CompletableFuture<>();
    private final CompletableFuture<Void> retired = new CompletableFuture<>();
    private final AtomicBoolean exiting = new AtomicBoolean();

    // The rest belongs to the owner; other threads may read the state.
    private final ParticipantGroup participants = new ParticipantGroup();
    private volatile State state = State.STARTING;
    private boolean parentAlive;
    private boolean published;
    private boolean readyDeclared;
    /** Participants that are there, or come, are to accept. */
    private boolean accepting;

    /** Participants have been told to park for good; none may come. */
    private volatile boolean leaving;

    /** A stop that came between the word to accept and the moment at which all participants did. */
    private Optional<String> stopOrigin = Optional.empty();

    private long drainStartedAt;
    private @Nullable Future<?> deadline;

    private Generation(BatonOptions options, ListenerTable listeners, Optional<ParentLink> parent) throws IOException {
        this.options = options;
        this.listeners = listeners;
        this.parent = parent;
        this.parentAlive = parent.isPresent();
        this.number = parent.map(ParentLink::generation).orElse(1);
        this.publication = new Publication(options);
        publication.check(parent.map(ParentLink::pid));
        this.succession = new Succession(
                this, owner, CommandLine.ofThisProcess(), options.readyTimeout(), listeners, offeredState, publication);
        this.control = ControlSocket.open(options.runDirectory(), succession::admit);
    }

    /** Takes over what a parent hands, if there is one; then events may come. */
    static Generation start(BatonOptions options) throws IOException {
        ListenerTable listeners = new ListenerTable();
        Optional<HandoffVariables> handoff = InitialEnvironment.handoff();
        Optional<ParentLink> parent = Optional.empty();
        try {
            if (handoff.isPresent()) {
                parent = ParentLink.connect(handoff.get(), listeners);
            }
            Generation generation = new Generation(options, listeners, parent);
            parent.ifPresent(link -> link.listen(generation.new ParentEvents()));
            Signals.handle(generation);
            return generation;
        } catch (IOException e) {
            parent.ifPresent(ParentLink::abandon);
            listeners.abandon();
            throw e;
        }
    }

    // Calls: any thread.

    int number() {
        return number;
    }

    State state() {
        return state;
    }

    Listener listen(ListenAddress address, int backlog) throws IOException {
        if (isLeaving()) {
            throw new ListenException(address, "this generation is " + state + "; ask before that");
        }
        return listeners.claim(address, backlog);
    }

    void offerState(String name, Supplier<byte[]> supplier) {
        offeredState.offer(name, supplier);
    }

    Optional<byte[]> inheritedState(String name) {
        return parent.flatMap(link -> link.state().get(name));
    }

    /** Completes when this generation serves, exceptionally with a HandoffException if it never will. */
    CompletableFuture<Void> ready() {
        owner.post(this::declareReady);
        return serving;
    }

    CompletableFuture<Void> retired() {
        return retired;
    }

    /** Completes with the outcome, never exceptionally. */
    CompletableFuture<RestartResult> restart() {
        return begin("Baton.restart()");
    }

    @Override
    public void restart(String origin) {
        var _ = begin(origin);
    }

    private CompletableFuture<RestartResult> begin(String origin) {
        CompletableFuture<RestartResult> result = new CompletableFuture<>();
        owner.post(() -> succession.begin(origin, control, result));
        return result;
    }

    @Override
    public void stop(String origin) {
        owner.post(() -> beginStop(origin));
    }

    /**
     * Ends the process whatever else happens. What the owner has to tell the world is told first, but an owner that hangs
     * holds nothing up. Exit runs the program's shutdown hooks, so it has a thread of its own; {@link #retired} must not
     * complete before it has begun, else {@code main} could return first and the status would be 0.
     */
    @Override
    public void exitAtOnce(String origin, int status) {
        if (exiting.getAndSet(true)) {
            return;
        }
        Log.exitAtOnce(origin);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> retired.complete(null)));
        CompletableFuture<Void> freed = new CompletableFuture<>();
        owner.post(() -> {
            succession.abort();
            if (state != State.RETIRED) {
                free(participants.close());
                state = State.RETIRED; // From whichever state: the diagram ends here.
            }
            freed.complete(null);
        });
        Thread.ofPlatform().name("baton-exit").start(() -> {
            try {
                freed.get(AT_ONCE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                Log.ownerHangs(AT_ONCE);
            }
            System.exit(status);
        });
    }

    /** Adds a participant, which accepts at once if this generation does; completes when that is so. */
    CompletableFuture<Void> join(Participant participant) {
        CompletableFuture<Void> joined = new CompletableFuture<>();
        owner.post(() -> {
            if (isLeaving()) {
                joined.completeExceptionally(new IllegalStateException(
                        "this generation is " + state + " and begins to serve nothing any more"));
                return;
            }
            participants.add(participant);
            if (!accepting) {
                joined.complete(null);
                return;
            }
            owner.postAfter(
                    ParticipantGroup.guarded(participant::resume),
                    failure -> failure.ifPresentOrElse(joined::completeExceptionally, () -> joined.complete(null)));
        });
        return joined;
    }

    /** Whether it is too late to begin anything: PARKED and STOPPING are reached through the first, RETIRED at any time. */
    private boolean isLeaving() {
        return leaving || state == State.RETIRED;
    }

    // Decisions: the owner.

    void move(State next) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException(state + " cannot become " + next);
        }
        state = next;
    }

    private void declareReady() {
        if (state != State.STARTING || readyDeclared) {
            return;
        }
        readyDeclared = true;
        if (!parentAlive) {
            accept();
            return;
        }
        deadline = owner.schedule(options.readyTimeout(), this::giveUp);
        try {
            parent.orElseThrow().sendReady();
        } catch (IOException e) {
            // The link's thread sees the end of the stream too, and reports it: parentLost decides.
        }
    }

    /** The parent does not answer READY: it is frozen. It still has the listeners, so nothing is lost by leaving. */
    private void giveUp() {
        if (state == State.STARTING) {
            fail(new HandoffException("the parent (pid " + parent.orElseThrow().pid() + ") did not answer within "
                    + Durations.format(options.readyTimeout()) + "; this process ends and changes nothing"));
        }
    }

    /** This generation will never serve. */
    private void fail(HandoffException reason) {
        serving.completeExceptionally(reason);
        retire(0);
    }

    private void parentSwitched() {
        if (state == State.STARTING && readyDeclared) {
            accept();
        }
    }

    private void parentParked() {
        published = true;
        removeDropped();
    }

    private void parentLost() {
        parentAlive = false;
        long pid = parent.orElseThrow().pid();
        switch (state) {
            case STARTING -> {
                Log.parentLost(pid);
                if (readyDeclared) {
                    accept();
                }
            }
            case SERVING, UPGRADING -> {
                if (published) {
                    Log.parentEnded(pid);
                } else {
                    Log.parentLost(pid);
                    removeDropped();
                    publish();
                }
            }
            case PARKED, STOPPING, RETIRED -> {
                // What becomes of this generation is decided already.
            }
        }
    }

    /** A parent that is not understood may be alive, and then it serves: only its death leaves the service to us. */
    private void parentBroken(IOException reason) {
        Log.handoffBroken("parent", parent.orElseThrow().pid(), reason);
        if (state == State.STARTING) {
            fail(new HandoffException("the handoff from the parent failed: " + reason.getMessage(), reason));
        }
    }

    /** From here this generation accepts; it is SERVING, and may be succeeded or stopped, when all participants do. */
    private void accept() {
        if (accepting) {
            return;
        }
        accepting = true;
        cancelDeadline();
        try {
            listeners.takeOver();
        } catch (IOException e) {
            Log.backlogNotSet(e);
        }
        owner.postAfter(participants.resume(), failure -> {
            if (state != State.STARTING) {
                return;
            }
            if (failure.isPresent()) {
                fail(new HandoffException("cannot accept: " + failure.get().getMessage(), failure.get()));
            } else {
                serve();
            }
        });
    }

    private void serve() {
        move(State.SERVING);
        if (stopOrigin.isPresent()) {
            beginStop(stopOrigin.get());
            serving.completeExceptionally(stopped(stopOrigin.get()));
            return;
        }
        if (parentAlive) {
            try {
                // First of all: until it is said, the parent thinks that this process may be killed.
                parent.orElseThrow().sendAccepting();
            } catch (IOException e) {
                // As for READY: parentLost decides.
            }
        } else {
            removeDropped();
            publish();
        }
        Log.serving(number);
        serving.complete(null);
    }

    private void removeDropped() {
        List<ListenAddress> dropped = listeners.removeDropped();
        if (!dropped.isEmpty()) {
            Log.listenersDropped(dropped);
        }
    }

    /** Makes this process the one that operators know; a living parent does it for us. */
    private void publish() {
        published = true;
        publication.serving(number);
    }

    /** The successor accepts: this generation stops accepting and finishes what it has begun. */
    void succeededBy(Upgrade attempt) {
        leaving = true;
        owner.postAfter(participants.park(), () -> {
            move(State.PARKED);
            Log.switched(attempt, attempt.parked());
            try {
                attempt.link().sendParked();
            } catch (IOException e) {
                Log.handoffBroken("successor", attempt.pid(), e);
            }
            // The place of the undo window: while it is open the listeners are kept, and the death of the successor
            // leads back to SERVING. Without one, the way back ends here.
            participants.release();
            listeners.releaseAll();
            drain(Participant.DrainReason.SUCCEEDED);
            attempt.stopOrigin().ifPresent(_ -> attempt.terminate());
        });
    }

    /** Stops the service, unless it is stopping, or is another generation's. */
    void beginStop(String origin) {
        switch (state) {
            case STARTING -> {
                if (accepting) {
                    stopOrigin = Optional.of(origin); // In a moment, when what it has accepted is known.
                } else {
                    fail(stopped(origin));
                }
            }
            case SERVING -> stopServing(origin);
            case UPGRADING -> {
                if (succession.stop(origin)) {
                    stopServing(origin);
                }
            }
            case PARKED, STOPPING, RETIRED -> Log.alreadyEnding(origin, state);
        }
    }

    private static HandoffException stopped(String origin) {
        return new HandoffException("stopped by " + origin + " before it was ready");
    }

    private void stopServing(String origin) {
        Log.stopping(origin);
        move(State.STOPPING);
        leaving = true;
        // If the parent has not been told that we accept, it still does, and the service is its own.
        boolean serviceEnds = !parentAlive || serving.isDone();
        if (serviceEnds) {
            publication.stopping();
        }
        owner.postAfter(participants.park(), () -> {
            participants.release();
            if (serviceEnds) {
                listeners.closeAll();
            } else {
                listeners.abandon();
            }
            drain(Participant.DrainReason.STOPPED);
        });
    }

    private void drain(Participant.DrainReason reason) {
        drainStartedAt = System.nanoTime();
        if (options.drainTimeout().isPositive()) {
            deadline = owner.schedule(options.drainTimeout(), () -> {
                if (state != State.RETIRED) {
                    Log.drainDeadline(options.drainTimeout());
                    retire(participants.close());
                    ForcedExit.arm();
                }
            });
        }
        owner.postAfter(participants.drain(reason), () -> {
            if (state != State.RETIRED) {
                retire(participants.close());
            }
        });
    }

    private void retire(int cut) {
        free(cut);
        move(State.RETIRED);
        retired.complete(null);
    }

    /** Frees what is left. The end of an old generation is invisible: only the end of the service withdraws it. */
    private void free(int cut) {
        cancelDeadline();
        if (state == State.STARTING) {
            participants.close();
            listeners.abandon();
        } else {
            Log.retired(number, Duration.ofNanos(System.nanoTime() - drainStartedAt), cut);
        }
        if (state != State.PARKED) {
            publication.withdraw();
        }
        control.close();
        parent.ifPresent(ParentLink::close);
        succession.close();
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    /** What the link's thread sees, as events of the owner. */
    private final class ParentEvents implements ParentLink.Events {
        @Override
        public void switched() {
            owner.post(Generation.this::parentSwitched);
        }

        @Override
        public void parked() {
            owner.post(Generation.this::parentParked);
        }

        @Override
        public void lost() {
            owner.post(Generation.this::parentLost);
        }

        @Override
        public void broken(IOException reason) {
            owner.post(() -> parentBroken(reason));
        }
    }
}
