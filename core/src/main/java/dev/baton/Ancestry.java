package dev.baton;

import dev.baton.Predecessors.Predecessor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * This generation's decisions about its parent, on the owner thread of its {@link Generation}.
 *
 * <pre>
 *   SERVES --PARKED--> UNDOABLE --RELEASED, end of stream, we commit--> GONE
 *     |                    |
 *     |                    +--UNDONE--> SERVES_AGAIN: this generation ends
 *     +--end of stream--> GONE, or ASKING (below), then GONE or SERVES_AGAIN
 * </pre>
 *
 * A generation without a parent begins, and stays, in GONE.
 *
 * <p><b>The parent dies while its own parent is parked.</b> Both the grandparent and this generation see an end of stream
 * then, and each would serve: the one because its successor has died, the other because its parent has. One of them
 * decides, the grandparent, because it is proven and this generation is not: it is asked. It answers on its owner thread,
 * and to answer that it serves is to begin to; so the answer holds whichever of the two has seen the death first. If it
 * cannot be reached, or its undo window is over, this generation goes on. The parent closes the grandparent's window
 * before it lets this generation accept ({@link #commit()} before SWITCH), so that a grandparent that comes back never
 * meets a grandchild that serves.
 */
final class Ancestry {
    /** How long {@link #undo} waits for the parent's answer. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

    private enum Parent {
        /** It accepts. */
        SERVES,
        /** It has parked and can come back. */
        UNDOABLE,
        /** It is asked of the grandparent who serves. */
        ASKING,
        /** It has come back: this generation ends. */
        SERVES_AGAIN,
        /** It is dead, or accepts never again. */
        GONE
    }

    private final Generation generation;
    private final Owner owner;
    private final Optional<ParentLink> link;
    private final Duration readyTimeout;
    private final Predecessors predecessors;

    private Parent parent;
    private boolean readyDeclared;

    /** The parent was told that this generation accepts. */
    private boolean announced;

    /** The stream has not ended. */
    private boolean linked;

    private @Nullable Future<?> deadline;
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
        link.ifPresent(parentLink -> parentLink.listen(new Events()));
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
        return parent == Parent.UNDOABLE ? link.map(ParentLink::controlSocket) : Optional.empty();
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
                deadline = owner.schedule(readyTimeout, this::giveUp);
                send(ParentLink::sendReady);
            }
            case UNDOABLE, SERVES_AGAIN -> throw new IllegalStateException("ready in " + parent);
        }
    }

    /** The parent does not answer READY: it is frozen. It still has the listeners, so nothing is lost by leaving. */
    private void giveUp() {
        if (generation.state() == State.STARTING) {
            link.ifPresent(ParentLink::takeOverStandardError);
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
        announced = true;
        send(ParentLink::sendAccepting);
        return true;
    }

    /** Whether the parent accepts and does not know that this generation does. */
    boolean isParentTheService() {
        return parent == Parent.SERVES && !announced;
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

    /** This generation has a successor that is about to accept, or ends the service: there is no way back any more. */
    void commit() {
        if (parent == Parent.UNDOABLE || (parent == Parent.SERVES && announced)) {
            send(ParentLink::sendCommit);
        }
    }

    /** Asks the parent to accept again, after which this generation ends. */
    void undo(String origin, CompletableFuture<UndoResult> result) {
        if (parent != Parent.UNDOABLE) {
            result.complete(new UndoResult.NothingToUndo());
        } else if (undoResult != null) {
            result.complete(new UndoResult.AlreadyInProgress());
        } else {
            Log.undoRequested(origin);
            undoResult = result;
            deadline = owner.schedule(
                    ANSWER_TIMEOUT,
                    () -> completeUndo(new UndoResult.Failed("the parent (pid " + pid() + ") did not answer within "
                            + Durations.format(ANSWER_TIMEOUT))));
            send(ParentLink::sendUndo);
        }
    }

    private void completeUndo(UndoResult result) {
        CompletableFuture<UndoResult> waiting = undoResult;
        if (waiting != null) {
            undoResult = null;
            cancelDeadline();
            waiting.complete(result);
        }
    }

    private long pid() {
        return link.orElseThrow().pid();
    }

    private void switched() {
        if (generation.state() == State.STARTING && readyDeclared) {
            cancelDeadline();
            generation.accept();
        }
    }

    private void parked(Duration undoWindow) {
        parent = Parent.UNDOABLE;
        ParentLink parentLink = link.orElseThrow();
        Predecessor.parking(parentLink.parentGeneration(), parentLink.pid(), parentLink.controlSocket())
                .ifPresent(predecessors::add);
        if (undoWindow.isZero()) {
            windowOver();
        }
    }

    private void windowOver() {
        parent = Parent.GONE;
        generation.parentReleased();
        completeUndo(new UndoResult.NothingToUndo());
    }

    private void undone(String reason) {
        parent = Parent.SERVES_AGAIN;
        completeUndo(new UndoResult.Undone(link.orElseThrow().parentGeneration(), pid()));
        generation.undone(reason, pid());
    }

    private void notUndone(String reason) {
        completeUndo(new UndoResult.Failed(reason));
    }

    private void lost() {
        linked = false;
        cancelDeadline();
        switch (parent) {
            case SERVES -> lostInOffice();
            case UNDOABLE -> {
                Log.parentEnded(pid());
                windowOver();
            }
            case GONE -> Log.parentEnded(pid());
            case ASKING, SERVES_AGAIN -> {
                // What becomes of this generation is decided, or about to be.
            }
        }
    }

    /** The parent has died as the service, or so soon after that nobody knows this process yet. */
    private void lostInOffice() {
        Log.parentLost(pid());
        Optional<Path> grandparent = link.orElseThrow().fallback();
        switch (generation.state()) {
            case STARTING -> {
                if (grandparent.isPresent() && !generation.isAccepting()) {
                    parent = Parent.ASKING;
                    ask(grandparent.get());
                } else {
                    goOnAlone();
                }
            }
            case SERVING, UPGRADING -> {
                parent = Parent.GONE;
                generation.parentReleased();
                generation.publish();
            }
            case PARKED, STOPPING, RETIRED -> parent = Parent.GONE;
        }
    }

    private void goOnAlone() {
        parent = Parent.GONE;
        if (readyDeclared) {
            generation.accept();
        }
    }

    private void ask(Path grandparent) {
        Thread.ofPlatform().daemon().name("baton-fallback").start(() -> {
            boolean serves = ControlRequest.serves(grandparent, pid());
            owner.post(() -> answered(serves));
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

    /** A parent that is not understood may be alive, and then it serves: only its death leaves the service to us. */
    private void broken(IOException reason) {
        linked = false;
        Log.handoffBroken("parent", pid(), reason);
        if (generation.state() == State.STARTING) {
            generation.fail(new HandoffException("the handoff from the parent failed: " + reason.getMessage(), reason));
        }
        // Otherwise this generation serves, and its parent, which sees the end of the stream, decides what that means.
    }

    private void health() {
        var _ = generation
                .health()
                .thenAccept(healthy -> owner.post(() -> send(parentLink -> parentLink.sendHealth(healthy))));
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    void close() {
        cancelDeadline();
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
                if (parent == Parent.UNDOABLE) {
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
            owner.post(() -> Ancestry.this.notUndone(reason));
        }

        @Override
        public void health() {
            owner.post(Ancestry.this::health);
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
