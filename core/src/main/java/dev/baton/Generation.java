package dev.baton;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * This process as one in the succession: its state ({@link State} draws it), and what each event makes of it.
 *
 * <p>One thread, the {@link Owner}, decides. Signals, frames, timers, child exits and calls of the program only post what
 * is to be decided. So no two decisions race, and each may rely on what the one before it has left.
 */
final class Generation implements Signals.Actions {
    /** How long an exit at once waits for the owner. */
    private static final Duration AT_ONCE = Duration.ofSeconds(2);

    /** The state that tells a successor which of the listeners systemd has too. */
    private static final String SYSTEMD = "dev.baton.systemd";

    private final BatonOptions options;
    private final CommandLine commandLine;
    private final ListenerTable listeners;
    private final ReleaseFiles releaseFiles = ReleaseFiles.ofThisProcess();
    private final OfferedState offeredState = new OfferedState(Protocol.STATE_TIMEOUT);
    private final StandardError standardError;
    private final Publication publication;
    private final Ancestry ancestry;
    private final WayBack wayBack;
    private final Succession succession;
    private final ControlSocket control;
    private final int number;
    private final Owner owner = new Owner();
    private final StatusReport report = new StatusReport(this, owner);
    private final CompletableFuture<Void> serving = new CompletableFuture<>();
    private final CompletableFuture<Void> retired = new CompletableFuture<>();
    private final long startedAt = System.nanoTime();
    private final AtomicBoolean exiting = new AtomicBoolean();
    private volatile OptionalInt stopSignal = OptionalInt.empty();
    private volatile BooleanSupplier healthCheck = () -> true;

    // The rest belongs to the owner; other threads may read the state.
    private final ParticipantGroup participants = new ParticipantGroup();
    private volatile State state = State.STARTING;
    private long stateSince = startedAt;
    private boolean readyDeclared;
    /** Participants that are there, or come, are to accept. */
    private boolean accepting;

    /** No parent will accept again. */
    private boolean alone;

    /** Participants have been told to park; none may come. */
    private volatile boolean leaving;

    /** A stop that came between the word to accept, or to accept again, and the moment at which all participants did. */
    private Optional<String> stopOrigin = Optional.empty();

    /** The drain that is going on, or was the last. */
    private Drain drain;

    private FlightEvents.DrainRecording recording = (_, _, _) -> {};

    /** The way of its connections. */
    private Optional<ConnectionGiver> giver = Optional.empty();

    /** What this process is for instead of serving, if it is not to serve. */
    private final Optional<AotTraining> training;

    private Generation(
            BatonOptions configured,
            Optional<AotTraining> training,
            ListenerTable listeners,
            StandardError standardError,
            Optional<ParentLink> parent)
            throws IOException {
        this.training = training;
        this.commandLine = CommandLine.ofThisProcess();
        InitialDirectory initial = InitialDirectory.of(parent);
        initial.offer(offeredState);
        offeredState.offer(SYSTEMD, () -> listeners.ofSystemd().getBytes(StandardCharsets.UTF_8));
        parent.flatMap(link -> link.state().get(SYSTEMD))
                .ifPresent(known -> listeners.ofSystemd(new String(known, StandardCharsets.UTF_8)));
        listeners.whenClosed(() -> owner.post(this::storeListeners));
        this.options = configured.in(initial.path());
        this.listeners = listeners;
        this.standardError = standardError;
        this.number = parent.map(ParentLink::generation).orElse(1);
        this.publication = new Publication(
                options, new ServiceManager(owner, listeners, InitialEnvironment.variables(), parent.isPresent()));
        publication.check(parent.map(ParentLink::pid));
        this.drain = newDrain();
        this.ancestry = new Ancestry(this, owner, parent, options.readyTimeout());
        this.wayBack = new WayBack(this, owner, options, ancestry.predecessors());
        this.succession = new Succession(
                this,
                ancestry,
                wayBack,
                owner,
                commandLine,
                options,
                listeners,
                offeredState,
                standardError,
                publication);
        this.control = ControlSocket.open(
                options.runDirectory(),
                new ControlRequests(
                        this, succession, wayBack, owner, new OperatorRequests(this, owner, options, report)));
    }

