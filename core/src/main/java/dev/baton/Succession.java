package dev.baton;

import dev.baton.Predecessors.Predecessor;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
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
 * <p><b>Undo versus the end of the undo window.</b> Both are decisions of the owner, and the first one wins: it takes the
 * attempt out of {@link Upgrade.Step#UNDOABLE}. An undo lets this generation accept before the successor is told to
 * stop; the end of the window gives the listeners up. So at every moment somebody accepts or is about to, and after it
 * nobody comes back. The successor's own word that there is no way back, because it has a successor or ends the service
 * ({@link Frame.Type#COMMIT}), is on its way before either happens, and is read before the end of its stream.
 */
final class Succession {
    /** How long a successor may take from SWITCH to ACCEPTING: it has only to register its listeners. */
    private static final Duration ACCEPT_TIMEOUT = Duration.ofSeconds(10);

    /** How long a successor that has closed the handoff may take to exit, so that its status can be told. */
    private static final Duration EXIT_GRACE = Duration.ofSeconds(2);

    /** How long after its drain timeout a successor that was undone may live; it may be one that hangs. */
    private static final Duration LEAVE_GRACE = Duration.ofSeconds(10);

    private final Generation generation;
    private final Ancestry ancestry;
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

    private @Nullable UndoWindow window;

    Succession(
            Generation generation,
            Ancestry ancestry,
            Owner owner,
            CommandLine commandLine,
            BatonOptions options,
            ListenerTable listeners,
            OfferedState offeredState,
            StandardError standardError,
            Publication publication) {
        this.generation = generation;
        this.ancestry = ancestry;
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
    void begin(String origin, ControlSocket control, CompletableFuture<RestartResult> result) {
        State state = generation.state();
        if (state != State.SERVING) {
            RestartResult refusal = state == State.UPGRADING
                    ? new RestartResult.AlreadyInProgress()
                    : new RestartResult.NotServing(state);
            refuse(origin, refusal, result);
            return;
        }
        List<Predecessor> older = predecessors.alive();
        if (older.size() >= options.maxGenerations()) {
            Predecessor oldest = older.getFirst();
            if (!options.oldestLeavesEarly()) {
                refuse(
                        origin,
                        new RestartResult.TooManyGenerations(oldest.generation(), oldest.pid(), oldest.drainsFor()),
                        result);
                return;
            }
            Log.oldestLeavesEarly(oldest);
            ControlRequest.leave(oldest);
        }
        generation.move(State.UPGRADING);
        Upgrade attempt = new Upgrade(next, result);
        current = attempt;
        Log.restartRequested(origin, attempt.generation());
        publication.restarting();
        attempt.deadline(owner.schedule(options.readyTimeout(), () -> late(attempt)));
        try {
            Process process = attempt.spawn(commandLine, control.path(), standardError);
            Log.step("spawned");
            var _ = process.onExit()
                    .thenCompose(attempt::afterAllWasHeard)
                    .thenAccept(ended -> owner.post(() -> exited(attempt, describeExit(ended.exitValue()))));
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // OutOfMemoryError: no thread could be started for the child (pthread_create, EAGAIN).
            fail(attempt, RestartResult.Cause.SPAWN_FAILED, "could not be started: " + e.getMessage());
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
        // Before the successor accepts: Ancestry says why.
        ancestry.commit();
        attempt.deadline(owner.schedule(ACCEPT_TIMEOUT, () -> lateToAccept(attempt)));
        try {
            attempt.link().sendSwitch();
        } catch (IOException e) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, "could not be told to accept: " + e.getMessage());
            return;
        }
        Log.successorReady(attempt);
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
        if (isUnderWay(attempt) && attempt.step() == Upgrade.Step.CONNECTED) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, "accepted before it was told to and was killed");
        } else if (isUnderWay(attempt) && attempt.step() == Upgrade.Step.SWITCHING) {
            attempt.accepting();
            next = attempt.generation() + 1;
            publication.switched(attempt.generation(), attempt.pid());
            generation.succeededBy(attempt);
        }
    }

    /** This generation has parked for this successor. */
    void parked(Upgrade attempt) {
        Log.switched(attempt, attempt.parked());
        boolean windowed = !options.undoWindow().isZero()
                && !attempt.isCommitted()
                && attempt.stopOrigin().isEmpty();
        attempt.link().send(link -> link.sendParked(windowed ? options.undoWindow() : Duration.ZERO));
        attempt.stopOrigin().ifPresent(_ -> attempt.terminate());
        attempt.move(Upgrade.Step.UNDOABLE);
        if (attempt.death().isPresent() && !attempt.isCommitted()) {
            undo(attempt, attempt.death().get());
        } else if (windowed) {
            window = new UndoWindow(
                    owner, attempt.link(), options, () -> commit(attempt), reason -> undo(attempt, reason));
        } else {
            commit(attempt);
        }
    }

    /** There is no way back any more. */
    private void commit(Upgrade attempt) {
        if (attempt.step() == Upgrade.Step.UNDOABLE) {
            closeWindow();
            attempt.move(Upgrade.Step.COMMITTED);
            attempt.link().send(SuccessorLink::sendReleased);
            generation.release();
        }
    }

    /** The same for whichever successor there is: this generation is asked to end. */
    void commit() {
        Upgrade attempt = current;
        if (attempt != null) {
            attempt.commit();
            commit(attempt);
        }
    }

    /** Whether an undo has begun and is not finished. */
    boolean isComingBack() {
        Upgrade attempt = current;
        return attempt != null && attempt.step() == Upgrade.Step.UNDONE;
    }

    private void closeWindow() {
        if (window != null) {
            window.close();
            window = null;
        }
    }

    /** On purpose; the result is completed when this generation serves again, or if it cannot. */
    void undo(String origin, CompletableFuture<UndoResult> result) {
        Upgrade attempt = current;
        if (attempt == null || attempt.step() != Upgrade.Step.UNDOABLE) {
            result.complete(new UndoResult.NothingToUndo());
        } else {
            undo(attempt, "was undone by " + origin, result);
        }
    }

    /** By the successor, on behalf of whoever has asked it. */
    private void undoAsked(Upgrade attempt) {
        if (attempt.step() == Upgrade.Step.UNDOABLE) {
            undo(attempt, "was undone on request");
        } else {
            attempt.link().send(link -> link.sendNotUndone("the undo window is over"));
        }
    }

    private void undo(Upgrade attempt, String reason) {
        undo(attempt, reason, new CompletableFuture<>());
    }

    private void undo(Upgrade attempt, String reason, CompletableFuture<UndoResult> result) {
        if (attempt.step() != Upgrade.Step.UNDOABLE) {
            return;
        }
        closeWindow();
        attempt.move(Upgrade.Step.UNDONE);
        Log.undoing(attempt, reason);
        generation.comeBack(
                () -> {
                    result.complete(new UndoResult.Undone(
                            generation.number(), ProcessHandle.current().pid()));
                    cameBack(attempt, reason);
                },
                failure -> {
                    String detail = "generation " + generation.number() + " cannot accept again: " + failure;
                    result.complete(new UndoResult.Failed(detail));
                    attempt.move(Upgrade.Step.UNDOABLE);
                    attempt.link().send(link -> link.sendNotUndone(detail));
                    commit(attempt);
                });
    }

    /** Whoever of the successor is left learns that it is not the service any more. */
    private void cameBack(Upgrade attempt, String reason) {
        current = null;
        if (attempt.isAlive()) {
            Predecessor.parking(attempt.generation(), attempt.pid(), attempt.controlSocket())
                    .ifPresent(predecessors::add);
            attempt.link().send(link -> link.sendUndone(reason));
            if (options.drainTimeout().isPositive()) {
                attempt.deadline(owner.schedule(options.drainTimeout().plus(LEAVE_GRACE), attempt::kill));
            }
        } else {
            attempt.kill();
            attempt.closeLink();
        }
    }

    /**
     * A grandchild says that this successor has died.
     *
     * @return whether this generation serves, or is about to
     */
    boolean isServiceAfter(long deadSuccessor) {
        Upgrade attempt = current;
        if (attempt != null && attempt.step() == Upgrade.Step.UNDOABLE && attempt.pid() == deadSuccessor) {
            attempt.died("has died");
            undo(attempt, "has died");
        }
        State state = generation.state();
        return state == State.SERVING
                || state == State.UPGRADING
                || (attempt != null && attempt.step() == Upgrade.Step.UNDONE);
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
            attempt.deadline(owner.schedule(
                    EXIT_GRACE, () -> broken(attempt, attempt.withReason("closed the handoff and was killed"))));
        } else {
            died(attempt, "closed the handoff");
        }
    }

    private void broken(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, how);
        } else {
            died(attempt, how);
        }
    }

    private void exited(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            fail(attempt, RestartResult.Cause.EXITED, attempt.withReason(how));
        } else {
            died(attempt, how);
        }
    }

    /** A successor that serves has ended, or nothing can be heard of it any more. */
    private void died(Upgrade attempt, String how) {
        switch (attempt.step()) {
            case ACCEPTING -> attempt.died(how);
            case UNDOABLE -> {
                attempt.died(how);
                undo(attempt, how);
            }
            case COMMITTED -> {
                if (attempt.isAlive() && generation.state() != State.RETIRED) {
                    attempt.died(how);
                    Log.successorDied(attempt, how);
                }
            }
            case UNDONE -> attempt.ended();
            case SPAWNED, CONNECTED, SWITCHING, FAILED -> {
                // Not yet, or not any more, of interest.
            }
        }
    }

    private void fail(Upgrade attempt, RestartResult.Cause cause, String detail) {
        RestartResult.Failed failure = attempt.fail(cause, detail);
        current = null;
        generation.move(State.SERVING);
        if (cause != RestartResult.Cause.STOPPED) {
            publication.restartFailed(generation.number(), detail);
            Log.restartFailed(attempt, generation.number(), failure);
        }
        attempt.stopOrigin().ifPresent(generation::beginStop);
    }

    /**
     * The service is to be stopped while a successor starts: it is killed, unless it may accept already. Then it would
     * take connections with it; it becomes the service, and is stopped as such, or fails, and this generation stops.
     *
     * @return whether this generation is still the service
     */
    boolean stop(String origin) {
        Upgrade attempt = Objects.requireNonNull(current);
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
        if (attempt != null && isUnderWay(attempt)) {
            attempt.fail(RestartResult.Cause.STOPPED, "was killed because this generation ends");
        }
    }

    /** This generation ends: so does the link, which is how the successor learns of it. */
    void close() {
        closeWindow();
        Upgrade attempt = current;
        if (attempt != null) {
            attempt.closeLink();
        }
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
                SuccessorLink.serve(channel, hello, lineage(attempt), standardError, listeners, offeredState, events);
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
        public void commit() {
            owner.post(() -> {
                attempt.commit();
                Succession.this.commit(attempt);
            });
        }

        @Override
        public void undo() {
            owner.post(() -> Succession.this.undoAsked(attempt));
        }

        @Override
        public void healthy(boolean healthy) {
            owner.post(() -> {
                if (window != null) {
                    window.answered(healthy);
                }
            });
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
