package dev.baton;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * This process as one in the succession: its state ({@link State} draws it), and what each event makes of it.
 *
 * <p>One thread, the {@link Owner}, decides. Signals, frames, timers, child exits and calls of the program only post what
 * is to be decided. So no two decisions race, and each may rely on what the one before it has left.
 */
final class Generation implements Signals.Actions {
    private final BatonOptions options;
    private final ListenerTable listeners;
    private final Optional<ParentLink> parent;
    private final Publication publication;
    private final Succession succession;
    private final ControlSocket control;
    private final int number;
    private final Owner owner = new Owner();
    private final CompletableFuture<Void> serving = new CompletableFuture<>();
    private final CompletableFuture<Void> retired = new CompletableFuture<>();

    // The rest belongs to the owner; other threads may read the state.
    private final ParticipantGroup participants = new ParticipantGroup();
    private volatile State state = State.STARTING;
    private boolean parentAlive;
    private boolean published;
    private boolean readyDeclared;
    private List<ListenAddress> dropped = List.of();
    private int stopRequests;
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
                this, owner, CommandLine.ofThisProcess(), options.readyTimeout(), listeners, publication);
        this.control = ControlSocket.open(options.runDirectory(), succession::admit);
    }

    /** Takes over what a parent hands, if there is one; then events may come. */
    static Generation start(BatonOptions options) throws IOException {
        ListenerTable listeners = new ListenerTable();
        Optional<HandoffVariables> handoff = InitialEnvironment.handoff();
        Optional<ParentLink> parent =
                handoff.isPresent() ? ParentLink.connect(handoff.get(), listeners) : Optional.empty();
        try {
            Generation generation = new Generation(options, listeners, parent);
            parent.ifPresent(link -> link.listen(generation.new ParentEvents()));
            Signals.handle(generation);
            return generation;
        } catch (IOException e) {
            parent.ifPresent(ParentLink::close);
            listeners.releaseAll();
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
        return listeners.claim(address, backlog);
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
    public void stop(String origin, int status) {
        owner.post(() -> {
            stopRequests++;
            if (stopRequests == 1) {
                beginStop(origin);
            } else {
                exitAtOnce(origin, status);
            }
        });
    }

    /** Adds a participant, which accepts at once if this generation does; completes when that is so. */
    CompletableFuture<Void> join(Participant participant) {
        CompletableFuture<Void> joined = new CompletableFuture<>();
        owner.post(() -> {
            switch (state) {
                case STARTING -> {
                    participants.add(participant);
                    joined.complete(null);
                }
                case SERVING, UPGRADING -> {
                    participants.add(participant);
                    owner.postAfter(participant.resume(), () -> joined.complete(null));
                }
                case PARKED, STOPPING, RETIRED ->
                    joined.completeExceptionally(new IllegalStateException(
                            "this generation is " + state + " and begins to serve nothing any more"));
            }
        });
        return joined;
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
        dropped = listeners.releaseUnclaimed();
        if (!parentAlive) {
            serve();
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
            serving.completeExceptionally(new HandoffException(
                    "the parent (pid " + parent.orElseThrow().pid() + ") did not answer within "
                            + Durations.format(options.readyTimeout()) + "; this process ends and changes nothing"));
            retire(0);
        }
    }

    private void parentSwitched() {
        if (state == State.STARTING && readyDeclared) {
            serve();
        }
    }

    private void parentLost() {
        parentAlive = false;
        long pid = parent.orElseThrow().pid();
        if (state == State.STARTING) {
            Log.parentLost(pid);
            if (readyDeclared) {
                serve();
            }
        } else if (state != State.RETIRED && published) {
            Log.parentEnded(pid);
        } else if (state != State.RETIRED && serving.isDone()) {
            Log.parentLost(pid);
            publish();
        }
    }

    private void serve() {
        cancelDeadline();
        move(State.SERVING);
        owner.postAfter(participants.resume(), this::announce);
    }

    private void announce() {
        if (!dropped.isEmpty()) {
            Log.listenersDropped(dropped);
            ListenerTable.removePaths(dropped);
        }
        Log.serving(number);
        if (parentAlive) {
            try {
                parent.orElseThrow().sendAccepting();
            } catch (IOException e) {
                // As for READY: parentLost decides.
            }
        } else {
            publish();
        }
        serving.complete(null);
    }

    /** Makes this process the one that operators know; a living parent does it for us. */
    private void publish() {
        published = true;
        publication.serving(number);
    }

    /** The successor accepts: this generation stops accepting and finishes what it has begun. */
    void succeededBy(Upgrade attempt) {
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
            attempt.stopIfRequested();
        });
    }

    private void beginStop(String origin) {
        if (state != State.STARTING) {
            // A start that is given up is reported by whoever gives it up, in one line.
            Log.stopping(origin, state);
        }
        if (state == State.UPGRADING && !succession.stop()) {
            return;
        }
        switch (state) {
            case STARTING -> {
                serving.completeExceptionally(new HandoffException("stopped by " + origin + " before it was ready"));
                retire(0);
            }
            case SERVING -> {
                move(State.STOPPING);
                publication.stopping();
                owner.postAfter(participants.park(), () -> {
                    participants.release();
                    listeners.closeAll();
                    drain(Participant.DrainReason.STOPPED);
                });
            }
            case UPGRADING, PARKED, STOPPING, RETIRED -> {
                // PARKED ends by itself as soon as it may; a stop that came in the others was handled above.
            }
        }
    }

    private void exitAtOnce(String origin, int status) {
        Log.exitAtOnce(origin);
        if (state == State.PARKED || state == State.STOPPING) {
            free(participants.close());
            move(State.RETIRED);
        }
        // Not before exit has begun: else main could return first, and the status would be 0.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> retired.complete(null)));
        // Exit runs the program's shutdown hooks, which may wait for the owner.
        Thread.ofPlatform().name("baton-exit").start(() -> System.exit(status));
    }

    private void drain(Participant.DrainReason reason) {
        drainStartedAt = System.nanoTime();
        if (options.drainTimeout().isPositive()) {
            deadline = owner.schedule(options.drainTimeout(), () -> {
                if (state != State.RETIRED) {
                    Log.drainDeadline(options.drainTimeout());
                    retire(participants.close());
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
            listeners.releaseAll();
        } else {
            Log.retired(number, Duration.ofNanos(System.nanoTime() - drainStartedAt), cut);
        }
        if (state == State.STOPPING) {
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
            owner.post(() -> published = true);
        }

        @Override
        public void lost() {
            owner.post(Generation.this::parentLost);
        }
    }
}
