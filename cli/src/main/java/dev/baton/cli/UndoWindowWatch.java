package dev.baton.cli;

import dev.baton.BatonControl;
import dev.baton.ControlException;
import dev.baton.GenerationStatus;
import dev.baton.State;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** Waits for what becomes of a new generation until its undo window is over. */
final class UndoWindowWatch {
    /** The protocol has no word for the end of the window, so the two are asked again and again. */
    private static final long PERIOD_MILLIS = 200;

    /** What has become of it. */
    enum Verdict {
        /** The window is over, or was ended by another restart: there is no way back any more. */
        STAYS,
        /** The generation before serves again. */
        UNDONE,
        /** The service is being stopped. */
        STOPPED,
        /** Neither of the two is there any more. */
        GONE
    }

    private final BatonControl fresh;
    private final BatonControl old;
    private final long oldPid;

    UndoWindowWatch(BatonControl fresh, BatonControl old, long oldPid) {
        this.fresh = fresh;
        this.old = old;
        this.oldPid = oldPid;
    }

    /** @throws ControlException if neither can be asked, although one is there */
    Verdict await() throws ControlException, InterruptedException {
        while (true) {
            Optional<Verdict> verdict = look();
            if (verdict.isPresent()) {
                return verdict.get();
            }
            TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
        }
    }

    private Optional<Verdict> look() throws ControlException {
        Optional<GenerationStatus> status = status(fresh);
        if (status.isEmpty()) {
            return afterItsEnd();
        }
        return switch (status.get().state()) {
            case STARTING -> Optional.empty();
            case SERVING, UPGRADING ->
                status.get().undoable().isPresent() ? Optional.empty() : Optional.of(Verdict.STAYS);
            case PARKED ->
                Optional.of(status.get().servedBy().equals(OptionalLong.of(oldPid)) ? Verdict.UNDONE : Verdict.STAYS);
            case STOPPING, RETIRED -> Optional.of(Verdict.STOPPED);
        };
    }

    /** The one before either comes back now, or has ended with it. */
    private Optional<Verdict> afterItsEnd() throws ControlException {
        return status(old)
                .map(status -> status.state() == State.SERVING || status.state() == State.UPGRADING
                        ? Optional.of(Verdict.UNDONE)
                        : Optional.<Verdict>empty())
                .orElse(Optional.of(Verdict.GONE));
    }

    /** Empty if it has ended. */
    private static Optional<GenerationStatus> status(BatonControl generation) throws ControlException {
        try {
            return Optional.of(generation.status());
        } catch (ControlException e) {
            if (Services.hasEnded(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
