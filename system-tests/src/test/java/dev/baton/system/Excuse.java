package dev.baton.system;

import dev.baton.testkit.Failure;
import dev.baton.testkit.FailureKind;
import dev.baton.testkit.Trouble;
import java.util.Set;

/** Which requests a fault may harm. All others are answered, and within a second. */
enum Excuse {
    /** None: the process that is struck has accepted nothing. */
    NONE,
    /** Those that the process had accepted when it was struck: they die with it, or wait until it goes on. */
    IN_FLIGHT,
    /**
     * Those too that wait in the queue of the socket while nobody accepts, because the only process that could is frozen,
     * or dead and the other is not ready yet. They are answered within a second of the moment at which somebody accepts.
     */
    WAITING,
    /**
     * Those too that are refused, because the last process that held the socket is dead. None may hang, but those that come
     * when the next process has bound its socket and is not ready yet.
     */
    REFUSED;

    private static final Set<FailureKind> CUT =
            Set.of(FailureKind.RESET, FailureKind.EMPTY_REPLY, FailureKind.TRUNCATED);

    /**
     * The instants of a fault, as {@link System#nanoTime()}.
     *
     * @param announced just before the process was struck
     * @param struck when it was seen to be dead or frozen
     * @param released when it was dead, or went on
     * @param served when somebody was sure to accept again; as {@code struck} if somebody always was
     * @param killed whether it is dead since
     */
    record Instants(long announced, long struck, long released, long served, boolean killed) {}

    boolean covers(Trouble trouble, Instants at, Patience patience) {
        if (trouble.endedNanos() < at.announced()) {
            return false;
        }
        return switch (this) {
            case NONE -> false;
            case IN_FLIGHT -> wasInFlight(trouble, at, patience);
            case WAITING -> wasInFlight(trouble, at, patience) || (waited(trouble, at, patience) && isLate(trouble));
            case REFUSED ->
                wasInFlight(trouble, at, patience)
                        || (waited(trouble, at, patience)
                                && (isLate(trouble)
                                        || (isCutOrRefused(trouble)
                                                && !patience.isExceeded(trouble.beganNanos(), trouble.endedNanos()))));
        };
    }

    private static boolean wasInFlight(Trouble trouble, Instants at, Patience patience) {
        boolean inKind = at.killed() ? isCut(trouble) : isLate(trouble);
        return inKind
                && trouble.beganNanos() <= at.struck()
                && !patience.isExceeded(at.released(), trouble.endedNanos());
    }

    private static boolean waited(Trouble trouble, Instants at, Patience patience) {
        return trouble.beganNanos() <= at.served() && !patience.isExceeded(at.served(), trouble.endedNanos());
    }

    private static boolean isLate(Trouble trouble) {
        return trouble.failure().isEmpty();
    }

    private static boolean isCut(Trouble trouble) {
        return trouble.failure().map(Failure::kind).filter(CUT::contains).isPresent();
    }

    private static boolean isCutOrRefused(Trouble trouble) {
        return isCut(trouble)
                || trouble.failure()
                        .map(Failure::kind)
                        .filter(FailureKind.REFUSED::equals)
                        .isPresent();
    }
}
