package dev.baton;

import dev.baton.Predecessors.Predecessor;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a switch: this generation can accept again until it commits; on the owner thread.
 *
 * <p>Of the steps that {@link Upgrade} draws, those from ACCEPTING on are this class's. Each of COMMITTED and UNDONE is
 * decided here alone, once, by whichever event comes first while the successor is UNDOABLE; the successor is told which,
 * and does nothing that cannot be taken back before it knows ({@link Ancestry}). An undo lets this generation accept
 * before the successor is told to stop; the end of the window gives the listeners up. So at every moment somebody accepts
 * or is about to.
 *
 * <p><b>Death versus commit.</b> A successor that ends because it was stopped, or has a successor itself, says COMMIT
 * first, and the link's thread reads that before the end of the stream. So the end of the stream decides what a death
 * means. The exit of the child, which comes by another thread, would be a second witness with an order of its own, and
 * is none at all if the child was a launcher.
 */
final class WayBack {
    /** How long after its drain timeout a successor that was undone may live; it may be one that hangs. */
    private static final Duration LEAVE_GRACE = Duration.ofSeconds(10);

    /** How long a successor to which a stop is passed on may take to begin with it. */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(15);

    private final Generation generation;
    private final Owner owner;
    private final BatonOptions options;
    private final Predecessors predecessors;

    /** The successor that was switched to last, until it is undone. */
    private @Nullable Upgrade latest;

    private @Nullable UndoWindow window;

    WayBack(Generation generation, Owner owner, BatonOptions options, Predecessors predecessors) {
        this.generation = generation;
        this.owner = owner;
        this.options = options;
        this.predecessors = predecessors;
    }

    /** The successor accepts, and this generation is about to park. */
    void open(Upgrade attempt) {
        latest = attempt;
        attempt.accepting();
    }

    /** The service is to be stopped while this generation parks: that is passed on to the successor, if it lives. */
    void stopLater(String origin) {
        if (latest != null) {
            latest.stopLater(origin);
        }
    }

    /** This generation has parked for this successor. */
    void parked(Upgrade attempt) {
        Log.switched(attempt, attempt.parked());
        Duration length = length(attempt);
        attempt.link().send(link -> link.sendParked(length));
        attempt.move(Upgrade.Step.UNDOABLE);
        if (attempt.death().isPresent() && !attempt.isCommitted()) {
            undo(attempt, attempt.death().get(), new CompletableFuture<>());
        } else if (length.isZero()) {
            commit(attempt);
        } else if (attempt.stopOrigin().isPresent()) {
            // It says COMMIT, or dies before it can, and then the stop is this generation's.
            attempt.link().send(link -> link.sendStop(attempt.stopOrigin().get()));
            attempt.deadline(Deadline.in(owner, length, () -> commit(attempt)));
        } else {
            window = new UndoWindow(
                    owner,
                    attempt.link(),
                    options,
                    () -> over(attempt),
                    reason -> undo(attempt, reason, new CompletableFuture<>()));
        }
    }

    /** For how long this generation can come back. */
    private Duration length(Upgrade attempt) {
        if (attempt.isCommitted()) {
            return Duration.ZERO;
        }
        // Whole milliseconds, as the successor is told: both must agree on whether there is a window.
        return attempt.stopOrigin().isPresent()
                ? STOP_PATIENCE
                : Duration.ofMillis(options.undoWindow().toMillis());
    }