    /** Takes over what a parent hands, if there is one; then events may come. */
    static Generation start(BatonOptions options) throws IOException {
        Log.step("started");
        Optional<AotTraining> training = AotTraining.ofThisProcess();
        BatonOptions own = training.map(each -> each.options(options)).orElse(options);
        ListenerTable listeners = new ListenerTable(training);
        StandardError standardError = new StandardError();
        Optional<HandoffVariables> handoff = InitialEnvironment.handoff();
        Optional<ParentLink> parent = Optional.empty();
        try {
            if (handoff.isPresent()) {
                parent = ParentLink.connect(handoff.get(), listeners, standardError);
            }
            if (parent.isEmpty() && training.isEmpty()) {
                listeners.adopt(PassedSockets.takeAll(), PassedSockets.discarded());
            }
            Generation generation = new Generation(own, training, listeners, standardError, parent);
            generation.ancestry.listen();
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

    StatusReport report() {
        return report;
    }

    boolean isTraining() {
        return training.isPresent();
    }

    /** What an operator should know of this process, one sentence each; for the log and for {@code status}. */
    List<String> warnings() {
        return releaseFiles.warnings(number);
    }

    Listener listen(ListenAddress address, int backlog) throws IOException {
        if (isLeaving()) {
            throw new ListenException(address, "this generation is " + state + "; ask before that");
        }
        Listener listener = listeners.claim(address, backlog);
        owner.post(this::storeListeners);
        return listener;
    }

    OptionalInt detachInherited(ListenAddress address) throws IOException {
        return listeners.detach(address);
    }

    List<ListenAddress> unclaimed() {
        return listeners.unclaimed();
    }

    void host(HostedListener listener) {
        listeners.host(listener);
        owner.post(this::storeListeners);
    }

    List<ListenAddress> listenersOfSystemd() {
        return listeners.heldBySystemd();
    }

    void offerState(String name, Supplier<byte[]> supplier) {
        offeredState.offer(name, supplier);
    }

    Optional<byte[]> inheritedState(String name) {
        return ancestry.inheritedState(name);
    }

    /** Completes when this generation serves, exceptionally with a HandoffException if it never will. */
    CompletableFuture<Void> ready() {
        owner.post(this::declareReady);
        return serving;
    }

    CompletableFuture<Void> retired() {
        return retired;
    }

    /** The program ends before it has served; completes when the parent has been told why. */
    CompletableFuture<Void> tellFailure(String reason) {
        CompletableFuture<Void> told = new CompletableFuture<>();
        owner.post(() -> {
            try {
                if (state == State.STARTING && !readyDeclared) {
                    ancestry.tellFailure(reason);
                }
            } finally {
                told.complete(null);
            }
        });
        return told;
    }

    /** Completes with the outcome, never exceptionally. */
    CompletableFuture<RestartResult> restart() {
        return restart("Baton.restart()", _ -> {});
    }

    /**
     * As {@link #restart()}.
     *
     * @param origin who asks, for the log
     * @param steps called by the owner with each step as it happens; must not wait
     */
    CompletableFuture<RestartResult> restart(String origin, Consumer<RestartStep> steps) {
        CompletableFuture<RestartResult> result = new CompletableFuture<>();
        owner.post(() -> succession.begin(origin, control, result, steps));
        return result;
    }

    /** Completes with the outcome, never exceptionally. */
    CompletableFuture<UndoResult> undo(String origin) {
        CompletableFuture<UndoResult> result = new CompletableFuture<>();
        owner.post(() -> undo(origin, result));
        return result;
    }

    void healthCheck(BooleanSupplier check) {
        healthCheck = check;
    }

    @Override
    public void restart(String origin) {
        var _ = restart(origin, _ -> {});
    }

    @Override
    public void stop(String origin, int signal) {
        stopSignal = OptionalInt.of(signal);
        stop(origin);
    }

    void stop(String origin) {
        owner.post(() -> beginStop(origin));
    }

    OptionalInt stopSignal() {
        return stopSignal;
    }

    /** The program is through. If that is before it was ready, how it ends tells the parent more than we can. */
    void close(String origin) {
        owner.post(() -> {
            switch (state) {
                case STARTING -> {
                    if (accepting) {
                        beginStop(origin);
                    } else {
                        endUnready(stopped(origin));
                    }
                }
                case SERVING, UPGRADING -> giveUp(origin);
                case PARKED, STOPPING -> beginStop(origin);
                case RETIRED -> {
                    // As it should be.
                }
            }
        });
    }

    /** The program has failed: the parent is to serve again if it can, else the service is stopped. */
    private void giveUp(String origin) {
        CompletableFuture<UndoResult> undone = ancestry.undoing().orElseGet(() -> {
            CompletableFuture<UndoResult> result = new CompletableFuture<>();
            ancestry.undo(origin, result);
            return result;
        });
        var _ = undone.thenAccept(result -> {
            if (!(result instanceof UndoResult.Undone)) {
                owner.post(() -> beginStop(origin));
            }
        });
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
        try {
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> retired.complete(null)));
        } catch (IllegalStateException e) {
            Runtime.getRuntime().halt(status); // The program is ending already, and its shutdown hooks take too long.
        }
        CompletableFuture<Void> freed = new CompletableFuture<>();
        owner.post(() -> {
            // As it goes: who does not take note of it sees the end of the stream, and has to cope with that anyway.
            ancestry.settle(Optional.of(origin), _ -> {});
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

    /** Goes on with a connection of another generation. */
    Optional<MigratingParticipant.Adoption> adopt(ListenAddress listener, int descriptor, byte[] state) {
        return participants.adopt(listener, descriptor, state);
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
        stateSince = System.nanoTime();
        Log.step(next.name());
    }

    private void declareReady() {
        if (state == State.STARTING && !readyDeclared) {
            readyDeclared = true;
            ancestry.declareReady();
        }
    }

    /** This generation will never serve. */
    void fail(HandoffException reason) {
        ancestry.tellFailure(String.valueOf(reason.getMessage()));
        endUnready(reason);
    }

    private void endUnready(HandoffException reason) {
        serving.completeExceptionally(reason);
        retire(0);
    }

    /** From here this generation accepts; it is SERVING, and may be succeeded or stopped, when all participants do. */
    void accept() {
        if (accepting) {
            return;
        }
        accepting = true;
        takeOverListeners();
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

    private void takeOverListeners() {
        try {
            listeners.takeOver();
        } catch (IOException e) {
            Log.backlogNotSet(e);
        }
    }

    private void serve() {
        move(State.SERVING);
        if (stopOrigin.isPresent()) {
            beginStop(stopOrigin.get());
            serving.completeExceptionally(stopped(stopOrigin.get()));
            return;
        }
        if (!ancestry.announce()) {
            parentReleased();
            publish();
        }
        Log.serving(number);
        List<ListenAddress> spare = listeners.spare();
        if (!spare.isEmpty()) {
            Log.passedSocketsSpare(spare);
        }
        training.ifPresent(each -> each.serves(releaseFiles, listeners.localAddresses()));
        serving.complete(null);
    }

    boolean isAccepting() {
        return accepting;
    }

    /** The parent will not accept again: what it had and this generation has not goes. */
    void parentReleased() {
        List<ListenAddress> dropped = listeners.removeDropped();
        if (!dropped.isEmpty()) {
            Log.listenersDropped(dropped);
        }
        alone = true;
        storeListeners();
    }

    /** Leaves the store of listeners as it is while it is uncertain who will serve: {@link FileDescriptorStore}. */
    void storeListeners() {
        if (alone && state == State.SERVING && !leaving) {
            publication.storeListeners();
        }
    }

    /** The parent has published this process, and has parked. */
    void published() {
        publication.published();
    }

    /** The parent, which this generation has succeeded for good, has ended. */
    void parentEnded() {
        if (state == State.SERVING) {
            publication.alone(number);
        }
    }

    /** Makes this process the one that operators know; a living parent does it for us. */
    void publish() {
        publication.serving(number);
    }

    /** Asks the program's health check, on a thread of its own: an answer says that this owner lives too. */
    CompletableFuture<Boolean> health() {
        CompletableFuture<Boolean> healthy = new CompletableFuture<>();
        Thread.ofVirtual().name("baton-health").start(() -> {
            try {
                healthy.complete(healthCheck.getAsBoolean());
            } catch (RuntimeException | Error e) {
                Log.healthCheckFailed(e);
                healthy.complete(false);
            }
        });
        return healthy;
    }

    /** The successor accepts: this generation stops accepting and finishes what it has begun. */
    void succeededBy(Upgrade attempt) {
        leaving = true;
        owner.postAfter(participants.park(), () -> {
            move(State.PARKED);
            drain(Optional.of(attempt.link().giver()));
            wayBack.parked(attempt);
        });
    }

    /** The generation that serves does not need this one any more, or this one is to go. */
    void release() {
        participants.release();
        listeners.releaseAll();
        drain.release();
    }

    /**
     * The successor is not to serve: this generation accepts again. A participant that cannot, or does not say in time
     * that it does, is a reason to leave the service to a successor that lives; beside a dead one, this generation serves
     * with those that can.
     *
     * @param successorLives whether there is anybody else who serves
     * @param done hears, once, that this generation serves again, or why it does not
     */
    void comeBack(BooleanSupplier successorLives, Consumer<Optional<String>> done) {
        drain.cancel();
        giver.ifPresent(ConnectionGiver::halt);
        recording.ended(FlightEvents.DrainOutcome.CAME_BACK, moved(), 0);
        takeOverListeners();
        owner.postAfter(participants.resume(), failure -> {
            failure.ifPresent(Log::participantFailed);
            if (state != State.PARKED) {
                done.accept(Optional.of("it ends"));
            } else if (failure.isEmpty() || !successorLives.getAsBoolean()) {
                serveAgain();
                done.accept(Optional.empty());
            } else {
                stayParked(successorLives, done, failure.get());
            }
        });
    }

    private void serveAgain() {
        move(State.SERVING);
        leaving = false;
        publish();
        storeListeners();
        Log.serving(number);
        Optional<String> stop = stopOrigin;
        stopOrigin = Optional.empty();
        stop.ifPresent(origin -> owner.post(() -> beginStop(origin)));
    }

    private void stayParked(BooleanSupplier successorLives, Consumer<Optional<String>> done, Throwable reason) {
        owner.postAfter(participants.park(), () -> {
            if (successorLives.getAsBoolean()) {
                drain(giver);
                done.accept(Optional.of(String.valueOf(reason.getMessage())));
            } else {
                comeBack(successorLives, done); // It has died meanwhile.
            }
        });
    }

    private void undo(String origin, CompletableFuture<UndoResult> result) {
        if (state == State.PARKED) {
            wayBack.undo(origin, result);
        } else {
            ancestry.undo(origin, result);
        }
    }

    /** The parent accepts again: this generation stops accepting, leaves what it has inherited as it was, and ends. */
    void undone(String reason, long parent) {
        if (state != State.SERVING && state != State.UPGRADING) {
            return; // It ends already; a stop that waits learns it by itself.
        }
        Log.undone(reason, parent);
        publication.undone();
        succession.abort();
        leaving = true;
        owner.postAfter(participants.park(), () -> {
            move(State.PARKED);
            participants.release();
            listeners.abandon();
            drain(ancestry.giver());
            drain.release();
        });
    }

    /** The generation that serves wants this one to end now. */
    void leave() {
        if (state == State.PARKED && !wayBack.isComingBack()) {
            Log.leavesEarly();
            if (wayBack.commit() && state == State.PARKED) {
                retire(participants.close());
                ForcedExit.arm();
            }
        }
    }

    /** Whether a stop of this generation is one of the service, or about to be. */
    boolean isService() {
        return switch (state) {
            case STARTING, SERVING, UPGRADING, STOPPING -> ancestry.service().isEmpty();
            case PARKED -> wayBack.isComingBack();
            case RETIRED -> false;
        };
    }

    /** The process that serves in the place of this one, as far as it knows. */
    OptionalLong servedBy() {
        if (isService()) {
            return OptionalLong.empty();
        }
        return ancestry.service().isPresent() ? ancestry.service() : wayBack.successor();
    }

    /** All but the warnings, which take their time. */
    GenerationStatus status() {
        Duration undoable = state == State.PARKED ? wayBack.remaining() : ancestry.remaining();
        long now = System.nanoTime();
        return new GenerationStatus(
                options.name(),
                number,
                ProcessHandle.current().pid(),
                state,
                Duration.ofNanos(now - stateSince),
                Duration.ofNanos(now - startedAt),
                Protocol.release(),
                listeners.keys(),
                undoable.isZero() ? Optional.empty() : Optional.of(undoable),
                servedBy(),
                ancestry.predecessors().draining(),
                succession.restarts(),
                List.of(),
                Optional.of(Runtime.version().toString()),
                commandLine.jar(),
                drain.left());
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
            case SERVING, UPGRADING -> {
                if (ancestry.isUndone()) {
                    Log.alreadyEnding(origin, State.PARKED); // In a moment.
                } else if (state == State.SERVING || succession.stop(origin)) {
                    stopServing(origin);
                }
            }
            case PARKED -> {
                if (wayBack.isComingBack() || !wayBack.commit()) {
                    stopOrigin = Optional.of(origin); // In a moment, when it serves again.
                } else {
                    Log.alreadyEnding(origin, State.PARKED);
                }
            }
            case STOPPING, RETIRED -> Log.alreadyEnding(origin, state);
        }
    }

    private static HandoffException stopped(String origin) {
        return new HandoffException("stopped by " + origin + " before it was ready");
    }

    private void stopServing(String origin) {
        Log.stopping(origin);
        move(State.STOPPING);
        leaving = true;
        // Only when it is certain that no older generation will accept again is it the end of the service. A parent
        // that does not answer holds the stop up no longer: it learns of it when it thaws.
        ancestry.settle(Optional.of(origin), settled -> leaveService(settled != Ancestry.Settled.THE_PARENTS));
    }

    private void leaveService(boolean serviceEnds) {
        if (serviceEnds) {
            listeners.serviceEnds();
            publication.stopping(number);
        } else {
            publication.undone();
        }
        owner.postAfter(participants.park(), () -> {
            participants.release();
            if (serviceEnds) {
                listeners.closeAll();
            } else {
                listeners.abandon();
            }
            drain(Participant.DrainReason.STOPPED);
            drain.release();
        });
    }

    private Drain newDrain() {
        return new Drain(owner, options.drainTimeout(), this::endOfDrain);
    }

    /** Another generation serves: connections move there if there is a way, or are finished. */
    private void drain(Optional<ConnectionGiver> way) {
        giver = way;
        way.ifPresent(migration -> {
            migration.open();
            participants.migrate(migration);
        });
        drain(Participant.DrainReason.SUCCEEDED);
    }

    private void drain(Participant.DrainReason reason) {
        drain = newDrain();
        recording = FlightEvents.drain(number, reason);
        drain.begin(participants.drain(reason));
    }

    private int moved() {
        return giver.map(ConnectionGiver::moved).orElse(0);
    }

    private void endOfDrain(boolean overdue) {
        if (state != State.RETIRED) {
            retire(participants.close());
            if (overdue) {
                ForcedExit.arm();
            }
        }
    }

    private void retire(int cut) {
        free(cut);
        move(State.RETIRED);
        retired.complete(null);
    }

    /** Frees what is left. The end of an old generation is invisible: only the end of the service withdraws it. */
    private void free(int cut) {
        drain.cancel();
        if (state == State.STARTING) {
            participants.close();
            listeners.abandon();
        } else {
            Log.retired(number, drain.elapsed(), moved(), cut);
            recording.ended(FlightEvents.DrainOutcome.ENDED, moved(), cut);
        }
        if (state != State.PARKED) {
            publication.withdraw();
        } else {
            standardError.handOn();
        }
        control.close();
        ancestry.close();
        succession.abort();
        wayBack.close();
    }
}
