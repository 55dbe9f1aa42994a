package dev.baton.system;

import static dev.baton.system.HandoffStep.Phase.BOTH_ACCEPT;
import static dev.baton.system.HandoffStep.Phase.BOTH_HOLD;
import static dev.baton.system.HandoffStep.Phase.COMING_BACK;
import static dev.baton.system.HandoffStep.Phase.OVER;
import static dev.baton.system.HandoffStep.Phase.PARENT_HOLDS;
import static dev.baton.system.HandoffStep.Phase.SAID;
import static dev.baton.system.HandoffStep.Phase.UNDOABLE;
import static dev.baton.system.HandoffStep.Phase.UNDONE;
import static dev.baton.system.HandoffStep.Phase.UNDO_ASKED;
import static dev.baton.system.HandoffStep.Side.PARENT;
import static dev.baton.system.HandoffStep.Side.SUCCESSOR;

/** Where a process can be struck: the steps that {@code docs/handoff-protocol.md} names, in their order. */
enum HandoffStep {
    STARTED(SUCCESSOR, "started", PARENT_HOLDS),
    HELLO_SENT(SUCCESSOR, "sent HELLO", PARENT_HOLDS),
    WELCOME_RECEIVED(SUCCESSOR, "received WELCOME", PARENT_HOLDS),
    LISTENERS_RECEIVED(SUCCESSOR, "received LISTENERS", BOTH_HOLD),
    HANDED_RECEIVED(SUCCESSOR, "received HANDED", BOTH_HOLD),
    READY_SENT(SUCCESSOR, "sent READY", BOTH_HOLD),
    SWITCH_RECEIVED(SUCCESSOR, "received SWITCH", BOTH_HOLD),
    SUCCESSOR_ACCEPTS(SUCCESSOR, "SERVING", BOTH_ACCEPT),
    ACCEPTING_SENT(SUCCESSOR, "sent ACCEPTING", SAID),
    PARKED_RECEIVED(SUCCESSOR, "received PARKED", UNDOABLE),
    HEALTH_RECEIVED(SUCCESSOR, "received HEALTH", UNDOABLE),
    RELEASED_RECEIVED(SUCCESSOR, "received RELEASED", OVER),
    UNDO_SENT(SUCCESSOR, "sent UNDO", UNDO_ASKED),
    UNDONE_RECEIVED(SUCCESSOR, "received UNDONE", UNDONE),
    SUCCESSOR_PARKED(SUCCESSOR, "PARKED", UNDONE),

    SPAWNED(PARENT, "spawned", PARENT_HOLDS),
    HELLO_RECEIVED(PARENT, "received HELLO", PARENT_HOLDS),
    WELCOME_SENT(PARENT, "sent WELCOME", PARENT_HOLDS),
    LISTENERS_SENT(PARENT, "sent LISTENERS", BOTH_HOLD),
    HANDED_SENT(PARENT, "sent HANDED", BOTH_HOLD),
    READY_RECEIVED(PARENT, "received READY", BOTH_HOLD),
    SWITCH_SENT(PARENT, "sent SWITCH", BOTH_ACCEPT),
    ACCEPTING_RECEIVED(PARENT, "received ACCEPTING", BOTH_ACCEPT),
    PUBLISHED(PARENT, "published the successor", BOTH_ACCEPT),
    PARKED(PARENT, "PARKED", UNDOABLE),
    PARKED_SENT(PARENT, "sent PARKED", UNDOABLE),
    HEALTHY_RECEIVED(PARENT, "received HEALTHY", UNDOABLE),
    RELEASED_SENT(PARENT, "sent RELEASED", OVER),
    RETIRED(PARENT, "RETIRED", OVER),
    UNDO_RECEIVED(PARENT, "received UNDO", UNDO_ASKED),
    PARENT_ACCEPTS(PARENT, "SERVING", COMING_BACK),
    PARENT_PUBLISHED(PARENT, "published", COMING_BACK),
    UNDONE_SENT(PARENT, "sent UNDONE", UNDONE);

    /** Who takes the step. */
    enum Side {
        PARENT,
        SUCCESSOR
    }

    /** Who holds the sockets, and who accepts, when the step has been taken. */
    enum Phase {
        /** The parent alone has the sockets. */
        PARENT_HOLDS,
        /** The successor has them too, or they are on their way; the parent alone accepts. */
        BOTH_HOLD,
        /** The successor accepts, or is told to; the parent accepts. */
        BOTH_ACCEPT,
        /** The successor has said that it accepts; the parent may have heard it, and parked. */
        SAID,
        /** The successor alone accepts; the parent can come back if there is an undo window. */
        UNDOABLE,
        /** The successor alone accepts, and alone has the sockets. */
        OVER,
        /** As UNDOABLE; an undo is on its way to the parent. */
        UNDO_ASKED,
        /** Both accept; the parent has decided that it stays. */
        COMING_BACK,
        /** The parent is the service, and the successor was told to go. */
        UNDONE
    }

    private final Side side;
    private final String logged;
    private final Phase phase;

    HandoffStep(Side side, String logged, Phase phase) {
        this.side = side;
        this.logged = logged;
        this.phase = phase;
    }

    Side side() {
        return side;
    }

    /** As it is logged. */
    String logged() {
        return logged;
    }

    Phase phase() {
        return phase;
    }

    /** Whether the step belongs to an undo on request, after a restart that has gone well. */
    boolean ofUndo() {
        return switch (phase) {
            case UNDO_ASKED, COMING_BACK, UNDONE -> true;
            case PARENT_HOLDS, BOTH_HOLD, BOTH_ACCEPT, SAID, UNDOABLE, OVER -> false;
        };
    }

    /** Whether a health check of the undo window is what brings the step about. */
    boolean ofHealth() {
        return this == HEALTH_RECEIVED || this == HEALTHY_RECEIVED;
    }
}