    /**
     * The undo window is over. Its last answer may be old, if this process was frozen after it had come; and the end of a
     * successor that has died since waits behind it.
     */
    private void over(Upgrade attempt) {
        if (attempt.isRunning()) {
            commit(attempt);
        } else {
            undo(attempt, "is gone", new CompletableFuture<>());
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

    /**
     * The same for whichever successor there is: this generation is asked to end. Not if that has died: its end is seen by
     * the link's thread, which may be slower than the signal that asks.
     *
     * @return whether this generation ends; else it comes back
     */
    boolean commit() {
        Upgrade attempt = latest;
        if (attempt != null && attempt.step() == Upgrade.Step.UNDOABLE && !attempt.isRunning()) {
            undo(attempt, "is gone", new CompletableFuture<>());
        } else if (attempt != null && attempt.step() != Upgrade.Step.UNDONE) {
            attempt.commit();
            commit(attempt);
        }
        return !isComingBack();
    }

    /**
     * The successor asks for the same.
     *
     * @param stop who has asked it to end the service, if it does: should this generation be coming back, that is meant
     *     for it
     */
    void commit(Upgrade attempt, Optional<String> stop) {
        attempt.commit();
        if (attempt.step() == Upgrade.Step.UNDONE) {
            stop.ifPresent(generation::beginStop);
        } else {
            commit(attempt);
        }
    }

    /** Whether an undo has begun and is not finished. */
    boolean isComingBack() {
        return latest != null && latest.step() == Upgrade.Step.UNDONE;
    }

    /** The process to which this generation has switched, if it is not known to have ended. */
    OptionalLong successor() {
        return latest != null && latest.isAlive() ? OptionalLong.of(latest.pid()) : OptionalLong.empty();
    }

    private void closeWindow() {
        if (window != null) {
            window.close();
            window = null;
        }
    }

    /** An answer of the successor to the question whether it is well. */
    void answered(Upgrade attempt, boolean healthy) {
        if (window != null && attempt == latest) {
            window.answered(healthy);
        }
    }

    /** On purpose; the result is completed when this generation serves again, or if it cannot. */
    void undo(String origin, CompletableFuture<UndoResult> result) {
        Upgrade attempt = latest;
        if (attempt != null && attempt.step() == Upgrade.Step.UNDOABLE) {
            undo(attempt, "was undone by " + origin, result);
        } else if (isComingBack()) {
            result.complete(new UndoResult.AlreadyInProgress());
        } else {
            result.complete(new UndoResult.NothingToUndo());
        }
    }

    /** By the successor, on behalf of whoever has asked it. */
    void undoAsked(Upgrade attempt) {
        switch (attempt.step()) {
            case UNDOABLE -> undo(attempt, "was undone on request", new CompletableFuture<>());
            case UNDONE -> {
                // It will hear.
            }
            default -> attempt.link().send(link -> link.sendNotUndone("the undo window is over"));
        }
    }

    private void undo(Upgrade attempt, String reason, CompletableFuture<UndoResult> result) {
        closeWindow();
        attempt.move(Upgrade.Step.UNDONE);
        Log.undoing(attempt, reason);
        Consumer<Optional<String>> recording = FlightEvents.undo(attempt.generation(), attempt.pid(), reason);
        generation.comeBack(() -> attempt.isAlive() && attempt.isRunning(), failure -> {
            recording.accept(failure);
            if (failure.isEmpty()) {
                result.complete(new UndoResult.Undone(
                        generation.number(), ProcessHandle.current().pid()));
                cameBack(attempt, reason);
            } else {
                String detail = "generation " + generation.number() + " cannot accept again: " + failure.get();
                result.complete(new UndoResult.Failed(detail));
                attempt.move(Upgrade.Step.UNDOABLE);
                attempt.link().send(link -> link.sendNotUndone(detail));
                commit(attempt);
            }
        });
    }

    /** Whoever of the successor is left learns that it is not the service any more. */
    private void cameBack(Upgrade attempt, String reason) {
        latest = null;
        if (attempt.isAlive()) {
            Predecessor.parking(attempt.generation(), attempt.pid(), attempt.controlSocket())
                    .ifPresent(predecessors::add);
            attempt.link().send(link -> link.sendUndone(reason));
            if (options.drainTimeout().isPositive()) {
                attempt.deadline(Deadline.in(owner, options.drainTimeout().plus(LEAVE_GRACE), attempt::kill));
            }
        } else {
            attempt.kill(); // One that lives without its link cannot be told.
            attempt.closeLink();
        }
        attempt.stopOrigin().ifPresent(generation::beginStop);
    }

    /** Nothing can be heard of a successor any more that accepts, or has. */
    void lost(Upgrade attempt, String how) {
        boolean first = attempt.isAlive();
        attempt.died(how);
        switch (attempt.step()) {
            case UNDOABLE -> undo(attempt, how, new CompletableFuture<>());
            case COMMITTED -> {
                if (first && generation.state() != State.RETIRED) {
                    Log.successorDied(attempt, how);
                }
            }
            default -> {
                // ACCEPTING: when this generation has parked. UNDONE: it comes back anyway.
            }
        }
    }

    /** A successor cannot be understood: it does not stay, unless it is the service for good. */
    void broken(Upgrade attempt, String how) {
        if (attempt.step() != Upgrade.Step.COMMITTED) {
            attempt.kill();
        }
        lost(attempt, how);
    }

    /**
     * A grandchild says that its parent has died, or a successor that it cannot understand this generation. To answer
     * that this generation serves is to begin to.
     *
     * @return whether the service is not the asker's
     */
    boolean servesAfter(long successor) {
        Upgrade attempt = latest;
        if (attempt == null || attempt.pid() != successor) {
            return generation.state() != State.STARTING; // The service has gone on without that one.
        }
        lost(attempt, "is lost");
        return attempt.step() == Upgrade.Step.UNDONE
                || (attempt.step() == Upgrade.Step.ACCEPTING && !attempt.isCommitted());
    }

    /** How long this generation can still come back; zero if it cannot. */
    Duration remaining() {
        return window == null ? Duration.ZERO : window.remaining();
    }

    /** This generation ends: so does the link, which is how the successor learns of it. */
    void close() {
        closeWindow();
        if (latest != null) {
            latest.closeLink();
        }
    }
}
