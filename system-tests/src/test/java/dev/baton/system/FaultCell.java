package dev.baton.system;

import dev.baton.system.HandoffStep.Phase;
import dev.baton.system.HandoffStep.Side;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One cell of the fault matrix: a process is struck at a step.
 *
 * <p>{@link #serves()} and {@link #excuse()} are what must hold, and the argument is here. Where a process is not the only
 * one that holds the sockets, its death harms what it had accepted and nothing else. Two things no program can do: accept
 * for another process before it is ready, and accept while frozen. So
 *
 * <ul>
 *   <li>a parent that is killed before READY leaves its connections in the queue until the successor is ready (WAITING);
 *       one that is killed before its sockets were sent takes them with it, and the successor opens new ones (REFUSED);
 *   <li>a parent that is frozen before the switch is the only one that may accept, and the port stays silent until it goes
 *       on (WAITING): the successor must not take a service over whose process may come back at any moment;
 *   <li>a successor that is frozen after it has said that it accepts is the only one that does (WAITING), until the health
 *       check of the undo window finds it out; without a window, until it goes on;
 *   <li>a successor that dies when there is no way back (no window, or it is over) is a service that has crashed: new
 *       connections are refused (REFUSED), none hangs, and the next start works;
 *   <li>the same is a parent that dies when it has sent the successor away.
 * </ul>
 */
record FaultCell(HandoffStep step, Fault fault, boolean window) {
    /** Longer than 10 s, in which a successor must say that it accepts, and 5 s, in which it must answer a health check. */
    static final Duration FREEZE = Duration.ofSeconds(12);

    private static final Duration READY_TIMEOUT_OF_FREEZES = Duration.ofSeconds(20);

    /** Who may serve at the end. */
    enum Server {
        PARENT,
        SUCCESSOR,
        NOBODY
    }

    /** The full product. */
    static List<FaultCell> all() {
        List<FaultCell> cells = new ArrayList<>();
        for (HandoffStep step : HandoffStep.values()) {
            for (Fault fault : Fault.values()) {
                if (!step.ofUndo() && !step.ofHealth()) {
                    cells.add(new FaultCell(step, fault, false));
                }
                if (step.phase().compareTo(Phase.BOTH_ACCEPT) >= 0) {
                    cells.add(new FaultCell(step, fault, true));
                }
            }
        }
        return cells;
    }

    /** What is run at the desk: every step is killed, and the first of each phase is frozen. */
    static List<FaultCell> some() {
        Set<String> frozen = new HashSet<>();
        return all().stream()
                .filter(cell -> switch (cell.fault()) {
                    case KILL -> true;
                    case FREEZE ->
                        frozen.add(cell.step().side() + " " + cell.step().phase() + " " + cell.window());
                    case EXIT -> false;
                })
                .toList();
    }

    /** The length of the undo window; where its end is the step, it is short. */
    Duration undoWindow() {
        if (!window) {
            return Duration.ZERO;
        }
        return step.phase() == Phase.OVER ? Duration.ofSeconds(1) : Duration.ofSeconds(10);
    }

    Duration readyTimeout() {
        return fault == Fault.FREEZE ? READY_TIMEOUT_OF_FREEZES : Duration.ofSeconds(60);
    }

    /** Whether the health check of the undo window ends the freeze, for the clients. */
    boolean isFoundOut() {
        return window
                && step.side() == Side.SUCCESSOR
                && (step.phase() == Phase.SAID || step.phase() == Phase.UNDOABLE);
    }

    Set<Server> serves() {
        return step.side() == Side.SUCCESSOR ? servesWithoutSuccessor() : servesWithoutParent();
    }

    private Set<Server> servesWithoutSuccessor() {
        return switch (step.phase()) {
            case PARENT_HOLDS, BOTH_HOLD, BOTH_ACCEPT, UNDO_ASKED, COMING_BACK, UNDONE -> EnumSet.of(Server.PARENT);
            case SAID, UNDOABLE -> {
                if (window) {
                    yield EnumSet.of(Server.PARENT);
                }
                if (fault == Fault.FREEZE) {
                    yield EnumSet.of(Server.SUCCESSOR);
                }
                // Without a window, what counts is whether the parent has seen the death before it had parked.
                yield step.phase() == Phase.SAID ? EnumSet.of(Server.PARENT, Server.NOBODY) : EnumSet.of(Server.NOBODY);
            }
            case OVER -> EnumSet.of(fault == Fault.FREEZE ? Server.SUCCESSOR : Server.NOBODY);
        };
    }

    private Set<Server> servesWithoutParent() {
        boolean freezes = fault == Fault.FREEZE;
        return switch (step.phase()) {
            case PARENT_HOLDS, BOTH_HOLD -> EnumSet.of(freezes ? Server.PARENT : Server.SUCCESSOR);
            case BOTH_ACCEPT, SAID, UNDOABLE, OVER -> EnumSet.of(Server.SUCCESSOR);
            // A parent that is frozen beyond the window's end may have lost the right to come back.
            case UNDO_ASKED -> freezes ? EnumSet.of(Server.PARENT, Server.SUCCESSOR) : EnumSet.of(Server.SUCCESSOR);
            case COMING_BACK -> EnumSet.of(freezes ? Server.PARENT : Server.SUCCESSOR);
            case UNDONE -> EnumSet.of(freezes ? Server.PARENT : Server.NOBODY);
        };
    }

    Excuse excuse() {
        return step.side() == Side.SUCCESSOR ? excuseOfSuccessor() : excuseOfParent();
    }

    private Excuse excuseOfSuccessor() {
        return switch (step.phase()) {
            case PARENT_HOLDS, BOTH_HOLD -> Excuse.NONE;
            case BOTH_ACCEPT, UNDO_ASKED, COMING_BACK, UNDONE -> Excuse.IN_FLIGHT;
            case SAID, UNDOABLE, OVER -> {
                if (fault == Fault.FREEZE) {
                    yield Excuse.WAITING;
                }
                yield window && step.phase() != Phase.OVER ? Excuse.IN_FLIGHT : Excuse.REFUSED;
            }
        };
    }

    private Excuse excuseOfParent() {
        boolean freezes = fault == Fault.FREEZE;
        return switch (step.phase()) {
            case PARENT_HOLDS -> freezes ? Excuse.WAITING : Excuse.REFUSED;
            case BOTH_HOLD -> Excuse.WAITING;
            case BOTH_ACCEPT, SAID, UNDOABLE, OVER, UNDO_ASKED, COMING_BACK -> Excuse.IN_FLIGHT;
            case UNDONE -> freezes ? Excuse.WAITING : Excuse.REFUSED;
        };
    }

    @Override
    public String toString() {
        return "%-9s %-6s at %-23s %s"
                .formatted(
                        step.side(),
                        fault,
                        step.logged(),
                        window ? "window " + undoWindow().toSeconds() + " s" : "no window");
    }
}
