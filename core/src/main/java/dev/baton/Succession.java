package dev.baton;

import dev.baton.Predecessors.Predecessor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The parent's decisions about its successor, on the owner thread of its {@link Generation}.
 *
 * <p><b>Ready versus timeout.</b> A successor accepts nothing until it is told to ({@link Frame.Type#SWITCH}). Whether it
 * is told, or killed because its time is over, is decided by whichever of the two events the owner handles first: READY
 * replaces the deadline by another, for the word that it accepts, and a kill makes READY meaningless. So a successor that
 * is killed for being late to be ready has accepted no connection, and none is lost with it. One that does not say that
 * it accepts, long after it was told to, is killed too: it is broken, and this generation still accepts.
 *
 * <p>What follows when the successor accepts is {@link WayBack}'s.
 */
final class Succession {
    /** How long a successor may take from SWITCH to ACCEPTING: it has only to register its listeners. */
    private static final Duration ACCEPT_TIMEOUT = Duration.ofSeconds(10);

    /** How long a successor that has closed the handoff may take to exit, so that its status can be told. */
    private static final Duration EXIT_GRACE = Duration.ofSeconds(2);

    private final Generation generation;
    private final Ancestry ancestry;
    private final WayBack wayBack;
    private final Owner owner;
    private final CommandLine commandLine;
    private final BatonOptions options;
    private final ListenerTable listeners;
    private final OfferedState offeredState;
    private final StandardError standardError;
    private final Publication publication;
    private final Predecessors predecessors;

    /** The number of the next successor: one that has served is not given again. */
    private int next;

    /** Written by the owner; the threads of the control socket read it to find whom to admit. */
    private volatile @Nullable Upgrade current;

    Succession(
            Generation generation,
            Ancestry ancestry,
            WayBack wayBack,
            Owner owner,
            CommandLine commandLine,
            BatonOptions options,
            ListenerTable listeners,
            OfferedState offeredState,
            StandardError standardError,
            Publication publication) {
        this.generation = generation;
        this.ancestry = ancestry;
        this.wayBack = wayBack;
        this.owner = owner;
        this.commandLine = commandLine;
        this.options = options;
        this.listeners = listeners;
        this.offeredState = offeredState;
        this.standardError = standardError;
        this.publication = publication;
        this.predecessors = ancestry.predecessors();
        this.next = generation.number() + 1;
    }

    /** Starts a successor, if this generation serves and has none. */
    void begin(
            String origin,
            ControlSocket control,
            CompletableFuture<RestartResult> result,
            Consumer<RestartStep> steps) {
        State state = generation.state();
        if (state != State.SERVING || ancestry.isUndone()) {
            RestartResult refusal = state == State.UPGRADING
                    ? new RestartResult.AlreadyInProgress()
                    : new RestartResult.NotServing(ancestry.isUndone() ? State.PARKED : state, generation.servedBy());
            refuse(origin, refusal, result);
            return;
        }
        List<Predecessor> older = predecessors.alive();
        if (older.size() >= options.maxGenerations() && !options.oldestLeavesEarly()) {
            Predecessor oldest = older.getFirst();
            RestartResult refusal =
                    new RestartResult.TooManyGenerations(oldest.generation(), oldest.pid(), oldest.drainsFor());
            // This one serves, and no restart is under way: a reload that waits is this one's.
            publication.restartRefused(
                    generation.number(),
                    "max-generations is reached, generation " + oldest.generation() + " (pid " + oldest.pid()
                            + ") still finishes its connections");
            refuse(origin, refusal, result);
            return;
        }
        generation.move(State.UPGRADING);
        Upgrade attempt = new Upgrade(next, result, steps.andThen(FlightEvents.restart(origin, next, result)));
        current = attempt;
        Log.restartRequested(origin, attempt.generation());
        generation.warnings().forEach(Log::releaseFile);
        publication.restarting(generation.number(), attempt.generation());
        attempt.deadline(Deadline.in(owner, options.readyTimeout(), () -> late(attempt)));
        try {
            Process process = attempt.spawn(
                    options.aotCache()
                            .map(cache -> AotCache.with(cache, commandLine))
                            .orElse(commandLine),
                    control.path(),
                    standardError);
            Log.step("spawned");
            var _ = process.onExit()
                    .thenCompose(attempt::afterAllWasHeard)
                    .thenAccept(ended -> owner.post(() -> exited(attempt, describeExit(ended.exitValue()))));
        } catch (IOException | RuntimeException | OutOfMemoryError | LinkageError e) {
            // OutOfMemoryError: no thread could be started for the child (pthread_create, EAGAIN).
            // LinkageError: no descriptor was left to load a class.
            fail(attempt, RestartResult.Cause.SPAWN_FAILED, "could not be started: " + commandLine.explain(e));
        }
    }

    private static void refuse(String origin, RestartResult refusal, CompletableFuture<RestartResult> result) {
        Log.restartRefused(origin, refusal);
        result.complete(refusal);
    }

    private static String describeExit(int status) {
        // Process.exitValue follows the shell: 128 and the number of the signal, of which there are 64.
        return status > 128 && status <= 192
                ? "was killed by signal " + (status - 128) + " (exit status " + status + ")"
                : "ended with exit status " + status;
    }

    private boolean isUnderWay(Upgrade attempt) {
        return current == attempt && attempt.isUnderWay();
    }

    private void connected(Upgrade attempt, SuccessorLink link) {
        if (isUnderWay(attempt)) {
            attempt.connected(link);
            Log.successorConnected(attempt);
        } else {
            link.close();
        }
    }

    private void ready(Upgrade attempt) {
        if (!isUnderWay(attempt) || attempt.step() != Upgrade.Step.CONNECTED) {
            return;
        }
        attempt.ready();
        Log.successorReady(attempt);
        ancestry.settle(Optional.empty(), settled -> settled(attempt, settled));
    }

    /** No older generation can come back: the successor may accept. */
    private void settled(Upgrade attempt, Ancestry.Settled settled) {
        if (!isUnderWay(attempt)) {
            return;
        }
        switch (settled) {
            case OURS -> tellToAccept(attempt);
            case THE_PARENTS -> {
                // An undo was faster; it has ended the attempt.
            }
            case UNANSWERED ->
                fail(
                        attempt,
                        RestartResult.Cause.PARENT_SILENT,
                        "was killed because the generation before this one, which can come back, does not answer");
        }
    }

    private void tellToAccept(Upgrade attempt) {
        attempt.move(Upgrade.Step.SWITCHING);
        attempt.deadline(Deadline.in(owner, ACCEPT_TIMEOUT, () -> lateToAccept(attempt)));
        try {
            attempt.link().sendSwitch();
        } catch (IOException e) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, "could not be told to accept: " + e.getMessage());
            return;
        }
        // Now that there is one more, and it is good.
        List<Predecessor> older = predecessors.alive();
        if (options.oldestLeavesEarly() && older.size() >= options.maxGenerations()) {
            Log.oldestLeavesEarly(older.getFirst());
            ControlRequest.leave(older.getFirst());
        }
    }

    private void lateToAccept(Upgrade attempt) {
        if (isUnderWay(attempt)) {
            String detail = "was told to accept, did not say within " + Durations.format(ACCEPT_TIMEOUT)
                    + " that it does, and was killed";
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, detail);
        }
    }

    /** Both generations accept now, and this one stops. */
    private void accepting(Upgrade attempt) {
        if (isUnderWay(attempt) && attempt.step().compareTo(Upgrade.Step.SWITCHING) < 0) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, "accepted before it was told to and was killed");
        } else if (isUnderWay(attempt)) {
            current = null;
            next = attempt.generation() + 1;
            wayBack.open(attempt);
            publication.switched(attempt.generation(), attempt.pid(), generation.number());
            generation.succeededBy(attempt);
        }
    }

    private void late(Upgrade attempt) {
        if (isUnderWay(attempt)) {
            String detail = "was not ready within " + Durations.format(options.readyTimeout()) + " and was killed";
            fail(attempt, RestartResult.Cause.READY_TIMEOUT, detail);
        }
    }

    /** The stream has ended; if that is because the process has, its exit status says more, and comes soon. */
    private void lost(Upgrade attempt) {
        if (isUnderWay(attempt)) {
            attempt.deadline(Deadline.in(owner, EXIT_GRACE, () -> {
                if (isUnderWay(attempt)) {
                    String detail = attempt.hungUp();
                    fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, detail);
                }
            }));
        } else {
            wayBack.lost(attempt, "is gone");
        }
    }

    private void broken(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, how);
        } else {
            wayBack.broken(attempt, how);
        }
    }

    /** The child has ended. Once the successor has accepted the link alone decides: {@link WayBack} says why. */
    private void exited(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            fail(attempt, RestartResult.Cause.EXITED, attempt.withReason(how));
        } else if (attempt.step() != Upgrade.Step.FAILED) {
            Log.successorExited(attempt, how);
        }
    }

    private void fail(Upgrade attempt, RestartResult.Cause cause, String detail) {
        RestartResult.Failed failure = attempt.fail(cause, detail);
        current = null;
        if (generation.state() == State.UPGRADING) {
            generation.move(State.SERVING);
        }
        if (cause != RestartResult.Cause.STOPPED) {
            publication.restartFailed(generation.number(), detail);
            Log.restartFailed(attempt, generation.number(), failure);
            generation.storeListeners();
        }
        attempt.report(failure);
        attempt.stopOrigin().ifPresent(generation::beginStop);
    }

    /**
     * The service is to be stopped while a successor starts: it is killed, unless it may accept already. Then it would
     * take connections with it; it becomes the service, and is stopped as such, or fails, and this generation stops.
     *
     * @return whether this generation is still the service
     */
    boolean stop(String origin) {
        Upgrade attempt = current;
        if (attempt == null) {
            wayBack.stopLater(origin);
            return false;
        }
        if (attempt.step().compareTo(Upgrade.Step.SWITCHING) >= 0) {
            attempt.stopLater(origin);
            return false;
        }
        fail(attempt, RestartResult.Cause.STOPPED, "was killed because the service is stopped");
        return true;
    }

    /** This process does not serve any more: a successor that has not taken over must not think that it was left that. */
    void abort() {
        Upgrade attempt = current;
        if (attempt != null) {
            current = null;
            attempt.report(attempt.fail(RestartResult.Cause.STOPPED, "was killed because this generation ends"));
        }
    }

    /** How often the service has been switched to a successor, undone switches included, as this generation knows. */
    int restarts() {
        return next - 2;
    }

    /** Whether a process is the successor that is awaited, or one that it has started. Any thread. */
    boolean expects(long pid) {
        Upgrade attempt = current;
        return attempt != null && attempt.expects(pid);
    }

    /** A connection to the control socket that says it is the successor, on a thread of its own, which closes it. */
    void admit(Visitors.Visitor visitor, Frame hello) throws IOException {
        FrameChannel channel = visitor.channel();
        Upgrade attempt = current;
        if (attempt == null) {
            SuccessorLink.refuse(channel, "it has no successor");
            return;
        }
        Events events = new Events(attempt);
        switch (attempt.admit(hello.text(Frame.Tag.TOKEN), channel.peer().pid())) {
            case ADMITTED -> {
                visitor.leave();
                SuccessorLink.serve(
                        channel,
                        hello,
                        lineage(attempt),
                        standardError,
                        listeners,
                        offeredState,
                        generation::adopt,
                        events);
            }
            case SPENT -> SuccessorLink.refuse(channel, "the token was used before");
            case STRANGER -> SuccessorLink.refuse(channel, "it has not started this process");
            case FORGED -> {
                SuccessorLink.fail(channel, "the token was used before, or by a process that is not the parent's");
                events.broken(new ProtocolException("its token was used twice or by a stranger"));
            }
        }
    }

    /** As the owner knows it at this moment. */
    private SuccessorLink.Lineage lineage(Upgrade attempt) {
        return owner.ask(() -> new SuccessorLink.Lineage(
                attempt.generation(), generation.number(), ancestry.fallback(), predecessors.alive()));
    }

    /** What the link's thread sees, as events of the owner. */
    private final class Events implements SuccessorLink.Events {
        private final Upgrade attempt;

        Events(Upgrade attempt) {
            this.attempt = attempt;
        }

        @Override
        public void connected(SuccessorLink link) {
            owner.post(() -> Succession.this.connected(attempt, link));
        }

        @Override
        public void ready() {
            owner.post(() -> Succession.this.ready(attempt));
        }

        @Override
        public void accepting() {
            owner.post(() -> Succession.this.accepting(attempt));
        }

        @Override
        public void givenUp(String reason) {
            owner.post(() -> attempt.givenUp(reason));
        }

        @Override
        public void commit(Optional<String> stop) {
            owner.post(() -> wayBack.commit(attempt, stop));
        }

        @Override
        public void undo() {
            owner.post(() -> wayBack.undoAsked(attempt));
        }

        @Override
        public void healthy(boolean healthy) {
            owner.post(() -> wayBack.answered(attempt, healthy));
        }

        @Override
        public void lost() {
            owner.post(() -> Succession.this.lost(attempt));
            attempt.allWasHeard();
        }

        @Override
        public void broken(IOException reason) {
            CompletableFuture<Void> handled = new CompletableFuture<>();
            owner.post(() -> {
                Succession.this.broken(attempt, "broke the handoff (" + reason.getMessage() + ") and was killed");
                handled.complete(null);
            });
            handled.join();
            attempt.allWasHeard();
        }
    }
}
