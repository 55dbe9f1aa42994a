package dev.baton;

import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to be succeeded: the successor's process, the link to it, and how far it has come.
 *
 * <pre>
 *   SPAWNED --HELLO--> CONNECTED --READY--> READY --settled--> SWITCHING --ACCEPTING--> ACCEPTING
 *      |                   |                  |                    |                       |
 *      +------- exit, end of stream, timeout -+--------------------+--> FAILED             | parked
 *                                                                                          v
 *                                                        UNDONE <--died, undo--------- UNDOABLE --over--> COMMITTED
 * </pre>
 *
 * Owned by the generation's thread; only {@link #admit} is for others, and the monitor guards what it needs.
 */
final class Upgrade {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int HEARD_SECONDS = 1;

    /** How far the successor has come. */
    enum Step {
        SPAWNED,
        CONNECTED,
        /** It can serve, and is told to accept as soon as no older generation can come back. */
        READY,
        /** It was told to accept, and may do so from here on. */
        SWITCHING,
        /** It accepts, and its parent is about to park. */
        ACCEPTING,
        /** It serves, and its parent can come back. */
        UNDOABLE,
        /** It serves, for good. */
        COMMITTED,
        /** Its parent accepts again, or is about to. */
        UNDONE,
        FAILED
    }

    private final int generation;
    private final CompletableFuture<RestartResult> result;
    private final Consumer<RestartStep> steps;
    private final long startedAt = System.nanoTime();
    private final String token = HexFormat.of().formatHex(randomBytes());
    private @Nullable Path controlSocket; // guarded by this
    private @Nullable Process process; // guarded by this
    private Optional<ErrorPump> errors = Optional.empty(); // guarded by this
    private boolean tokenSpent; // guarded by this

    /** Completed while there is no link, or nothing can be heard on it any more. */
    private CompletableFuture<Void> heard = CompletableFuture.completedFuture(null); // guarded by this

    private Step step = Step.SPAWNED;
    private @Nullable SuccessorLink link;
    private @Nullable ProcessIdentity peer; // guarded by this
    private @Nullable Deadline deadline;
    private Duration toReady = Duration.ZERO;
    private Optional<String> stopOrigin = Optional.empty();
    private Optional<String> death = Optional.empty();
    private Optional<String> givenUp = Optional.empty();
    private boolean committed;

    Upgrade(int generation, CompletableFuture<RestartResult> result, Consumer<RestartStep> steps) {
        this.generation = generation;
        this.result = result;
        this.steps = steps;
    }

    private static byte[] randomBytes() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    /**
     * Starts the successor: this process's command line, directory and initial environment, and the two variables. Under
     * the monitor, so that a successor that is faster than this method finds its pid known.
     */
    synchronized Process spawn(CommandLine commandLine, Path controlSocket, StandardError standardError)
            throws IOException {
        this.controlSocket = controlSocket;
        ProcessBuilder builder = new ProcessBuilder(commandLine.words())
                .directory(commandLine.directory().toFile());
        // A program that reads its environment before Baton does keeps them; the sockets are not for the successor.
        builder.environment().keySet().removeAll(PassedSockets.VARIABLES);
        builder.environment().putAll(new HandoffVariables(controlSocket, token).asEnvironment());
        StandardError.Child child = standardError.start(builder);
        process = child.process();
        errors = child.errors();
        reached(RestartStep.Kind.STARTED);
        return child.process();
    }

    private void reached(RestartStep.Kind kind) {
        steps.accept(new RestartStep(kind, generation, pid(), elapsed()));
    }

    /** What becomes of a peer that says hello. */
    enum Admission {
        ADMITTED,
        /** The token is not ours: nothing to do with this attempt. */
        STRANGER,
        /**
         * The token is ours and has been used: a program that read its environment before Baton did has passed it on to
         * a child of its own, which runs Baton too. Nothing can be had with it, and nothing is wrong.
         */
        SPENT,
        /**
         * The token is ours, but its bearer is not our child; or it is, and somebody else was faster: this attempt is
         * spoilt.
         */
        FORGED
    }

    /**
     * Whether whoever presents this token may have the listeners: it is the token that our child was given, nobody has
     * presented it before, and the peer is our child or a descendant of it (a launcher script's JVM, say).
     */
    synchronized Admission admit(String presented, long peer) {
        Process child = process;
        if (child == null || !token.equals(presented)) {
            return Admission.STRANGER;
        }
        if (tokenSpent) {
            return peer == child.pid() ? Admission.FORGED : Admission.SPENT;
        }
        if (!isDescendant(peer, child.pid())) {
            return Admission.FORGED;
        }
        tokenSpent = true;
        heard = new CompletableFuture<>();
        return Admission.ADMITTED;
    }

    /** Whether a process may present the token and has not yet. */
    synchronized boolean expects(long peer) {
        Process child = process;
        return child != null && !tokenSpent && isDescendant(peer, child.pid());
    }

