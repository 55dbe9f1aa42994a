package dev.baton;

import dev.baton.Predecessors.Predecessor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This generation's decisions about its parent, on the owner thread of its {@link Generation}.
 *
 * <pre>
 *   SERVES --we accept--> PARKING --PARKED--> UNDOABLE --RELEASED, end of stream--> GONE
 *     |                      |                   |
 *     |                      +-------------------+--UNDONE--> SERVES_AGAIN: this generation ends
 *     |                      +--end of stream--> GONE
 *     +--end of stream--> GONE, or ASKING (below), then GONE or SERVES_AGAIN
 * </pre>
 *
 * A generation without a parent begins, and stays, in GONE.
 *
 * <p><b>Who serves when both want to.</b> The parent alone decides whether it comes back; the word that it has done so
 * (UNDONE) or never will (RELEASED) is final. Whoever is about to do what cannot be taken back, which is to let a successor
 * accept or to end the service, {@linkplain #settle settles} this first: it says COMMIT and waits for one of the two
 * words. So an undo that crosses a restart or a stop is met before anything has happened, and a parent that comes back
 * never meets a grandchild that serves.
 *
 * <p><b>The parent dies while its own parent is parked.</b> Both the grandparent and this generation see an end of stream
 * then, and each would serve: the one because its successor has died, the other because its parent has. One of them
 * decides, the grandparent, because it is proven and this generation is not: it is asked. It answers on its owner thread,
 * and to answer that it serves is to begin to; so the answer holds whichever of the two has seen the death first. If it
 * is gone, or its undo window is over, this generation goes on. If it says nothing it is frozen, and would come back when
 * it thaws, beside this generation: so it is killed first.
 */
final class Ancestry {
    /** How long the parent may take to answer; it may have to accept again first, with servers that take their time. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(15);

    private enum Parent {
        /** It accepts, and does not know that this generation does. */
        SERVES,
        /** It was told that this generation accepts. */
        PARKING,
        /** It has parked and can come back. */
        UNDOABLE,
        /** It is asked of the grandparent, or of itself, who serves. */
        ASKING,
        /** It has come back: this generation ends. */
        SERVES_AGAIN,
        /** It is dead, or accepts never again. */
        GONE
    }

    /** Whose the service is, when that is certain. */
    enum Settled {
        /** No older generation will accept again. */
        OURS,
        /** The parent accepts. */
        THE_PARENTS,
        /** The parent, which could come back, does not answer. */
        UNANSWERED
    }

    private final Generation generation;
    private final Owner owner;
    private final Optional<ParentLink> link;
    private final Duration readyTimeout;
    private final Predecessors predecessors;

    private Parent parent;
    private boolean readyDeclared;

    /** The stream has not ended. */
    private boolean linked;

    /** The end of the undo window, as the parent has named it. */
    private long undoableUntil;

    private final List<Settlement> settlements = new ArrayList<>();
    private @Nullable Deadline switchDeadline;
    private @Nullable Deadline undoDeadline;
    private @Nullable CompletableFuture<UndoResult> undoResult;

    Ancestry(Generation generation, Owner owner, Optional<ParentLink> link, Duration readyTimeout) {
        this.generation = generation;
        this.owner = owner;
        this.link = link;
        this.readyTimeout = readyTimeout;
        this.linked = link.isPresent();
        this.predecessors = link.map(ParentLink::predecessors).orElseGet(Predecessors::none);
        this.parent = linked ? Parent.SERVES : Parent.GONE;
    }

    /** Begins to hear the parent. */
    void listen() {
        link.ifPresent(parentLink -> parentLink.listen(new Events(), generation::adopt));
    }

    /** The way of connections to the parent, should that come back. */
    Optional<ConnectionGiver> giver() {
        return link.flatMap(ParentLink::giver);
    }

    /** The older generations that may still drain. */
    Predecessors predecessors() {
        return predecessors;
    }

    /** What the parent's program left under this name. Any thread. */
    Optional<byte[]> inheritedState(String name) {
        return link.flatMap(parentLink -> parentLink.state().get(name));
    }

    /**
     * The control socket of the parent, if that would accept again if this process died now: where a successor asks who
     * serves then.
     */
    Optional<Path> fallback() {
        return canComeBack() ? link.map(ParentLink::controlSocket) : Optional.empty();
    }

    private boolean canComeBack() {
        return parent == Parent.PARKING || parent == Parent.UNDOABLE;
    }

    /** Whether this generation was succeeded in reverse: it ends, and leaves the service to its parent. */
    boolean isUndone() {
        return parent == Parent.SERVES_AGAIN;
    }

    /** The parent, if it serves as far as this generation knows. */
    OptionalLong service() {
        return parent == Parent.SERVES || isUndone() ? OptionalLong.of(pid()) : OptionalLong.empty();
    }

    /** How long the parent can still come back; zero if it cannot. */
    Duration remaining() {
        return parent == Parent.UNDOABLE
                ? Duration.ofNanos(Math.max(0, undoableUntil - System.nanoTime()))
                : Duration.ZERO;
    }

    /** The program can serve. */
    void declareReady() {
        readyDeclared = true;
        switch (parent) {
            case GONE -> generation.accept();
            case ASKING -> {
                // The grandparent's answer decides.
            }
            case SERVES -> {
                switchDeadline = Deadline.in(owner, readyTimeout, this::giveUp);
                send(ParentLink::sendReady);
            }
            case PARKING, UNDOABLE, SERVES_AGAIN -> throw new IllegalStateException("ready in " + parent);
        }
    }

    /** The parent does not answer READY: it is frozen. It still has the listeners, so nothing is lost by leaving. */
    private void giveUp() {
        if (generation.state() == State.STARTING) {
            link.ifPresent(ParentLink::restoreStandardError);
            generation.fail(new HandoffException("the parent (pid " + pid() + ") did not answer within "
                    + Durations.format(readyTimeout) + "; this process ends and changes nothing"));
        }
    }

    /** This generation will never accept. */
    void tellFailure(String reason) {
        send(parentLink -> parentLink.sendGivenUp(reason));
    }

    /**
     * All participants accept.
     *
     * @return whether a parent was told, which publishes this process and parks; else that is for this generation to do
     */
    boolean announce() {
        if (parent != Parent.SERVES) {
            return false;
        }
        // First of all: until it is said, the parent thinks that this process may be killed.
        send(ParentLink::sendAccepting);
        parent = Parent.PARKING;
        ParentLink parentLink = link.orElseThrow();
        Predecessor.parking(parentLink.parentGeneration(), parentLink.pid(), parentLink.controlSocket())
                .ifPresent(predecessors::add);
        return true;
    }

    /** A link that is broken is seen by its own thread too, as the end of the stream: that decides. */
    private void send(ParentLink.Message message) {
        try {
            if (linked) {
                message.sendTo(link.orElseThrow());
            }
        } catch (IOException e) {
            // See above.
        }
    }

    /** One who waits to know whose the service is. */
    private final class Settlement {
        private final Consumer<Settled> decided;
        private final Deadline deadline = Deadline.in(owner, ANSWER_TIMEOUT, () -> settle(Settled.UNANSWERED));

        Settlement(Consumer<Settled> decided) {
            this.decided = decided;
        }

        private void settle(Settled outcome) {
            deadline.cancel();
            settlements.remove(this);
            decided.accept(outcome);
        }
    }

    /**
     * Asks the parent to give up its way back, because this generation has a successor that is about to accept, or ends
     * the service.
     *
     * @param stop who has asked for the end of the service; empty if it is not to end
     * @param decided hears, at once or later, whose the service is from then on
     */
    void settle(Optional<String> stop, Consumer<Settled> decided) {
        switch (parent) {
            case GONE -> decided.accept(Settled.OURS);
            case SERVES, ASKING, SERVES_AGAIN -> decided.accept(Settled.THE_PARENTS);
            case PARKING, UNDOABLE -> {
                settlements.add(new Settlement(decided));
                send(parentLink -> parentLink.sendCommit(stop));
            }
        }
    }

    private void settled(Settled outcome) {
        List.copyOf(settlements).forEach(settlement -> settlement.settle(outcome));
    }

    /** Asks the parent to accept again, after which this generation ends. */
    void undo(String origin, CompletableFuture<UndoResult> result) {
        if (!canComeBack()) {
            result.complete(new UndoResult.NothingToUndo());
        } else if (undoResult != null) {
            result.complete(new UndoResult.AlreadyInProgress());
        } else {
            Log.undoRequested(origin);
            undoResult = result;
            undoDeadline = Deadline.in(
                    owner,
                    ANSWER_TIMEOUT,
                    () -> completeUndo(new UndoResult.Failed("the parent (pid " + pid() + ") did not answer within "
                            + Durations.format(ANSWER_TIMEOUT) + "; it may do so later")));
            if (parent == Parent.UNDOABLE) {
                send(ParentLink::sendUndo);
            } // Otherwise when it has parked: before that there is nothing to come back from.
        }
    }

    /** The result of the undo that was asked for and not answered yet. */
    Optional<CompletableFuture<UndoResult>> undoing() {
        return Optional.ofNullable(undoResult);
    }

    private void completeUndo(UndoResult result) {
        CompletableFuture<UndoResult> waiting = undoResult;
        if (waiting != null) {
            undoResult = null;
            cancel(undoDeadline);
            waiting.complete(result);
        }
    }

    private long pid() {
        return link.orElseThrow().pid();
    }

    private void switched() {
        if (generation.state() == State.STARTING && readyDeclared) {
            cancel(switchDeadline);
            generation.accept();
        }
    }

    private void parked(Duration undoWindow) {
        if (parent == Parent.PARKING) {
            parent = Parent.UNDOABLE;
            undoableUntil = System.nanoTime() + undoWindow.toNanos();
            generation.published();
            if (undoWindow.isZero()) {
                windowOver();
            } else if (undoResult != null) {
                send(ParentLink::sendUndo);
            }
        }
    }

    private void windowOver() {
        parent = Parent.GONE;
        generation.parentReleased();
        completeUndo(new UndoResult.NothingToUndo());
        settled(Settled.OURS);
    }

    private void undone(String reason) {
        parent = Parent.SERVES_AGAIN;
        completeUndo(new UndoResult.Undone(link.orElseThrow().parentGeneration(), pid()));
        generation.undone(reason, pid());
        settled(Settled.THE_PARENTS);
    }

    private void lost() {
        linked = false;
        cancel(switchDeadline);
        switch (parent) {
            case SERVES -> lostInOffice();
            case PARKING, UNDOABLE -> {
                Log.parentEnded(pid());
                takeOver();
            }
            case GONE -> {
                Log.parentEnded(pid());
                generation.parentEnded();
            }
            case ASKING, SERVES_AGAIN -> {
                // What becomes of this generation is decided, or about to be.
            }
        }
    }

    /**
     * The parent has ended while it could come back. It may not have come to publish this generation, or have published
     * itself and not have come to say that it is back.
     */
    private void takeOver() {
        if (generation.state() == State.SERVING || generation.state() == State.UPGRADING) {
            generation.publish();
        }
        windowOver();
    }

    /** The parent has died as the service. */
    private void lostInOffice() {
        Log.parentLost(pid());
        Optional<Path> grandparent = link.orElseThrow().fallback();
        if (generation.state() != State.STARTING) {
            parent = Parent.GONE; // This generation ends.
        } else if (grandparent.isPresent() && !generation.isAccepting()) {
            parent = Parent.ASKING;
            ask(grandparent.get(), pid(), this::answered);
        } else {
            goOnAlone();
        }
    }

    private void goOnAlone() {
        parent = Parent.GONE;
        if (readyDeclared) {
            generation.accept();
        }
    }

    /**
     * Asks an older generation whether it serves, now that its successor is out of the question; {@code answer} runs on
     * the owner.
     */
    private void ask(Path elder, long successor, Consumer<Boolean> answer) {
        Thread.ofPlatform().daemon().name("baton-fallback").start(() -> {
            ControlRequest.Answer said = ControlRequest.serves(elder, successor);
            owner.post(() -> {
                if (said == ControlRequest.Answer.NONE) {
                    predecessors.kill(elder);
                }
                answer.accept(said == ControlRequest.Answer.YES);
            });
        });
    }

    private void answered(boolean grandparentServes) {
        if (generation.state() != State.STARTING) {
            return;
        }
        if (grandparentServes) {
            parent = Parent.SERVES_AGAIN;
            generation.fail(new HandoffException("the parent (pid " + pid()
                    + ") is gone and the generation before it serves again; this process ends and changes nothing"));
        } else {
            goOnAlone();
        }
    }

    /**
     * A parent that is not understood may be alive. Before it was told that this generation accepts, it serves. After
     * that it sees the end of the stream, and comes back if it still can: so it is asked, as it is by a grandchild.
     */
    private void broken(IOException reason) {
        linked = false;
        Log.handoffBroken("parent", pid(), reason);
        cancel(switchDeadline);
        if (parent == Parent.SERVES && generation.state() == State.STARTING) {
            generation.fail(new HandoffException("the handoff from the parent failed: " + reason.getMessage(), reason));
        } else if (canComeBack()) {
            long self = ProcessHandle.current().pid();
            ask(link.orElseThrow().controlSocket(), self, serves -> {
                if (serves) {
                    undone("could not understand it");
                } else {
                    takeOver();
                }
            });
        }
    }

    private void health() {
        var _ = generation
                .health()
                .thenAccept(healthy -> owner.post(() -> send(parentLink -> parentLink.sendHealth(healthy))));
    }

    private static void cancel(@Nullable Deadline deadline) {
        if (deadline != null) {
            deadline.cancel();
        }
    }

    void close() {
        cancel(switchDeadline);
        link.ifPresent(ParentLink::close);
    }

    /** What the link's thread sees, as events of the owner. */
    private final class Events implements ParentLink.Events {
        @Override
        public void switched() {
            owner.post(Ancestry.this::switched);
        }

        @Override
        public void parked(Duration undoWindow) {
            owner.post(() -> Ancestry.this.parked(undoWindow));
        }

        @Override
        public void released() {
            owner.post(() -> {
                if (canComeBack()) {
                    windowOver();
                }
            });
        }

        @Override
        public void undone(String reason) {
            owner.post(() -> Ancestry.this.undone(reason));
        }

        @Override
        public void notUndone(String reason) {
            owner.post(() -> completeUndo(new UndoResult.Failed(reason)));
        }

        @Override
        public void health() {
            owner.post(Ancestry.this::health);
        }

        @Override
        public void stop(String origin) {
            owner.post(() -> generation.beginStop(origin));
        }

        @Override
        public void lost() {
            owner.post(Ancestry.this::lost);
        }

        @Override
        public void broken(IOException reason) {
            owner.post(() -> Ancestry.this.broken(reason));
        }
    }
}
