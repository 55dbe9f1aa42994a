package dev.baton;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The parent's decisions about its successor, on the owner thread of its {@link Generation}.
 *
 * <p><b>Ready versus timeout.</b> A successor accepts nothing until it is told to ({@link Frame.Type#SWITCH}). Whether it
 * is told, or killed because its time is over, is decided by whichever of the two events the owner handles first, and the
 * other is then ignored, because the step has changed. So a successor that is killed for being late to be ready has
 * accepted no connection, and none is lost with it.
 */
final class Succession {
    /** How long a successor that has closed the handoff may take to exit, so that its status can be told. */
    private static final Duration EXIT_GRACE = Duration.ofSeconds(2);

    private final Generation generation;
    private final Owner owner;
    private final CommandLine commandLine;
    private final Duration readyTimeout;
    private final ListenerTable listeners;
    private final Publication publication;

    /** Written by the owner; the threads of the control socket read it to find whom to admit. */
    private volatile @Nullable Upgrade current;

    Succession(
            Generation generation,
            Owner owner,
            CommandLine commandLine,
            Duration readyTimeout,
            ListenerTable listeners,
            Publication publication) {
        this.generation = generation;
        this.owner = owner;
        this.commandLine = commandLine;
        this.readyTimeout = readyTimeout;
        this.listeners = listeners;
        this.publication = publication;
    }

    /** Starts a successor, if this generation serves and has none. */
    void begin(String origin, ControlSocket control, CompletableFuture<RestartResult> result) {
        State state = generation.state();
        if (state != State.SERVING) {
            RestartResult refusal = state == State.UPGRADING
                    ? new RestartResult.AlreadyInProgress()
                    : new RestartResult.NotServing(state);
            Log.restartRefused(origin, refusal);
            result.complete(refusal);
            return;
        }
        generation.move(State.UPGRADING);
        Upgrade attempt = new Upgrade(generation.number() + 1, result);
        current = attempt;
        Log.restartRequested(origin, attempt.generation());
        publication.restarting();
        try {
            Process process = attempt.spawn(commandLine, control.path());
            var _ = process.onExit()
                    .thenAccept(ended -> owner.post(() -> exited(attempt, describeExit(ended.exitValue()))));
        } catch (IOException e) {
            fail(attempt, RestartResult.Cause.SPAWN_FAILED, "could not be started: " + e.getMessage());
            return;
        }
        attempt.deadline(owner.schedule(readyTimeout, () -> late(attempt)));
    }

    private static String describeExit(int status) {
        // Process.exitValue follows the shell: 128 and the number of the signal.
        return status > 128
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
        try {
            attempt.link().sendSwitch();
        } catch (IOException e) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, "could not be told to accept: " + e.getMessage());
        }
    }

    /** Both generations accept now, and this one stops. */
    private void accepting(Upgrade attempt) {
        if (isUnderWay(attempt) && attempt.step() == Upgrade.Step.SWITCHING) {
            attempt.accepting();
            publication.switched(attempt.generation(), attempt.pid());
            generation.succeededBy(attempt);
        }
    }

    private void late(Upgrade attempt) {
        if (isUnderWay(attempt)) {
            String detail = "was not ready within " + Durations.format(readyTimeout) + " and was killed";
            fail(attempt, RestartResult.Cause.READY_TIMEOUT, detail);
        }
    }

    /** The stream has ended; if that is because the process has, its exit status says more, and comes soon. */
    private void lost(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            attempt.deadline(owner.schedule(EXIT_GRACE, () -> {
                if (isUnderWay(attempt)) {
                    fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, how + " and was killed");
                }
            }));
        }
    }

    private void exited(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            fail(attempt, RestartResult.Cause.EXITED, how);
        } else if (attempt.step() == Upgrade.Step.ACCEPTING && generation.state() != State.RETIRED) {
            Log.successorDied(attempt, how);
        }
    }

    private void fail(Upgrade attempt, RestartResult.Cause cause, String detail) {
        current = null;
        generation.move(State.SERVING);
        publication.restartFailed(generation.number(), detail);
        Log.restartFailed(attempt, generation.number(), detail);
        attempt.fail(cause, detail);
    }

    /**
     * The service is to be stopped while a successor starts: it is killed, unless it may accept already. Then it would
     * take connections with it; it becomes the service, and is stopped as such.
     *
     * @return whether this generation is still the service
     */
    boolean stop() {
        Upgrade attempt = current;
        if (attempt == null || (!isUnderWay(attempt) && attempt.step() != Upgrade.Step.ACCEPTING)) {
            return true;
        }
        if (attempt.step().compareTo(Upgrade.Step.SWITCHING) >= 0) {
            attempt.stopAfterSwitch();
            return false;
        }
        fail(attempt, RestartResult.Cause.STOPPED, "was killed because the service is stopped");
        return true;
    }

    /** This generation ends: so does the link, which is how the successor learns of it. */
    void close() {
        Upgrade attempt = current;
        if (attempt != null) {
            attempt.closeLink();
        }
    }

    /** A connection to the control socket, on a thread of its own, which closes it afterwards. */
    void admit(FrameChannel channel) {
        try {
            channel.timeout(Protocol.HANDSHAKE_TIMEOUT);
            FrameChannel.Received hello = channel.receive();
            if (hello == null) {
                return;
            }
            Upgrade attempt = current;
            if (attempt != null
                    && hello.frame().type() == Frame.Type.HELLO
                    && attempt.admits(
                            hello.frame().text(Frame.Tag.TOKEN), channel.peer().pid())) {
                SuccessorLink.serve(channel, hello.frame(), attempt.generation(), listeners, new Events(attempt));
            } else {
                SuccessorLink.refuse(channel, "it has not started this process, or has admitted it before");
            }
        } catch (IOException e) {
            Log.controlConnectionDropped(e);
        }
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
        public void lost(String reason) {
            owner.post(() -> Succession.this.lost(attempt, reason));
        }
    }
}
