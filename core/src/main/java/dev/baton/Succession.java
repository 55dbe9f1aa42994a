package dev.baton;

import java.io.IOException;
import java.time.Duration;
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
 */
final class Succession {
    /** How long a successor may take from SWITCH to ACCEPTING: it has only to register its listeners. */
    private static final Duration ACCEPT_TIMEOUT = Duration.ofSeconds(10);

    /** How long a successor that has closed the handoff may take to exit, so that its status can be told. */
    private static final Duration EXIT_GRACE = Duration.ofSeconds(2);

    private final Generation generation;
    private final Owner owner;
    private final CommandLine commandLine;
    private final Duration readyTimeout;
    private final ListenerTable listeners;
    private final OfferedState offeredState;
    private final Publication publication;

    /** Written by the owner; the threads of the control socket read it to find whom to admit. */
    private volatile @Nullable Upgrade current;

    Succession(
            Generation generation,
            Owner owner,
            CommandLine commandLine,
            Duration readyTimeout,
            ListenerTable listeners,
            OfferedState offeredState,
            Publication publication) {
        this.generation = generation;
        this.owner = owner;
        this.commandLine = commandLine;
        this.readyTimeout = readyTimeout;
        this.listeners = listeners;
        this.offeredState = offeredState;
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
        attempt.deadline(owner.schedule(readyTimeout, () -> late(attempt)));
        try {
            Process process = attempt.spawn(commandLine, control.path());
            var _ = process.onExit()
                    .thenAccept(ended -> owner.post(() -> exited(attempt, describeExit(ended.exitValue()))));
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // OutOfMemoryError: no thread could be started for the child (pthread_create, EAGAIN).
            fail(attempt, RestartResult.Cause.SPAWN_FAILED, "could not be started: " + e.getMessage());
        }
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
    private void lost(Upgrade attempt) {
        if (isUnderWay(attempt)) {
            attempt.deadline(owner.schedule(EXIT_GRACE, () -> broken(attempt, "closed the handoff and was killed")));
        }
    }

    private void broken(Upgrade attempt, String how) {
        if (isUnderWay(attempt)) {
            fail(attempt, RestartResult.Cause.HANDOFF_BROKEN, how);
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
        attempt.fail(cause, detail);
        current = null;
        generation.move(State.SERVING);
        if (cause != RestartResult.Cause.STOPPED) {
            publication.restartFailed(generation.number(), detail);
            Log.restartFailed(attempt, generation.number(), detail);
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

    /** This process ends at once: a successor that has not taken over must not think that it was left the service. */
    void abort() {
        Upgrade attempt = current;
        if (attempt != null && isUnderWay(attempt)) {
            attempt.fail(RestartResult.Cause.STOPPED, "was killed because the service is stopped at once");
        }
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
            Frame hello = channel.receive();
            if (hello == null) {
                return;
            }
            Upgrade attempt = current;
            if (attempt == null || hello.type() != Frame.Type.HELLO) {
                SuccessorLink.refuse(channel, "it has no successor");
                return;
            }
            Events events = new Events(attempt);
            switch (attempt.admit(hello.text(Frame.Tag.TOKEN), channel.peer().pid())) {
                case ADMITTED ->
                    SuccessorLink.serve(channel, hello, attempt.generation(), listeners, offeredState, events);
                case STRANGER -> SuccessorLink.refuse(channel, "it has not started this process");
                case FORGED -> {
                    SuccessorLink.fail(channel, "the token was used before, or by a process that is not the parent's");
                    events.broken(new ProtocolException("its token was used twice or by a stranger"));
                }
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
        public void lost() {
            owner.post(() -> Succession.this.lost(attempt));
        }

        @Override
        public void broken(IOException reason) {
            CompletableFuture<Void> handled = new CompletableFuture<>();
            owner.post(() -> {
                Succession.this.broken(attempt, "broke the handoff (" + reason.getMessage() + ") and was killed");
                handled.complete(null);
            });
            handled.join();
        }
    }
}