    /**
     * Completes with the ended process when what it has said before is known: its last frames may still be on their way to
     * the owner. Not later than in a second, because a process that it has started may hold the link.
     */
    synchronized CompletableFuture<Process> afterAllWasHeard(Process ended) {
        return heard.copy()
                .completeOnTimeout(null, HEARD_SECONDS, TimeUnit.SECONDS)
                .thenApply(_ -> ended);
    }

    /** The link's thread has told the owner everything. */
    synchronized void allWasHeard() {
        heard.complete(null);
    }

    private static boolean isDescendant(long pid, long ancestor) {
        if (pid == ancestor) {
            return true; // As always; and what follows reads /proc, for which a descriptor must be left.
        }
        return ProcessHandle.of(pid)
                .flatMap(ProcessHandle::parent)
                .map(parent -> isDescendant(parent.pid(), ancestor))
                .orElse(false);
    }

    int generation() {
        return generation;
    }

    Step step() {
        return step;
    }

    boolean isUnderWay() {
        return switch (step) {
            case SPAWNED, CONNECTED, READY, SWITCHING -> true;
            case ACCEPTING, UNDOABLE, COMMITTED, UNDONE, FAILED -> false;
        };
    }

    void move(Step next) {
        step = next;
    }

    /** Whether the process was not seen to have died. */
    boolean isAlive() {
        return death.isEmpty();
    }

    /** How the process has died, if that was seen. */
    Optional<String> death() {
        return death;
    }

    void died(String how) {
        death = Optional.of(how);
    }

    /** The successor has said why it will not serve. */
    void givenUp(String reason) {
        givenUp = Optional.of(LastLines.printable(reason));
    }

    /** Its end, if it hangs up and lives on. */
    String hungUp() {
        return givenUp.map(reason -> "gave up (" + reason + "), did not exit, and was killed")
                .orElse("closed the handoff and was killed");
    }

    /** What it has said about its end, before what was seen of it. */
    String withReason(String end) {
        return givenUp.map(reason -> "gave up (" + reason + ") and " + end).orElse(end);
    }

    /** The successor has said that it does not need its parent any more. */
    boolean isCommitted() {
        return committed;
    }

    void commit() {
        committed = true;
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedAt);
    }

    Duration toReady() {
        return toReady;
    }

    /** The link; there is one from {@link Step#CONNECTED} on. */
    SuccessorLink link() {
        return Objects.requireNonNull(link);
    }

    /** The process that will serve: the peer of the link, which a launcher may have started; else our child. */
    synchronized long pid() {
        if (link != null) {
            return link.pid();
        }
        return process == null ? 0 : process.pid();
    }

    /** Sets the time by which the next step must have come, in the place of the one before. */
    void deadline(Deadline next) {
        cancelDeadline();
        deadline = next;
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel();
        }
    }

    synchronized void connected(SuccessorLink established) {
        link = established;
        // Now, while it surely lives: later its pid may be another's.
        peer = ProcessIdentity.of(established.pid()).orElse(null);
        step = Step.CONNECTED;
        reached(RestartStep.Kind.CONNECTED);
    }

    void ready() {
        cancelDeadline();
        toReady = elapsed();
        step = Step.READY;
        reached(RestartStep.Kind.READY);
    }

    void accepting() {
        cancelDeadline();
        step = Step.ACCEPTING;
        reached(RestartStep.Kind.ACCEPTING);
    }

    /** The generation that made the attempt has parked. */
    Duration parked() {
        Duration toSwitch = elapsed();
        result.complete(new RestartResult.Switched(generation, pid(), toReady, toSwitch));
        return toSwitch;
    }

    /** Ends the attempt, and the process if it lives; the JVM reaps it. */
    RestartResult.Failed fail(RestartResult.Cause cause, String detail) {
        cancelDeadline();
        step = Step.FAILED;
        kill();
        closeLink();
        return new RestartResult.Failed(cause, detail, lastLines());
    }

    /** Tells whoever has asked for the restart; by then its generation serves again, or has ended. */
    void report(RestartResult.Failed failure) {
        result.complete(failure);
    }

    private synchronized List<String> lastLines() {
        return errors.map(ErrorPump::lastLines).orElse(List.of());
    }

    /** The child, what it has started, and the process that the link proves to be ours even if its parent has gone. */
    synchronized void kill() {
        if (peer != null) {
            peer.kill();
        }
        if (process != null) {
            List<ProcessHandle> descendants = process.descendants().toList(); // As long as they can be found.
            process.destroyForcibly();
            descendants.forEach(ProcessHandle::destroyForcibly);
        }
    }

    /** Where the successor can be reached by others. */
    synchronized Path controlSocket() {
        return Objects.requireNonNull(controlSocket).resolveSibling(ControlSocket.name(pid()));
    }

    void closeLink() {
        if (link != null) {
            link.close();
        }
    }

    /** Remembers a stop that comes when the successor may accept already. */
    void stopLater(String origin) {
        stopOrigin = Optional.of(origin);
    }

    /** Who has asked for a stop meanwhile. */
    Optional<String> stopOrigin() {
        return stopOrigin;
    }

    /** Whether the process that serves has not ended, as the kernel knows it now: its end may not have been seen yet. */
    synchronized boolean isRunning() {
        return peer == null || peer.isAlive();
    }
}
